"""Many at one index: programs on a Chroma server, threads on a folder, second openers of a folder."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from contextlib import suppress

import pytest
from crash_rounds import HashEmbedder

from benchmarks.visiting import ROOT
from index import Article, ArticleIndex, ArticleNotFoundError, IndexInUseError

SECONDS = 60
LASTING = 3
"""The number of the article that is updated like the others, and never removed."""


def article(number: int, turn: int) -> Article:
    """Return the text that an article has in some turn: each of its chunks says which."""
    lines = (f"In turn {turn} bridge {number} has arch {n}. " * 8 for n in range(12))
    return Article.from_text(
        "\n\n".join(lines), f"bridge {number}", title=f"Bridge {number}", language="en"
    )


def write(index: ArticleIndex, end: float, first_turn: int) -> int:
    """Add, update and remove the same few articles until the end; return how often."""
    turn = first_turn
    while time.monotonic() < end:
        number = turn % 5
        if turn % 7 == 0 and number != LASTING:
            with suppress(ArticleNotFoundError):
                index.remove(article(number, 0).id)
        else:
            report = index.add(article(number, turn))
            assert not report.failed, report
        turn += 2
    return turn - first_turn


def read(index: ArticleIndex, end: float) -> int:
    """Search until the end; what is found of an article is of one version, and one that is never removed is found."""
    count = 0
    while time.monotonic() < end:
        versions: dict[str, str] = {}
        for result in index.search("How many arches has the bridge?", k=50):
            known = versions.setdefault(result.chunk.article_id, result.chunk.version)
            assert known == result.chunk.version, "two versions of an article in one search"
        assert index.search("arch", articles=[article(LASTING, 0).id]), (
            "an article was not found while it changed"
        )
        count += 1
    return count


def crowd(place: str, role: str, seconds: float) -> None:
    """Be one of the programs at a server, and print how often something was done."""
    end = time.monotonic() + seconds
    with ArticleIndex.open(place, HashEmbedder()) as index:
        done = read(index, end) if role == "read" else write(index, end, int(role))
    sys.stdout.write(json.dumps(done))


@pytest.mark.slow
def test_two_writers_and_four_readers_share_a_server(chroma_server):
    """For a minute, each a program of its own: no error, no mixed versions, and a sound index at the end."""
    script = (
        "import sys; sys.path[:0] = ['tests', '.']\n"
        "from test_chroma_crowd import crowd; crowd(*sys.argv[1:3], float(sys.argv[3]))"
    )
    with ArticleIndex.open(chroma_server, HashEmbedder()) as index:
        index.add(article(LASTING, 0))
        roles = ["1", "2", "read", "read", "read", "read"]
        running = [
            subprocess.Popen(
                [sys.executable, "-c", script, chroma_server, role, str(SECONDS)],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for role in roles
        ]
        done = [program.communicate(timeout=SECONDS + 60) for program in running]
        assert [program.returncode for program in running] == [0] * len(roles), [
            err for _, err in done
        ]
        counts = [json.loads(out) for out, _ in done]
        print(dict(zip(map(str, enumerate(roles)), counts, strict=True)))  # noqa: T201  # What the test is asked for.
        assert all(counts)
        assert index.check().problems == ()


@pytest.mark.slow
def test_threads_share_a_folder(tmp_path):
    """The same for the threads of one process, while each other process that opens the folder gets its one sentence."""
    with ArticleIndex.open(tmp_path / "index", HashEmbedder()) as index:
        index.add(article(LASTING, 0))
        end = time.monotonic() + SECONDS
        counts: list[int] = []
        work = [lambda n=n: counts.append(write(index, end, n)) for n in (1, 2)]
        work += [lambda: counts.append(read(index, end))] * 4
        threads = [threading.Thread(target=job) for job in work]
        for thread in threads:
            thread.start()
        refused = 0
        while time.monotonic() < end:
            with pytest.raises(IndexInUseError, match="ARTICLE_INDEX"):
                ArticleIndex.open(tmp_path / "index", HashEmbedder())
            refused += 1
            time.sleep(1)
        for thread in threads:
            thread.join()
        print(counts, refused)  # noqa: T201  # The same.
        assert len(counts) == 6
        assert all(counts)
        assert index.check().problems == ()
