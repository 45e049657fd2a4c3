"""Signed bundles for the clients, made by the author's real command line."""

import json
import random
import re
import shutil
import subprocess

# A plugin of its own per client, so that none depends on another.
NAMES = ["listed", "tuspy", "tus_js", "webhooks_python", "webhooks_node"]
CHAINS = ["chain"]
# Bytes that do not compress: enough for an upload to be interrupted and a download to be cut in pieces.
BALLAST = 6 << 20


def bundles(programs, folder, samples, world, names=NAMES, chains=CHAINS, ballast=BALLAST):
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

    def bundle(name, sample, version, plugin_id, permissions):
        plugin, path = home / name, home / f"{name}.pxp"
        shutil.copytree(samples / sample / "base", plugin)
        shutil.copytree(samples / sample / "versions" / version, plugin, dirs_exist_ok=True)
        manifest = (plugin / "plugin.yaml").read_text()
        text, count = re.subn(r"(?m)^id: .*$", f"id: {plugin_id}", manifest)
        assert count == 1
        (plugin / "plugin.yaml").write_text(text)
        if sample == "board-static":
            (plugin / "assets" / "photograph.bin").write_bytes(random.Random(name).randbytes(ballast))
        packed = author("pack", plugin, "--out", path)
        return {
            "pluginId": packed["pluginId"], "version": packed["version"], "permissions": permissions,
            "files": {file["path"]: file for file in packed["files"]},
        } | author("sign", path)

    world["bundles"] = {
        name: bundle(name, "board-static", "1.0.0", f"com.example.{name.replace('_', '-')}", ["board:card:read"])
        for name in names
    }
    # Two versions of one plugin that answers, for installs.
    for chain in chains:
        for number, version in enumerate(("1.0.0", "1.1.0"), 1):
            world["bundles"][f"{chain}_{number}"] = bundle(
                f"{chain}_{number}", "hello-wasm", version, f"com.example.{chain}", ["greeter:greeting:read"])
