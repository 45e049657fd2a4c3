"""Starts the real servers with private data, lets every client at them, and prints a table.

Called by `cargo xtask strangers`, which makes what is needed: the folder with the programs
(`--programs`), a folder for data (`--work`), a Python with the packages of requirements.txt
(`--python`), a folder with the `node_modules` of package.json (`--node`), and the S3-compatible server
s3s-fs (`--s3`). Clients that could not be had are named as such.
"""

import argparse
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import chain_sink
import prepare
import servers

HERE = Path(__file__).resolve().parent
# What Python says when a script starts a program that is not on this machine.
MISSING = "FileNotFoundError: [Errno 2] No such file or directory: "
LIMIT = 420

# In this order: the API fuzzers leave much behind, such as revoked keys.
CLIENTS = [
    "upload_tuspy.py",
    "upload_tus_js.mjs",
    "webhooks_python.py",
    "webhooks_node.mjs",
    "oauth_authlib.py",
    "oauth_requests.py",
    "events_python.py",
    "events_node.mjs",
    "bundles_curl.py",
    "bundles_aria2.py",
    "bundles_s3.py",
    "archive_tools.py",
    "signature.py",
    "metrics_promtool.py",
    "dashboards_grafana.py",
    "openapi_market.py",
    "openapi_core.py",
    "deploy_units.py",
    "deploy_container.py",
    "deploy_backup.py",
]
# Only when asked for by name: it compiles everything in release mode.
BY_NAME = {"container_run.py": 5400}


def main():
    options = arguments()
    chosen = [c for c in CLIENTS if not options.only or any(word in c for word in options.only)]
    chosen += [c for c in BY_NAME if any(c.startswith(word) for word in options.only)]
    if not chosen:
        sys.exit(f"error: no client's name contains {' or '.join(options.only)}: {', '.join([*CLIENTS, *BY_NAME])}")
    # SIGTERM ends the servers too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    rows = []
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=options.work, prefix="world-")))
        # Where both servers post their alerts.
        sink = stack.enter_context(chain_sink.receiver())
        extra = {"MKP_ALERT_WEBHOOK_URL": sink, "PX_ALERT_WEBHOOK_URL": sink}
        world = stack.enter_context(servers.running(Path(options.programs), folder, extra))
        prepare.bundles(Path(options.programs), folder, HERE.parent / "samples", world)
        file = folder / "world.json"
        file.write_text(json.dumps(world))
        for name in chosen:
            rows.append(run(name, file, options))
        for name, server in world["processes"].items():
            if not servers.alive(server):
                rows.append(("the server itself", name, "it ended while clients talked to it", "failed", ""))
    table(rows)
    return 1 if any(row[3] == "failed" for row in rows) else 0


def arguments():
    parser = argparse.ArgumentParser()
    for name in ("--programs", "--work"):
        parser.add_argument(name, required=True)
    parser.add_argument("--python")
    parser.add_argument("--node")
    parser.add_argument("--s3")
    parser.add_argument("--only", action="append", default=[])
    return parser.parse_args()


def command(name, options):
    """How a script is started, or None when its packages are not there."""
    if name.endswith(".py"):
        return [options.python, str(HERE / name)] if options.python else None
    if not options.node:
        return None
    # Node looks for packages beside the script.
    shutil.copy(HERE / "world.mjs", options.node)
    return ["node", shutil.copy(HERE / name, options.node)]


def run(name, world, options):
    """One client; a row for the table."""
    print(f"==> {name}", flush=True)
    started = time.monotonic()
    words = command(name, options)
    if words is None:
        return name, "", "its packages could not be installed", "not available", ""
    if name == "bundles_s3.py" and not options.s3:
        return name, "", "s3s-fs could not be built", "not available", ""
    limit = BY_NAME.get(name, LIMIT)
    environment = dict(os.environ, STRANGERS_WORLD=str(world), PYTHONUNBUFFERED="1", PYTHONDONTWRITEBYTECODE="1",
                       STRANGERS_S3=options.s3 or "")
    try:
        ended = subprocess.run(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               text=True, timeout=limit)
        status, said = ended.returncode, ended.stdout
    except subprocess.TimeoutExpired as late:
        status, said = 1, f"{late.stdout or ''}\nit did not end within {limit} s"
    seconds = f"{time.monotonic() - started:.0f} s"
    lines = [line for line in said.splitlines() if line.strip()] or ["it said nothing"]
    last = lines[-1]
    if status == 0 and last.startswith("PROVEN "):
        fact = json.loads(last.removeprefix("PROVEN "))
        return fact["client"], fact["version"], fact["what"], "ok", seconds
    if status and last.startswith("LEFT OUT "):
        return name, "", last.removeprefix("LEFT OUT "), "not available", seconds
    if last.startswith(MISSING) and "/" not in last.removeprefix(MISSING):
        return name, "", f"{last.removeprefix(MISSING)} is not on this machine", "not available", seconds
    print("\n".join("    " + line for line in lines[-200:]))
    why = next((line.strip() for line in reversed(lines) if "Error" in line), last)
    return name, "", why[:300], "failed", seconds


def table(rows):
    head = ("Client", "Version", "Proven", "Result", "Took")
    widths = [max(len(row[i]) for row in [head, *rows]) for i in (0, 1)]
    print()
    for client, version, what, result, seconds in [head, *rows]:
        print(f"{client:<{widths[0]}}  {version:<{widths[1]}}  {result:<13}  {seconds:>6}  {what}")


if __name__ == "__main__":
    sys.exit(main())
