"""`Registry`: the records of articles in Chroma's collection `articles`."""

from __future__ import annotations

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
    states_filter,
    to_entry,
    to_page,
    to_record,
)
from index.chroma.versions import VersionCache
from index.errors import ArticleNotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from chromadb import Collection

    from index.chroma.connection import Connection
    from index.chroma.records import Entry, Metadata
    from index.sources.page import Page

    Version = tuple[str, str]
    """An article id and a version."""

SHIPPED_MARK = "shipped"
"""The key in the collection's metadata that says the shipped article was added once."""
TEXTS_PER_READ = 1_000


class Registry:
    """The records of all articles, and the marks of their current versions.

    An article has one record under its id, and one under `id:version` for each previous version.
    During a change it also has a lock, `id:staged`. Its current version has a mark,
    `id:version:mark`, that contains the text: lists read no texts, and a search recognises a
    current version by the id of its mark alone.

    Attributes:
        collection: The collection of articles.
        locks: The locks of articles in change.
        cache: The current versions of articles.
    """

    def __init__(self, collection: Collection, dimension: int, connection: Connection) -> None:
        """Keep records in a collection.

        Args:
            collection: The collection of articles.
            dimension: The dimension of its vectors.
            connection: The connection of the collection.
        """
        self.collection = collection
        # Chroma requires a vector for each row; only current records have a meaningful one.
        self._placeholder: Sequence[float] = [1.0] + [0.0] * (dimension - 1)
        self.locks = Locks(collection, self._placeholder, connection)
        self.cache = VersionCache(is_enabled=connection.is_exclusive)

    def find(self, article_id: str, version: str | None = None) -> Record:
        """Return a record, current or previous. Raises `ArticleNotFoundError`."""
        ids = [article_id]
        if version is not None:
            ids.append(previous_id(article_id, version))
        for record in self.records(ids=ids):
            if record.article.id == article_id and version in {None, record.article.version}:
                return record
        missing = f"article {article_id!r}"
        if version is not None:
            missing = f"version {version!r} of {missing}"
        raise ArticleNotFoundError(
            f"The index contains no {missing}; `python -m index list` lists all articles."
        )

    def current(self, article_ids: Iterable[str]) -> dict[str, Record]:
        """Return the current records of articles by id, without missing ones."""
        ids = list(article_ids)
        records = self.records(ids=ids) if ids else []
        return {record.article.id: record for record in records if record.state == CURRENT}

    def records(self, **query: Any) -> list[Record]:
        """Return the records that a query of Chroma's `get` finds."""
        return [to_record(metadata, text) for metadata, text in self.rows(**query)]

    def rows(self, **query: Any) -> list[tuple[Metadata, str]]:
        """Return the metadata and texts that Chroma's `get` finds for a query.

        The text is "" if it is lost.
        """
        lost: set[str] = set()
        while True:
            rows: Any = self.collection.get(**query, include=["metadatas", "documents"])
            # The text of a previous version is in its metadata, that of a current one in its mark.
            # In an index of schema 1 both are documents.
            pairs = list(zip(rows["metadatas"], rows["documents"], strict=True))
            current = [row for row, document in pairs if row["state"] == CURRENT and not document]
            texts = self._mark_texts([_own_mark(metadata) for metadata in current])
            missing = {mark for mark, text in texts.items() if text is None}
            if missing <= lost:
                return [
                    (metadata, metadata.get("text") or texts.get(_own_mark(metadata)) or document)
                    for metadata, document in pairs
                ]
            # An article may have changed between the two reads. Read both again; a mark that is
            # still missing is lost.
            lost = missing

    def _mark_texts(self, marks: Sequence[str]) -> dict[str, str | None]:
        """Return the texts of marks; a missing mark has no text."""
        texts: dict[str, str | None] = dict.fromkeys(marks)
        for start in range(0, len(marks), TEXTS_PER_READ):
            ids = list(marks[start : start + TEXTS_PER_READ])
            rows: Any = self.collection.get(ids=ids, include=["metadatas"])
            for mark, metadata in zip(rows["ids"], rows["metadatas"], strict=True):
                texts[mark] = metadata["text"]
        return texts

    def current_records(self) -> list[Record]:
        """Return the current records of all articles, in no order."""
        return self.in_state(CURRENT)

    def has_shipped_mark(self) -> bool:
        """Whether the shipped article was ever added to the index."""
        return bool((self.collection.metadata or {}).get(SHIPPED_MARK))

    def set_shipped_mark(self) -> None:
        """Note that the shipped article was added to the index."""
        metadata = self.collection.metadata or {}
        self.collection.modify(metadata={**metadata, SHIPPED_MARK: True})

    def in_state(self, state: str) -> list[Record]:
        """Return all records in a state."""
        return self.records(where={"state": state})

    def entries(self) -> list[Entry]:
        """Return a list entry for each article, in no order. It reads no texts."""
        where: Any = {"state": {"$in": [CURRENT, STAGED]}}
        rows: Any = self.collection.get(where=where, include=["metadatas"])
        changing = {row["article_id"] for row in rows["metadatas"] if row["state"] == STAGED}
        return [
            to_entry(row, is_changing=row["article_id"] in changing)
            for row in rows["metadatas"]
            if row["state"] == CURRENT
        ]

    def find_source(self, address: str) -> tuple[str, Page | None]:
        """Return the article id and page of a file or web address.

        The id is "" if there is no such article. An article from a file has no page.
        """
        where: Any = {
            "$and": [{"state": CURRENT}, {"$or": [{"url": address}, {"source": address}]}]
        }
        rows: Any = self.collection.get(where=where, include=["metadatas"])
        for metadata in rows["metadatas"]:
            # The address that a page was fetched from counts, not the canonical one it names.
            page = to_page(metadata)
            if address == (page.url if page else metadata["source"]):
                return metadata["article_id"], page
        return "", None

    def history(self, article_id: str) -> list[Record]:
        """Return the current and previous records of an article."""
        return self.records(where=states_filter(article_id, CURRENT, PREVIOUS))

    def count(self) -> int:
        """Return the number of articles."""
        return len(self.collection.get(where={"state": CURRENT}, include=[])["ids"])

    def select_current(self, versions: set[Version]) -> set[Version]:
        """Return the versions that are current."""
        # Cached versions first, then marks, then the records of the rest.
        cached = self.cache.get({article_id for article_id, _ in versions})
        current = dict(self._marked({pair for pair in versions if pair[0] not in cached}))
        current |= self.versions({article_id for article_id, _ in versions} - current.keys())
        return {pair for pair in versions if current.get(pair[0]) == pair[1]}

    def _marked(self, versions: set[Version]) -> set[Version]:
        """Return the versions that have a mark and no previous record.

        A marked version is current: the mark is written in the same upsert as the record, and the
        outgoing record is stored first.
        """
        if not versions:
            return set()
        changes = self.cache.changes
        ids = [mark_id(*pair) for pair in versions] + [previous_id(*pair) for pair in versions]
        present = set(self.collection.get(ids=ids, include=[])["ids"])
        current = {
            pair
            for pair in versions
            if mark_id(*pair) in present and previous_id(*pair) not in present
        }
        self.cache.remember(dict(current), changes)
        return current

    def versions(self, article_ids: set[str]) -> dict[str, str]:
        """Return the current versions of articles by id, without missing ones."""
        versions = self.cache.get(article_ids)
        if unknown := list(article_ids - versions.keys()):
            changes = self.cache.changes
            rows: Any = self.collection.get(ids=unknown, include=["metadatas"])
            read = {metadata["article_id"]: metadata["version"] for metadata in rows["metadatas"]}
            versions |= read
            self.cache.remember(read, changes)
        return versions

    def near(self, article_ids: Sequence[str], count: int, least: float) -> dict[str, list[str]]:
        """Return the nearest other articles of each article.

        Args:
            article_ids: The articles; missing ones are left out.
            count: The greatest number of neighbours.
            least: The least cosine of the two articles' vectors.
        """
        rows: Any = self.collection.get(ids=list(article_ids), include=["embeddings"])
        if not rows["ids"]:
            return {}
        answer: Any = self.collection.query(
            rows["embeddings"],
            n_results=count + 1,  # An article is its own nearest neighbour.
            where={"state": CURRENT},
            include=["distances"],
        )
        neighbours: dict[str, list[str]] = {}
        pairs = zip(answer["ids"], answer["distances"], strict=True)
        for article_id, (ids, distances) in zip(rows["ids"], pairs, strict=True):
            # Chroma returns cosine distances: 1 - cosine.
            neighbours[article_id] = [
                other
                for other, distance in zip(ids, distances, strict=True)
                if other != article_id and 1 - distance >= least
            ]
        return neighbours

    def vector(self, article_id: str) -> Sequence[float]:
        """Return the vector of an article. Raises `ArticleNotFoundError`."""
        rows: Any = self.collection.get(ids=[article_id], include=["embeddings"])
        if not rows["ids"]:
            raise ArticleNotFoundError(f"The index no longer contains article {article_id!r}.")
        vector: Sequence[float] = rows["embeddings"][0]
        return vector

    def write(self, *records: Record, vectors: Mapping[str, Sequence[float]] | None = None) -> None:
        """Write records in one step, current ones with their marks.

        Args:
            records: The records; their states give the ids.
            vectors: The vectors of articles by id.
        """
        if not records:
            return
        current = [record for record in records if record.state == CURRENT]
        articles = [record.article for record in [*records, *current]]
        mark_ids = [mark_id(record.article.id, record.article.version) for record in current]
        with self.cache.changing(article.id for article in articles):
            self.collection.upsert(
                [*map(record_id, records), *mark_ids],
                [(vectors or {}).get(article.id, self._placeholder) for article in articles],
                [
                    *map(record_metadata, records),
                    *(mark_metadata(record.article) for record in current),
                ],
                [""] * len(articles),  # They replace the documents of an index of schema 1.
            )

    def unmark(self, records: Iterable[Record]) -> None:
        """Remove the marks of stored records that are no longer current."""
        if marks := [mark_id(record.article.id, record.version) for record in records]:
            self.collection.delete(ids=marks)

    def unmark_others(self, article_id: str) -> None:
        """Remove all marks of an article but that of its current version."""
        marks = set(self.collection.get(where=states_filter(article_id, MARK), include=[])["ids"])
        current = {mark_id(*version) for version in self.versions({article_id}).items()}
        if stray := marks - current:
            self.collection.delete(ids=list(stray))

    def remove(self, article_id: str) -> None:
        """Remove the records and marks of an article."""
        others = self.collection.get(where=states_filter(article_id, PREVIOUS, MARK), include=[])
        with self.cache.changing([article_id]):
            self.collection.delete(ids=[article_id, *others["ids"]])


def _own_mark(metadata: Metadata) -> str:
    """Return the id of the mark of a record with some metadata."""
    return mark_id(metadata["article_id"], metadata["version"])
