"""Bundles on an S3-compatible server: the whole chain, downloads by signed addresses, the store away and back.

The store is s3s-fs, which checks signatures; boto3 looks into it from outside, curl and aria2 fetch over the redirect.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version as version_of
from pathlib import Path

import boto3
import requests
from botocore.config import Config

import chain
import parts
import prepare
import servers
import world

HERE = Path(__file__).resolve().parent
BUCKET, FOLDER, KEY, SECRET = "bundles", "market", "access-of-a-test", "secret-of-a-test"
# Seconds that a signed address holds.
LIFETIME = 10
# Bytes that do not compress: the bundle is put in three parts.
LARGE = 20 << 20


@contextlib.contextmanager
def store(root, port):
    words = ["--access-key", KEY, "--secret-key", SECRET, "--host", "127.0.0.1", "--port", str(port), str(root)]
    with servers.process(os.environ["STRANGERS_S3"], words, dict(os.environ), root.parent / "s3.log") as child:
        bucket = client(port)

        def answers():
            assert child.poll() is None, Path(child.log).read_text()
            with contextlib.suppress(Exception):
                return bucket.list_buckets()
            return None

        world.until("the store", answers)
        yield bucket


def client(port):
    return boto3.client("s3", endpoint_url=f"http://127.0.0.1:{port}", region_name="us-east-1", aws_access_key_id=KEY,
                        aws_secret_access_key=SECRET, config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}))


def first_version():
    """Published, installed by way of the store, and downloaded by strangers."""
    facts = world.bundle("stored_1")
    world.publish(facts)
    chain.install(facts)
    assert chain.serves(facts) == facts["version"]
    large = world.bundle("stored_large")
    world.publish(large)
    chain.install(large)
    redirected(large)
    fetched(large)


def redirected(facts):
    url = world.bundle_url(facts["sha256"])
    sent_on = requests.get(url, allow_redirects=False, timeout=30)
    location = sent_on.headers["Location"]
    assert sent_on.status_code == 307 and not sent_on.content, sent_on.status_code
    assert "no-store" in sent_on.headers["Cache-Control"] and f"X-Amz-Expires={LIFETIME}&" in location, location
    assert SECRET not in location
    got = requests.get(location, timeout=30)
    assert got.status_code == 200 and world.sha256(got.content) == facts["sha256"]
    head = requests.head(url, allow_redirects=True, timeout=30)
    assert head.status_code == 200 and head.headers["Content-Length"] == str(facts["size"]), head.headers
    known = requests.get(url, headers={"If-None-Match": f'"{facts["sha256"]}"'}, timeout=30)
    assert known.status_code == 304

    # The address is for this object, this method and this time.
    other = location.replace(facts["sha256"], "0" * 64)
    assert requests.get(other, timeout=30).status_code == 403
    assert requests.put(location, data=b"other bytes", timeout=30).status_code == 403
    assert requests.get(location.split("?")[0], timeout=30).status_code == 403
    time.sleep(LIFETIME + 1)
    assert requests.get(location, timeout=30).status_code == 403, "an address that has run out"


def fetched(facts):
    """With curl in ranges and continued, with aria2 over several connections."""
    url = world.bundle_url(facts["sha256"])
    curl = ["curl", "--silent", "--show-error", "--fail", "--location"]
    third = facts["size"] // 3
    with tempfile.TemporaryDirectory() as folder:
        pieces = (f"0-{third - 1}", f"{third}-{2 * third - 1}", f"{2 * third}-")
        joined = b"".join(subprocess.run([*curl, "--range", piece, url], check=True, capture_output=True).stdout
                          for piece in pieces)
        assert world.sha256(joined) == facts["sha256"], "in ranges over the redirect"
        part = Path(folder, "part")
        part.write_bytes(joined[:third])
        subprocess.run([*curl, "--continue-at", "-", "--output", str(part), url], check=True)
        assert world.sha256(part.read_bytes()) == facts["sha256"], "continued over the redirect"
        head = subprocess.run([*curl, "--head", url], check=True, capture_output=True, text=True).stdout.lower()
        assert f"content-length: {facts['size']}" in head, head
        ended = subprocess.run([
            "aria2c", "--no-conf", "--split=4", "--max-connection-per-server=4", "--min-split-size=1M",
            f"--checksum=sha-256={facts['sha256']}", f"--dir={folder}", "--out=bundle.pxp",
            "--log-level=info", f"--log={folder}/log", url,
        ], capture_output=True, text=True)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        assert world.sha256(Path(folder, "bundle.pxp").read_bytes()) == facts["sha256"]
        assert Path(folder, "log").read_text().count("HTTP/1.1 206") > 1, "no ranged answers"


def away():
    """The Marketplace says which part is away, keeps what is uploaded, and does not lie about the bundle."""
    def absent():
        answer = requests.get(f"{world.MARKET}/readyz", timeout=60)
        return answer.text if answer.status_code == 503 else None

    said = world.until("the store's absence", absent)
    checks = json.loads(said)["checks"]
    assert checks["bundles"] != "ok" and checks["database"] == "ok" and KEY not in said, said
    facts = world.bundle("stored_1")
    answer = requests.get(world.bundle_url(facts["sha256"]), timeout=60)
    assert answer.status_code == 503 and answer.json()["code"] == "PX-0002", answer.text
    assert chain.serves(facts) == facts["version"]


def second_version():
    """The store is back: everything goes on."""
    world.until("readiness", lambda: requests.get(f"{world.MARKET}/readyz", timeout=60).status_code == 200)
    facts = world.bundle("stored_2")
    chain.upgraded_by_policy(facts)
    assert chain.serves(facts) == facts["version"]
    chain.audit()


def wrong_key(here, environment):
    """A server that the store does not let in ends and says which setting is wrong, not what is in it."""
    wrong = environment | {"MKP_S3_SECRET_ACCESS_KEY": "secret-gone-wrong", "MKP_LISTEN": "127.0.0.1:0",
                           "MKP_DATA_DIR": str(Path(here["folder"], "other"))}
    ended = subprocess.run([Path(here["programs"], "powerx-marketplace"), "serve"], env=wrong, capture_output=True, text=True,
                           timeout=60)
    said = ended.stdout + ended.stderr
    assert ended.returncode and "MKP_S3_SECRET_ACCESS_KEY" in said and "SignatureDoesNotMatch" in said, said
    assert KEY not in said and "gone-wrong" not in said, said


def main():
    with tempfile.TemporaryDirectory(prefix="px-s3-") as name:
        folder = Path(name)
        root, port = folder / "s3", servers.free_port()
        (root / BUCKET).mkdir(parents=True)
        extra = {
            "MKP_S3_BUCKET": f"{BUCKET}/{FOLDER}", "MKP_S3_ENDPOINT": f"http://127.0.0.1:{port}",
            "MKP_S3_ACCESS_KEY_ID": KEY, "MKP_S3_SECRET_ACCESS_KEY": SECRET, "MKP_S3_REDIRECT_SECONDS": str(LIFETIME),
            "PX_ONLINE_ALLOWED_HOSTS": "127.0.0.1",
        }
        programs = Path(world.WORLD["programs"])
        with contextlib.ExitStack() as stack:
            with store(root, port) as bucket:
                here = servers.seeded(programs, folder, extra)
                stack.enter_context(servers.serving(here))
                prepare.bundles(programs, folder, HERE.parent / "samples", here, names=["stored_large"], chains=["stored"],
                                ballast=LARGE)
                parts.as_client(__file__, "first_version", here)
                for facts in (here["bundles"]["stored_1"], here["bundles"]["stored_large"]):
                    key = f"{FOLDER}/sha256/{facts['sha256'][:2]}/{facts['sha256']}"
                    kept = bucket.get_object(Bucket=BUCKET, Key=key)["Body"].read()
                    assert world.sha256(kept) == facts["sha256"]
                assert not (folder / "market/blobs").exists(), "bundles lie in the data folder as well"
                wrong_key(here, here["environment"])
            parts.as_client(__file__, "away", here)
            with store(root, port) as bucket:
                parts.as_client(__file__, "second_version", here)
                count = bucket.list_objects_v2(Bucket=BUCKET)["KeyCount"]
                assert count == 3, count
                left = [p for p in (folder / "market/bucket").rglob("*") if p.is_file()]
                assert not left, left
            logs = "".join((folder / name).read_text() for name in ("market.log", "core.log", "quick-start.log"))
            for secret in (KEY, SECRET, "X-Amz-Signature"):
                assert secret not in logs, f"{secret} is in a log"
        said = subprocess.run([os.environ["STRANGERS_S3"], "--version"], capture_output=True, text=True).stdout.split()
        world.proven("s3s-fs, boto3, curl, aria2", f"{said[-1]}, {version_of('boto3')}",
                     f"published, installed and upgraded with {count} objects in a bucket", "signed addresses: ranges, other "
                     "object, other method and late use refused", "store away: 503 with its name, then on", "wrong key named")


if __name__ == "__main__":
    {"first_version": first_version, "away": away, "second_version": second_version}.get("".join(sys.argv[1:]), main)()
