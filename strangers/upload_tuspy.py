"""A bundle is uploaded with tuspy by a process that is killed in the middle, resumed, and arrives whole."""

import multiprocessing
import time
from importlib.metadata import version as version_of
from pathlib import Path

import requests
from tusclient import client

import world

facts = world.bundle("tuspy")
version_id, address = world.register(facts)
tus = client.TusClient(world.MARKET, headers={"Authorization": f"Bearer {world.token('publisher')}"})


def upload(chunk, **options):
    return tus.uploader(facts["path"], url=address, chunk_size=chunk, **options)


def slowly():
    """As over a slow line, so that there is a middle to be killed in."""
    uploader = upload(32 << 10)
    while uploader.offset < facts["size"]:
        uploader.upload_chunk()
        time.sleep(0.02)


# The first process is killed when a good part is there.
first = multiprocessing.get_context("fork").Process(target=slowly)
first.start()
world.until("a good part of the bundle", lambda: upload(1).get_offset() > facts["size"] // 8)
assert first.is_alive(), "the first process came to its end before it was killed"
first.kill()
first.join()

# The second one knows nothing but the address, and sends every chunk with its checksum.
second = upload(1 << 20, upload_checksum=True)
interrupted = second.offset
assert facts["size"] // 8 < interrupted < facts["size"], interrupted
second.upload()
assert second.get_offset() == facts["size"]

view = world.submit(version_id)
assert view["artifact"]["sha256"] == facts["sha256"], view["artifact"]
world.approve(version_id)
# Everybody gets the bytes that were sent.
got = requests.get(world.bundle_url(facts["sha256"]), timeout=30).content
assert world.sha256(got) == facts["sha256"] == world.sha256(Path(facts["path"]).read_bytes())

world.proven("tuspy", version_of("tuspy"),
             f"killed at {interrupted} of {facts['size']} bytes, resumed with checksums", "listed", "digest equal")
