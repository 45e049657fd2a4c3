"""The deploy pack in a real Docker engine: built, started, used, stopped, backed up, lost and restored.

Runs only when named (`--only container`): the image compiles everything in release mode, the first time.
Differs from docs/operator.md in the project's name, free ports, and a short probation.
"""

import json
import os
import secrets
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import images
import servers
import world

HERE = Path(__file__).resolve().parent
DEPLOY = HERE.parent / "deploy"
PROJECT = "powerx-tried"
PASSWORD = secrets.token_hex(12)
SERVERS = {"market": "marketplace", "core": "powerx"}
PORTS = {"marketplace": 7400, "powerx": 7500, "prometheus": 9090}


class Compose:
    """`docker compose` on the compose file as it is, under a name of its own."""

    def __init__(self, folder):
        self.ports = {name: servers.free_port() for name in PORTS}
        self.env = folder / ".env"
        self.kept = folder / "kept"
        self.override = folder / "override.yaml"
        lines = [f'  {n}:\n    ports: !override ["127.0.0.1:{p}:{PORTS[n]}"]' for n, p in self.ports.items()]
        lines[1] += '\n    environment:\n      PX_PROBATION_SECONDS: "2"'
        self.override.write_text("services:\n" + "\n".join(lines) + f'\n  tools:\n    volumes: ["{self.kept}:/kept"]\n')
        self.settings()

    def settings(self, token=""):
        text = (DEPLOY / "example.env").read_text()
        for name, value in {
            "POSTGRES_PASSWORD": PASSWORD, "GRAFANA_PASSWORD": PASSWORD, "PX_SECURE_COOKIES": "0",
            "PX_MARKETPLACE_TOKEN": token, "MKP_PUBLIC_URL": self.url("marketplace"),
            "POWERX_PUBLIC_URL": self.url("powerx"),
        }.items():
            kept = [line for line in text.splitlines() if not line.startswith(f"{name}=")]
            assert len(kept) < len(text.splitlines()), f"example.env does not name {name}"
            text = "\n".join([*kept, f"{name}={value}", ""])
        self.env.write_text(text)

    def url(self, service):
        return f"http://127.0.0.1:{self.ports[service]}"

    def __call__(self, *words, **options):
        return images.docker("compose", "-p", PROJECT, "--env-file", self.env, "-f", DEPLOY / "compose.yaml",
                             "-f", self.override, *words, **options)

    def run(self, service, *words, password=None):
        program = {"marketplace": "powerx-marketplace"}.get(service, service)
        return self("exec", "-T", service, program, *words, input=password).strip()

    def inspect(self, service):
        return json.loads(images.docker("inspect", self("ps", "--all", "--quiet", service).strip()))[0]

    def up(self, services):
        # Returns when every service that has a health check is healthy.
        self("up", "--detach", "--wait", *services)


def accounts(compose, services):
    """As the operator's page makes them; what the other scripts' helpers need to know."""
    tokens = {}
    market = lambda *words, **more: compose.run("marketplace", "accounts", *words, **more)  # noqa: E731
    core = lambda *words, **more: compose.run("powerx", "accounts", *words, **more)  # noqa: E731
    world.MARKET, world.CORE = compose.url("marketplace"), compose.url("powerx")
    world.WORLD |= {"market": world.MARKET, "core": world.CORE, "tokens": tokens}
    for login, role, scope in (("operator", "market_operator", "market.operate"), ("reviewer", "reviewer", "review.decide")):
        market("add", login, "--role", role, "--password-stdin", password=PASSWORD)
        tokens[login] = market("token", login, "--scope", scope)
    place = f"{world.MARKET}/api/marketplace/publishers"
    publisher = world.call("POST", place, "operator", json={"name": "Example Ltd"})["publisherId"]
    world.call("POST", f"{place}/{publisher}/verification", "operator", json={"verified": True, "reason": "domain proven"})
    market("add", "publisher", "--role", "publisher", "--of", publisher, "--password-stdin", password=PASSWORD)
    tokens["publisher"] = market("token", "publisher", "--scope", "plugin.publish", "--scope", "plugin.read")
    market("add", "site-a", "--installation")
    compose.settings(market("token", "site-a", "--scope", "feed.read", "--scope", "installation.report", "--days", "366"))
    compose.up(services)
    core("add", "ops", "--role", "platform_ops", "--password-stdin", password=PASSWORD)
    tokens["ops"] = core("token", "ops", "--scope", "platform.operate")
    tenant = world.call("POST", f"{world.CORE}/api/v1/admin/tenants", "ops", json={"name": "North"})["tenantId"]
    core("add", "north", "--role", "tenant_admin", "--of", tenant, "--password-stdin", password=PASSWORD)
    tokens["north"] = core("token", "north", "--scope", "tenant.plugins")
    world.WORLD["tenant"] = tenant


def signed_in():
    """The console lets the tenant's admin in with the password, and nobody with another."""
    for password, expected in (("not " + PASSWORD, 401), (PASSWORD, 200)):
        visitor = world.requests.Session()
        visitor.post(f"{world.CORE}/sign-in", data={"name": "north", "password": password},
                     headers={"Origin": world.CORE}, timeout=30)
        page = visitor.get(f"{world.CORE}/", timeout=30)
        assert page.status_code == expected, (page.url, page.status_code)


def published(folder):
    """With the author's program, from outside."""
    home = folder / "author"
    shutil.copytree(HERE.parent / "samples/hello-wasm/base", home / "hello")
    shutil.copytree(HERE.parent / "samples/hello-wasm/versions/1.0.0", home / "hello", dirs_exist_ok=True)
    environment = os.environ | {"HOME": str(home), "PX_MARKETPLACE_API_URL": world.MARKET,
                                "PX_MARKETPLACE_TOKEN": world.token("publisher")}
    for words in (["keys", "generate"], ["keys", "register"], ["publish"]):
        ended = subprocess.run([Path(world.WORLD["programs"], "px-plugin"), *words, "--format", "json"], cwd=home / "hello",
                               env=environment, capture_output=True, text=True)
        assert ended.returncode == 0, f"px-plugin {words}: {ended.stdout}{ended.stderr}"
    receipt = json.loads((home / "hello/publish-receipt.json").read_text())
    world.reviewed(receipt["versionId"])
    world.approve(receipt["versionId"])
    return receipt | {"permissions": ["greeter:greeting:read"]}


def confined(compose, service):
    """What the compose file promises is in force for the server itself."""
    status = compose("exec", "-T", service, "sh", "-c", "cat $(grep -l '^Name:.powerx' /proc/[0-9]*/status)")
    facts = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert facts["NoNewPrivs"] == "1" and facts["Uid"].split()[0] == "10001", facts
    assert {int(facts[f"Cap{kind}"], 16) for kind in ("Eff", "Prm", "Bnd")} == {0}, facts
    written = compose("exec", "-T", service, "sh", "-c", "touch /usr/local/bin/x 2>/dev/null || touch /tmp/x && echo refused")
    assert written.strip() == "refused" and compose.inspect(service)["HostConfig"]["ReadonlyRootfs"]


def watched(compose):
    """Prometheus scrapes both servers and knows every rule."""
    ask = lambda what: world.call("GET", f"{compose.url('prometheus')}/api/v1/{what}")["data"]  # noqa: E731
    world.until("a scrape of both servers",
                lambda: sorted(t["labels"]["job"] for t in ask("targets")["activeTargets"] if t["health"] == "up")
                == ["powerx", "powerx-marketplace"])
    rules = [rule for group in ask("rules")["groups"] for rule in group["rules"]]
    assert len(rules) == (DEPLOY / "prometheus/rules.yml").read_text().count("- alert:")
    return len(rules)


def stopped(compose):
    """SIGTERM is enough: nobody had to be killed when the grace period was over."""
    compose("stop", *SERVERS.values())
    for service in SERVERS.values():
        state = compose.inspect(service)["State"]
        assert state["ExitCode"] == 0 and not state["OOMKilled"], (service, state)


def lost_and_restored(compose, services):
    address = "postgres://postgres@postgres/"
    for name in SERVERS:
        compose("run", "--rm", "tools", "backup.sh", f"/{name}", f"/kept/{name}-monday", address + name)
    compose("down", "--volumes")
    for name in SERVERS:
        compose("run", "--rm", "tools", "restore.sh", f"/kept/{name}-monday", f"/{name}", address + name)
    compose.up(services)


def walk(compose, folder):
    made, services, absent = [], [], []
    listed = json.loads(compose("config", "--format", "json"))["services"]
    for base in ("rust:1.95-slim-bookworm", "debian:bookworm-slim"):
        if not images.present(base, made):
            images.left_out(f"{base} can neither be pulled nor made")
    for name, service in listed.items():
        (services if "build" in service or images.present(service["image"], made) else absent).append(name)
    compose("build")
    size = int(images.docker("image", "inspect", "--format", "{{.Size}}", "powerx")) / 1e6
    try:
        compose.up(services)
        import chain  # Reads the addresses that `accounts` sets.
        accounts(compose, services)
        chain.PLUGINS = f"{world.CORE}/api/v1/admin/plugins"
        signed_in()
        for service in SERVERS.values():
            confined(compose, service)
        facts = published(folder)
        chain.install(facts)
        answers = lambda: chain.serves(facts) == facts["version"]  # noqa: E731
        world.until("the plugin's answer", answers)
        rules = watched(compose)
        stopped(compose)
        compose.up(services)
        world.until("the plugin's answer after a restart", answers)
        lost_and_restored(compose, services)
        world.until("the plugin's answer after the restore", answers)
        chain.audit()
    except BaseException:
        print(compose("logs", "--no-color", "--tail", "20", *SERVERS.values()))
        raise
    finally:
        compose("down", "--volumes")
    return size, rules, made, absent


folder = Path(tempfile.mkdtemp(dir=world.WORLD["folder"]))
with images.engine(Path(world.WORLD["folder"]).parent / "docker"):
    if not (images.answers("docker", "compose", "version") and images.answers("docker", "buildx", "version")):
        images.left_out("the plugins `compose` and `buildx` of docker are not on this machine")
    started = time.monotonic()
    size, rules, made, absent = walk(Compose(folder), folder)
    version = images.docker("version", "--format", "{{.Server.Version}}").strip()
world.proven("Docker", version, f"built ({size:.0f} MB), healthy, confined, {rules} rules watched, published, installed, answers",
             "stopped by SIGTERM, restarted, backed up, lost, restored",
             f"bases made here: {', '.join(made) or 'none'}; LEFT OUT: {', '.join(absent) or 'nothing'}")
