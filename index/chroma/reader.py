"""`IndexReader`: read access to articles and chunks for writers and importers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from index.chroma.records import equal_to
from index.chunking import ChunkId

if TYPE_CHECKING:
    from chromadb import Collection
    from numpy.typing import NDArray

    from index.article import Article
    from index.chroma.connection import Connection
    from index.chroma.registry import Registry
    from index.sources.page import Page

    Vectors = NDArray[np.float32]
    """The vectors of chunks in their order: (chunks, dimension)."""


class IndexReader:
    """Reads records and chunks. Threads may share it."""

    def __init__(self, connection: Connection, registry: Registry, chunks: Collection) -> None:
        """Read from the registry and the chunk collection of a connection."""
        self._connection, self._registry, self._chunks = connection, registry, chunks

    def needs_embedding(self, article: Article) -> bool:
        """Return whether adding an article embeds it. Raises `SourceError` for an invalid one."""
        article.check()
        with self._connection.errors():
            current = self._registry.current([article.id]).get(article.id)
        return current is None or not current.is_of(article)

    def find_source(self, address: str) -> tuple[str, Page | None]:
        """Return the article id and page of a file or web address.

        The id is "" if there is no such article. An article from a file has no page.
        """
        with self._connection.errors():
            return self._registry.find_source(address)

    def vectors(self, article: Article) -> Vectors:
        """Return the vectors of an article's chunks, in their order."""
        where = equal_to(article_id=article.id, version=article.version)
        rows: Any = self._chunks.get(where=where, include=["embeddings"])
        order = np.argsort([ChunkId.parse(chunk_id).number for chunk_id in rows["ids"]])
        return np.asarray(rows["embeddings"], dtype=np.float32)[order]

    def count_chunks(self, article_id: str, version: str) -> int:
        """Return the number of stored chunks of a version."""
        where = equal_to(article_id=article_id, version=version)
        return len(self._chunks.get(where=where, include=[])["ids"])
