"""One server's API, asked by schemathesis from the server's own description, once per role."""

import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version as version_of
from pathlib import Path

import world

HERE = Path(__file__).resolve().parent
# Every answer: no server error; status, media type, headers and body as described.
CHECKS = ["not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance",
          "response_headers_conformance", "unsupported_method"]
# Seconds of fuzzing per role, after the examples and the boundary values; all roles run at once.
SECONDS = 60
SEED = 20251107


def fuzz(name, address, roles, endless):
    """Lets every role ask; fails with what was found.

    `endless` matches addresses that stream or wait for as long as the caller likes: their scripts
    are elsewhere, here they would only fill the time.
    """
    document = world.call("GET", f"{address}/openapi.json")
    operations = sum(len(item) for item in document["paths"].values())
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(len(roles)) as pool:
        ended = list(pool.map(lambda role: one(address, role, endless, Path(folder, f"{role}.json")), roles))
    for role, status, said, _ in ended:
        if status:
            print(f"---- as {role}\n{said}")
    assert all(status == 0 for _, status, _, _ in ended), f"{name}: see what was found as each role above"
    cases = ", ".join(f"{role} {count}" for role, _, _, count in ended)
    world.call("GET", f"{address}/readyz")
    world.proven(f"schemathesis, {name}", version_of("schemathesis"), f"{operations} operations", f"cases by role: {cases}",
                 "no server error, answers as described")


def one(address, role, endless, report):
    words = [Path(sys.executable).with_name("schemathesis"), "run", f"{address}/openapi.json", "--url", address,
             "--checks", ",".join(CHECKS), "--phases", "examples,coverage,fuzzing", "--max-time", str(SECONDS),
             "--workers", "1", "--seed", str(SEED), "--request-timeout", "20", "--no-color", "--continue-on-failure",
             "--generation-database", "none", "--warnings", "off", "--exclude-path-regex", endless]
    if role != "anonymous":
        words += ["--header", f"Authorization: Bearer {world.token(role)}"]
    environment = dict(os.environ, SCHEMATHESIS_HOOKS="openapi_hooks", PYTHONPATH=str(HERE))
    ended = subprocess.run(words, env=environment, cwd=report.parent, capture_output=True, text=True)
    said = ended.stdout + ended.stderr
    count = re.search(r"(\d+) generated", said)
    assert count, said
    return role, ended.returncode, said, int(count.group(1))
