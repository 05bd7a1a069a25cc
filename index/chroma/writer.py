"""`IndexWriter`: puts articles with their chunks in and takes them out, each in one step to whoever reads meanwhile."""

from __future__ import annotations

import logging
import threading
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from index.chroma.reader import IndexReader
from index.chroma.records import CURRENT, PREVIOUS, STAGED, Record, Removed, chunk_metadata
from index.chunking import ChunkId, chunk_article
from index.errors import ArticleIndexError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from chromadb import Collection

    from index.article import Article
    from index.chroma.connection import Connection
    from index.chroma.reader import Vectors
    from index.chroma.locks import HeldLocks
    from index.chroma.records import Metadata
    from index.chroma.registry import Registry
    from index.embedding.embedder import Embedder

_log = logging.getLogger(__name__)

BATCH = 512
"""How many chunks are stored at a time."""


class IndexWriter:
    """Changes an index. The threads of a process take turns by `alone`, programs by the locks of the registry."""

    def __init__(self, connection: Connection, registry: Registry, chunks: Collection, embedder: Embedder) -> None:
        """Write records into a registry, and chunks with the vectors that an embedder gives into a collection."""
        self._connection = connection
        self.registry = registry
        self.chunks = chunks
        self.embedder = embedder
        self.reader = IndexReader(connection, registry, chunks)
        self.alone = threading.RLock()

    def put(self, record: Record, vectors: Vectors | None = None) -> str:
        """Make a current record what the index holds under its id; return "added", "updated" or "unchanged".

        `vectors` are those of its chunks where they are known. Raises `SourceError` for an article that cannot be kept.
        """
        return self.put_all([(record, vectors)])[0]

    def put_all(
        self, prepared: Sequence[tuple[Record, Vectors | None]], go_on: Callable[[], object] | None = None
    ) -> list[str]:
        """Make current records of different articles, with the vectors of their chunks, what the index holds of them.

        Return what became of each, as `put` does. Together they take as few writes as one alone, and a write takes as
        long as many chunks. `go_on` is called between the parts of a long one, and may raise what stops it.
        """
        for record, _ in prepared:
            record.article.check()
        with self._turn():
            there = self.registry.current(record.article.id for record, _ in prepared)
            changed = [
                (record, vectors) for record, vectors in prepared if not _is_there(record, there.get(record.article.id))
            ]
            outcomes = self._change(changed, go_on) if changed else {}
        return [outcomes.get(record.article.id, "unchanged") for record, _ in prepared]

    def _change(
        self, prepared: Sequence[tuple[Record, Vectors | None]], go_on: Callable[[], object] | None
    ) -> dict[str, str]:
        """Put in records that differ from what is there; return what became of each article."""
        with self.registry.locks.held([record.article for record, _ in prepared], self.reader.count_chunks) as held:
            try:
                with self._connection.errors():
                    return self._replace(prepared, held, go_on)
            except BaseException:
                with suppress(ArticleIndexError), self._connection.errors():
                    held.check()
                    self._clear(record.article.id for record, _ in prepared)
                raise

    def _replace(
        self, prepared: Sequence[tuple[Record, Vectors | None]], held: HeldLocks, go_on: Callable[[], object] | None
    ) -> dict[str, str]:
        records = {record.article.id: record for record, _ in prepared}
        before = self.registry.current(records)
        kept = self._kept(records, before)
        new = [(record.article, rows) for record, rows in prepared if record.article.id not in kept]
        vectors = kept | self._store(new, go_on)
        held.check()
        self.registry.write(
            *(
                replace(old, state=PREVIOUS)
                for one, old in before.items()
                if old.article.version != records[one].article.version
            )
        )
        self.registry.write(
            *(_since(record, before.get(one), len(vectors[one])) for one, record in records.items()),
            vectors={one: _mean(rows) for one, rows in vectors.items()},
        )
        # What the version that has just become current is made of stays, whatever else the old record says.
        outgoing = [old for one, old in before.items() if old.version != records[one].article.version]
        self.registry.unmark(outgoing)
        self._remove_chunks(outgoing)
        self._clear(held.inherited)
        return {one: _outcome(record.article, before.get(one)) for one, record in records.items()}

    def _kept(self, records: Mapping[str, Record], before: Mapping[str, Record]) -> dict[str, Vectors]:
        """Return the vectors of the articles whose versions are stored already, with all their chunks."""
        kept: dict[str, Vectors] = {}
        for one, old in before.items():
            article = records[one].article
            if old.holds(article):
                vectors = self.reader.vectors(article)
                if len(vectors) == len(chunk_article(article)):
                    kept[one] = vectors
        return kept

    def remove(self, article_id: str) -> Removed:
        """Remove an article with its chunks and previous versions. Raises `ArticleNotFoundError`."""
        with (
            self._turn(),
            self.registry.locks.held([self.registry.find(article_id).article], self.reader.count_chunks) as held,
        ):
            removed = Removed(tuple(self.registry.of_article(article_id)))
            self.registry.remove(article_id)
            self._remove_chunks(record for record in removed.records if record.state == CURRENT)
            self._clear(held.inherited)
            return removed

    def put_back(self, removed: Removed) -> None:
        """Put in again what was removed, unless the article is there by now."""
        with self._turn():
            for record in sorted(removed.records, key=lambda record: record.state == CURRENT):
                if record.state == PREVIOUS:
                    self.keep(record)
                elif not self.registry.current([record.article.id]):
                    self.put(record)

    def keep(self, record: Record) -> None:
        """Keep the record of a text that an article had before."""
        with self._turn():
            self.registry.write(record)

    def finish_interrupted(self) -> None:
        """Clear away what interrupted changes have left, in an index that nobody else is changing."""
        with self._turn():
            for record in self.registry.in_state(STAGED):
                self._clear([record.article.id])
                self.registry.locks.unlock(record.article.id)

    def finish(self, article: Article) -> None:
        """Clear away what an interrupted change has left of an article, once nobody is at it."""
        with self._turn(), self.registry.locks.held([article], self.reader.count_chunks):
            self._clear([article.id])

    def embed_all(self) -> None:
        """Embed all chunks anew, in an index that has lost its vectors and that nobody else is changing."""
        with self._turn():
            records = [record for state in (CURRENT, PREVIOUS, STAGED) for record in self.registry.in_state(state)]
            _log.warning(
                "The vectors of the index were damaged when a program was killed; %d texts are embedded anew.",
                len(records),
            )
            for record in records:
                if record.state == CURRENT:
                    self._rewrite(record)
                else:
                    self.registry.write(record)

    def restore(self, record: Record) -> None:
        """Store the chunks of a current record anew, and no others of its article."""
        article = record.article
        with self._turn(), self.registry.locks.held([article], self.reader.count_chunks):
            stored = self.chunks.get(where={"article_id": article.id}, include=[])["ids"]
            if others := sorted(set(stored) - {chunk.id for chunk in chunk_article(article)}):
                self.chunks.delete(ids=others)
            self._rewrite(record)

    def _rewrite(self, record: Record) -> None:
        """Write a current record and its chunks as they are, with new vectors."""
        vectors = self._store([(record.article, None)])
        self.registry.write(record, vectors={one: _mean(rows) for one, rows in vectors.items()})

    def _store(
        self, articles: Sequence[tuple[Article, Vectors | None]], go_on: Callable[[], object] | None = None
    ) -> dict[str, Vectors]:
        """Store the chunks of versions that no record names yet: until one does, no search returns them.

        They are embedded, unless the vectors of all of them are given. Returns those of each article.
        """
        chunks = {article.id: chunk_article(article) for article, _ in articles}
        rows = [(chunk, article) for article, _ in articles for chunk in chunks[article.id]]
        given = [vectors for _, vectors in articles if vectors is not None]
        known = np.concatenate(given) if given and len(given) == len(articles) else None
        stored: list[Vectors] = []
        for start in range(0, len(rows), BATCH):
            if go_on and start:
                go_on()
            part = rows[start : start + BATCH]
            texts = [chunk.text for chunk, _ in part]
            made: Any = self.embedder.embed_documents(texts) if known is None else known[start : start + BATCH]
            stored.append(np.asarray(made, dtype=np.float32))
            self.chunks.upsert(
                [chunk.id for chunk, _ in part],
                stored[-1],
                [chunk_metadata(chunk, article) for chunk, article in part],
                [""] * len(part),  # LangChain cannot do without documents.
            )
        ends = np.cumsum([len(of_one) for of_one in chunks.values()])
        return dict(zip(chunks, np.split(np.concatenate(stored), ends[:-1]), strict=True)) if stored else {}

    def _remove_chunks(self, records: Iterable[Record]) -> None:
        """Remove the chunks of stored records that are no longer current."""
        for record in records:
            article = record.article
            if record.chunks:
                # Chroma looks them up; to look for those of an article takes the longer the more there are of others.
                self.chunks.delete(
                    ids=[str(ChunkId(article.id, record.version, number)) for number in range(record.chunks)]
                )
            else:
                self._clear([article.id])

    def _clear(self, article_ids: Iterable[str]) -> None:
        """Remove whatever chunks and marks there are of articles that are not of their current versions."""
        for article_id in article_ids:
            self.registry.unmark_others(article_id)
            version = self.registry.versions({article_id}).get(article_id)
            every: Metadata = {"article_id": article_id}
            others: Metadata = {"$and": [every, {"version": {"$ne": version}}]}
            self.chunks.delete(where=others if version else every)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        with self.alone, self._connection.errors():
            yield


def _is_there(record: Record, old: Record | None) -> bool:
    """Return whether the index holds a record as it is to be."""
    return old == record and old.holds(record.article)


def _outcome(article: Article, old: Record | None) -> str:
    """Return what putting in an article did, given the record that was there before."""
    if old is None:
        return "added"
    return "unchanged" if old.holds(article) else "updated"


def _since(record: Record, before: Record | None, chunks: int) -> Record:
    """Return a record with how many chunks it has, and when its article first came in."""
    added = (before.added if before else record.added) or datetime.now(UTC)
    return replace(record, added=added, chunks=chunks)


def _mean(vectors: Vectors) -> Sequence[float]:
    mean: list[float] = vectors.mean(axis=0).tolist()
    return mean
