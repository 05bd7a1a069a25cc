"""Common parts of the measurements: an embedder with a memory, shares, tables and pictures."""

from __future__ import annotations

import json
import math
import time
from datetime import date
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from index.embedding.embedder import SentenceEmbedder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from benchmarks.questions import Question
    from index import Article

Rows = dict[str, dict[str, float]]
"""A table: each row's columns, with shares of 0..1, counts, characters or milliseconds."""
ERR = Console(stderr=True)


class RememberingEmbedder(SentenceEmbedder):
    """Embeds each text once."""

    def __init__(self) -> None:
        """Take the built-in model."""
        super().__init__()
        self._known: dict[str, Any] = {}

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return a unit vector for each text."""
        if new := [text for text in dict.fromkeys(texts) if text not in self._known]:
            self._known.update(
                zip(new, np.array(super().embed_documents(new), dtype=np.float32), strict=True)
            )
        return [self._known[text].tolist() for text in texts]

    def forget(self) -> None:
        """Embed each text and question anew, to take the time."""
        self._known.clear()
        self._last_query = ("", [])


def below(values: Sequence[float], limit: float) -> float:
    """Return the share of values less than a limit; 0 without values."""
    return float(np.mean(np.array(values) < limit)) if values else 0.0


def share(values: Sequence[bool]) -> float:
    """Return the share of values that are true; NaN without values."""
    return sum(values) / len(values) if values else float("nan")


def milliseconds(work: Callable[..., object], *arguments: object) -> float:
    """Return the time of one call."""
    began = time.perf_counter()
    work(*arguments)
    return (time.perf_counter() - began) * 1000


def nearest(vectors: Any, query: list[float]) -> list[int]:
    """Return the numbers of the unit vectors, the nearest to the query by cosine first."""
    return [int(number) for number in np.argsort(-(vectors @ np.array(query)), kind="stable")]


def about(path: Path, articles: Sequence[Article], questions: Sequence[Question]) -> dict[str, Any]:
    """Return the file, the day and the versions of a measurement."""
    return {
        "file": path.name,
        "articles": len(articles),
        "questions": len(questions),
        "day": date.today().isoformat(),  # noqa: DTZ011  # the day where it ran
        **{package: version(package) for package in ("chromadb", "sentence-transformers", "torch")},
    }


def rendered(title: str, rows: Rows) -> str:
    """Return a table as text, the same for a terminal and a file."""
    table = Table("", box=None, header_style="bold")
    for column in next(iter(rows.values())):
        table.add_column(column, justify="right")
    for name, row in rows.items():
        table.add_row(name, *map(_short, row.values()))
    console = Console(width=120, highlight=False)
    with console.capture() as captured:
        console.print(title, style="italic")  # A table's own title breaks at its width.
        console.print(table)
    return captured.get()


def _short(value: float) -> str:
    """Return a share with three digits, and a count, characters or milliseconds whole.

    >>> _short(0.5), _short(float("nan")), _short(0), _short(1234.5)
    ('0.500', '', '0', '1,234')
    """
    if isinstance(value, float) and math.isnan(value):
        return ""
    return f"{value:.3f}" if isinstance(value, float) and value <= 1 else f"{value:,.0f}"


def tell(measured: dict[str, Any], tables: dict[str, Rows]) -> None:
    """Print the circumstances of a measurement, and its tables with their titles."""
    typer.echo(", ".join(f"{key} {value}" for key, value in measured.items()) + "\n")
    typer.echo("\n".join(rendered(title, rows) for title, rows in tables.items()))


def bars(axes: Axes, rows: Rows, columns: Sequence[str], form: str) -> None:
    """Draw the rows side by side for each column, each bar with its value."""
    width = 0.8 / len(rows)
    for number, (name, row) in enumerate(rows.items()):
        heights = [row.get(column, 0.0) for column in columns]
        drawn = axes.bar(np.arange(len(columns)) + number * width, heights, width, label=name)
        axes.bar_label(drawn, fmt=form, fontsize=8)
    axes.set_xticks(
        np.arange(len(columns)) + 0.4 - width / 2, [column.replace(" ", "\n") for column in columns]
    )


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure to a .png and a .svg file."""
    for suffix in (".png", ".svg"):
        figure.savefig(path.with_suffix(suffix))


def save(path: Path, measured: dict[str, Any], tables: dict[str, Rows], **more: Any) -> None:
    """Write circumstances, tables and further fields as JSON."""
    path.write_text(
        json.dumps({**measured, "tables": tables, **more}, indent=2, ensure_ascii=False),
        encoding="utf-8",
    )
