"""Speed beside yardsticks: `python -m benchmarks.speed --help`.

Run it on an idle machine: a value and its yardstick are taken by turns, not at once.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from assistant import Assistant
from benchmarks.drawn import Drawing
from benchmarks.encoding import embedding_figures
from benchmarks.measuring import milliseconds
from benchmarks.page import best_start
from benchmarks.people import measure
from benchmarks.questions import read_squad
from benchmarks.ratios import CompareWith, Figure, SaveTo, report
from benchmarks.ratios import draw as draw_ratios
from benchmarks.scale import grow
from benchmarks.visiting import ROOT, chromium
from index import ArticleIndex
from index.chunking import chunk_article
from index.search.searcher import CANDIDATES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, help=__doc__)

QUESTION = "who runs The Defenders?"
ASKED = 100
"""Questions searched for."""
BOUND = "embedding the question, and Chroma's query"

SquadFile = Annotated[
    Path, typer.Argument(help="A file in SQuAD format.", exists=True, show_default=False)
]


@app.command()
def start(
    times: Annotated[int, typer.Option(min=1, help="Starts of each; the median counts.")] = 5,
    save_to: SaveTo = None,
    compare_with: CompareWith = None,
) -> None:
    """Measure a new process's first answer and the page's start, against their imports."""
    with TemporaryDirectory() as folder, chromium() as browser:
        environment = {**os.environ, "ARTICLE_INDEX": str(Path(folder) / "index")}
        commands = (["-m", "assistant", QUESTION], ["-c", "import sentence_transformers"])
        for arguments in commands:  # The index is made, and the disk's cache filled.
            _seconds(arguments, environment)
        one_question, imports = (
            float(np.median([_seconds(arguments, environment) for _ in range(times)]))
            for arguments in commands
        )
        imported, typable = best_start(browser, environment, times)
    figures = [
        Figure(
            "one question from the shell",
            one_question,
            "s",
            "import sentence_transformers",
            imports,
        ),
        Figure("the page, until it can be typed into", typable, "s", "import gradio", imported),
    ]
    report("Starting", figures, save_to, compare_with)


@app.command()
def embedding(
    squad_file: SquadFile, save_to: SaveTo = None, compare_with: CompareWith = None
) -> None:
    """Measure the speed of embedding and indexing, and its cost in vectors and recall."""
    articles, questions = read_squad(squad_file)
    figures = embedding_figures(articles, [question for question in questions if question.golds])
    report(f"Embedding the passages of {squad_file.name}", figures, save_to, compare_with)


@app.command()
def asking(
    squad_file: SquadFile,
    sizes: Annotated[
        list[int] | None, typer.Option("--chunks", help="Chunks in the index; repeatable.")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(help="A chat model to measure as well."),
    ] = None,
    save_to: SaveTo = None,
    compare_with: CompareWith = None,
) -> None:
    """Measure searches against Chroma's query in them, and answers against a model's calls."""
    articles, questions = read_squad(squad_file)
    asked = list(dict.fromkeys(question.text for question in questions))[:ASKED]
    drawing = Drawing(
        [chunk.text for article in articles for chunk in chunk_article(article)], seed=1
    )
    figures = []
    with TemporaryDirectory() as folder:
        for size in sizes or (4_000, 100_000):
            with ArticleIndex.open(Path(folder) / str(size), drawing) as index:
                index.add(*drawing.articles(size))
                search, bound = _searches(index, asked)
                figures.append(
                    Figure(f"a search in {size:,} chunks, p50", search, "ms", BOUND, bound)
                )
        if model:
            with ArticleIndex.open(Path(folder) / "answers", drawing) as index:
                index.add(*articles[:3])
                whole, bare = _answers(index, model, [question.text for question in questions[:10]])
                figures.append(
                    Figure("a whole answer, p50", whole, "ms", "the model's own call in it", bare)
                )
    report("Asking", figures, save_to, compare_with)


def _searches(index: ArticleIndex, questions: Sequence[str]) -> tuple[float, float]:
    """Return the median milliseconds of a search, and of embedding and Chroma's query."""
    searches: list[float] = []
    bounds: list[float] = []
    collection: Any = index._writer.chunks  # noqa: SLF001  # The yardstick.

    def embed_and_query(question: str) -> None:
        collection.query([index.embedder.embed_query(question)], n_results=CANDIDATES)

    works: list[tuple[Callable[[str], object], list[float]]] = [
        (index.search, searches),
        (embed_and_query, bounds),
    ]
    for question in questions:
        for work, taken in works:
            index.embedder.embed_query("Something else.")  # The last one is remembered.
            taken.append(milliseconds(work, question))
        works.reverse()  # The second finds the first one's files in memory.
    return float(np.median(searches)), float(np.median(bounds))


def _answers(index: ArticleIndex, model: str, questions: Sequence[str]) -> tuple[float, float]:
    """Return the median milliseconds of answers, and of the model's own calls in them."""
    assistant = Assistant(index, model)
    assistant.load()
    writer: Any = assistant._writer  # noqa: SLF001  # There the model is called.
    spent: list[float] = []
    call = writer.caller.call

    def timed(*arguments: Any, **more: Any) -> Iterator[Any]:
        began = time.perf_counter()
        for part in call(*arguments, **more):
            spent[-1] += time.perf_counter() - began
            yield part
            began = time.perf_counter()
        spent[-1] += time.perf_counter() - began

    writer.caller.call = timed
    whole = []
    for question in questions:
        spent.append(0.0)
        whole.append(milliseconds(assistant.ask, question))
    return float(np.median(whole)), float(np.median(spent)) * 1000


@app.command()
def scale(
    squad_file: SquadFile,
    sizes: Annotated[
        list[int] | None, typer.Option("--chunks", help="Chunks in the index; repeatable.")
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option(help="The folder of an index that stays and grows."),
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Draw it all to .png and .svg files of this name.")
    ] = None,
    save_to: SaveTo = None,
    compare_with: CompareWith = None,
) -> None:
    """Measure indexes of 1,000 to 1,000,000 chunks, in a folder and on a Chroma server."""
    articles, questions = read_squad(squad_file)
    passages = [chunk.text for article in articles for chunk in chunk_article(article)]
    asked = list(dict.fromkeys(question.text for question in questions))[:ASKED]
    figures = grow(passages, asked, sizes or (1_000, 10_000, 100_000, 1_000_000), plot, folder)
    report(f"Growing, with passages of {squad_file.name}", figures, save_to, compare_with)


@app.command()
def people(
    readers: Annotated[int, typer.Option(min=1, help="Readers who ask without a pause.")] = 50,
    minutes: Annotated[float, typer.Option(min=0.1, help="Minutes.")] = 5,
    plot: Annotated[
        Path | None, typer.Option(help="Draw the memory to .png and .svg files of this name.")
    ] = None,
    save_to: SaveTo = None,
    compare_with: CompareWith = None,
) -> None:
    """Let many ask while 100 articles are added, then stop the server with answers in flight."""
    figures = measure(readers, minutes * 60, plot)
    report(f"{readers} readers for {minutes:g} minutes", figures, save_to, compare_with)


@app.command()
def draw(
    files: Annotated[
        list[Path], typer.Argument(help="Files that --json wrote.", exists=True, show_default=False)
    ],
    plot: Annotated[
        Path, typer.Option(help="Draw to .png and .svg files of this name.", show_default=False)
    ],
) -> None:
    """Draw measured ratios."""
    draw_ratios(files, plot)


def _seconds(arguments: Sequence[str], environment: Mapping[str, str]) -> float:
    """Return the seconds of a new Python process."""
    command = [sys.executable, *arguments]
    began = time.perf_counter()
    subprocess.run(  # noqa: S603
        command, env=environment, cwd=ROOT, capture_output=True, check=True
    )
    return time.perf_counter() - began


if __name__ == "__main__":
    app()
