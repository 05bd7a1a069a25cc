"""The library on the page: its list and its actions. Values from the browser are checked."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from assistant import language_name
from assistant.page.jobs import Jobs
from assistant.page.uploads import Uploads
from index import Article, ArticleIndexError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from index import ArticleIndex, Entry, Removed

LONGEST_PASTED = 1_000_000
"""Characters of a pasted text; a long book has about as many."""
MOST_UNDOABLE = 50
"""Removals that can be undone, the latest ones."""


class AddingError(ArticleIndexError):
    """The page cannot add this; the message names the sources that it can add."""


class Library:
    """Lists, adds, refreshes and removes the articles of one index. Thread-safe."""

    def __init__(
        self, open_index: Callable[[], ArticleIndex], allow_hosts: Sequence[str] = ()
    ) -> None:
        """Use the index from `open_index`; `allow_hosts` may be fetched although not public."""
        self._open_index = open_index
        self.jobs = Jobs(open_index, allow_hosts)
        self.uploads = Uploads()
        self._removed: OrderedDict[str, Removed] = OrderedDict()
        self._lock = threading.Lock()

    def look(self) -> dict[str, Any]:
        """Return the rows of the list and the jobs."""
        rows = [self._row(entry) for entry in self._open_index().entries()]
        return {"articles": rows, "jobs": self.jobs.to_json()}

    def add_address(self, address: str) -> None:
        """Begin to add a page, feed or sitemap. Raises `AddingError` unless it is a web address."""
        self.jobs.add(web_address(address), web_address(address))

    def add_files(self, keys: Any) -> None:
        """Begin to add uploaded files by their keys. Raises `UploadError` for an unknown key."""
        if paths := self.uploads.claim(keys):
            self.jobs.add_files(paths, lambda: self.uploads.discard(paths))

    def add_text(self, text: str) -> None:
        """Begin to add a pasted text. Raises `AddingError` if it is empty or too long."""
        article = pasted(text)
        self.jobs.add(article.title, article)

    def refresh(self, article_id: str | None) -> None:
        """Begin to read an article again from its source; without an id, all articles."""
        index = self._open_index()
        if article_id is None:
            self.jobs.refresh("All articles, read again")
        else:
            self.jobs.refresh(f"{index.article(article_id).title}, read again", article_id)

    def remove(self, article_id: str) -> str:
        """Remove an article and return its title. Raises `ArticleNotFoundError`."""
        index = self._open_index()
        title = index.article(article_id).title
        removed = index.remove(article_id)
        with self._lock:
            self._removed[article_id] = removed
            while len(self._removed) > MOST_UNDOABLE:
                self._removed.popitem(last=False)
        return title

    def put_back(self, article_id: str) -> None:
        """Undo a removal. Raises `AddingError` if it is too long ago."""
        with self._lock:
            removed = self._removed.pop(article_id, None)
        if removed is None:
            raise AddingError("This removal is too long ago to be undone; add the article again.")
        self._open_index().put_back(removed)

    def in_language(self, language: str, articles: Sequence[str] | None) -> list[str] | None:
        """Select articles by their language.

        Args:
            language: The code of the language; "" is any.
            articles: The ids of the articles to select from, by default all.

        Returns:
            The ids of the selected articles; nothing if all are selected.
        """
        if not language:
            return None if articles is None else list(articles)
        chosen = None if articles is None else set(articles)
        return [
            entry.id
            for entry in self._open_index().entries()
            if entry.language == language and (chosen is None or entry.id in chosen)
        ]

    def languages(self) -> list[tuple[str, str]]:
        """Return the names and codes of the articles' languages."""
        codes = {entry.language for entry in self._open_index().entries()} - {None}
        return sorted((language_name(code), code) for code in codes if code)

    def _row(self, entry: Entry) -> dict[str, Any]:
        state = "ready"
        if failure := self.jobs.failures.get(entry.source):
            state = f"not read: {failure}"
        if entry.is_changing:
            state = "being changed"
        return {
            "id": entry.id,
            "title": entry.title,
            "source": entry.source,
            "published": entry.published.isoformat() if entry.published else None,
            "language": entry.language,
            "words": entry.words,
            "chunks": entry.chunks,
            "added": entry.added.isoformat() if entry.added else None,
            "state": state,
            "renewable": entry.is_renewable,
        }


def pasted(text: str) -> Article:
    """Convert a pasted text to an article. Raises `AddingError` if it is empty or too long."""
    if not text.strip():
        raise AddingError("There is no text yet; paste one, its title as the first line.")
    if len(text) > LONGEST_PASTED:
        raise AddingError(
            f"The text has {len(text):,} characters and can have {LONGEST_PASTED:,}; add it in "
            "parts."
        )
    return Article.pasted(text)


def web_address(address: str) -> str:
    """Return a web address without surrounding space.

    Raises:
        AddingError: The address is not http or https; a path of this machine never is.
    """
    address = address.strip()
    try:
        parts = urlsplit(address)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme.lower() not in {"http", "https"} or not parts.netloc:
        raise AddingError(
            "Give a web address that begins with https:// or http://; choose files below it."
        )
    return address
