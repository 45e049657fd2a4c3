"""The systemd units: accepted by systemd, hardened, and naming what the programs really understand."""

import re
import subprocess
import tempfile
from pathlib import Path

import world

UNITS = Path(__file__).resolve().parent.parent / "deploy/systemd"
# systemd's own scale: 0 is closed, 10 is open; below 2 it says OK or better.
MOST_EXPOSED = 2.0

settings = set()
for program in ("powerx", "powerx-marketplace"):
    listing = subprocess.run([Path(world.WORLD["programs"], program), "config"], capture_output=True, text=True, check=True)
    settings |= {line.split()[0] for line in listing.stdout.splitlines()}

levels = []
with tempfile.TemporaryDirectory() as folder:
    for unit in sorted(UNITS.glob("*.service")):
        text = unit.read_text()
        program, *words = re.search(r"(?m)^ExecStart=(.*)$", text).group(1).split()
        real = Path(world.WORLD["programs"], Path(program).name)
        assert program.startswith("/usr/local/bin/") and real.is_file(), program
        # The program takes these words.
        subprocess.run([real, *words[:1], "--help"], check=True, capture_output=True)
        for name in re.findall(r"\b((?:MKP|PX|POWERX)_[A-Z0-9_]+)", text):
            assert name in settings, f"{unit.name}: no setting {name}"
        assert f"StateDirectory={unit.stem}\n" in text and f"/var/lib/{unit.stem}" in text
        # Where systemd looks, the program is not installed: the one that was just built stands in.
        copy = Path(folder, unit.name)
        copy.write_text(text.replace(program, str(real)))
        verified = subprocess.run(["systemd-analyze", "verify", "--recursive-errors=no", copy], capture_output=True, text=True)
        assert verified.returncode == 0 and not verified.stderr.strip(), verified.stderr
        judged = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager", copy], capture_output=True, text=True)
        level = float(re.search(r"exposure level for \S+: ([\d.]+)", judged.stdout).group(1))
        assert level < MOST_EXPOSED, judged.stdout
        levels.append(f"{unit.name} {level}")
version = subprocess.run(["systemd-analyze", "--version"], capture_output=True, text=True).stdout.split()[1]
world.proven("systemd-analyze", version, "units verified", f"exposure of 10: {', '.join(levels)}", "every setting exists")
