"""`Writer`: puts articles with their chunks in and takes them out, each in one step to whoever reads meanwhile."""

from __future__ import annotations

import logging
import threading
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from index.chunking import chunk_article
from index.records import CURRENT, PREVIOUS, STAGED, Record, Removed, chunk_metadata, equal_to

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from chromadb import Collection
    from numpy.typing import NDArray

    from index.article import Article
    from index.connection import Connection
    from index.embedding import Embedder
    from index.records import Metadata
    from index.registry import Known, Registry

    Vectors = NDArray[np.float32]  # one row for each chunk, in their order

_log = logging.getLogger(__name__)

BATCH = 64
"""How many chunks are embedded and stored at a time."""


class Writer:
    """Changes an index. The threads of a process take turns by `alone`, programs by the locks of the registry."""

    def __init__(self, connection: Connection, registry: Registry, chunks: Collection, embedder: Embedder) -> None:
        """Write records into a registry, and chunks with the vectors that an embedder gives into a collection."""
        self._connection = connection
        self.registry = registry
        self.chunks = chunks
        self.embedder = embedder
        self.alone = threading.RLock()

    def put(self, record: Record, vectors: Vectors | None = None, go_on: Callable[[], object] | None = None) -> str:
        """Make a current record what the index holds under its id; return "added", "updated" or "unchanged".

        `vectors` are those of its chunks where they are known; `go_on` is called between the parts of a long one,
        and may raise what stops it. Raises `SourceError` for an article that cannot be kept.
        """
        article = record.article
        article.check()
        with self._turn():
            if self.registry.current(article.id) == record:
                return "unchanged"
            with self.registry.changing(article, self._stored) as check:
                before = self.registry.current(article.id)
                known = before is not None and before.article == article
                if known:
                    of_chunks = self.vectors(article)
                else:
                    of_chunks = self._store(article, vectors, go_on)
                    check()
                if before and not known:
                    self.registry.write(replace(before, state=PREVIOUS))
                added = (before.added if before else record.added) or datetime.now(UTC)
                self.registry.write(replace(record, added=added, chunks=len(of_chunks)), _mean(of_chunks))
                self._clear(article.id)
                return "unchanged" if known else "updated" if before else "added"

    def wants(self, article: Article) -> bool:
        """Return whether `put` would have to embed an article. Raises `SourceError` for one that cannot be kept."""
        article.check()
        with self._connection.errors():
            current = self.registry.current(article.id)
        return current is None or current.article != article

    def known(self, address: str) -> Known:
        """Return the id of the article that was read from a file or page, "" for none, and the page if it is one."""
        with self._connection.errors():
            return self.registry.known(address)

    def remove(self, article_id: str) -> Removed:
        """Remove an article with its chunks and previous versions. Raises `ArticleNotFoundError`."""
        with self._turn(), self.registry.changing(self.registry.find(article_id).article, self._stored):
            removed = Removed(tuple(self.registry.of_article(article_id)))
            self.registry.remove(article_id)
            self._clear(article_id)
            return removed

    def put_back(self, removed: Removed) -> None:
        """Put in again what was removed, unless the article is there by now."""
        with self._turn():
            for record in sorted(removed.records, key=lambda record: record.state == CURRENT):
                if record.state == PREVIOUS:
                    self.keep(record)
                elif not self.registry.current(record.article.id):
                    self.put(record)

    def keep(self, record: Record) -> None:
        """Keep the record of a text that an article had before."""
        with self._turn():
            self.registry.write(record)

    def finish_interrupted(self) -> None:
        """Clear away what interrupted changes have left, in an index that nobody else is changing."""
        with self._turn():
            for record in self.registry.in_state(STAGED):
                self._clear(record.article.id)
                self.registry.unlock(record.article.id)

    def finish(self, article: Article) -> None:
        """Clear away what an interrupted change has left of an article, once nobody is at it."""
        with self._turn(), self.registry.changing(article, self._stored):
            self._clear(article.id)

    def embed_all(self) -> None:
        """Embed all chunks anew, in an index that has lost its vectors and that nobody else is changing."""
        with self._turn():
            records = self.registry.records()
            _log.warning(
                "The vectors of the index were damaged when a program was killed; %d texts are embedded anew.",
                len(records),
            )
            for record in records:
                if record.state == CURRENT:
                    self.registry.write(record, _mean(self._store(record.article)))
                else:
                    self.registry.write(record)

    def restore(self, record: Record) -> None:
        """Store the chunks of a current record anew, and no others of its article."""
        article = record.article
        with self._turn(), self.registry.changing(article, self._stored):
            vectors = self._store(article)
            stored = self.chunks.get(where={"article_id": article.id}, include=[])["ids"]
            if others := sorted(set(stored) - {chunk.id for chunk in chunk_article(article)}):
                self.chunks.delete(ids=others)
            self.registry.write(record, _mean(vectors))

    def _store(
        self, article: Article, vectors: Vectors | None = None, go_on: Callable[[], object] | None = None
    ) -> Vectors:
        """Store the chunks of a version that no record names yet: until one does, no search returns them.

        Returns their vectors.
        """
        chunks = chunk_article(article)
        stored: list[Vectors] = []
        for start in range(0, len(chunks), BATCH):
            if go_on and start:
                go_on()
            batch = chunks[start : start + BATCH]
            texts = [chunk.text for chunk in batch]
            made: Any = self.embedder.embed_documents(texts) if vectors is None else vectors[start : start + BATCH]
            stored.append(np.asarray(made, dtype=np.float32))
            self.chunks.upsert(
                [chunk.id for chunk in batch],
                stored[-1],
                [chunk_metadata(chunk, article) for chunk in batch],
                texts,
            )
        return np.concatenate(stored)

    def _stored(self, article: Article) -> int:
        """Return how many chunks of a version are stored."""
        return len(self.chunks.get(where=equal_to(article_id=article.id, version=article.version), include=[])["ids"])

    def _clear(self, article_id: str) -> None:
        """Remove the chunks of an article that are not of its current version."""
        version = self.registry.versions({article_id}).get(article_id)
        every: Metadata = {"article_id": article_id}
        others: Metadata = {"$and": [every, {"version": {"$ne": version}}]}
        where = others if version else every
        # To look costs a small part of what a deletion does, even that of nothing.
        if self.chunks.get(where=where, limit=1, include=[])["ids"]:
            self.chunks.delete(where=where)

    def vectors(self, article: Article) -> Vectors:
        """Return the vectors of an article's chunks, in their order."""
        where = equal_to(article_id=article.id, version=article.version)
        found: Any = self.chunks.get(where=where, include=["embeddings"])
        order = np.argsort([int(chunk_id.rsplit(":", 1)[1]) for chunk_id in found["ids"]])
        return np.asarray(found["embeddings"], dtype=np.float32)[order]

    @contextmanager
    def _turn(self) -> Iterator[None]:
        with self.alone, self._connection.errors():
            yield


def _mean(vectors: Vectors) -> Sequence[float]:
    mean: list[float] = vectors.mean(axis=0).tolist()
    return mean
