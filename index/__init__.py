"""Turn articles into passages that can be searched.

An article passes through the modules in this order:

- `sources`: reads files, folders, web pages and feeds
- `article`: `Article`, a text with its title, source and date
- `adding`: adds sources to an index, with progress and a report
- `chunking`: cuts an article into chunks
- `embedding`: turns chunks into vectors
- `chroma`: stores articles and chunks
- `search`: finds the chunks that match a query
- `store`: `ArticleIndex`, which brings all of these together

`text` has functions on plain text for all of them, `errors` the errors, and `shipped` the
article that comes with the project.
"""

from __future__ import annotations

import atexit
import os
import threading
from functools import cache
from typing import TYPE_CHECKING, Any

from index.adding.report import AddProgress, AddReport
from index.article import Article
from index.chroma.checkup import CheckReport, Problem
from index.chroma.records import Entry, Removed
from index.chunking import Chunk
from index.embedding.embedder import DEFAULT_EMBEDDER, SentenceEmbedder
from index.errors import (
    ArticleIndexError,
    ArticleNotFoundError,
    EmbedderMismatchError,
    IndexInUseError,
    NotAnIndexError,
    SourceError,
    SourceGoneError,
    StoreError,
)
from index.search.ranking import SearchResult
from index.shipped import shipped_questions
from index.sources.files import FILE_ENDINGS
from index.sources.isolation.reading import read_file
from index.store import ArticleIndex
from index.text.characters import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from index.adding.report import OnProgress
    from index.sources.files import Source

__all__ = [
    "FILE_ENDINGS",
    "AddProgress",
    "AddReport",
    "Article",
    "ArticleIndex",
    "ArticleIndexError",
    "ArticleNotFoundError",
    "CheckReport",
    "Chunk",
    "EmbedderMismatchError",
    "Entry",
    "IndexInUseError",
    "NotAnIndexError",
    "Problem",
    "Removed",
    "SearchResult",
    "SourceError",
    "SourceGoneError",
    "StoreError",
    "add",
    "default_embedder",
    "open_default",
    "printable",
    "read_file",
    "rebuild_default",
    "shipped_questions",
]

_default: ArticleIndex | None = None
_opening = threading.Lock()


def open_default() -> ArticleIndex:
    """Return the default index. It is opened once and closed when the process ends.

    The environment names it: `ARTICLE_INDEX` is its folder or server, `ARTICLE_INDEX_TOKEN` the
    server's token, `ARTICLE_EMBEDDER` its embedding model. Raises `StoreError`.
    """
    global _default  # noqa: PLW0603  # The process has one default index.
    with _opening:
        if _default is None or _default.is_closed:
            _default = ArticleIndex.open(**_default_settings())
            atexit.register(_default.close)
            _default.add_shipped()
        return _default


def rebuild_default(on_progress: OnProgress | None = None) -> AddReport:
    """Rebuild the default index with the embedding model that `ARTICLE_EMBEDDER` names."""
    return ArticleIndex.rebuild(**_default_settings(), on_progress=on_progress)


def add(
    *sources: Source, allow_hosts: Iterable[str] = (), on_progress: OnProgress | None = None
) -> AddReport:
    """Add files, folders, web addresses and `Article`s to the default index.

    The arguments are those of `ArticleIndex.add`.
    """
    return open_default().add(*sources, allow_hosts=allow_hosts, on_progress=on_progress)


def default_embedder() -> SentenceEmbedder:
    """Return the embedding model of the default index, for loading it before the index opens.

    The process has one per name.
    """
    return _embedder(os.environ.get("ARTICLE_EMBEDDER") or DEFAULT_EMBEDDER)


@cache
def _embedder(name: str) -> SentenceEmbedder:
    return SentenceEmbedder(name)


def _default_settings() -> dict[str, Any]:
    """Return the arguments of `ArticleIndex.open` that the environment sets."""
    return {
        "location": os.environ.get("ARTICLE_INDEX") or None,
        "token": os.environ.get("ARTICLE_INDEX_TOKEN") or None,
        "embedder": default_embedder(),
    }
