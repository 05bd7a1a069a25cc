"""Kill an index at random moments of its changes, and check it after each kill.

    python tests/crash_rounds.py --rounds 200

Each round forks a process that adds, updates, removes and refreshes articles until `kill -9`
ends it. Before and after each change, the process reports the expected state of the index. Then a
second fork opens the index, checks it and searches. The parent opens no index itself, so that its
forks start at once, with all imports done.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import random
import signal
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import chromadb  # noqa: F401  # Imported before the forks, to save time in each round.
import langchain_chroma  # noqa: F401  # Likewise.
import numpy as np
import typer

sys.path.insert(0, str(Path(__file__).parent.parent))
from index import Article, ArticleIndex, read_file

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    State = dict[str, str]  # id → version of each article

FORK = multiprocessing.get_context("fork")
ARTICLES = 6
PARAGRAPHS = 60
LONGEST_SECONDS = 0.8
"""The longest time until a kill; enough for about twenty changes."""


class HashEmbedder:
    """Cheap vectors from a hash of the text."""

    name, dimension = "hash", 32

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
        vector = np.random.default_rng(seed).normal(size=self.dimension)
        unit: list[float] = (vector / np.linalg.norm(vector)).tolist()
        return unit


def article(number: int, draw: random.Random) -> Article:
    """Return an article with a random text."""
    lines = (
        f"Bridge {draw.randrange(10**9)} over river {number} is green. " * 6
        for _ in range(PARAGRAPHS)
    )
    return Article.from_text(
        "\n\n".join(lines), f"bridge {number}", title=f"Bridge {number}", language="en"
    )


def change(folder: Path, seed: int, said: Connection) -> None:
    """Change the index at random until killed.

    Args:
        folder: The folder of the round, with the index and the source files.
        seed: The seed of all random choices.
        said: Receives the states before and after the current change; both are equal between
            changes.
    """
    draw = random.Random(seed)
    files = folder / "files"
    files.mkdir(exist_ok=True)
    with ArticleIndex.open(folder / "index", HashEmbedder()) as index:
        state = {held.id: held.version for held in index.articles()}
        while True:
            after, step = _step(index, files, draw, dict(state))
            said.send((state, after))
            step()
            state = after
            said.send((state, state))


def _step(index: ArticleIndex, files: Path, draw: random.Random, state: State):
    kind = draw.choice(["add", "add", "update", "remove", "refresh", "refresh"])
    if kind == "remove" and state:
        article_id = draw.choice(sorted(state))
        source = Path(index.article(article_id).source)
        del state[article_id]
        return state, lambda: (index.remove(article_id), source.unlink(missing_ok=True))
    new = article(draw.randrange(ARTICLES), draw)
    if kind == "refresh":
        path = files / f"{new.title}.txt"
        path.write_text(new.text)
        held = read_file(path)
        # An earlier kill may have come between the writing of a file and its refresh.
        others = {
            other.id: other.version
            for other in map(read_file, files.iterdir())
            if other.id in state
        }
        return state | others | {held.id: held.version}, lambda: (index.refresh(), index.add(path))
    if kind == "update" and new.id in state:
        new = replace(index.article(new.id), text=new.text)
    return state | {new.id: new.version}, lambda: index.add(new)


def look(folder: Path, before: State, after: State, told: Connection) -> None:
    """Open the index and report its state and its faults.

    Args:
        folder: The folder of the round.
        before: The state before the killed change.
        after: The state after the killed change.
        told: Receives the state and a list of faults.
    """
    wrong = []
    with ArticleIndex.open(folder / "index", HashEmbedder()) as index:
        held = {held.id: held.version for held in index.articles()}
        wrong += [
            f"{key}: {held.get(key)}"
            for key in before | after
            if held.get(key) not in (before.get(key), after.get(key))
        ]
        wrong += [f"{key} came from nowhere" for key in held if key not in before | after]
        wrong += [f"{problem.article_id}: {problem.what}" for problem in index.check().problems]
        for article_id, version in held.items():
            text = index.article(article_id).text
            start = text.index("Bridge")
            found = index.search(text[start : start + 40], k=50, articles=[article_id])
            if not found or {result.chunk.version for result in found} != {version}:
                wrong.append(f"{article_id} is not found")
            if len({result.chunk.id for result in found}) != len(found):
                wrong.append(f"{article_id} is found twice")
    told.send((held, wrong))


def main(
    rounds: int = 20, seed: Annotated[int, typer.Option(help="0 for a random seed.")] = 0
) -> None:
    """Run the rounds in a temporary folder; exit with 1 if a round finds a fault."""
    seed = seed or random.SystemRandom().randrange(1, 10**9)
    draw = random.Random(seed)
    counts = {"rounds": 0, "killed in a change": 0, "old": 0, "new": 0, "wrong": 0}
    Article.from_text("What reads the language of a text is loaded by the first.", "nowhere")
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        before: State = {}
        for number in range(rounds):
            may_be = _killed(folder, draw, before)
            ours, theirs = FORK.Pipe()
            looking = FORK.Process(target=look, args=(folder, *may_be, theirs))
            looking.start()
            held, wrong = (
                ours.recv() if ours.poll(60) else ({}, ["the index did not open within a minute"])
            )
            looking.join(60)
            counts["rounds"] += 1
            if may_be[0] != may_be[1]:
                counts["killed in a change"] += 1
                counts["new" if held == may_be[1] else "old"] += 1
            counts["wrong"] += bool(wrong)
            for line in wrong:
                typer.echo(f"round {number}: {line}", err=True)
            before = held
    typer.echo(
        json.dumps({"seed": seed, **counts, "seconds": round(time.monotonic() - started, 1)})
    )
    sys.exit(bool(counts["wrong"]))


def _killed(folder: Path, draw: random.Random, before: State) -> tuple[State, State]:
    """Run changes, and kill them at a random moment.

    Args:
        folder: The folder of the round.
        draw: Makes the random choices.
        before: The state at the start of the round.

    Returns:
        The states before and after the killed change.
    """
    ours, theirs = FORK.Pipe()
    changing = FORK.Process(target=change, args=(folder, draw.randrange(10**9), theirs))
    changing.start()
    may_be = before, before
    deadline = time.monotonic() + 60
    if ours.poll(60):
        may_be = ours.recv()
        deadline = time.monotonic() + draw.uniform(0, LONGEST_SECONDS)
    while (left := deadline - time.monotonic()) > 0:
        if ours.poll(left):
            may_be = ours.recv()
    os.kill(changing.pid or 0, signal.SIGKILL)
    changing.join(60)
    while ours.poll():
        may_be = ours.recv()
    return may_be


if __name__ == "__main__":
    typer.run(main)
