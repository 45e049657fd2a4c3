"""Containerfile and compose file: every path, program, setting and address they name is there.

The image itself is built by container_run.py; here is looked at what a build would trip over first.
"""

import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import yaml

import world

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"
IMAGE = (DEPLOY / "Containerfile").read_text().replace("\\\n", " ")
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())


def copies():
    """What the image takes from the repository, and what from its own first stage."""
    for line in re.findall(r"(?m)^COPY (.*)$", IMAGE):
        words = line.split()
        built = words[0].startswith("--from=build")
        yield built, words[1:-1] if built else words[:-1], words[-1]


def workspace_is_whole():
    """The copied files alone are a workspace that cargo resolves with the lock file as it is."""
    with tempfile.TemporaryDirectory() as folder:
        allowed = (DEPLOY / "Containerfile.dockerignore").read_text().split()
        for built, sources, to in copies():
            for source in sources if not built else []:
                path = ROOT / source
                assert path.exists(), f"COPY {source}"
                assert f"!{source}" in allowed, f"{source} does not reach the build"
                target = Path(folder, source if to == "./" else to.lstrip("/"))
                target.parent.mkdir(parents=True, exist_ok=True)
                if path.is_dir():
                    shutil.copytree(path, target, ignore=shutil.ignore_patterns("target", "node_modules", ".powerx"))
                    # Does not reach the build either.
                    for tests in target.glob("*/tests") if f"{source}/*/tests" in allowed else []:
                        shutil.rmtree(tests)
                else:
                    shutil.copy(path, target)
        described = subprocess.run(["cargo", "metadata", "--format-version=1", "--locked", "--offline"],
                                   cwd=folder, capture_output=True, text=True)
        assert described.returncode == 0, described.stderr
        packages = {p["name"]: p for p in json.loads(described.stdout)["packages"] if p["source"] is None}
        # Files that are compiled in must be inside as well.
        for file in Path(folder, "crates").rglob("*.rs"):
            for relative in re.findall(r'include_(?:str|bytes)!\("([^"]+)"\)', file.read_text()):
                if "/tests/" not in str(file):
                    assert (file.parent / relative).is_file(), f"{file}: {relative}"
        for embedded in Path(folder, "crates").glob("*/src/**/*.rs"):
            for relative in re.findall(r'#\[folder = "([^"]+)"\]', embedded.read_text()):
                assert (Path(folder, *embedded.relative_to(folder).parts[:2]) / relative).is_dir(), relative
    return packages


def image(packages):
    built = re.search(r"cargo build --release --locked (.*?)--bins", IMAGE).group(1)
    names = re.findall(r"-p (\S+)", built)
    programs = {t["name"] for n in names for t in packages[n]["targets"] if "bin" in t["kind"]}
    taken = re.search(r"for program in ([^;]+);", IMAGE).group(1).split()
    assert set(taken) <= programs, (taken, programs)
    rust = re.search(r"FROM rust:([\d.]+)-", IMAGE).group(1)
    assert packages["px-server"]["rust_version"].startswith(rust), rust
    version = re.search(r'image\.version="([^"]+)"', IMAGE).group(1)
    assert packages["px-server"]["version"] == version, f"the label says {version}"
    command = json.loads(re.search(r"(?m)^CMD (.*)$", IMAGE).group(1))
    return taken, [command] + [s["command"] for s in COMPOSE["services"].values() if s.get("image") == "powerx"]


def settings(programs):
    known = {}
    for program in programs:
        listing = subprocess.run([Path(world.WORLD["programs"], program), "config"], capture_output=True, text=True, check=True)
        known |= {line.split()[0]: line for line in listing.stdout.splitlines()}
    return known


packages = workspace_is_whole()
taken, commands = image(packages)
for program, *words in commands:
    assert program in taken
    subprocess.run([Path(world.WORLD["programs"], program), *words, "--help"], check=True, capture_output=True)

known = settings(["powerx", "powerx-marketplace"])
named = set(re.findall(r"\b((?:MKP|PX|POWERX)_[A-Z0-9_]+)\b", IMAGE + (DEPLOY / "compose.yaml").read_text()))
assert named <= set(known), f"no such settings: {named - set(known)}"
asked = dict(re.findall(r"\$\{([A-Z0-9_]+)(?::-([^}]*))?", (DEPLOY / "compose.yaml").read_text()))
offered = set(re.findall(r"(?m)^([A-Z0-9_]+)=", (DEPLOY / "example.env").read_text()))
# What has a default need not be written into the file; nothing stands there that nobody reads.
needed = {name for name, default in asked.items() if not default}
assert needed <= offered <= set(asked), (needed - offered, offered - set(asked))

services = COMPOSE["services"]
volumes = 0
for name, service in services.items():
    for volume in service.get("volumes", []):
        source = volume.split(":")[0]
        if source.startswith("./"):
            # `kept` is made by the first back-up.
            assert source == "./kept" or (DEPLOY / source).exists(), f"{name}: {source}"
        else:
            assert source in COMPOSE["volumes"], f"{name}: {source}"
        volumes += 1
    for other in service.get("depends_on", {}):
        assert "healthcheck" in services[other], f"{name} waits for {other}, which has no health check"
    build = service.get("build")
    if build:
        assert (DEPLOY / build["context"] / build["dockerfile"]).is_file()

# Addresses that services call each other by: host is a service, port is the one it listens on.
ports = {"marketplace": "7400", "powerx": "7500", "prometheus": "9090", "postgres": ""}
texts = [(DEPLOY / "compose.yaml").read_text(), *(f.read_text() for f in DEPLOY.rglob("*.yml"))]
for host, port in re.findall(r'(?:http://|targets: \["|@)([a-z]+):?(\d*)(?=[/"\s])', "\n".join(texts)):
    if host in ports:
        assert ports[host] == port, f"{host}:{port}"
databases = re.findall(r"(?m)^CREATE DATABASE (\w+);", (DEPLOY / "postgres/databases.sql").read_text())
assert {f"postgres/{d}" for d in databases} == set(re.findall(r"@(postgres/\w+)", texts[0]))
for file in (DEPLOY / "grafana/dashboards").glob("*.json"):
    board = json.loads(file.read_text())
    assert board["uid"] and {p["datasource"]["uid"] for p in board["panels"]} == {"prometheus"}
world.proven("Containerfile, compose.yaml", "", f"workspace resolves from the {len(list(copies()))} copied paths",
             f"programs {', '.join(taken)} start", f"{len(named)} settings and {volumes} volumes exist")
