"""`ChunkStore`: writes and removes the chunks of articles with their vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from index.chroma.records import chunk_metadata
from index.chunking import ChunkId, chunk_article

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from chromadb import Collection

    from index.article import Article
    from index.chroma.connection import Connection
    from index.chroma.reader import Vectors
    from index.chroma.records import Metadata, Record
    from index.chroma.registry import Registry
    from index.chunking import Chunk
    from index.embedding.embedder import Embedder

CHUNKS_PER_WRITE = 512


class ChunkStore:
    """Chroma's collection of chunks, as its writer sees it."""

    def __init__(
        self, connection: Connection, registry: Registry, chunks: Collection, embedder: Embedder
    ) -> None:
        """Write into a collection.

        Args:
            connection: The connection of the collection.
            registry: The records of the articles, for their current versions.
            chunks: The collection of chunks.
            embedder: The model for chunks without vectors.
        """
        self._connection = connection
        self._registry = registry
        self._chunks = chunks
        self._embedder = embedder

    def store(
        self,
        articles: Sequence[tuple[Article, Vectors | None]],
        check_stopped: Callable[[], object] | None = None,
    ) -> dict[str, Vectors]:
        """Store the chunks of new versions. No search returns them before a record names them.

        Args:
            articles: Articles with their chunks' vectors. Unless all are given, all are made.
            check_stopped: Called between two writes; it raises to abort.

        Returns:
            The vectors of each article's chunks, by article id.
        """
        chunks = {article.id: chunk_article(article) for article, _ in articles}
        rows = [(chunk, article) for article, _ in articles for chunk in chunks[article.id]]
        # Use the given vectors if all articles have them.
        given_vectors = [vectors for _, vectors in articles if vectors is not None]
        has_all = bool(given_vectors) and len(given_vectors) == len(articles)
        known_vectors = np.concatenate(given_vectors) if has_all else None
        # Store the chunks in batches.
        stored: list[Vectors] = []
        for start in range(0, len(rows), CHUNKS_PER_WRITE):
            if check_stopped and start:
                check_stopped()
            batch = slice(start, start + CHUNKS_PER_WRITE)
            vectors = None if known_vectors is None else known_vectors[batch]
            stored.append(self._store_batch(rows[batch], vectors))
        if not stored:
            return {}
        # Split the vectors by article.
        ends = np.cumsum([len(article_chunks) for article_chunks in chunks.values()])
        return dict(zip(chunks, np.split(np.concatenate(stored), ends[:-1]), strict=True))

    def _store_batch(
        self, rows: Sequence[tuple[Chunk, Article]], vectors: Vectors | None
    ) -> Vectors:
        """Write some chunks in one step, embedding them unless vectors are given."""
        self._connection.check_room(len(rows))
        embedded: Any = vectors
        if embedded is None:
            embedded = self._embedder.embed_documents([chunk.text for chunk, _ in rows])
        vectors = np.asarray(embedded, dtype=np.float32)
        self._chunks.upsert(
            [chunk.id for chunk, _ in rows],
            vectors,
            [chunk_metadata(chunk, article) for chunk, article in rows],
            [""] * len(rows),  # LangChain requires documents.
        )
        return vectors

    def remove(self, records: Iterable[Record]) -> None:
        """Remove the chunks of stored records that are no longer current."""
        for record in records:
            if record.chunks:
                # By ids Chroma is fast; by a filter, the slower the more chunks the index has.
                numbers = range(record.chunks)
                ids = [str(ChunkId(record.article.id, record.version, n)) for n in numbers]
                self._chunks.delete(ids=ids)
            else:
                self.clear([record.article.id])

    def clear(self, article_ids: Iterable[str]) -> None:
        """Remove the chunks and marks of versions that are not current."""
        for article_id in article_ids:
            self._registry.unmark_others(article_id)
            version = self._registry.versions({article_id}).get(article_id)
            every: Metadata = {"article_id": article_id}
            others: Metadata = {"$and": [every, {"version": {"$ne": version}}]}
            self._chunks.delete(where=others if version else every)

    def remove_others(self, article: Article) -> None:
        """Remove all chunks of an article but those of the given version."""
        stored = self._chunks.get(where={"article_id": article.id}, include=[])["ids"]
        expected = {chunk.id for chunk in chunk_article(article)}
        if others := sorted(set(stored) - expected):
            self._chunks.delete(ids=others)
