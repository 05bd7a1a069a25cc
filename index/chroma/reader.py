"""`IndexReader`: what the index holds of an article and its chunks."""

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
    from index.chroma.registry import Known, Registry

    Vectors = NDArray[np.float32]
    """One row per chunk, in their order: (chunks, dimension)."""


class IndexReader:
    """Reads records and chunks. Threads may share it."""

    def __init__(self, connection: Connection, registry: Registry, chunks: Collection) -> None:
        """Read from the registry and the chunks of a connection."""
        self._connection, self._registry, self._chunks = connection, registry, chunks

    def needs_embedding(self, article: Article) -> bool:
        """Return whether adding an article embeds it. Raises `SourceError` for an invalid one."""
        article.check()
        with self._connection.errors():
            current = self._registry.current([article.id]).get(article.id)
        return current is None or not current.holds(article)

    def known(self, address: str) -> Known:
        """Return the id of the article from a file or page, and its page.

        The id is "" if there is no such article; the page is None if it came from a file.
        """
        with self._connection.errors():
            return self._registry.known(address)

    def vectors(self, article: Article) -> Vectors:
        """Return the vectors of an article's chunks, in their order."""
        where = equal_to(article_id=article.id, version=article.version)
        stored: Any = self._chunks.get(where=where, include=["embeddings"])
        order = np.argsort([ChunkId.parse(chunk_id).number for chunk_id in stored["ids"]])
        return np.asarray(stored["embeddings"], dtype=np.float32)[order]

    def count_chunks(self, article_id: str, version: str) -> int:
        """Return the number of stored chunks of a version."""
        where = equal_to(article_id=article_id, version=version)
        return len(self._chunks.get(where=where, include=[])["ids"])
