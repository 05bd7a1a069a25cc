"""`Registry`: the records of the articles, in Chroma's collection of that name, and the locks of who changes one."""

from __future__ import annotations

import secrets
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from index.errors import ArticleNotFoundError, StoreError
from index.records import CURRENT, PREVIOUS, STAGED, Record, equal_to, record_metadata, to_entry, to_page, to_record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from chromadb import Collection

    from index.article import Article
    from index.records import Entry, Page

    Known = tuple[str, Page | None]

STALE_SECONDS = 120.0
"""A writer whose change has shown no sign of life for so long has died."""
POLL_SECONDS = 0.2


class Registry:
    """One record for each article under its id, and one under `id:version` for each text that it had before.

    While an article is changed there is one more under `id:staged`, which is also its lock: Chroma's `add` leaves a
    record alone that is there, so of several writers the first has it, and the others wait.
    """

    def __init__(self, collection: Collection, dimension: int) -> None:
        """Keep the records in a collection whose vectors have a dimension."""
        self.collection = collection
        # Chroma wants a vector for each record; only that of a current record means anything.
        self._anywhere: Sequence[float] = [1.0] + [0.0] * (dimension - 1)

    def find(self, article_id: str, version: str | None = None) -> Record:
        """Return the record of an article as it is, or as it was in a version. Raises `ArticleNotFoundError`."""
        ids = [article_id] if version is None else [article_id, f"{article_id}:{version}"]
        for record in self.records(ids=ids):
            if record.article.id == article_id and version in {None, record.article.version}:
                return record
        what = f"no article {article_id!r}" if version is None else f"no version {version!r} of article {article_id!r}"
        raise ArticleNotFoundError(f"The index holds {what}; `python -m index list` shows what it holds.")

    def current(self, article_id: str) -> Record | None:
        """Return the record of an article as it is, or None."""
        return next((record for record in self.records(ids=[article_id]) if record.state == CURRENT), None)

    def records(self, **which: Any) -> list[Record]:
        """Return the records that Chroma's `get` finds with these arguments, in no order."""
        found: Any = self.collection.get(**which, include=["metadatas", "documents"])
        return [to_record(*record) for record in zip(found["metadatas"], found["documents"], strict=True)]

    def in_state(self, state: str) -> list[Record]:
        """Return the records of all articles in a state."""
        return self.records(where={"state": state})

    def entries(self) -> list[Entry]:
        """Return what a list shows of each article, in no order; no text is read for it."""
        shown: Any = {"state": {"$in": [CURRENT, STAGED]}}
        found: Any = self.collection.get(where=shown, include=["metadatas"])
        changing = {metadata["article_id"] for metadata in found["metadatas"] if metadata["state"] == STAGED}
        return [
            to_entry(metadata, is_changing=metadata["article_id"] in changing)
            for metadata in found["metadatas"]
            if metadata["state"] == CURRENT
        ]

    def known(self, address: str) -> Known:
        """Return the id of the article that was read from a file or page, "" for none, and the page if it is one."""
        at: Any = {"$and": [{"state": CURRENT}, {"$or": [{"url": address}, {"source": address}]}]}
        found: Any = self.collection.get(where=at, include=["metadatas"])
        for metadata in found["metadatas"]:
            # A page is known by the address that it was fetched from, which may not be the one that it gives itself.
            page = to_page(metadata)
            if address == (page.url if page else metadata["source"]):
                return metadata["article_id"], page
        return "", None

    def of_article(self, article_id: str) -> list[Record]:
        """Return the records of an article as it is and as it was."""
        return [record for record in self.records(where={"article_id": article_id}) if record.state != STAGED]

    def count(self) -> int:
        """Return how many articles there are."""
        return len(self.collection.get(where={"state": CURRENT}, include=[])["ids"])

    def versions(self, article_ids: set[str]) -> dict[str, str]:
        """Return the versions in which some articles are; those that are not there are left out."""
        if not article_ids:
            return {}
        found: Any = self.collection.get(ids=list(article_ids), include=["metadatas"])
        return {metadata["article_id"]: metadata["version"] for metadata in found["metadatas"]}

    def nearest(self, article_id: str, count: int, least: float) -> list[Article]:
        """Return the other articles whose vectors are nearest to that of one, with a cosine of at least so much."""
        found: Any = self.collection.query(
            [self.vector(article_id)], n_results=count + 1, where={"state": CURRENT}, include=["distances"]
        )
        # Chroma gives the cosine distance, 1 - cosine.
        near = [
            one for one, distance in zip(found["ids"][0], found["distances"][0], strict=True) if 1 - distance >= least
        ]
        others = [one for one in near if one != article_id]
        return [record.article for record in self.records(ids=others)] if others else []

    def vector(self, article_id: str) -> Sequence[float]:
        """Return the vector of an article. Raises `ArticleNotFoundError`."""
        found: Any = self.collection.get(ids=[article_id], include=["embeddings"])
        if not found["ids"]:
            raise ArticleNotFoundError(f"The index holds no article {article_id!r} any more.")
        vector: Sequence[float] = found["embeddings"][0]
        return vector

    def write(self, record: Record, vector: Sequence[float] | None = None) -> None:
        """Write a record under the id that its state gives it, in one step; `vector` is the article's own."""
        article = record.article
        places = {CURRENT: article.id, PREVIOUS: f"{article.id}:{article.version}", STAGED: f"{article.id}:staged"}
        self.collection.upsert(places[record.state], [vector or self._anywhere], record_metadata(record), article.text)

    def remove(self, article_id: str) -> None:
        """Remove the records of an article as it is and as it was."""
        previous = self.collection.get(where=equal_to(article_id=article_id, state=PREVIOUS), include=[])
        self.collection.delete(ids=[article_id, *previous["ids"]])

    @contextmanager
    def changing(self, article: Article, signs_of_life: Callable[[Article], object]) -> Iterator[Callable[[], None]]:
        """Hold the lock of an article, waiting for whoever has it, and give a check that it was not taken over.

        It is taken from a writer for whose article `signs_of_life` gives the same for two minutes: it has died.
        """
        lock = Record(article, STAGED, writer=secrets.token_hex(8))
        place = f"{article.id}:staged"

        def check() -> None:
            if [record.writer for record in self.records(ids=[place])] != [lock.writer]:
                raise StoreError(f"Another program took over the change of {article.source}; add it again.")

        self._acquire(lock, place, signs_of_life)
        try:
            yield check
        finally:
            self.collection.delete(ids=[place], where={"writer": lock.writer})

    def unlock(self, article_id: str) -> None:
        """Remove the lock that a writer which is no more has left."""
        self.collection.delete(ids=[f"{article_id}:staged"])

    def _acquire(self, lock: Record, place: str, signs_of_life: Callable[[Article], object]) -> None:
        seen, since = None, time.monotonic()
        metadata = {key: value for key, value in record_metadata(lock).items() if value is not None}
        while True:
            self.collection.add(place, [self._anywhere], metadata, lock.article.text)
            held = self.records(ids=[place])
            if held and held[0].writer == lock.writer:
                return
            signs = [(other.writer, signs_of_life(other.article)) for other in held]
            if signs != seen:
                seen, since = signs, time.monotonic()
            elif held and time.monotonic() - since > STALE_SECONDS:
                self.collection.delete(ids=[place], where={"writer": held[0].writer})
            time.sleep(POLL_SECONDS)
