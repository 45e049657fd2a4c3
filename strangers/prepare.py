"""Signed bundles for the clients, made by the author's real command line."""

import json
import random
import shutil
import subprocess

# A plugin of its own per client, so that none depends on another.
NAMES = ["listed", "tuspy", "tus_js", "webhooks_python", "webhooks_node"]
SAMPLE = "com.powerx.samples.board"
# Bytes that do not compress: enough for an upload to be interrupted and a download to be cut in pieces.
BALLAST = 6 << 20


def bundles(programs, folder, samples, world):
    """Adds `bundles` to the world: name to facts as `px-plugin` tells them."""
    home = folder / "author"
    home.mkdir()
    environment = world["environment"] | {
        "HOME": str(home),
        "PX_MARKETPLACE_API_URL": world["market"],
        "PX_MARKETPLACE_TOKEN": world["tokens"]["publisher"],
    }

    def author(*words):
        ended = subprocess.run([programs / "px-plugin", *words, "--format", "json"], env=environment,
                               cwd=home, capture_output=True, text=True)
        if ended.returncode:
            raise SystemExit(f"error: px-plugin {' '.join(map(str, words))}: {ended.stdout} {ended.stderr}")
        return json.loads(ended.stdout)

    author("keys", "generate")
    author("keys", "register")
    world["bundles"] = {}
    for name in NAMES:
        plugin = home / name
        shutil.copytree(samples / "board-static" / "base", plugin)
        shutil.copytree(samples / "board-static" / "versions" / "1.0.0", plugin, dirs_exist_ok=True)
        manifest = (plugin / "plugin.yaml").read_text()
        assert f"id: {SAMPLE}\n" in manifest
        (plugin / "plugin.yaml").write_text(manifest.replace(SAMPLE, f"com.example.{name.replace('_', '-')}"))
        (plugin / "assets" / "photograph.bin").write_bytes(random.Random(name).randbytes(BALLAST))
        path = home / f"{name}.pxp"
        packed = author("pack", plugin, "--out", path)
        world["bundles"][name] = {
            "pluginId": packed["pluginId"], "version": packed["version"], "permissions": ["board:card:read"],
            "files": {file["path"]: file for file in packed["files"]},
        } | author("sign", path)
