"""For scripts with servers of their own: parts of the story are told as clients of those."""

import json
import os
import subprocess
import sys
from pathlib import Path


def as_client(script, what, here):
    """Runs a script again, for one part, against the servers in `here`."""
    file = Path(here["folder"], "world.json")
    file.write_text(json.dumps(here))
    ended = subprocess.run([sys.executable, "-B", script, what], capture_output=True, text=True,
                           env=dict(os.environ, STRANGERS_WORLD=str(file)))
    assert ended.returncode == 0, f"{what}: {ended.stdout}{ended.stderr}"
    return ended.stdout.strip()
