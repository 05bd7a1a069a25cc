"""`python -m index`: add, list, show, remove, refresh and rebuild from a shell."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from index import (
    AddReport,
    Article,
    ArticleIndex,
    ArticleIndexError,
    ArticleNotFoundError,
    open_default,
    printable,
    rebuild_default,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from index import AddProgress

app = typer.Typer(
    help="Keep the articles that questions are asked of. ARTICLE_INDEX names their folder or Chroma server.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
Name = Annotated[str, typer.Argument(help="The article's id, the beginning of it, or its source.", show_default=False)]


@app.command()
def add(
    sources: Annotated[
        list[str], typer.Argument(help=".txt, .md and .html files, or folders of them.", show_default=False)
    ],
    as_json: AsJson = False,
) -> None:
    """Add articles; one that changed since replaces what was there."""
    with _errors(), open_default() as index, _progress("Adding") as show:
        report = index.add(*sources, on_progress=show)
        titles = _titles(index, report)
    _print_report(report, titles, as_json)


@app.command(name="list")
def list_articles(as_json: AsJson = False) -> None:
    """List the articles, the newest first."""
    with _errors(), open_default() as index:
        articles = index.articles()
    if as_json:
        _print_json([_facts(article) for article in articles])
        return
    table = Table("id", "title", "source", "published", "language", "words", box=None, header_style="bold")
    for article in articles:
        day = article.published.isoformat() if article.published else "–"
        row = (article.id, article.title, article.source, day, article.language or "–", str(len(article.text.split())))
        table.add_row(*(Text(printable(cell)) for cell in row))
    out.print(table if articles else Text("The index holds no article; add one with: python -m index add PATH"))


@app.command()
def show(name: Name, as_json: AsJson = False) -> None:
    """Show one article and its text."""
    with _errors(), open_default() as index:
        article = _find(index, name)
    if as_json:
        _print_json(_facts(article) | {"version": article.version, "text": article.text})
        return
    facts = "\n".join(f"{key}: {value}" for key, value in _facts(article).items() if value is not None)
    out.print(Text(printable(f"{facts}\n\n{article.text}")), soft_wrap=True)


@app.command()
def remove(name: Name, as_json: AsJson = False) -> None:
    """Remove one article."""
    with _errors(), open_default() as index:
        article = _find(index, name)
        index.remove(article.id)
    if as_json:
        _print_json({"removed": [article.id]})
    else:
        out.print(Text(printable(f"removed: {article.title} ({article.source})")), soft_wrap=True)


@app.command()
def refresh(as_json: AsJson = False) -> None:
    """Read again every file that an article came from."""
    with _errors(), open_default() as index, _progress("Refreshing") as show:
        report = index.refresh(on_progress=show)
        titles = _titles(index, report)
    _print_report(report, titles, as_json)


@app.command()
def rebuild(as_json: AsJson = False) -> None:
    """Embed all articles anew, with the model that ARTICLE_EMBEDDER names."""
    with _errors(), _progress("Rebuilding") as show:
        report = rebuild_default(on_progress=show)
    if as_json:
        _print_json(asdict(report))
    else:
        out.print(f"rebuilt: {len(report.added)} articles")


@contextmanager
def _errors() -> Iterator[None]:
    """End the program with one sentence on stderr and exit code 1 for what can go wrong."""
    try:
        yield
    except ArticleIndexError as error:
        err.print(Text(printable(str(error))), soft_wrap=True)
        sys.exit(1)


@contextmanager
def _progress(what: str) -> Iterator[Callable[[AddProgress], None]]:
    """Draw a progress bar on stderr while articles go in, where somebody is looking."""
    with Progress(console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task(what, total=None)

        def show(progress: AddProgress) -> None:
            bar.update(task, completed=progress.done, total=progress.total, description=f"{what} {progress.done + 1}")

        yield show


def _find(index: ArticleIndex, name: str) -> Article:
    """Return the one article that a name means. Raises `ArticleNotFoundError` for none and for several."""
    articles = index.articles()
    found = [a for a in articles if name in (a.id, a.source)] or [a for a in articles if name and a.id.startswith(name)]
    if len(found) == 1:
        return found[0]
    what = "No article has" if not found else f"{len(found)} articles have"
    raise ArticleNotFoundError(f"{what} the id or source {name!r}; `python -m index list` shows the ids.")


def _titles(index: ArticleIndex, report: AddReport) -> dict[str, str]:
    ids = {*report.added, *report.updated, *report.unchanged}
    return {article.id: article.title for article in index.articles() if article.id in ids}


def _print_report(report: AddReport, titles: dict[str, str], as_json: bool) -> None:
    """Print what was added, updated, unchanged and failed, the failures on stderr; exit with 1 when there are any."""
    if as_json:
        _print_json(asdict(report))
    else:
        for outcome in ("added", "updated", "unchanged"):
            for article_id in getattr(report, outcome):
                out.print(Text(printable(f"{outcome}: {titles[article_id]} ({article_id})")), soft_wrap=True)
    for source, reason in report.failed:
        err.print(Text(printable(f"failed: {source}: {reason}")), soft_wrap=True)
    if report.failed:
        sys.exit(1)


def _facts(article: Article) -> dict[str, Any]:
    facts = asdict(article) | {"words": len(article.text.split())}
    del facts["text"]
    return facts


def _print_json(value: Any) -> None:
    out.print_json(json.dumps(value, default=str), ensure_ascii=False, highlight=False, indent=2)


if __name__ == "__main__":
    app()
