"""A disk that fills while an index is open: real file systems of a few MB, each with a program on it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import GUARD, ROOT

LIMIT = 60.0
"""Seconds for a program that fills a disk and goes on; one that hangs hangs for many minutes."""
PREPARED = """
import os, sys, time
from pathlib import Path
from crash_rounds import HashEmbedder
from index import Article, ArticleIndex
from index.chroma.disk import room

disk, left = Path(sys.argv[1]), int(sys.argv[2])


def bridges(name):
    lines = "\\n\\n".join(f"Bridge {n} of {name} is green. " * 20 for n in range(300))
    return Article(name, "Bridges", lines, name)


def fill():
    filler = os.open(disk / "filler", os.O_CREAT | os.O_WRONLY)
    try:
        while True:
            os.write(filler, b"x" * 4096)
    except OSError:
        os.ftruncate(filler, max(0, os.fstat(filler).st_size - left))
    os.close(filler)


def add(name, seconds=8):
    begun = time.monotonic()
    report = index.add(bridges(name))
    assert time.monotonic() - begun < seconds, time.monotonic() - begun
    return report


index = ArticleIndex.open(disk / "index", HashEmbedder())
index.add(bridges("mill"))
index.search("bridge")
fill()
"""
FULL = (
    PREPARED
    + """
for name in ("first", "second", "third"):
    ((_, reason),) = add(name).failed
    assert f"The disk of the index folder {index.location} is full" in reason, reason
    assert "free some space" in reason
    assert "Nothing was lost" in reason
    assert len(index.search("bridge", k=500)) == 200
    assert [article.id for article in index.articles()] == ["mill"]
(disk / "filler").unlink()
assert add("first").added == ("first",)
assert add("second").added == ("second",)
assert index.check().problems == ()
index.close()
with ArticleIndex.open(disk / "index", HashEmbedder()) as index:
    assert index.count() == 3
    assert index.check().problems == ()
print("done")
"""
)
FILLED_IN_A_WRITE = (
    PREPARED.replace("index = ", "room.LEAST_ROOM = room.CHUNK_ROOM = 0\nindex = ", 1)
    + """
for name in ("first", "second"):
    try:
        failed = [reason for _, reason in add(name).failed]
    except Exception as error:
        failed = [str(error)]
    assert failed == [] or "is full; free some space" in failed[0], failed
    try:
        index.search("bridge")
    except Exception as error:
        assert "is full; free some space" in str(error), error
(disk / "filler").unlink()
assert index.search("bridge")
assert index.check().problems == ()
add("first")
add("second")
assert index.count() == 3
assert index.check().problems == ()
index.close()
print("done")
"""
)
TERMINATED = (
    PREPARED
    + """
import signal
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
add("first")
print("ready", flush=True)
while True:
    add("second")
"""
)


@pytest.fixture
def disk(tmp_path):
    """A file system of 32 MB in memory."""
    place = tmp_path / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", place], check=True)  # noqa: S607
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)  # noqa: S607


def started(script: str, disk: Path, left: int) -> subprocess.Popen[str]:
    path = os.pathsep.join([str(GUARD), str(ROOT), str(Path(__file__).parent)])
    return subprocess.Popen(
        [sys.executable, "-c", script, str(disk), str(left)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": path},
    )


def assert_done(script: str, disk: Path, left: int) -> None:
    with started(script, disk, left) as running:
        try:
            said, wrong = running.communicate(timeout=LIMIT)
        finally:
            running.kill()
        assert said == "done\n", wrong


@pytest.mark.parametrize("left", [0, 2_200_000])
def test_a_disk_that_fills_while_the_index_is_open_wedges_nothing(disk, left):
    """Each add says within seconds that there is no room, searches go on, and with room adds work again."""
    assert_done(FULL, disk, left)


@pytest.mark.parametrize("left", [0, 600_000, 2_200_000])
def test_a_disk_that_fills_in_the_middle_of_a_write_wedges_nothing(disk, left):
    """Where the write itself finds no room, all ends within seconds, and with room the index mends itself."""
    assert_done(FILLED_IN_A_WRITE, disk, left)


def test_a_program_on_a_full_disk_ends_when_it_is_told_to(disk):
    """SIGTERM is heard within seconds between adds that find no room."""
    with started(TERMINATED, disk, 0) as running:
        try:
            assert running.stdout is not None
            assert running.stdout.readline() == "ready\n"
            running.send_signal(signal.SIGTERM)
            assert running.wait(timeout=10) == 0
        finally:
            running.kill()
