"""A bundle fetched with curl: whole, in ranges, continued, and only when it is not there yet."""

import subprocess
import tempfile
from pathlib import Path

import listed
import world

facts = listed.ensure()


def curl(*words):
    ended = subprocess.run(["curl", "--silent", "--show-error", *words, listed.url], capture_output=True)
    assert ended.returncode == 0, ended.stderr.decode()
    return ended.stdout


with tempfile.TemporaryDirectory() as folder:
    status = lambda *words: curl("--output", "/dev/null", "--write-out", "%{http_code}", *words).decode()  # noqa: E731
    part = Path(folder, "part")
    curl("--fail", "--output", str(part))
    assert world.sha256(part.read_bytes()) == facts["sha256"], "whole"

    third = facts["size"] // 3
    ranges = (f"0-{third - 1}", f"{third}-{2 * third - 1}", f"{2 * third}-")
    joined = b"".join(curl("--fail", "--range", piece) for piece in ranges)
    assert world.sha256(joined) == facts["sha256"], "in ranges"
    assert curl("--fail", "--range", "-100") == joined[-100:]

    part.write_bytes(joined[:third])
    curl("--fail", "--continue-at", "-", "--output", str(part))
    assert world.sha256(part.read_bytes()) == facts["sha256"], "continued"

    head = curl("--head").decode().lower()
    assert f"content-length: {facts['size']}" in head and "accept-ranges: bytes" in head, head
    etag = f'"{facts["sha256"]}"'
    assert status("--header", f"If-None-Match: {etag}") == "304"
    assert status("--range", "0-9", "--header", f"If-Range: {etag}") == "206"
    assert status("--range", "0-9", "--header", 'If-Range: "other"') == "200"
    assert status("--range", f"{facts['size']}-") == "416"

name, number = subprocess.run(["curl", "--version"], capture_output=True, text=True).stdout.split()[:2]
world.proven(name, number, "whole, three ranges, suffix, continued: digest equal", "304, If-Range, 416")
