"""Cost of adding the same articles again, beside the first time, in one run.

    python -m benchmarks.adding SQUAD_FILE

Prints the passages embedded and the seconds taken: for all articles the first time, for all of them
again, and for all of them after one has changed.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.questions import read_questions
from index import ArticleIndex
from index.embedding.embedder import SentenceEmbedder


class CountingEmbedder(SentenceEmbedder):
    """Counts the passages that it embeds."""

    passages = 0

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return a unit vector for each text."""
        self.passages += len(texts)
        return super().embed_documents(texts)


def main(
    data: Annotated[
        Path, typer.Argument(help="A file in the format of SQuAD.", show_default=False)
    ],
    most: Annotated[int, typer.Option(help="How many of its articles.")] = 40,
) -> None:
    """Add the articles of a file, add them again, and again with one changed."""
    articles, _ = read_questions(data)
    articles = articles[:most]
    changed = [
        replace(articles[0], text=f"{articles[0].text}\n\nOne more sentence."),
        *articles[1:],
    ]
    embedder = CountingEmbedder()
    embedder.load()
    table = Table(
        "articles",
        "embedded",
        "seconds",
        "of the first",
        title=f"{len(articles)} articles of {data.name}",
    )
    with (
        TemporaryDirectory() as folder,
        ArticleIndex.open(Path(folder) / "index", embedder) as index,
    ):
        first = 0.0
        for name, sources in (
            ("the first time", articles),
            ("again", articles),
            ("one changed", changed),
        ):
            before, begun = embedder.passages, time.perf_counter()
            index.add(*sources)
            seconds = time.perf_counter() - begun
            first = first or seconds
            table.add_row(
                name, str(embedder.passages - before), f"{seconds:.2f}", f"{seconds / first:.1%}"
            )
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
