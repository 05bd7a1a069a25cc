"""`IndexWriter`: adds, replaces and removes articles; searches see each change in one step."""

from __future__ import annotations

import logging
import threading
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from index.chroma.chunk_store import ChunkStore
from index.chroma.reader import IndexReader
from index.chroma.records import CURRENT, PREVIOUS, STAGED, Record, Removed
from index.chunking import chunk_article
from index.errors import ArticleIndexError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from chromadb import Collection

    from index.article import Article
    from index.chroma.connection import Connection
    from index.chroma.locks import Lease
    from index.chroma.reader import Vectors
    from index.chroma.registry import Registry
    from index.embedding.embedder import Embedder

    RecordWithVectors = tuple[Record, Vectors | None]
    """A record, and the vectors of its chunks if they are known."""
    CheckStopped = Callable[[], object]
    """Raises to abort a long write."""

_log = logging.getLogger(__name__)


class IndexWriter:
    """Changes an index.

    Attributes:
        registry: The records of the articles; its locks keep programs apart.
        chunks: The collection of chunks.
        embedder: The model that embeds them.
        reader: Reads records and chunks.
        alone: The lock that keeps the threads of this process apart.
    """

    def __init__(
        self, connection: Connection, registry: Registry, chunks: Collection, embedder: Embedder
    ) -> None:
        """Write records into a registry, and chunks with vectors into a collection."""
        self.registry = registry
        self.chunks = chunks
        self.embedder = embedder
        self.reader = IndexReader(connection, registry, chunks)
        self.alone = threading.RLock()
        self._connection = connection
        self._chunk_store = ChunkStore(connection, registry, chunks, embedder)
        self._failed_ids: set[str] = set()

    def put(self, record: Record, vectors: Vectors | None = None) -> str:
        """Add or replace one article; see `put_all`."""
        return self.put_all([(record, vectors)])[0]

    def put_all(
        self, records: Sequence[RecordWithVectors], check_stopped: CheckStopped | None = None
    ) -> list[str]:
        """Store several articles in one batch, replacing their current versions.

        A batch needs as few writes as a single article; only its chunks make it slower.

        Args:
            records: Current records of different articles, with vectors if known.
            check_stopped: Called between two writes; it raises to abort.

        Returns:
            "added", "updated" or "unchanged" for each record.

        Raises:
            SourceError: An article is invalid; nothing is stored.
        """
        for record, _ in records:
            record.article.check()
        with self._turn():
            before = self.registry.current(record.article.id for record, _ in records)
            changed = [
                (record, vectors)
                for record, vectors in records
                if not _is_stored(record, before.get(record.article.id))
            ]
            outcomes = self._change(changed, check_stopped) if changed else {}
        return [outcomes.get(record.article.id, "unchanged") for record, _ in records]

    def _change(
        self, records: Sequence[RecordWithVectors], check_stopped: CheckStopped | None
    ) -> dict[str, str]:
        """Store changed records; return the outcomes by article id.

        If it fails, it removes the chunks that it stored, now or at the next write.
        """
        ids = {record.article.id for record, _ in records}
        with self._locked([record.article for record, _ in records]) as lease:
            try:
                with self._connection.errors():
                    return self._replace(records, lease, check_stopped)
            except BaseException:
                self._failed_ids |= ids
                with suppress(ArticleIndexError), self._connection.errors():
                    lease.check()
                    self._chunk_store.clear(ids)
                    self._failed_ids -= ids
                raise

    def _replace(
        self,
        records: Sequence[RecordWithVectors],
        lease: Lease,
        check_stopped: CheckStopped | None,
    ) -> dict[str, str]:
        """Store locked records. A crash between two steps leaves each article old or new."""
        new = {record.article.id: record for record, _ in records}
        old = self.registry.current(new)
        # Store the chunks of new versions: searches skip them, as no record names them.
        reused = self._stored_vectors(new, old)
        unstored = [
            (record.article, rows) for record, rows in records if record.article.id not in reused
        ]
        vectors = reused | self._chunk_store.store(unstored, check_stopped)
        lease.check()
        # Store the outgoing records as previous versions.
        self.registry.write(
            *(
                replace(record, state=PREVIOUS)
                for key, record in old.items()
                if record.article.version != new[key].article.version
            )
        )
        # Write the new records: from this step on, searches find the new versions.
        self.registry.write(
            *(_completed(new[key], old.get(key), len(vectors[key])) for key in new),
            vectors={key: _mean(rows) for key, rows in vectors.items()},
        )
        # Remove the marks and chunks that are stored under another version than the new one.
        replaced = [
            record for key, record in old.items() if record.version != new[key].article.version
        ]
        self.registry.unmark(replaced)
        self._chunk_store.remove(replaced)
        self._chunk_store.clear(lease.inherited)
        return {key: _outcome(record.article, old.get(key)) for key, record in new.items()}

    def _stored_vectors(
        self, new: Mapping[str, Record], old: Mapping[str, Record]
    ) -> dict[str, Vectors]:
        """Return the stored vectors of the articles whose text and chunks need no change."""
        stored: dict[str, Vectors] = {}
        for key, record in old.items():
            article = new[key].article
            if record.is_of(article):
                vectors = self.reader.vectors(article)
                if len(vectors) == len(chunk_article(article)):
                    stored[key] = vectors
        return stored

    def remove(self, article_id: str) -> Removed:
        """Remove an article with its chunks and previous versions.

        Raises `ArticleNotFoundError`.
        """
        with self._turn(), self._locked([self.registry.find(article_id).article]) as lease:
            removed = Removed(tuple(self.registry.history(article_id)))
            self.registry.remove(article_id)
            self._chunk_store.remove(
                record for record in removed.records if record.state == CURRENT
            )
            self._chunk_store.clear(lease.inherited)
            return removed

    def put_back(self, removed: Removed) -> None:
        """Undo a removal, unless the article has been added again since."""
        with self._turn():
            for record in sorted(removed.records, key=lambda record: record.state == CURRENT):
                if record.state == PREVIOUS:
                    self.put_previous(record)
                elif not self.registry.current([record.article.id]):
                    self.put(record)

    def put_previous(self, record: Record) -> None:
        """Store the record of a previous version."""
        with self._turn():
            self.registry.write(record)

    def finish_interrupted(self) -> None:
        """Remove the remains of interrupted changes. No other program may be writing."""
        with self._turn():
            self._clear_staged()

    def _clear_staged(self) -> None:
        for record in self.registry.in_state(STAGED):
            self._chunk_store.clear([record.article.id])
            self.registry.locks.unlock(record.article.id)

    def finish(self, article: Article) -> None:
        """Remove the remains of an interrupted change, once its lock is free."""
        with self._turn(), self._locked([article]):
            self._chunk_store.clear([article.id])

    def embed_all(self) -> None:
        """Embed all chunks of an index that lost its vectors. No other program may be writing."""
        with self._turn():
            records: list[Record] = []
            for state in (CURRENT, PREVIOUS, STAGED):
                records += self.registry.in_state(state)
            _log.warning(
                "A killed program has damaged the vectors of the index; %d texts are embedded "
                "again.",
                len(records),
            )
            for record in records:
                if record.state == CURRENT:
                    self._rewrite(record)
                else:
                    self.registry.write(record)

    def restore(self, record: Record) -> None:
        """Store a current record's chunks again, and remove all others."""
        with self._turn(), self._locked([record.article]):
            self._chunk_store.remove_others(record.article)
            self._rewrite(record)

    def _rewrite(self, record: Record) -> None:
        """Write a current record and its chunks with new vectors."""
        vectors = self._chunk_store.store([(record.article, None)])
        self.registry.write(record, vectors={key: _mean(rows) for key, rows in vectors.items()})

    def _locked(self, articles: Sequence[Article]) -> AbstractContextManager[Lease]:
        """Hold the locks of articles. A writer counts as alive while its stored chunks grow."""
        return self.registry.locks.hold(articles, self.reader.count_chunks)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Let no other thread write meanwhile; check first that the disk has room."""
        with self.alone, self._connection.errors():
            self._connection.check_room()
            self.clear_failed()
            yield

    def clear_failed(self) -> None:
        """Remove the remains of failed changes, once the folder can be written again."""
        database = self._connection.database
        with self.alone, self._connection.errors():
            if database and database.has_leftovers and database.can_write:
                self._clear_staged()
                self._chunk_store.clear(self._failed_ids)
                self._failed_ids.clear()
                database.has_leftovers = False


def _is_stored(record: Record, old: Record | None) -> bool:
    """Return whether an old record equals a new one, and its chunks are of the same version."""
    return old == record and old.is_of(record.article)


def _outcome(article: Article, old: Record | None) -> str:
    """Return the outcome of storing an article that had an old record."""
    if old is None:
        return "added"
    return "unchanged" if old.is_of(article) else "updated"


def _completed(record: Record, old: Record | None, chunks: int) -> Record:
    """Return a record with its number of chunks and the time of the first add."""
    added = (old.added if old else record.added) or datetime.now(UTC)
    return replace(record, added=added, chunks=chunks)


def _mean(vectors: Vectors) -> Sequence[float]:
    mean: list[float] = vectors.mean(axis=0).tolist()
    return mean
