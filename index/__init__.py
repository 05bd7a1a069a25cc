"""Articles in, the passages that fit a question out.

Read the modules in the order in which an article passes through them: sources (with documents, pdf, web, fetching),
article, gathering, intake, preparing, chunking, embedding, writing, store, ranking.
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
from index.sources.files import FILE_ENDINGS, read_file
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
    """Return the default index, opened once for the process and closed at its end.

    `ARTICLE_INDEX` names its folder or server, `ARTICLE_INDEX_TOKEN` holds what the server wants to be told,
    `ARTICLE_EMBEDDER` names its embedding model.
    """
    global _default  # noqa: PLW0603  # one for the process is what a default is
    with _opening:
        if _default is None or _default.is_closed:
            _default = ArticleIndex.open(**_default_settings())
            atexit.register(_default.close)
            _default.add_shipped()
        return _default


def rebuild_default(on_progress: OnProgress | None = None) -> AddReport:
    """Make the default index anew with the embedding model that `ARTICLE_EMBEDDER` names."""
    return ArticleIndex.rebuild(**_default_settings(), on_progress=on_progress)


def add(*sources: Source, allow_hosts: Iterable[str] = (), on_progress: OnProgress | None = None) -> AddReport:
    """Add files, folders, web addresses and `Article`s to the default index; see `ArticleIndex.add`."""
    return open_default().add(*sources, allow_hosts=allow_hosts, on_progress=on_progress)


def default_embedder() -> SentenceEmbedder:
    """Return the embedding model of the default index, one for the process: it can be loaded before that is open."""
    return _embedder(os.environ.get("ARTICLE_EMBEDDER") or DEFAULT_EMBEDDER)


@cache
def _embedder(name: str) -> SentenceEmbedder:
    return SentenceEmbedder(name)


def _default_settings() -> dict[str, Any]:
    names = {"location": "ARTICLE_INDEX", "token": "ARTICLE_INDEX_TOKEN"}
    set_by = {argument: os.environ.get(name) or None for argument, name in names.items()}
    return {"embedder": default_embedder(), **set_by}
