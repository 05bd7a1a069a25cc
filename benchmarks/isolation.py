"""What reading files in a process of their own costs, beside reading them in this one, in one run.

    python -m benchmarks.isolation

Adds the same files to new indexes in both ways, turn by turn, and prints the seconds of each and
their ratio. Most of the files are texts and pages; the rest are the documents of the tests.
"""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated
from unittest.mock import patch

import typer
from rich.console import Console
from rich.table import Table

from index import ArticleIndex
from index.adding import reading
from index.embedding.embedder import SentenceEmbedder
from index.sources.files import load, parse_file

if TYPE_CHECKING:
    from index import Article

DOCUMENTS = Path(__file__).parent.parent / "tests" / "documents"
SENTENCES = 30
"""Sentences of a text or page: as many as a short news item has."""


def write_files(folder: Path, count: int) -> list[Path]:
    """Write files of all formats: of ten, six are texts, three pages, and one is a document."""
    documents = sorted(path for path in DOCUMENTS.iterdir() if path.stem in {"story", "columns"})
    paths = []
    for number in range(count):
        lines = [f"Bridge {number} has {n} arches over river {n}." for n in range(SENTENCES)]
        if number % 10 == 0:
            document = documents[number // 10 % len(documents)]
            path = folder / f"{number}{document.suffix}"
            path.write_bytes(document.read_bytes())
        elif number % 3 == 0:
            path = folder / f"{number}.html"
            body = "".join(f"<p>{line}</p>" for line in lines)
            title = f"<title>Bridge {number}</title>"
            path.write_text(
                f"<html><head>{title}</head><body><article>{body}</article></body></html>"
            )
        else:
            path = folder / f"{number}.txt"
            path.write_text("\n\n".join([f"Bridge {number}", *lines]))
        paths.append(path)
    return paths


def read_here(path: Path, **_: object) -> Article | list[str]:
    """Read a file in this process."""
    return parse_file(load(path), path, str(path))


def add(paths: list[Path], embedder: SentenceEmbedder) -> float:
    """Return the seconds that adding files to a new index takes."""
    with (
        TemporaryDirectory() as folder,
        ArticleIndex.open(Path(folder) / "index", embedder) as index,
    ):
        begun = time.perf_counter()
        report = index.add(*paths)
        seconds = time.perf_counter() - begun
    if report.failed:
        raise typer.BadParameter(f"{report.failed[0]}")
    return seconds


def main(
    files: Annotated[int, typer.Option(help="How many files.")] = 1_000,
    rounds: Annotated[int, typer.Option(help="How many times each way.")] = 3,
) -> None:
    """Add files in both ways, turn by turn."""
    embedder = SentenceEmbedder()
    embedder.load()
    here: list[float] = []
    apart: list[float] = []
    with TemporaryDirectory() as folder:
        paths = write_files(Path(folder), files)
        with patch.object(reading, "read_path", read_here):
            add(paths[:20], embedder)  # The libraries are loaded before the first round.
        for _ in range(rounds):
            with patch.object(reading, "read_path", read_here):
                here.append(add(paths, embedder))
            apart.append(add(paths, embedder))
    table = Table("reading", "seconds", "ratio", title=f"{files} files, median of {rounds}")
    table.add_row("in this process", f"{median(here):.2f}", "1")
    ratio = median(apart) / median(here)
    table.add_row("in a process of its own", f"{median(apart):.2f}", f"{ratio:.2f}")
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
