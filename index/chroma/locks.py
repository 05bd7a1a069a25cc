"""`Locks`: keep the writers of one article apart, also on a server."""

from __future__ import annotations

import secrets
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from index.chroma.records import STAGED, Record, record_metadata, staged_id
from index.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from chromadb import Collection

    from index.article import Article
    from index.chroma.connection import Connection
    from index.chroma.records import Metadata

    SignsOfLife = Callable[[str, str], object]
    """Maps an article id and a version to a value that changes while its writer lives."""

STALE_SECONDS = 120.0
"""A writer without a sign of life for so long is taken for dead."""
LOCK_POLL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Lease:
    """Locks of articles, held for one change.

    Attributes:
        check: Raises `StoreError` if another writer has taken over a lock.
        inherited: Ids of articles whose previous writer died in a change.
    """

    check: Callable[[], None]
    inherited: Sequence[str]


class Locks:
    """One lock record, `id:staged`, for each article in change.

    Chroma's `add` ignores ids that exist: of several writers the first gets the lock, and the
    others wait.
    """

    def __init__(
        self, collection: Collection, vector: Sequence[float], connection: Connection
    ) -> None:
        """Keep lock records in a collection.

        Args:
            collection: The collection of articles.
            vector: A placeholder; Chroma requires a vector for each record.
            connection: The connection of the collection.
        """
        self._collection = collection
        self._vector = vector
        self._connection = connection

    @contextmanager
    def hold(self, articles: Sequence[Article], signs_of_life: SignsOfLife) -> Iterator[Lease]:
        """Hold the locks of articles, waiting for other writers.

        A lock is taken over if `signs_of_life` stays the same for `STALE_SECONDS`, and at once if
        no other process can be writing.
        """
        articles_by_lock = {staged_id(article.id): article for article in articles}
        writer = secrets.token_hex(8)
        try:
            with self._connection.errors():
                inherited = self._acquire(articles_by_lock, writer, signs_of_life)
                yield Lease(lambda: self._check(articles_by_lock, writer), inherited)
        finally:
            self._collection.delete(ids=list(articles_by_lock), where={"writer": writer})

    def unlock(self, article_id: str) -> None:
        """Remove the lock that a dead writer has left."""
        self._collection.delete(ids=[staged_id(article_id)])

    def _check(self, articles_by_lock: Mapping[str, Article], writer: str) -> None:
        locks = self._read(articles_by_lock)
        for lock_id, article in articles_by_lock.items():
            if lock_id not in locks or locks[lock_id]["writer"] != writer:
                raise StoreError(
                    f"Another program took over the change of {article.source}; add it again."
                )

    def _acquire(
        self, articles_by_lock: Mapping[str, Article], writer: str, signs_of_life: SignsOfLife
    ) -> list[str]:
        """Acquire all locks; return the ids of articles whose writers have died."""
        # Try to get all locks in one call.
        if len(articles_by_lock) > 1:
            locks = self._try_locks(articles_by_lock.values(), writer)
            is_ours = all(lock["writer"] == writer for lock in locks.values())
            if is_ours and len(locks) == len(articles_by_lock):
                return []
            # Release them again: two writers that wait for each other would wait for ever.
            self._collection.delete(ids=list(articles_by_lock), where={"writer": writer})
        # Wait for one after another, in an order that all writers share.
        inherited: list[str] = []
        for lock_id, article in sorted(articles_by_lock.items(), key=lambda item: item[0]):
            if self._wait_for(lock_id, article, writer, signs_of_life):
                inherited.append(article.id)
        return inherited

    def _wait_for(
        self, lock_id: str, article: Article, writer: str, signs_of_life: SignsOfLife
    ) -> bool:
        """Wait for a lock and take it; return whether its last writer died."""
        has_died = False
        last_signs, since = None, time.monotonic()
        while True:
            lock = self._try_locks([article], writer).get(lock_id)
            if lock and lock["writer"] == writer:
                return has_died
            signs = lock and (lock["writer"], signs_of_life(lock["article_id"], lock["version"]))
            is_stale = time.monotonic() - since > STALE_SECONDS
            if signs != last_signs:
                last_signs, since = signs, time.monotonic()
            elif lock and (self._connection.is_exclusive or is_stale):
                self._collection.delete(ids=[lock_id], where={"writer": lock["writer"]})
                has_died = True
            time.sleep(LOCK_POLL_SECONDS)

    def _try_locks(self, articles: Iterable[Article], writer: str) -> dict[str, Metadata]:
        """Add the missing locks of articles; return the locks of all writers."""
        lock_ids: list[str] = []
        metadatas: list[Any] = []
        for article in articles:
            lock_ids.append(staged_id(article.id))
            metadata = record_metadata(Record(article, STAGED, writer=writer))
            metadatas.append({key: value for key, value in metadata.items() if value is not None})
        count = len(lock_ids)
        self._collection.add(lock_ids, [self._vector] * count, metadatas, [""] * count)
        return self._read(lock_ids)

    def _read(self, lock_ids: Iterable[str]) -> dict[str, Metadata]:
        """Return the metadata of existing locks by their ids."""
        rows: Any = self._collection.get(ids=list(lock_ids), include=["metadatas"])
        return dict(zip(rows["ids"], rows["metadatas"], strict=True))
