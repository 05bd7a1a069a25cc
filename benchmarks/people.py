"""Many readers at once, by the page's API, while articles come in: `benchmarks.speed people`."""

from __future__ import annotations

import itertools
import json
import os
import random
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import typer

from assistant import Assistant
from benchmarks.measuring import save_figure
from benchmarks.ratios import Figure
from benchmarks.visiting import megabytes, running, wait_for
from index import Article, ArticleIndex
from index.embedding.embedder import SentenceEmbedder

if TYPE_CHECKING:
    from collections.abc import Sequence

STARTS = "Ar Ber Cal Dal El Fal Gor Hol Iv Jar Kel Lom Mar Nor Os Pel Ros Sol Tor Ul".split()
ENDS = "by dorf ham ing land mouth ness sted thorpe ville".split()
FIRST_NAMES = (
    "Ada Bo Cora Dan Eva Finn Greta Hal Ida Jon Kira Leo Mia Nils Olga Per Rosa Sven Tilda Uwe"
).split()
LAST_NAMES = "Amble Brook Crane Dunn Eames Frost Gale Hurst Irwin Joyce".split()
MAYORS = {
    f"{start}{end}": f"{first} {last}"
    for (start, end), (first, last) in zip(
        itertools.product(STARTS, ENDS), itertools.product(FIRST_NAMES, LAST_NAMES), strict=True
    )
}
"""Two hundred invented towns, and their mayors."""
ADDERS = 5
"""Visitors who add articles, one after another; articles queue with the questions."""
SHOWN = 10
"""Errors printed at most, and wrong answers."""
SETTLED = 60.0
"""Seconds after which memory should no longer grow."""
PATIENCE = 300.0
"""Seconds that a reader waits for an answer."""


@dataclass
class Crowd:
    """The experience of many readers.

    Attributes:
        seconds: The time to each answer.
        errors: Failed requests.
        swaps: Answers about another town.
        memory: The server's megabytes, by seconds.
        added: The number of articles added meanwhile.
        sure: Towns whose mayor a single reader is told rightly, with half of the towns and all.
    """

    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    swaps: list[str] = field(default_factory=list)
    memory: list[tuple[float, float]] = field(default_factory=list)
    added: int = 0
    sure: set[str] = field(default_factory=set)


def news_of(town: str) -> Article:
    """Return an article that names the mayor of a town, and little else."""
    text = (
        f"News of {town}\n\nThe mayor of {town} is {MAYORS[town]}. The market of {town} opens at "
        "dawn on the old square, and its ferry leaves from the pier at noon.\n\n"
        f"The town hall of {town} was built of brick."
    )
    return Article.from_text(text, town, language="en")


def measure(readers: int, seconds: float, plot: Path | None) -> list[Figure]:
    """Let readers ask while half of the towns' articles are added; return the figures."""
    towns = list(MAYORS)
    half = len(towns) // 2
    crowd = Crowd()
    with TemporaryDirectory() as folder:
        environment = {**os.environ, "ARTICLE_INDEX": str(Path(folder) / "index")}
        with ArticleIndex.open(environment["ARTICLE_INDEX"], SentenceEmbedder()) as index:
            index.add(*map(news_of, towns[:half]))
            sure = _answered(index, towns[:half])
        with ArticleIndex.open(Path(folder) / "all", SentenceEmbedder()) as index:
            index.add(*map(news_of, towns))
            crowd.sure = _answered(index, towns) - (set(towns[:half]) - sure)
        _visit(crowd, environment, readers, seconds)
    for wrong in crowd.errors[:SHOWN] + crowd.swaps[:SHOWN]:
        typer.echo(wrong, err=True)
    if plot:
        _draw(crowd.memory, plot)
    return _figures(crowd, half)


def _visit(crowd: Crowd, environment: dict[str, str], readers: int, seconds: float) -> None:
    """Serve the page to readers and to visitors who add the other half of the articles."""
    known, others = list(MAYORS)[: len(MAYORS) // 2], list(MAYORS)[len(MAYORS) // 2 :]
    with ThreadPoolExecutor(readers + ADDERS) as pool:
        with running(environment) as (address, process):
            wait_for(address)
            # The first answer loads the models.
            _outcome(address, "ask", _begin(address, "ask", _question(known[0])))
            end = time.monotonic() + seconds
            work = [pool.submit(_read, crowd, address, known, end, n) for n in range(readers)]
            work += [
                pool.submit(_add, crowd, address, known, others[n::ADDERS], end)
                for n in range(ADDERS)
            ]
            _watch(crowd, process, end)
        # The server was stopped with answers in flight: these have to come.
        for each in work:
            each.result()


def _figures(crowd: Crowd, half: int) -> list[Figure]:
    early = [megabytes for at, megabytes in crowd.memory if at <= SETTLED]
    asked = len(crowd.seconds)
    return [
        Figure("answers", asked, ""),
        Figure("towns whose answers are compared", len(crowd.sure), "", "towns", len(MAYORS)),
        Figure("errors", len(crowd.errors), "", "answers", asked),
        Figure("answers that are others than alone", len(crowd.swaps), "", "answers", asked),
        Figure("articles added meanwhile", crowd.added, "", "to be added", half),
        Figure("seconds to an answer, p50", float(np.percentile(crowd.seconds, 50)), "s"),
        Figure("seconds to an answer, p95", float(np.percentile(crowd.seconds, 95)), "s"),
        Figure(
            "memory at the end",
            crowd.memory[-1][1],
            "MB",
            "the most in the first minute",
            max(early),
        ),
    ]


def _answered(index: ArticleIndex, towns: Sequence[str]) -> set[str]:
    """Return the towns whose mayor a single reader is told rightly."""
    assistant = Assistant(index)
    return {
        town
        for town in towns
        if assistant.ask(f"Who is the mayor of {town}?").words == MAYORS[town]
    }


def _read(crowd: Crowd, address: str, known: list[str], end: float, seed: int) -> None:
    """Ask for the mayors of random towns, without a pause, until the end."""
    drawn = random.Random(seed)
    while time.monotonic() < end:
        town = drawn.choice(known)
        began = time.monotonic()
        try:
            event = _begin(address, "ask", _question(town))
        except httpx.HTTPError as error:
            if time.monotonic() < end:
                crowd.errors.append(f"{town}: {error!r}")
            continue
        try:
            answer = _outcome(address, "ask", event)
        except (httpx.HTTPError, ValueError) as error:
            crowd.errors.append(f"{town}: {error!r}")
            continue
        crowd.seconds.append(time.monotonic() - began)
        cited = [citation["title"] for citation in answer["citations"][:1]]
        if town in crowd.sure and (answer["words"] != MAYORS[town] or cited != [f"News of {town}"]):
            crowd.swaps.append(f"{town}: {answer['text']}")


def _add(crowd: Crowd, address: str, known: list[str], towns: list[str], end: float) -> None:
    """Add an article for each town, over nine tenths of the time; then readers ask about it."""
    begin = time.monotonic()
    pause = 0.9 * (end - begin) / len(towns)
    for number, town in enumerate(towns):
        time.sleep(max(0.0, begin + number * pause - time.monotonic()))
        try:
            report = _outcome(address, "add", _begin(address, "add", ["", news_of(town).text]))
        except (httpx.HTTPError, ValueError) as error:
            crowd.errors.append(f"adding {town}: {error!r}")
        else:
            crowd.added += len(report["added"])
            known.append(town)


def _question(town: str) -> list[Any]:
    return [f"Who is the mayor of {town}?", None, None, None]


def _begin(address: str, name: str, data: list[Any]) -> str:
    """Call a function of the page's API as curl does; return the id of its event."""
    begun = httpx.post(f"{address}/gradio_api/call/{name}", json={"data": data}, timeout=PATIENCE)
    event: str = begun.raise_for_status().json()["event_id"]
    return event


def _outcome(address: str, name: str, event: str) -> Any:
    """Return the result of a call. Raises `ValueError` if it failed."""
    told = (
        httpx.get(f"{address}/gradio_api/call/{name}/{event}", timeout=PATIENCE)
        .raise_for_status()
        .text
    )
    for line in told.split("\n\n"):
        if line.startswith("event: complete"):
            return json.loads(line.partition("data: ")[2])[0]
    raise ValueError(told)


def _watch(crowd: Crowd, process: int, end: float) -> None:
    """Note the server's memory each second until the end."""
    began = time.monotonic()
    while (now := time.monotonic()) < end:
        crowd.memory.append((now - began, megabytes(process)))
        time.sleep(1)


def _draw(memory: list[tuple[float, float]], path: Path) -> None:
    """Draw the server's memory by time, to a .png and a .svg file."""
    from matplotlib.figure import Figure as Drawing

    drawing = Drawing(figsize=(8, 3), layout="constrained")
    axes = drawing.subplots()
    axes.plot(*zip(*memory, strict=True))
    axes.axvline(SETTLED, linestyle=":", color="grey")
    axes.set_xlabel("seconds")
    axes.set_ylabel("megabytes of the server")
    axes.set_ylim(bottom=0)
    save_figure(drawing, path)
