"""A bundle opened with unzip, bsdtar and Python: all see the same files with the same bytes."""

import subprocess
import zipfile
from pathlib import Path

import world

facts = world.bundle("listed")
path = facts["path"]
# `px-plugin pack` names what it packed; signing adds one file.
expected = sorted([*facts["files"], "manifest.signature"])


def run(*words):
    ended = subprocess.run(words, capture_output=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


assert b"No errors detected" in run("unzip", "-t", path)
assert sorted(run("unzip", "-Z1", path).decode().splitlines()) == expected
assert sorted(run("bsdtar", "-tf", path).decode().splitlines()) == expected
with zipfile.ZipFile(path) as archive:
    assert archive.testzip() is None
    assert sorted(archive.namelist()) == expected
    integrity = dict(reversed(line.split("  ", 1)) for line in archive.read("integrity.txt").decode().splitlines())
    for name in expected:
        bytes_ = archive.read(name)
        assert bytes_ == run("unzip", "-p", path, name) == run("bsdtar", "-xOf", path, name), name
        if name in facts["files"]:
            assert world.sha256(bytes_) == facts["files"][name]["digest"], name
        if name in integrity:
            assert world.sha256(bytes_) == integrity[name], name
assert sorted(integrity) == sorted(set(expected) - {"integrity.txt", "manifest.signature"})
# `sha256sum` reads integrity.txt as it is.
versions = [run("unzip", "-v").decode().split()[1], run("bsdtar", "--version").decode().split()[1]]
world.proven("unzip, bsdtar, Python zipfile", ", ".join(versions), f"{len(expected)} files, the same bytes for all",
             "integrity.txt right", f"{Path(path).stat().st_size} bytes tested")
