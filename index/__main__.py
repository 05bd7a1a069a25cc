"""`python -m index`: manage articles and their index from a shell."""

from __future__ import annotations

import json
import logging
import signal
import sys
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path  # noqa: TC003  # typer reads the arguments' types.
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich import progress as rich_progress
from rich.console import Console
from rich.table import Table
from rich.text import Text

from index import (
    AddProgress,
    AddReport,
    Article,
    ArticleIndex,
    ArticleIndexError,
    ArticleNotFoundError,
    Entry,
    open_default,
    printable,
    rebuild_default,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

app = typer.Typer(
    help="Manage the articles that you ask about. ARTICLE_INDEX names their folder or server.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
# The report has a line for each source that fails; its trace is for programs that log.
logging.getLogger("index.adding").addHandler(logging.NullHandler())
COLUMNS = ("id", "title", "source", "published", "language", "words")
"""The facts about an article that `list` shows."""
out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
Sources = Annotated[
    list[str],
    typer.Argument(
        help="Files (.txt, .md, .html, .pdf, .docx, .epub, .eml), folders, addresses of web pages, "
        "feeds and sitemaps, a .txt file of addresses, or - for standard input.",
        show_default=False,
    ),
]
AllowHost = Annotated[
    list[str] | None,
    typer.Option(metavar="HOST", help="Fetch from this host even if it is not public; repeatable."),
]
Prune = Annotated[bool, typer.Option(help="Remove the articles whose file or page is gone.")]
Name = Annotated[str, typer.Argument(help="An id, its beginning, or a source.", show_default=False)]


@app.command()
def add(sources: Sources, allow_host: AllowHost = None, as_json: AsJson = False) -> None:
    """Add articles, or update the ones that changed."""
    with _errors(), open_default() as index, _progress("Adding") as show:
        report = index.add(*sources, allow_hosts=allow_host or (), on_progress=show)
        titles = _titles(index)
    _print_report(report, titles, as_json)


@app.command(name="list")
def list_articles(as_json: AsJson = False) -> None:
    """List the articles, the newest first."""
    with _errors(), open_default() as index:
        entries = index.entries()
    if as_json:
        _print_json([_facts(entry) for entry in entries])
    elif entries:
        table = Table(*COLUMNS, box=None, header_style="bold")
        for facts in map(_facts, entries):
            table.add_row(*(Text(printable(str(facts[name] or "–"))) for name in COLUMNS))
        out.print(table)
    else:
        _print_line("The index is empty; add an article with: python -m index add PATH")


@app.command()
def show(name: Name, as_json: AsJson = False) -> None:
    """Show one article and its text."""
    with _errors(), open_default() as index:
        article = _find(index, name)
    if as_json:
        _print_json(_facts(article) | {"version": article.version, "text": article.text})
        return
    facts = [f"{key}: {value}" for key, value in _facts(article).items() if value is not None]
    out.print(Text(printable("\n".join([*facts, "", article.text]))), soft_wrap=True)


@app.command()
def remove(name: Name, as_json: AsJson = False) -> None:
    """Remove one article."""
    with _errors(), open_default() as index:
        article = _find(index, name)
        index.remove(article.id)
    if as_json:
        _print_json({"removed": [article.id]})
    else:
        _print_line(f"removed: {article.title} ({article.source})")


@app.command()
def refresh(prune: Prune = False, allow_host: AllowHost = None, as_json: AsJson = False) -> None:
    """Read the file or web page of every article again."""
    with _errors(), open_default() as index, _progress("Refreshing") as show:
        titles = _titles(index)
        report = index.refresh(prune=prune, allow_hosts=allow_host or (), on_progress=show)
        titles |= _titles(index)
    _print_report(report, titles, as_json)


@app.command()
def watch(
    folders: Annotated[list[Path], typer.Argument(help="Folders of articles.", show_default=False)],
    prune: Prune = False,
) -> None:
    """Add the files of folders, and keep up with changes until Ctrl+C."""
    with _errors(), open_default() as index:
        titles = _titles(index)
        for report in index.watch(*folders, prune=prune):
            titles |= _titles(index)
            _print_outcomes(report, titles)


@app.command()
def check(
    repair: Annotated[bool, typer.Option(help="Repair problems where possible.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check that the index is consistent."""
    with _errors(), open_default() as index:
        report = index.check(repair=repair)
    if as_json:
        _print_json(asdict(report))
    else:
        count = len(report.problems)
        out.print(f"{report.articles} articles, {report.chunks} chunks: {count} problems")
        for problem in report.problems:
            state = "repaired" if problem.is_mended else "problem"
            _print_line(f"{state}: {problem.article_id}: {problem.what}")
    if any(not problem.is_mended for problem in report.problems):
        sys.exit(1)


@app.command(name="export")
def export_index(
    path: Annotated[Path, typer.Argument(help="The new file.", show_default=False)],
) -> None:
    """Export the whole index to one file."""
    with _errors(), open_default() as index:
        count = index.export_to(path)
    _print_line(f"exported: {count} articles to {path}")


@app.command(name="import")
def import_index(
    path: Annotated[Path, typer.Argument(help="A file that export wrote.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Add all articles of an exported index."""
    with _errors(), open_default() as index:
        report = index.import_from(path)
        titles = _titles(index)
    _print_report(report, titles, as_json)


@app.command()
def rebuild(as_json: AsJson = False) -> None:
    """Embed all articles again, with the model that ARTICLE_EMBEDDER names."""
    with _errors(), _progress("Rebuilding") as show:
        report = rebuild_default(on_progress=show)
    if as_json:
        _print_json(asdict(report))
    else:
        out.print(f"rebuilt: {len(report.added)} articles")


@contextmanager
def _errors() -> Iterator[None]:
    """End the program with one sentence on stderr: exit code 1 for errors, 130 for Ctrl+C."""
    try:
        yield
    except KeyboardInterrupt:
        err.print("Stopped. Finished articles are kept; run the same command again to continue.")
        sys.exit(130)
    except ArticleIndexError as error:
        err.print(Text(printable(str(error))), soft_wrap=True)
        sys.exit(1)


class _Rate(rich_progress.ProgressColumn):
    """The number of sources per second."""

    def render(self, task: rich_progress.Task) -> Text:
        return Text(f"{task.speed:.1f} per second" if task.speed else "")


@contextmanager
def _progress(label: str) -> Iterator[Callable[[AddProgress], None]]:
    """Draw a progress bar on stderr if that is a terminal, and handle Ctrl+C."""
    with rich_progress.Progress(
        rich_progress.TextColumn(label),
        rich_progress.BarColumn(),
        rich_progress.MofNCompleteColumn(),
        _Rate(),
        rich_progress.TimeRemainingColumn(compact=True),
        console=err,
        transient=True,
        disable=not err.is_terminal,
    ) as bar:
        task = bar.add_task(label, total=None)
        stops: list[int] = []

        def stop(number: int, _: object) -> NoReturn:
            stops.append(number)
            raise KeyboardInterrupt

        def show(progress: AddProgress) -> None:
            # Code that cannot raise, such as a destructor, may have swallowed the interrupt.
            if stops:
                raise KeyboardInterrupt
            bar.update(task, completed=progress.done, total=progress.total)

        previous = signal.signal(signal.SIGINT, stop)
        try:
            yield show
        finally:
            signal.signal(signal.SIGINT, previous)


def _find(opened: ArticleIndex, name: str) -> Article:
    """Return the only article that a name stands for. Raises `ArticleNotFoundError`."""
    entries = opened.entries()
    matches = [entry for entry in entries if name in (entry.id, entry.source)]
    if not matches and name:
        matches = [entry for entry in entries if entry.id.startswith(name)]
    if len(matches) == 1:
        return opened.article(matches[0].id)
    subject = f"{len(matches)} articles have" if matches else "No article has"
    raise ArticleNotFoundError(f"{subject} the id or source {name!r}; run: python -m index list")


def _titles(index: ArticleIndex) -> dict[str, str]:
    return {entry.id: entry.title for entry in index.entries()}


def _print_report(report: AddReport, titles: dict[str, str], as_json: bool) -> None:
    """Print a report, with failures on stderr; exit with 1 if there are any."""
    if as_json:
        _print_json(asdict(report))
    else:
        _print_outcomes(report, titles)
    for source, reason in report.failed:
        _print_line(f"failed: {source}: {reason}", err)
    if report.failed:
        sys.exit(1)


def _print_outcomes(report: AddReport, titles: dict[str, str]) -> None:
    for outcome in ("added", "updated", "unchanged", "removed"):
        for article_id in getattr(report, outcome):
            _print_line(f"{outcome}: {titles.get(article_id, '')} ({article_id})")
    for first in dict.fromkeys(article_id for article_id, _ in report.similar):
        others = [f"{titles[other]} ({other})" for one, other in report.similar if one == first]
        _print_line(f"similar: {titles[first]} ({first}) is nearly the same as {', '.join(others)}")


def _print_line(text: str, console: Console = out) -> None:
    console.print(Text(printable(" ".join(text.split()))), soft_wrap=True)


def _facts(article: Article | Entry) -> dict[str, Any]:
    names = ("id", "title", "source", "published", "language", "author", "site")
    facts = {name: getattr(article, name) for name in names}
    words = article.words if isinstance(article, Entry) else len(article.text.split())
    return facts | {"words": words}


def _print_json(value: Any) -> None:
    out.print_json(json.dumps(value, default=str), ensure_ascii=False, highlight=False, indent=2)


if __name__ == "__main__":
    app()
