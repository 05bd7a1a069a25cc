"""Figures beside yardsticks of the same run: their ratios vary little between machines."""

from __future__ import annotations

import json
import platform
import subprocess
from dataclasses import asdict, dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.measuring import save_figure
from benchmarks.visiting import ROOT
from index import SourceError

if TYPE_CHECKING:
    from collections.abc import Sequence

PACKAGES = ("chromadb", "gradio", "openvino", "sentence-transformers", "torch")

SaveTo = Annotated[
    Path | None, typer.Option("--json", help="Write the figures there.", dir_okay=False)
]
CompareWith = Annotated[
    Path | None,
    typer.Option(
        "--compare", help="Show the figures that --json wrote at another commit.", exists=True
    ),
]


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value beside its yardstick.

    Attributes:
        name: The name of the value.
        value: The value.
        unit: The unit of the value and of the measure.
        yardstick: The name of the yardstick, if any.
        measure: The yardstick's value in the same run.
    """

    name: str
    value: float
    unit: str
    yardstick: str = ""
    measure: float | None = None

    @property
    def ratio(self) -> float | None:
        """The value divided by the yardstick's; None without a yardstick."""
        return self.value / self.measure if self.measure else None


def report(
    title: str, figures: Sequence[Figure], save_to: Path | None, compare_with: Path | None
) -> None:
    """Print figures, beside those of another commit, and save them. Raises `SourceError`."""
    before = _ratios(compare_with) if compare_with else {}
    table = Table(title=title, title_justify="left", box=None, header_style="bold")
    for column in (
        "",
        "measured",
        "yardstick",
        "its measure",
        "ratio",
        *(["before"] if before else []),
    ):
        table.add_column(column, justify="left" if column in {"", "yardstick"} else "right")
    for figure in figures:
        measure = "" if figure.measure is None else f"{_short(figure.measure)} {figure.unit}"
        cells = [
            figure.name,
            f"{_short(figure.value)} {figure.unit}",
            figure.yardstick,
            measure,
            _shown(figure.ratio),
        ]
        table.add_row(*cells, *([_shown(before.get(figure.name))] if before else []))
    Console(width=150, highlight=False).print(table)
    if save_to:
        rows = [{**asdict(figure), "ratio": figure.ratio} for figure in figures]
        save_to.write_text(
            json.dumps({**_circumstances(), "title": title, "figures": rows}, indent=2),
            encoding="utf-8",
        )


def draw(files: Sequence[Path], path: Path) -> None:
    """Draw the ratios in files that `report` wrote, as bars. Raises `SourceError`."""
    from matplotlib.figure import Figure as Drawing

    figures = [figure for file in files for figure in read(file) if figure["ratio"] is not None]
    names = [f"{figure['name']}\n/ {figure['yardstick']}" for figure in figures]
    drawing = Drawing(figsize=(9, 0.8 + 0.5 * len(figures)), layout="constrained")
    axes = drawing.subplots()
    bars = axes.barh(names, [figure["ratio"] for figure in figures])
    axes.bar_label(bars, fmt="%.2f", padding=3)
    axes.axvline(1, linestyle=":", color="grey")
    axes.invert_yaxis()
    axes.margins(x=0.1)
    axes.set_xlabel("times the yardstick's measure")
    save_figure(drawing, path)


def read(path: Path) -> list[dict[str, Any]]:
    """Return the figures of a file that `report` wrote. Raises `SourceError`."""
    try:
        figures: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["figures"]
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise SourceError(
            f"{path} was not written by --json of these measurements ({error}); name another."
        ) from error
    return figures


def _ratios(path: Path) -> dict[str, float | None]:
    return {figure["name"]: figure["ratio"] for figure in read(path)}


def _circumstances() -> dict[str, Any]:
    command = ["git", "describe", "--always", "--dirty"]
    commit = subprocess.run(  # noqa: S603
        command, cwd=ROOT, capture_output=True, text=True, check=False
    )
    return {
        "day": date.today().isoformat(),  # noqa: DTZ011  # the day where it ran
        "commit": commit.stdout.strip(),
        "python": platform.python_version(),
        **{package: version(package) for package in PACKAGES},
    }


def _short(value: float) -> str:
    """Return a number with three significant digits, or whole.

    >>> _short(0.0312), _short(3.14159), _short(31415.9)
    ('0.0312', '3.14', '31,416')
    """
    return f"{value:.3g}" if abs(value) < 100 else f"{value:,.0f}"  # noqa: PLR2004  # three digits


def _shown(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.3f}"
