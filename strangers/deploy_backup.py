"""Back-up and restore of both servers by the deploy pack's scripts, on SQLite and on PostgreSQL.

A plugin is listed and installed; both servers are backed up while they run, lose everything, and are
restored: audit chains verify, the bundle is served with its digest, the plugin answers, life goes on.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path

import chain
import parts
import prepare
import servers
import world

HERE = Path(__file__).resolve().parent
DEPLOY = HERE.parent / "deploy"
POSTGRES = os.environ.get("PX_TEST_POSTGRES_URL")
SERVERS = {"market": "MKP_DATABASE_URL", "core": "POWERX_DATABASE_URL"}


def script(name, *words, refused=None):
    ended = subprocess.run([DEPLOY / name, *map(str, words)], capture_output=True, text=True)
    said = ended.stdout + ended.stderr
    if refused:
        assert ended.returncode and refused in said, f"{name} {words} was not refused: {said}"
    else:
        assert ended.returncode == 0, f"{name} {words}: {said}"


def before():
    """A tenant has a plugin."""
    first = world.bundle("kept_1")
    world.publish(first)
    chain.install(first)
    assert chain.serves(first) == first["version"]


def after():
    """Everything is as it was, and goes on."""
    first, second = world.bundle("kept_1"), world.bundle("kept_2")
    chain.audit()
    got = world.requests.get(world.bundle_url(first["sha256"]), timeout=30).content
    assert world.sha256(got) == first["sha256"]
    world.until("the plugin's answer", lambda: chain.serves(first) == first["version"])
    # Signed with the keys that came back, or the core would refuse the listing.
    chain.upgraded_by_policy(second)
    assert chain.serves(second) == second["version"]
    chain.audit()


def older():
    """The Marketplace came back from before the second version was listed; its core knows more."""
    first, second = world.bundle("kept_1"), world.bundle("kept_2")
    alerts = f"{world.CORE}/api/v1/admin/alerts"
    world.until("the core's alert", lambda: "catalog.went_back" in json.dumps(world.call("GET", alerts, "ops")))
    assert chain.serves(second) == second["version"]
    # Published again, it has the feed's number that the lost listing had: the core must not overlook it.
    again = world.publish(second)
    known = f"{world.CORE}/api/v1/admin/plugins/versions?pluginId={first['pluginId']}"
    world.until("the core's knowing of the listing", lambda: again["versionId"] in json.dumps(world.call("GET", known, "north")))
    chain.audit()


def psql(statement):
    subprocess.run(["psql", "--no-psqlrc", "--quiet", "--command", statement, POSTGRES], check=True, capture_output=True)


def databases(kind):
    """A private database per server, or their files; addresses by server."""
    if kind == "SQLite":
        return {server: "" for server in SERVERS}
    base, made = POSTGRES.rsplit("/", 1)[0], {}
    for server in SERVERS:
        name = f"backup_{server}_{uuid.uuid4().hex[:8]}"
        psql(f"CREATE DATABASE {name}")
        made[server] = f"{base}/{name}"
    return made


def destroyed(server, folder, url):
    shutil.rmtree(folder / server)
    if url:
        name = url.rsplit("/", 1)[1]
        psql(f"DROP DATABASE {name}")
        psql(f"CREATE DATABASE {name}")


def story(kind, folder):
    urls = databases(kind)
    programs = Path(world.WORLD["programs"])
    here = servers.seeded(programs, folder, {SERVERS[s]: url for s, url in urls.items() if url})
    arguments = lambda server: [folder / server, *([urls[server]] if urls[server] else [])]  # noqa: E731
    with servers.serving(here):
        prepare.bundles(programs, folder, HERE.parent / "samples", here, names=[], chains=["kept"])
        parts.as_client(__file__, "before", here)
        for server in SERVERS:
            data, *url = arguments(server)
            script("backup.sh", data, folder / f"{server}-kept", *url)
    script("restore.sh", folder / "core-kept", *arguments("core"), refused="is not empty")
    for server in SERVERS:
        destroyed(server, folder, urls[server])
        script("restore.sh", folder / f"{server}-kept", *arguments(server))
    with servers.serving(here):
        parts.as_client(__file__, "after", here)
    # Only the Marketplace is lost, and its back-up is older than what the core has seen.
    destroyed("market", folder, urls["market"])
    script("restore.sh", folder / "market-kept", *arguments("market"))
    with servers.serving(here):
        parts.as_client(__file__, "older", here)
    damaged = next((folder / "market-kept").glob("d*"))
    with open(damaged, "r+b") as file:
        file.seek(100)
        file.write(b"damage")
    script("restore.sh", folder / "market-kept", folder / "elsewhere", *arguments("market")[1:], refused="damaged")


def main():
    done = []
    for kind in ("SQLite", "PostgreSQL") if POSTGRES else ("SQLite",):
        with tempfile.TemporaryDirectory(prefix="px-backup-") as folder:
            story(kind, Path(folder))
        done.append(kind)
    if not POSTGRES:
        print("PostgreSQL was left out: there is no server")
    tools = subprocess.run(["sqlite3", "--version"], capture_output=True, text=True).stdout.split()[0]
    world.proven("backup.sh, restore.sh", f"sqlite {tools}", f"{' and '.join(done)}: backed up while serving, destroyed, restored",
                 "audit chains whole, bundle's digest equal, plugin answers, next version published and installed",
                 "a Marketplace older than its core is noticed and read again",
                 "damaged and misplaced back-ups refused")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        {"before": before, "after": after, "older": older}[sys.argv[1]]()
    else:
        main()
