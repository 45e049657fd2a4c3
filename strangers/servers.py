"""The real programs, on free loopback ports, with private data."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

PATIENCE = 60


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextlib.contextmanager
def running(programs, folder, extra=None):
    """Marketplace and core, each a process of its own; yields what scripts need to know."""
    world = seeded(programs, folder, extra)
    with serving(world):
        yield world


def seeded(programs, folder, extra=None):
    """The quick start makes the demo accounts, then it is stopped."""
    market, core = free_port(), free_port()
    environment = settings(folder, market, core) | (extra or {})
    with process(programs / "powerx", [], environment, folder / "quick-start.log") as quick:
        ready(quick, market, core)
    accounts = json.loads((folder / "market" / "demo-accounts.json").read_text())
    tokens = {account["login"]: account["token"] for account in accounts["accounts"]}
    tokens["installation"] = accounts["installationToken"]
    tenant = next(a["tenant"] for a in accounts["accounts"] if a["login"] == "north")
    tokens["reader"] = tenant_reader(programs / "powerx", environment, tenant)
    return {
        "market": f"http://127.0.0.1:{market}",
        "core": f"http://127.0.0.1:{core}",
        "tokens": tokens,
        "tenant": tenant,
        "programs": str(programs),
        "folder": str(folder),
        "environment": environment | {"PX_MARKETPLACE_TOKEN": tokens["installation"]},
    }


@contextlib.contextmanager
def serving(world):
    """The programs, started as an operator would start them."""
    programs, folder, environment = Path(world["programs"]), Path(world["folder"]), world["environment"]
    port = lambda url: int(url.rsplit(":", 1)[1])  # noqa: E731
    with (
        process(programs / "powerx-marketplace", ["serve"], environment, folder / "market.log") as one,
        process(programs / "powerx", ["serve"], environment, folder / "core.log") as other,
    ):
        ready(one, port(world["market"]))
        ready(other, port(world["core"]))
        world["processes"] = {"powerx-marketplace": one.pid, "powerx": other.pid}
        yield world


def settings(folder, market, core):
    # Nothing of the caller's own settings may reach the servers.
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("PX_", "MKP_", "POWERX_"))}
    return inherited | {
        "MKP_LISTEN": f"127.0.0.1:{market}",
        "MKP_DATA_DIR": str(folder / "market"),
        "POWERX_LISTEN": f"127.0.0.1:{core}",
        "POWERX_DATA_DIR": str(folder / "core"),
        "PX_MARKETPLACE_API_URL": f"http://127.0.0.1:{market}",
        "PX_SECURE_COOKIES": "0",
        # Receivers of webhooks are on loopback here.
        "PX_ALLOW_PRIVATE_ADDRESSES": "1",
        "PX_PROBATION_SECONDS": "2",
        "PX_PROBE_SECONDS": "0.5",
        "PX_LOG": "warn",
    }


@contextlib.contextmanager
def process(program, arguments, environment, log):
    with open(log, "ab") as file:
        child = subprocess.Popen([program, *arguments], env=environment, stdin=subprocess.DEVNULL,
                                 stdout=file, stderr=file, cwd=log.parent)
    child.log = log
    try:
        yield child
    finally:
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(20)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def ready(child, *ports):
    end = time.monotonic() + PATIENCE
    for port in ports:
        while True:
            if child.poll() is not None:
                raise SystemExit(f"error: the server ended: {Path(child.log).read_text()}")
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5):
                    break
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                if time.monotonic() > end:
                    raise SystemExit(f"error: the server is not ready: {Path(child.log).read_text()}") from None
                time.sleep(0.1)


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split(") ")[-1][0] != "Z" if Path("/proc").is_dir() else True


def tenant_reader(powerx, environment, tenant):
    """Somebody who may see a tenant's plugins and change nothing."""
    run = lambda *words: subprocess.run([powerx, "accounts", *words], env=environment, check=True,  # noqa: E731
                                        capture_output=True, text=True).stdout
    run("add", "reader", "--role", "tenant_viewer", "--of", tenant)
    return next(word for word in run("token", "reader", "--scope", "tenant.plugins").split() if word.startswith("pxt_"))
