"""`Locks`: which articles are being changed, and by whom, in the collection of their records."""

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

    SignsOfLife = Callable[[str, str], object]  # of the change to a version of an article

STALE_SECONDS = 120.0
"""A writer whose change has shown no sign of life for so long has died."""
POLL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class HeldLocks:
    """Locks that are held: `check` raises `StoreError` when one was taken over.

    `inherited` are the ids of articles that somebody was changing who has died.
    """

    check: Callable[[], None]
    inherited: Sequence[str]


class Locks:
    """One record under `id:staged` for each article that is being changed.

    Chroma's `add` leaves a record alone that is there, so of several writers the first has it, and the others wait.
    """

    def __init__(self, collection: Collection, vector: Sequence[float], connection: Connection) -> None:
        """Keep them in a collection of a connection, which wants some vector for each."""
        self._collection = collection
        self._vector = vector
        self._connection = connection

    @contextmanager
    def held(self, articles: Sequence[Article], signs_of_life: SignsOfLife) -> Iterator[HeldLocks]:
        """Hold the locks of articles, waiting for whoever has one.

        One is taken from a writer for whose change `signs_of_life` gives the same for two minutes: it has died. So it
        has where nobody else can be writing.
        """
        places = {staged_id(article.id): article for article in articles}
        writer = secrets.token_hex(8)

        try:
            with self._connection.errors():
                inherited = self._acquire(places, writer, signs_of_life)
                yield HeldLocks(lambda: self._check(places, writer), inherited)
        finally:
            self._collection.delete(ids=list(places), where={"writer": writer})

    def unlock(self, article_id: str) -> None:
        """Remove the lock that a writer which is no more has left."""
        self._collection.delete(ids=[staged_id(article_id)])

    def _check(self, places: Mapping[str, Article], writer: str) -> None:
        there = self._there(places)
        for place, article in places.items():
            if place not in there or there[place]["writer"] != writer:
                raise StoreError(f"Another program took over the change of {article.source}; add it again.")

    def _acquire(self, places: Mapping[str, Article], writer: str, signs_of_life: SignsOfLife) -> list[str]:
        """Take the locks; return the articles of which those that had them have died."""
        if len(places) > 1:
            there = self._taken(places.values(), writer)
            if all(lock["writer"] == writer for lock in there.values()) and len(there) == len(places):
                return []
            # Two that wait for each other's would wait for ever: who has to wait takes them all in one order.
            self._collection.delete(ids=list(places), where={"writer": writer})
        waited = [(place, self._wait_for(place, places[place], writer, signs_of_life)) for place in sorted(places)]
        return [places[place].id for place, has_died in waited if has_died]

    def _wait_for(self, place: str, article: Article, writer: str, signs_of_life: SignsOfLife) -> bool:
        """Take a lock as soon as it is free; return whether one that had it has died."""
        has_died = False
        seen, since = None, time.monotonic()
        while True:
            lock = self._taken([article], writer).get(place)
            if lock and lock["writer"] == writer:
                return has_died
            signs = lock and (lock["writer"], signs_of_life(lock["article_id"], lock["version"]))
            if signs != seen:
                seen, since = signs, time.monotonic()
            elif lock and (self._connection.is_exclusive or time.monotonic() - since > STALE_SECONDS):
                self._collection.delete(ids=[place], where={"writer": lock["writer"]})
                has_died = True
            time.sleep(POLL_SECONDS)

    def _taken(self, articles: Iterable[Article], writer: str) -> dict[str, Metadata]:
        """Take the locks that are free; return all that are there by then."""
        places: list[str] = []
        metadatas: list[Any] = []
        for article in articles:
            places.append(staged_id(article.id))
            lock = record_metadata(Record(article, STAGED, writer=writer))
            metadatas.append({key: value for key, value in lock.items() if value is not None})
        self._collection.add(places, [self._vector] * len(places), metadatas, [""] * len(places))
        return self._there(places)

    def _there(self, places: Iterable[str]) -> dict[str, Metadata]:
        found: Any = self._collection.get(ids=list(places), include=["metadatas"])
        return dict(zip(found["ids"], found["metadatas"], strict=True))
