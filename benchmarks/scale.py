"""Indexes of up to a million chunks, in a folder and on a server: `benchmarks.speed scale`."""

from __future__ import annotations

import os
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, replace
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import typer

from benchmarks.drawn import Drawing
from benchmarks.measuring import milliseconds, save_figure
from benchmarks.ratios import Figure
from benchmarks.visiting import chroma_server, megabytes
from index import Article, ArticleIndex
from index.chroma.records import to_chunk
from index.embedding.embedder import SentenceEmbedder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from index import Chunk

T = TypeVar("T")

NEAREST = 10
"""A question's nearest chunks, for recall."""
TOGETHER = 100
"""Articles added at a time."""
PART = 5_000
"""Chunks read at a time."""
VECTOR = 4.0 * 384
"""Bytes of a vector of the built-in model, the least that a chunk takes."""
FOLDER, SERVER = "folder", "server"
ANOTHER = Article.from_text(
    "The mill\n\nThe mill was built in 1868, of brick. Its head is Greta Lindqvist.", "mill"
)


@dataclass(frozen=True, slots=True)
class Visit:
    """The use of an index by a new process.

    Attributes:
        opening: Seconds to open and first search.
        searches: Milliseconds of each further search.
        listing: Milliseconds to list the articles.
        counting: Milliseconds to count them.
        adding: Milliseconds to add an article.
        removing: Milliseconds to remove it.
        memory: Megabytes that the index takes.
        found: The texts of each question's nearest chunks.
    """

    opening: float
    searches: Sequence[float]
    listing: float
    counting: float
    adding: float
    removing: float
    memory: float
    found: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Size:
    """An index of one size.

    Attributes:
        chunks: The number of its chunks.
        rate: Chunks added per second; 0 if it had them.
        disk: Bytes on disk.
        visits: The visits by place, folder or server.
        recall: The share of nearest chunks found, by place.
    """

    chunks: int
    rate: float
    disk: int
    visits: dict[str, Visit]
    recall: dict[str, float]


def grow(
    passages: Sequence[str],
    questions: Sequence[str],
    sizes: Sequence[int],
    plot: Path | None = None,
    folder: Path | None = None,
) -> list[Figure]:
    """Let an index grow, and measure it at each size in a folder and on a server.

    Args:
        passages: Real passages to draw from.
        questions: Questions to search for.
        sizes: Numbers of chunks.
        plot: The picture to draw, if any.
        folder: The folder of an index that stays; None takes a temporary one.
    """
    drawing = Drawing(passages, seed=1)
    measured: list[Size] = []
    with nullcontext(str(folder)) if folder else TemporaryDirectory() as name:
        path = Path(name)
        for size in sorted(sizes):
            typer.echo(f"adding up to {size:,} chunks", err=True)
            rate = _add(path, drawing, size)
            disk = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
            exact = _in_a_new_process(nearest_of_all, name, questions)
            visits: dict[str, Visit] = {}
            # The first visit brings the files into memory, so that the disk is not measured.
            for _ in range(2):
                visits[FOLDER] = _in_a_new_process(visit, name, questions)
            for _ in range(2):
                with chroma_server(path) as (address, process):
                    before = megabytes(process)
                    on_server = _in_a_new_process(visit, address, questions)
                    visits[SERVER] = replace(on_server, memory=megabytes(process) - before)
            recall = {place: _share(visit.found, exact) for place, visit in visits.items()}
            measured.append(Size(size, rate, disk, visits, recall))
    if plot:
        _draw(measured, plot)
    return [figure for size in measured for figure in _figures(size, measured[0])]


def _add(folder: Path, drawing: Drawing, size: int) -> float:
    """Add drawn articles up to a number of chunks; return chunks per second, or 0."""
    seconds = 0.0
    with ArticleIndex.open(folder, drawing) as index:
        missing = size - index._writer.chunks.count()  # noqa: SLF001  # Nobody else counts chunks.
        articles = drawing.articles(missing)
        while together := list(islice(articles, TOGETHER)):
            began = time.perf_counter()
            index.add(*together)
            seconds += time.perf_counter() - began
    return missing / seconds if seconds else 0.0


def nearest_of_all(folder: str, questions: Sequence[str]) -> list[list[str]]:
    """Return the texts of each question's nearest chunks, by comparing all."""
    embedder = SentenceEmbedder()
    asked = np.array([embedder.embed_query(question) for question in questions], dtype=np.float32)
    best = np.full((len(questions), NEAREST), -1.0, dtype=np.float32)
    named = np.full((len(questions), NEAREST), "", dtype=object)
    with ArticleIndex.open(folder, embedder) as index:
        chunks = index._writer.chunks  # noqa: SLF001  # Nobody else wants all vectors.
        for start in range(0, chunks.count(), PART):
            read: Any = chunks.get(
                limit=PART, offset=start, include=["embeddings", "metadatas", "documents"]
            )
            held = map(to_chunk, read["ids"], read["metadatas"], read["documents"])
            said = np.array([chunk.text for chunk in held], dtype=object)
            texts = np.broadcast_to(said, (len(questions), len(said)))
            cosines = np.hstack([best, asked @ np.asarray(read["embeddings"], dtype=np.float32).T])
            order = np.argsort(-cosines, axis=1)[:, :NEAREST]
            best = np.take_along_axis(cosines, order, axis=1)
            named = np.take_along_axis(np.hstack([named, texts]), order, axis=1)
    return [list(row) for row in named]


def _in_a_new_process(
    work: Callable[[str, Sequence[str]], T], location: str, questions: Sequence[str]
) -> T:
    """Do a piece of work without leaving its memory behind."""
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        return process.submit(work, location, list(questions)).result()


def visit(location: str, questions: Sequence[str]) -> Visit:
    """Open an index and use it, in a process that has loaded the model before."""
    embedder = SentenceEmbedder()
    with TemporaryDirectory() as name, ArticleIndex.open(name, embedder) as index:
        index.add(ANOTHER)
        index.search("Something else.")
    before = megabytes(os.getpid())
    began = time.perf_counter()
    with ArticleIndex.open(location, embedder) as index:
        index.search(questions[0])
        opening = time.perf_counter() - began
        return Visit(
            opening=opening,
            searches=[milliseconds(index.search, question) for question in questions[1:]],
            memory=megabytes(os.getpid()) - before,
            found=[
                [chunk.text for chunk in nearest(index, question)[:NEAREST]]
                for question in questions
            ],
            listing=milliseconds(index.entries),
            counting=milliseconds(index.count),
            adding=milliseconds(index.add, ANOTHER),
            removing=milliseconds(index.remove, ANOTHER.id),
        )


def nearest(index: ArticleIndex, question: str) -> list[Chunk]:
    """Return a question's chunks in order of cosine, before the ranking by words."""
    chunks, _ = index._searcher.nearest(question, None)  # noqa: SLF001  # Before the ranking.
    return chunks


def _share(found: Sequence[Sequence[str]], exact: Sequence[Sequence[str]]) -> float:
    """Return the share of the nearest texts that are found."""
    return float(
        np.mean(
            [len(set(one) & set(other)) / NEAREST for one, other in zip(found, exact, strict=True)]
        )
    )


def _figures(size: Size, smallest: Size) -> list[Figure]:
    chunks = f"{size.chunks:,} chunks"
    disk = size.disk / size.chunks
    figures = [Figure(f"{chunks}: disk for each", disk, "bytes", "its vector", VECTOR)]
    if size.rate:
        least = f"with {smallest.chunks:,}"
        figures.append(Figure(f"{chunks}: added", size.rate, "/s", least, smallest.rate))
    for place in size.visits:
        figures += _place_figures(place, size, smallest)
    return figures


def _place_figures(place: str, size: Size, smallest: Size) -> list[Figure]:
    """Return the figures of an index in a folder or on a server."""
    visit, first = size.visits[place], smallest.visits[place]
    p50, p95 = np.percentile(visit.searches, (50, 95))
    first_p50, first_p95 = np.percentile(first.searches, (50, 95))
    prefix, least = f"{size.chunks:,} chunks, {place}:", f"with {smallest.chunks:,}"
    memory, recall = visit.memory * 2**20 / size.chunks, size.recall[place]
    timed = (
        ("opening and the first search", "s", visit.opening, first.opening),
        ("a search, p50", "ms", p50, first_p50),
        ("a search, p95", "ms", p95, first_p95),
        ("articles listed", "ms", visit.listing, first.listing),
        ("articles counted", "ms", visit.counting, first.counting),
        ("an article added", "ms", visit.adding, first.adding),
        ("an article removed", "ms", visit.removing, first.removing),
    )
    return [
        Figure(f"{prefix} memory for each", memory, "bytes", "its vector", VECTOR),
        Figure(f"{prefix} recall of the nearest {NEAREST}", recall, "", "looking at all", 1.0),
        *(Figure(f"{prefix} {name}", now, unit, least, then) for name, unit, now, then in timed),
    ]


def _draw(measured: Sequence[Size], path: Path) -> None:
    """Draw searches, adding, opening and memory by the number of chunks."""
    from matplotlib.figure import Figure as Drawn

    drawn = Drawn(figsize=(9, 6), layout="constrained")
    (searching, adding), (opening, taking) = drawn.subplots(2, 2)
    chunks = [size.chunks for size in measured]
    for place in (FOLDER, SERVER):
        visits = [size.visits[place] for size in measured]
        for share, line in ((50, "-"), (95, ":")):
            taken = [np.percentile(visit.searches, share) for visit in visits]
            searching.plot(chunks, taken, f"o{line}", label=f"{place}, p{share}")
        opening.plot(chunks, [visit.opening for visit in visits], "o-", label=place)
        taking.plot(chunks, [visit.memory for visit in visits], "o-", label=f"memory, {place}")
    adding.plot(chunks, [size.rate for size in measured], "o-")
    taking.plot(chunks, [size.disk / 2**20 for size in measured], "o-", label="disk")
    taking.plot(
        chunks, [VECTOR * size.chunks / 2**20 for size in measured], "--", label="the vectors alone"
    )
    for axes, label in (
        (searching, "milliseconds for a search"),
        (adding, "chunks added per second"),
        (opening, "seconds to open and first search"),
        (taking, "megabytes"),
    ):
        axes.set_xscale("log")
        axes.set_xlabel("chunks")
        axes.set_ylabel(label)
        if axes is not adding:
            axes.legend()
        if axes is taking:
            axes.set_yscale("log")
        else:
            axes.set_ylim(bottom=0)
    save_figure(drawn, path)
