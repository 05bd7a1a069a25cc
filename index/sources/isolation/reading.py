"""Read files and pages in a process of their own."""

from __future__ import annotations

import atexit
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from index.article import Article
from index.errors import SourceError
from index.sources.files import load
from index.sources.isolation.messages import unpack
from index.sources.isolation.process import BROKEN, Processes
from index.sources.web import may_be_canonical

if TYPE_CHECKING:
    from threading import Event

    from index.sources.http import FetchedPage
    from index.sources.isolation.process import CheckStopped

_log = logging.getLogger(__name__)
_processes = Processes()
atexit.register(_processes.end_all)
if hasattr(os, "register_at_fork"):  # Windows does not fork.
    os.register_at_fork(after_in_child=_processes.after_fork)


def read_file(
    path: str | Path,
    *,
    source: str | None = None,
    stop: Event | None = None,
) -> Article:
    """Read one file as an article.

    Args:
        path: The file; its extension decides how it is read.
        source: The source of the article, by default the absolute path. For an upload, whose
            path means nothing, pass the file's own name.
        stop: Ends the reading when it is set.

    Raises:
        SourceError: The file cannot be read as an article, or the reading was stopped.
    """

    def check_stopped() -> None:
        if stop and stop.is_set():
            raise SourceError("its reading was stopped; add it again to read it")

    content = read_path(path, source, check_stopped)
    if isinstance(content, Article):
        return content
    raise SourceError("the file lists web addresses instead of an article; add the addresses")


def read_path(
    path: str | Path,
    source: str | None = None,
    check_stopped: CheckStopped = lambda: None,
) -> Article | list[str]:
    """Read one file as an article, or as the web addresses that it lists.

    Args:
        path: A document, a feed or sitemap, or a .txt file with an address per line.
        source: The source of the article, by default the absolute path.
        check_stopped: Called now and then; raises an exception to abort.

    Raises:
        SourceError: The file cannot be read.
    """
    path = Path(path).expanduser().resolve()
    source = source or str(path)
    fields = {"kind": "file", "path": str(path), "source": source}
    content = _ask(fields, load(path), check_stopped)
    if isinstance(content, Article) and content.source != source:
        raise SourceError(BROKEN)
    return content


def read_fetched(
    fetched: FetchedPage,
    check_stopped: CheckStopped = lambda: None,
) -> Article | list[str]:
    """Read a fetched page as an article, or as the addresses that a feed or sitemap lists.

    Args:
        fetched: The page.
        check_stopped: Called now and then; raises an exception to abort.

    Raises:
        SourceError: The page cannot be read.
    """
    fields = {
        "kind": "page",
        "url": fetched.url,
        "content_type": fetched.content_type,
        "charset": fetched.charset,
    }
    content = _ask(fields, fetched.data, check_stopped)
    # A page may name another address of its own site only.
    if isinstance(content, Article) and content.source != fetched.url:
        named, address = urlsplit(content.source), urlsplit(fetched.url)
        if not may_be_canonical(named, address):
            raise SourceError(BROKEN)
    return content


def _ask(
    fields: dict[str, Any],
    data: bytes,
    check_stopped: CheckStopped,
) -> Article | list[str]:
    """Let a process read data. Raises `SourceError`."""
    check_stopped()
    with _processes.one() as process:
        reply = process.ask(fields, data, check_stopped)
        if reply[0].get("kind") != "error":
            try:
                return unpack(reply)
            except ValueError as error:  # Only a file that took over the process can do this.
                process.end()
                raise SourceError(BROKEN) from error
    if trace := reply[0].get("trace"):
        _log.error("A source failed in the reading process.\n%s", trace)
    raise SourceError(str(reply[0].get("reason")))
