"""The images that the deploy pack begins with: pulled, or made from Debian's packages and this machine's Rust.

What is made has the published image's name and contract, so that Containerfile and compose file stay as they are.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
CERTIFICATES = "etc/ssl/certs/ca-certificates.crt"


def left_out(why):
    """Ends the script: something is not on this machine."""
    sys.exit(f"LEFT OUT {why}")


def docker(*words, **options):
    ended = subprocess.run(["docker", *map(str, words)], capture_output=True, text=True, **options)
    assert ended.returncode == 0, f"docker {' '.join(map(str, words))}: {ended.stdout[-3000:]}{ended.stderr[-6000:]}"
    return ended.stdout


def answers(*words):
    return subprocess.run(words, capture_output=True).returncode == 0


@contextlib.contextmanager
def engine(folder):
    """The Docker engine that `docker` reaches, or one of our own with its data in `folder`."""
    if answers("docker", "info"):
        yield
        return
    if os.getuid() or not shutil.which("dockerd"):
        left_out("no Docker engine answers, and none can be started here (root and `dockerd` are needed)")
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["DOCKER_HOST"] = f"unix://{folder}/socket"
    words = ["dockerd", "--data-root", folder / "data", "--exec-root", folder / "exec", "--pidfile", folder / "pid",
             "--host", os.environ["DOCKER_HOST"]]
    with open(folder / "log", "ab") as log:
        daemon = subprocess.Popen(words, stdout=log, stderr=log)
    try:
        end = time.monotonic() + 60
        while not answers("docker", "info"):
            if daemon.poll() is not None or time.monotonic() > end:
                left_out(f"dockerd does not start here: {(folder / 'log').read_text()[-500:]}")
            time.sleep(0.2)
        yield
    finally:
        daemon.terminate()
        daemon.wait(60)


def present(name, made):
    """Whether there is such an image: here already, from the registry, or made; `made` collects the last."""
    if answers("docker", "image", "inspect", name) or answers("docker", "pull", "--quiet", name):
        return True
    base, _, tag = name.partition(":")
    try:
        if base == "debian":
            debian(name)
        elif base == "rust":
            rust(name, tag)
        elif (HERE / "images" / base.split("/")[-1]).is_dir() and present("debian:bookworm-slim", made):
            place = HERE / "images" / base.split("/")[-1]
            docker("build", "--file", place / "Containerfile", "--tag", name, place)
        else:
            return False
    except FileNotFoundError as missing:
        left_out(f"{name} cannot be pulled, nor made without {missing.filename}")
    made.append(name)
    return True


def imported(tree, name, *changes):
    words = [word for change in changes for word in ("--change", change)]
    with subprocess.Popen(["tar", "-C", tree, "-c", "."], stdout=subprocess.PIPE) as tar:
        docker("import", *words, "-", name, stdin=tar.stdout)


def debian(name):
    """As the published one: minimal, without documentation and translations."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder, "tree")
        subprocess.run(["debootstrap", "--variant=minbase", "bookworm", tree], check=True, stdout=subprocess.DEVNULL)
        for place in ("doc", "man", "info", "locale", "lintian", "groff"):
            shutil.rmtree(tree / "usr/share" / place, ignore_errors=True)
        for place in ("var/lib/apt/lists", "var/cache/apt"):
            shutil.rmtree(tree / place)
            (tree / place).mkdir()
        # Packages that are installed later leave theirs out as well.
        kept = "".join(f"path-exclude /usr/share/{place}/*\n" for place in ("doc", "man", "info", "locale"))
        (tree / "etc/dpkg/dpkg.cfg.d").mkdir(exist_ok=True)
        (tree / "etc/dpkg/dpkg.cfg.d/slim").write_text(kept)
        imported(tree, name, 'CMD ["bash"]')


def rust(name, tag):
    """Debian with a C compiler, this machine's toolchain of that version, and the certificates it trusts."""
    version = tag.split("-")[0]
    root = subprocess.run(["rustc", "--print", "sysroot"], capture_output=True, text=True, check=True).stdout.strip()
    said = subprocess.run(["rustc", "--version"], capture_output=True, text=True, check=True).stdout
    if not said.startswith(f"rustc {version}."):
        left_out(f"{name} cannot be pulled, and this machine has {said.strip()}")
    assert present("debian:bookworm-slim", [])
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder, "usr/local/cargo")
        (tree / "bin").mkdir(parents=True)
        for program in ("cargo", "rustc"):
            shutil.copy(Path(root, "bin", program), tree / "bin")
        shutil.copytree(Path(root, "lib"), tree / "lib", ignore=lambda _, names: [n for n in names if n.startswith("wasm32")])
        (Path(folder) / CERTIFICATES).parent.mkdir(parents=True)
        shutil.copy(f"/{CERTIFICATES}", Path(folder) / CERTIFICATES)
        Path(folder, "Containerfile").write_text(f"""FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev ca-certificates \\
 && rm -rf /var/lib/apt/lists/*
COPY usr /usr
COPY etc /etc
ENV CARGO_HOME=/usr/local/cargo PATH=/usr/local/cargo/bin:$PATH RUST_VERSION={version}
""")
        docker("build", "--file", Path(folder, "Containerfile"), "--tag", name, folder)
