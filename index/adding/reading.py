"""Sources → what each gives, one after another: files are read, pages fetched, lists followed."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from index.adding.report import AddProgress
from index.article import Article
from index.errors import SourceError
from index.sources.files import expand, read_fetched, read_path
from index.sources.page import Page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from index.adding.report import OnProgress
    from index.sources.files import Item, Source
    from index.sources.http import Fetcher

DEPTH = 2
"""How far lists are followed: a sitemap of sitemaps to its pages."""
MOST_PAGES = 10_000
"""How many pages the lists of one `add` may name."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a source gave: its article, or why there is none. With neither, its page is as it was."""

    source: str
    article: Article | None = None
    page: Page | None = None
    error: SourceError | None = None


class Gathering:
    """Reads sources one after another."""

    def __init__(self, fetcher: Fetcher, known: Callable[[str], Page | None], on_progress: OnProgress | None) -> None:
        """Fetch by `fetcher`; of a page that is `known` by its address, only what changed since."""
        self._fetcher, self._known, self._on_progress = fetcher, known, on_progress
        self._waiting: deque[tuple[Item, int]] = deque()
        self._listed: set[str] = set()
        self._done = 0
        self._told: AddProgress | None = None

    def gather(self, sources: Iterable[Source | Page]) -> Iterator[Found]:
        """Yield what the sources give, and the pages that feeds, sitemaps and lists among them name."""
        for source in sources:
            try:
                self._waiting += [(item, 0) for item in ([source] if isinstance(source, Page) else expand(source))]
            except SourceError as error:
                yield Found(str(source), error=error)
        while self._waiting:
            item, depth = self._waiting.popleft()
            name = _name(item)
            self._tell(name, self._done + 1 + len(self._waiting))
            yield from self._read(item, name, depth)
            self._done += 1

    def tell_end(self) -> None:
        """Tell that all has been dealt with."""
        if self._told:
            self._tell(self._told.source, self._done)

    def tell_share(self, source: str, share: float) -> None:
        """Tell which share of a source that was read is embedded."""
        if self._on_progress and self._told:
            self._on_progress(replace(self._told, source=source, share=share))

    def _tell(self, name: str, total: int) -> None:
        if self._on_progress:
            self._told = AddProgress(name, self._done, total)
            self._on_progress(self._told)

    def _read(self, item: Item, name: str, depth: int) -> Iterator[Found]:
        try:
            if isinstance(item, Article):
                yield Found(name, item)
            elif isinstance(item, Path):
                yield from self._take(read_path(item), name, None, depth)
            else:
                yield from self._fetch(item, depth)
        except SourceError as error:
            yield Found(name, error=error)

    def _fetch(self, page: Page, depth: int) -> Iterator[Found]:
        if depth and not self._fetcher.may_crawl(page.url):
            raise SourceError(
                "the site's robots.txt keeps programs from it; save the page in a browser and add the file"
            )
        before = self._known(page.url) or page
        fetched = self._fetcher.fetch(before.url, before.etag, before.last_modified)
        if fetched is None:
            yield Found(page.url, page=before)
            return
        page_now = Page(fetched.url, fetched.etag, fetched.last_modified)
        yield from self._take(read_fetched(fetched), page.url, page_now, depth)

    def _take(self, read: Article | list[str], name: str, page: Page | None, depth: int) -> Iterator[Found]:
        if isinstance(read, Article):
            yield Found(name, read, page)
            return
        if depth == DEPTH:
            raise SourceError("it is a list within a list of lists; add the one that names the pages")
        new = [address for address in dict.fromkeys(read) if address not in self._listed]
        if len(self._listed) + len(new) > MOST_PAGES:
            raise SourceError(f"it lists more than {MOST_PAGES:,} pages; add the parts that you want")
        self._listed.update(new)
        self._waiting.extendleft((Page(address), depth + 1) for address in reversed(new))


def _name(item: Item) -> str:
    if isinstance(item, Article):
        return item.source
    return item.url if isinstance(item, Page) else str(item)
