"""`python -m index`: what can be done with articles and their index, from a shell."""

from __future__ import annotations

import json
import signal
import sys
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path  # noqa: TC003  # typer reads the types of arguments.
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from index import (
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
AllowHost = Annotated[
    list[str] | None,
    typer.Option(help="Ask this host although it is not on the public internet; may be given again.", metavar="HOST"),
]
Prune = Annotated[bool, typer.Option(help="Remove the articles whose file or page is gone.")]
Name = Annotated[str, typer.Argument(help="The article's id, the beginning of it, or its source.", show_default=False)]


@app.command()
def add(
    sources: Annotated[
        list[str],
        typer.Argument(
            help="Files (.txt, .md, .html, .pdf, .docx, .epub, .eml), folders of them, addresses of web pages, feeds "
            "and sitemaps, a .txt of addresses, or - for the standard input.",
            show_default=False,
        ),
    ],
    allow_host: AllowHost = None,
    as_json: AsJson = False,
) -> None:
    """Add articles; one that changed since replaces what was there."""
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
        return
    table = Table("id", "title", "source", "published", "language", "words", box=None, header_style="bold")
    for entry in entries:
        day = entry.published.isoformat() if entry.published else "–"
        row = (entry.id, entry.title, entry.source, day, entry.language or "–", str(entry.words or "–"))
        table.add_row(*(Text(printable(cell)) for cell in row))
    out.print(table if entries else Text("The index holds no article; add one with: python -m index add PATH"))


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
        _print_line(f"removed: {article.title} ({article.source})")


@app.command()
def refresh(prune: Prune = False, allow_host: AllowHost = None, as_json: AsJson = False) -> None:
    """Read again every file and web page that an article came from."""
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
    """Keep step with folders until Ctrl+C: add what is put into them, and read again what changes."""
    with _errors(), open_default() as index:
        titles = _titles(index)
        for report in index.watch(*folders, prune=prune):
            titles |= _titles(index)
            _print_outcomes(report, titles)


@app.command()
def check(
    repair: Annotated[bool, typer.Option(help="Mend what can be mended.")] = False, as_json: AsJson = False
) -> None:
    """Look whether everything in the index fits together."""
    with _errors(), open_default() as index:
        report = index.check(repair=repair)
    if as_json:
        _print_json(asdict(report))
    else:
        out.print(f"{report.articles} articles, {report.chunks} chunks: {len(report.problems)} problems")
        for problem in report.problems:
            _print_line(f"{'mended' if problem.is_mended else 'wrong'}: {problem.article_id}: {problem.what}")
    if any(not problem.is_mended for problem in report.problems):
        sys.exit(1)


@app.command(name="export")
def export_index(
    path: Annotated[Path, typer.Argument(help="The file to write; it must not be there yet.", show_default=False)],
) -> None:
    """Write the whole index into one file."""
    with _errors(), open_default() as index:
        count = index.export_to(path)
    _print_line(f"exported: {count} articles to {path}")


@app.command(name="import")
def import_index(
    path: Annotated[Path, typer.Argument(help="A file that export has written.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Put in all articles of an exported index."""
    with _errors(), open_default() as index:
        report = index.import_from(path)
        titles = _titles(index)
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
    """End the program with one sentence on stderr: with exit code 1 for what can go wrong, with 130 for Ctrl+C."""
    try:
        yield
    except KeyboardInterrupt:
        err.print("Stopped. What was done by then is kept; the same command goes on from there.")
        sys.exit(130)
    except ArticleIndexError as error:
        err.print(Text(printable(str(error))), soft_wrap=True)
        sys.exit(1)


class _Rate(ProgressColumn):
    """How many sources a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:.1f} a second" if task.speed else "")


@contextmanager
def _progress(what: str) -> Iterator[Callable[[AddProgress], None]]:
    """Draw a progress bar on stderr while articles go in, where somebody is looking: how many, how fast, how long."""
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn(compact=True))
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task(what, total=None)
        stops: list[int] = []

        def stop(number: int, _: object) -> NoReturn:
            stops.append(number)
            raise KeyboardInterrupt

        def show(progress: AddProgress) -> None:
            if stops:  # What was raised at that moment may have met code from which nothing can be raised.
                raise KeyboardInterrupt
            bar.update(task, completed=progress.done, total=progress.total)

        before = signal.signal(signal.SIGINT, stop)
        try:
            yield show
        finally:
            signal.signal(signal.SIGINT, before)


def _find(opened: ArticleIndex, name: str) -> Article:
    """Return the one article that a name means. Raises `ArticleNotFoundError` for none and for several."""
    entries = opened.entries()
    found = [e for e in entries if name in (e.id, e.source)] or [e for e in entries if name and e.id.startswith(name)]
    if len(found) == 1:
        return opened.article(found[0].id)
    what = "No article has" if not found else f"{len(found)} articles have"
    raise ArticleNotFoundError(f"{what} the id or source {name!r}; `python -m index list` shows the ids.")


def _titles(index: ArticleIndex) -> dict[str, str]:
    return {entry.id: entry.title for entry in index.entries()}


def _print_report(report: AddReport, titles: dict[str, str], as_json: bool) -> None:
    """Print what became of the sources, the failures on stderr; exit with 1 when there are any."""
    if as_json:
        _print_json(asdict(report))
        _print_failures(report)
    else:
        _print_outcomes(report, titles)
    if report.failed:
        sys.exit(1)


def _print_outcomes(report: AddReport, titles: dict[str, str]) -> None:
    for outcome in ("added", "updated", "unchanged", "removed"):
        for article_id in getattr(report, outcome):
            _print_line(f"{outcome}: {titles.get(article_id, '')} ({article_id})")
    for one in dict.fromkeys(one for one, _ in report.similar):
        others = ", ".join(f"{titles[other]} ({other})" for first, other in report.similar if first == one)
        _print_line(f"similar: {titles[one]} ({one}) says nearly the same as {others}")
    _print_failures(report)


def _print_failures(report: AddReport) -> None:
    for source, reason in report.failed:
        _print_line(f"failed: {source}: {reason}", err)


def _print_line(text: str, console: Console = out) -> None:
    console.print(Text(printable(" ".join(text.split()))), soft_wrap=True)


def _facts(one: Article | Entry) -> dict[str, Any]:
    facts = {name: getattr(one, name) for name in ("id", "title", "source", "published", "language", "author", "site")}
    return facts | {"words": one.words if isinstance(one, Entry) else len(one.text.split())}


def _print_json(value: Any) -> None:
    out.print_json(json.dumps(value, default=str), ensure_ascii=False, highlight=False, indent=2)


if __name__ == "__main__":
    app()
