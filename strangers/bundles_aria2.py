"""A bundle fetched with aria2 over several connections at once; aria2 itself compares the digest."""

import subprocess
import tempfile
from pathlib import Path

import listed
import world

facts = listed.ensure()
version = subprocess.run(["aria2c", "--version"], capture_output=True, text=True).stdout.split()[2]


def fetch(folder, digest, name):
    return subprocess.run([
        "aria2c", "--no-conf", "--allow-overwrite=true", "--split=4", "--max-connection-per-server=4",
        "--min-split-size=1M", f"--checksum=sha-256={digest}", f"--dir={folder}", f"--out={name}",
        "--log-level=info", f"--log={folder}/log", listed.url,
    ], capture_output=True, text=True)


with tempfile.TemporaryDirectory() as folder:
    ended = fetch(folder, facts["sha256"], "bundle.pxp")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert world.sha256(Path(folder, "bundle.pxp").read_bytes()) == facts["sha256"]
    connections = Path(folder, "log").read_text().count("HTTP/1.1 206")
    assert connections > 1, f"{connections} ranged answers"
    # aria2 compares what it is asked for with the answer's Digest field before it takes a byte.
    other = fetch(folder, "0" * 64, "other.pxp")
    assert other.returncode and "Invalid hash found in Digest header field" in other.stdout, other.stdout
world.proven("aria2c", version, f"{connections} ranges at once, digest equal", "Digest field understood")
