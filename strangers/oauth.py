"""An OAuth2 client of a demo account, made as an operator makes one."""

import os
import re
import subprocess
from pathlib import Path

from world import WORLD


def client(login, *scopes):
    """Id and secret."""
    words = [Path(WORLD["programs"]) / "powerx-marketplace", "accounts", "client", login, "--name", "stranger"]
    for scope in scopes:
        words += ["--scope", scope]
    said = subprocess.run(words, env=WORLD["environment"], check=True, capture_output=True, text=True).stdout
    id, secret = re.search(r"(pxc_\w+)\s+(pxs_\w+)", said).groups()
    return id, secret


def plain_http():
    os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"
