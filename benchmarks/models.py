"""Models side by side: `python -m benchmarks.models FILE…`, from runs of `benchmarks.answers`.

The runs asked the same questions of different models.
"""

from __future__ import annotations

import json
from pathlib import Path  # noqa: TC003  # typer reads the annotations
from typing import Annotated, Any

import numpy as np
import typer

from benchmarks.measuring import Rows, bars, rendered, save_figure
from index import SourceError

QUALITY = ("right", "answer hit", "citation precision", "unsupported", "in its words")
"""Columns that are drawn as shares of 1."""


def reached(path: Path) -> tuple[str, dict[str, float]]:
    """Return a run's model and its shares, milliseconds and megabytes. Raises `SourceError`."""
    try:
        run: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        tables, asked = run["tables"], run["asked"]
        (name,) = tables["Memory"]
        answering, taken = tables["Answering"][name], tables["Milliseconds"][name]
        answered = [each for each in asked if each["status"] == "answered"]
        return name, {
            "right": float(np.mean([each["right"] for each in asked])),
            **{
                figure: answering[figure]
                for figure in ("answer hit", "citation precision", "unsupported")
            },
            "in its words": float(np.mean([each["model"] == name for each in answered])),
            "ms, p50": taken["whole, p50"],
            "ms, p95": taken["whole, p95"],
            "MB": tables["Memory"][name]["peak MB"],
        }
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise SourceError(
            f"{path} was not written by --json of benchmarks.answers ({error}); name another."
        ) from error


def draw(rows: Rows, path: Path) -> None:
    """Draw quality, time and memory as three groups of bars, to a .png and a .svg file."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 3.8), layout="constrained")
    quality, time, memory = figure.subplots(1, 3, width_ratios=(3, 1.2, 0.8))
    panels = (
        (quality, QUALITY, "share", "%.2f"),
        (time, ("ms, p50", "ms, p95"), "milliseconds until an answer is whole", "%.0f"),
        (memory, ("MB",), "megabytes, at the most", "%.0f"),
    )
    for axes, columns, unit, form in panels:
        bars(axes, rows, columns, form)
        axes.set_ylabel(unit)
        axes.margins(y=0.15)
    figure.legend(*quality.get_legend_handles_labels(), loc="outside upper center", ncols=len(rows))
    save_figure(figure, path)


def main(
    files: Annotated[
        list[Path],
        typer.Argument(help="Files that benchmarks.answers --json wrote.", show_default=False),
    ],
    plot: Annotated[
        Path | None, typer.Option(help="Draw .png and .svg files of this name.", dir_okay=False)
    ] = None,
) -> None:
    """Compare models on the same questions."""
    try:
        rows = dict(map(reached, files))
    except SourceError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    typer.echo(rendered("Models", rows))
    if plot:
        draw(rows, plot)


if __name__ == "__main__":
    typer.run(main)
