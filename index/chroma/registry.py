"""`Registry`: the records of the articles, in Chroma's collection of that name."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from index.chroma.locks import Locks
from index.chroma.records import (
    CURRENT,
    MARK,
    PREVIOUS,
    STAGED,
    Record,
    mark_id,
    mark_metadata,
    previous_id,
    record_id,
    record_metadata,
    to_entry,
    to_page,
    to_record,
)
from index.errors import ArticleNotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from chromadb import Collection

    from index.chroma.connection import Connection
    from index.chroma.records import Entry, Metadata
    from index.sources.page import Page

    Known = tuple[str, Page | None]
    Version = tuple[str, str]  # the id of an article, and that of its text

SHIPPED_MARK = "shipped"
"""The key in the collection's metadata that says the shipped article was added once."""
PART = 1_000
"""How many texts are read at a time."""
REMEMBERED = 100_000
"""Of how many articles the versions are remembered at most."""


class Registry:
    """One record for each article under its id, and one under `id:version` for each text that it had before.

    While an article is changed there is one more under `id:staged`, its lock (`locks`). The current version has a mark
    under `id:version:mark`, with its text: lists read no texts, and a search sees by its id alone that it is there.
    """

    def __init__(self, collection: Collection, dimension: int, connection: Connection) -> None:
        """Keep the records in a collection of a connection, whose vectors have a dimension.

        Where that is exclusive, nobody else changes them: the versions that were read once are remembered.
        """
        self.collection = collection
        # Chroma wants a vector for each record; only that of a current record means anything.
        self._anywhere: Sequence[float] = [1.0] + [0.0] * (dimension - 1)
        self.locks = Locks(collection, self._anywhere, connection)
        self._is_exclusive = connection.is_exclusive
        self._remembering = threading.Lock()
        self._remembered: dict[str, str] = {}
        self._changes = 0

    def find(self, article_id: str, version: str | None = None) -> Record:
        """Return the record of an article as it is, or as it was in a version. Raises `ArticleNotFoundError`."""
        ids = [article_id] if version is None else [article_id, previous_id(article_id, version)]
        for record in self.records(ids=ids):
            if record.article.id == article_id and version in {None, record.article.version}:
                return record
        what = f"no article {article_id!r}" if version is None else f"no version {version!r} of article {article_id!r}"
        raise ArticleNotFoundError(f"The index holds {what}; `python -m index list` shows what it holds.")

    def current(self, article_ids: Iterable[str]) -> dict[str, Record]:
        """Return the records of articles as they are; those that are not there are left out."""
        ids = list(article_ids)
        found = self.records(ids=ids) if ids else []
        return {record.article.id: record for record in found if record.state == CURRENT}

    def records(self, **which: Any) -> list[Record]:
        """Return the records that Chroma's `get` finds with these arguments, in no order."""
        return [to_record(*stored) for stored in self.stored(**which)]

    def stored(self, **which: Any) -> list[tuple[Metadata, str]]:
        """Return what is kept of these records, and their texts: "" where one is lost."""
        lost: set[str] = set()
        while True:
            found: Any = self.collection.get(**which, include=["metadatas", "documents"])
            # In indexes of schema 1 all texts are documents; since then that of a previous version is in its record.
            rows = list(zip(found["metadatas"], found["documents"], strict=True))
            texts = self._texts(
                [_mark_in(held) for held, document in rows if held["state"] == CURRENT and not document]
            )
            missing = {mark for mark, text in texts.items() if text is None}
            if missing <= lost:
                return [(held, held.get("text") or texts.get(_mark_in(held)) or document) for held, document in rows]
            lost = missing  # Unless they were changed meanwhile: then they are read again.

    def _texts(self, marks: Sequence[str]) -> dict[str, str | None]:
        """Return the texts under marks: None where one is not there."""
        texts: dict[str, str | None] = dict.fromkeys(marks)
        for start in range(0, len(marks), PART):
            found: Any = self.collection.get(ids=list(marks[start : start + PART]), include=["metadatas"])
            texts |= {mark: held["text"] for mark, held in zip(found["ids"], found["metadatas"], strict=True)}
        return texts

    def current_records(self) -> list[Record]:
        """Return the current records of all articles, in no order."""
        return self.in_state(CURRENT)

    def has_shipped_mark(self) -> bool:
        """Whether the index has been given the shipped article once."""
        return bool((self.collection.metadata or {}).get(SHIPPED_MARK))

    def set_shipped_mark(self) -> None:
        """Note that the index has been given the shipped article."""
        metadata = self.collection.metadata or {}
        self.collection.modify(metadata={**metadata, SHIPPED_MARK: True})

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
        return self.records(where=_of(article_id, CURRENT, PREVIOUS))

    def count(self) -> int:
        """Return how many articles there are."""
        return len(self.collection.get(where={"state": CURRENT}, include=[])["ids"])

    def current_of(self, versions: set[Version]) -> set[Version]:
        """Return those of some versions in which their articles are."""
        held = dict(self._marked({version for version in versions if version[0] not in self._remembered}))
        held |= self.versions({article_id for article_id, _ in versions} - held.keys())
        return {(article_id, version) for article_id, version in versions if held.get(article_id) == version}

    def _marked(self, versions: set[Version]) -> set[Version]:
        """Return those of some versions that have a mark and are not kept as previous ones.

        An article is in such a one: its mark comes with its record, and the record of what it was before goes before.
        """
        if not versions:
            return set()
        changes = self._changes
        places = {(one, version): (mark_id(one, version), previous_id(one, version)) for one, version in versions}
        found = self.collection.get(ids=[place for both in places.values() for place in both], include=[])
        there = set(found["ids"])
        sure = {version for version, (mark, previous) in places.items() if mark in there and previous not in there}
        self._remember(dict(sure), changes)
        return sure

    def versions(self, article_ids: set[str]) -> dict[str, str]:
        """Return the versions in which some articles are; those that are not there are left out."""
        known = {one: version for one in article_ids if (version := self._remembered.get(one))}
        if unknown := list(article_ids - known.keys()):
            changes = self._changes
            found: Any = self.collection.get(ids=unknown, include=["metadatas"])
            read = {metadata["article_id"]: metadata["version"] for metadata in found["metadatas"]}
            known |= read
            self._remember(read, changes)
        return known

    def _remember(self, versions: Mapping[str, str], changes: int) -> None:
        """Remember the versions of articles that were read when so many changes had been made."""
        if self._is_exclusive:
            with self._remembering:
                if self._changes == changes:  # Otherwise they may have been read before one was changed.
                    if len(self._remembered) > REMEMBERED:
                        self._remembered.clear()
                    self._remembered |= versions

    def near(self, article_ids: Sequence[str], count: int, least: float) -> dict[str, list[str]]:
        """Return, for articles that are there, the others whose vectors are nearest: cosines of at least so much."""
        there: Any = self.collection.get(ids=list(article_ids), include=["embeddings"])
        if not there["ids"]:
            return {}
        found: Any = self.collection.query(
            there["embeddings"], n_results=count + 1, where={"state": CURRENT}, include=["distances"]
        )
        # Chroma gives the cosine distance, 1 - cosine.
        return {
            one: [
                other for other, distance in zip(ids, distances, strict=True) if other != one and 1 - distance >= least
            ]
            for one, ids, distances in zip(there["ids"], found["ids"], found["distances"], strict=True)
        }

    def vector(self, article_id: str) -> Sequence[float]:
        """Return the vector of an article. Raises `ArticleNotFoundError`."""
        found: Any = self.collection.get(ids=[article_id], include=["embeddings"])
        if not found["ids"]:
            raise ArticleNotFoundError(f"The index holds no article {article_id!r} any more.")
        vector: Sequence[float] = found["embeddings"][0]
        return vector

    def write(self, *records: Record, vectors: Mapping[str, Sequence[float]] | None = None) -> None:
        """Write records under the ids that their states give them, in one step; `vectors` are those of articles.

        Current ones get their marks with their texts; `unmark` takes away those of the versions before.
        """
        if not records:
            return
        current = [record for record in records if record.state == CURRENT]
        articles = [record.article for record in [*records, *current]]
        with self._changing(article.id for article in articles):
            self.collection.upsert(
                [*map(record_id, records), *(mark_id(record.article.id, record.article.version) for record in current)],
                [(vectors or {}).get(article.id, self._anywhere) for article in articles],
                [*map(record_metadata, records), *(mark_metadata(record.article) for record in current)],
                [""] * len(articles),  # In the place of those that an index of schema 1 has.
            )

    def unmark(self, records: Iterable[Record]) -> None:
        """Remove the marks of stored records that are no longer current."""
        if marks := [mark_id(record.article.id, record.version) for record in records]:
            self.collection.delete(ids=marks)

    def unmark_others(self, article_id: str) -> None:
        """Remove the marks of an article's versions that are not the current one."""
        marks = set(self.collection.get(where=_of(article_id, MARK), include=[])["ids"])
        if others := marks - {mark_id(*version) for version in self.versions({article_id}).items()}:
            self.collection.delete(ids=list(others))

    def remove(self, article_id: str) -> None:
        """Remove the records of an article as it is and as it was."""
        others = self.collection.get(where=_of(article_id, PREVIOUS, MARK), include=[])
        with self._changing([article_id]):
            self.collection.delete(ids=[article_id, *others["ids"]])

    @contextmanager
    def _changing(self, article_ids: Iterable[str]) -> Iterator[None]:
        try:
            yield
        finally:
            with self._remembering:
                self._changes += 1
                for one in article_ids:
                    self._remembered.pop(one, None)


def _of(article_id: str, *states: str) -> Any:
    """Return Chroma's filter for what there is of an article in some states."""
    return {"$and": [{"article_id": article_id}, {"state": {"$in": list(states)}}]}


def _mark_in(metadata: Metadata) -> str:
    return mark_id(metadata["article_id"], metadata["version"])
