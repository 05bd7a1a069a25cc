"""Read sources one after another, following feeds and sitemaps to their pages."""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from index.adding.report import AddProgress
from index.article import Article
from index.errors import ArticleIndexError, SourceError, unforeseen
from index.sources.files import expand
from index.sources.isolation.reading import read_fetched, read_path
from index.sources.page import SAVE_PAGE, Page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from index.adding.report import OnProgress
    from index.sources.files import Item, Source
    from index.sources.http import Fetcher

LIST_DEPTH = 2
"""Levels of lists that are followed: a sitemap of sitemaps of pages."""
MOST_LISTED_PAGES = 10_000
"""Pages that all lists of one `add` may name."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ReadSource:
    """A source that was read. With neither article nor error, its page has not changed.

    Attributes:
        source: The path or address.
        article: The article of the source.
        page: The page that the article was fetched from.
        error: The reason why the source gave no article.
    """

    source: str
    article: Article | None = None
    page: Page | None = None
    error: SourceError | None = None


class StoppedError(Exception):
    """The caller of an `add` has set its stop event."""


class SourceReader:
    """Reads sources one after another, and reports progress."""

    def __init__(
        self,
        fetcher: Fetcher,
        known_page: Callable[[str], Page | None],
        on_progress: OnProgress | None,
        check_stopped: Callable[[], object] = lambda: None,
    ) -> None:
        """Configure the reader.

        Args:
            fetcher: Fetches web pages.
            known_page: Returns the page of an address with the validators of its last response,
                so that an unchanged page is not fetched again.
            on_progress: Called with an `AddProgress` for each source.
            check_stopped: Called now and then; raises `StoppedError` to abort.
        """
        self._fetcher = fetcher
        self._known_page = known_page
        self._on_progress = on_progress
        self._check_stopped = check_stopped
        self._waiting: deque[tuple[Item, int]] = deque()  # Items with the depth of their list.
        self._listed: set[str] = set()
        self._done = 0
        self._progress: AddProgress | None = None

    def read(self, sources: Iterable[Source | Page]) -> Iterator[ReadSource]:
        """Yield each source, and each page that a feed, sitemap or list among them names."""
        for source in sources:
            try:
                items = [source] if isinstance(source, Page) else expand(source)
                self._waiting += [(item, 0) for item in items]
            except Exception as error:  # noqa: BLE001  # No source stops the others.
                yield _failure(_source_name(source), error)
        while self._waiting:
            item, depth = self._waiting.popleft()
            name = _source_name(item)
            self._report(name, self._done + 1 + len(self._waiting))
            yield from self._read_item(item, name, depth)
            self._done += 1

    def report_end(self) -> None:
        """Report that all sources are finished."""
        if self._progress:
            self._report(self._progress.source, self._done)

    def report_share(self, source: str, share: float) -> None:
        """Report the fraction of a source, 0 to 1, that is embedded."""
        if self._on_progress and self._progress:
            self._on_progress(replace(self._progress, source=source, share=share))

    def _report(self, name: str, total: int) -> None:
        if self._on_progress:
            self._progress = AddProgress(name, self._done, total)
            self._on_progress(self._progress)

    def _read_item(self, item: Item, name: str, depth: int) -> Iterator[ReadSource]:
        """Yield the article of an item or its error; nothing for a list, which joins the queue."""
        try:
            if isinstance(item, Article):
                item.check()
                yield ReadSource(name, item)
            elif isinstance(item, Path):
                content = read_path(item, check_stopped=self._check_stopped)
                yield from self._accept(content, name, None, depth)
            else:
                yield from self._fetch(item, depth)
        except Exception as error:  # noqa: BLE001  # No source stops the others.
            yield _failure(name, error)

    def _fetch(self, page: Page, depth: int) -> Iterator[ReadSource]:
        # robots.txt applies to pages that a list names, not to a page that the user names.
        if depth and not self._fetcher.may_crawl(page.url):
            raise SourceError(
                f"the site's robots.txt does not allow programs to read it; {SAVE_PAGE}"
            )
        known = self._known_page(page.url) or page
        fetched = self._fetcher.fetch(known.url, known.etag, known.last_modified)
        if fetched is None:
            yield ReadSource(page.url, page=known)
            return
        now = Page(fetched.url, fetched.etag, fetched.last_modified)
        content = read_fetched(fetched, self._check_stopped)
        yield from self._accept(content, page.url, now, depth)

    def _accept(
        self, content: Article | list[str], name: str, page: Page | None, depth: int
    ) -> Iterator[ReadSource]:
        """Yield an article, or put the pages of a list at the head of the queue.

        Args:
            content: The article, or the addresses of a list.
            name: The source.
            page: The page that the content was fetched from, if any.
            depth: The level of the list that named the source; 0 if the user named it.
        """
        if isinstance(content, Article):
            yield ReadSource(name, content, page)
            return
        if depth == LIST_DEPTH:
            raise SourceError("the lists are nested too deeply; add the list that names the pages")
        new = [address for address in dict.fromkeys(content) if address not in self._listed]
        if len(self._listed) + len(new) > MOST_LISTED_PAGES:
            raise SourceError(
                f"the lists name more than {MOST_LISTED_PAGES:,} pages; add only the ones you need"
            )
        self._listed.update(new)
        self._waiting.extendleft((Page(address), depth + 1) for address in reversed(new))


def _source_name(item: Source | Item) -> str:
    r"""Return the name of a source for the report.

    A file name that is not UTF-8 has lone surrogates. The report spells them: "rain\\udcff.txt".
    """
    name: object = item
    if isinstance(item, Article):
        name = item.source
    elif isinstance(item, Page):
        name = item.url
    return str(name).encode(errors="backslashreplace").decode()


def _failure(name: str, error: Exception) -> ReadSource:
    """Return the failure of a source, whatever the source raised.

    An unforeseen error is logged with its trace. An error of the index concerns all sources: it
    is raised again, and so is a `StoppedError`.
    """
    if isinstance(error, SourceError):
        return ReadSource(name, error=error)
    if isinstance(error, (ArticleIndexError, StoppedError)):
        raise error
    _log.error("The source %r failed.", name, exc_info=error)
    return ReadSource(name, error=unforeseen(error))
