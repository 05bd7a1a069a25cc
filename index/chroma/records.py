"""Records and chunks to Chroma's metadata, and back: pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.article import Article
from index.chunking import Chunk
from index.sources.page import Page

if TYPE_CHECKING:
    from collections.abc import Iterable

Metadata = dict[str, Any]
"""Chroma's metadata of one row."""

CURRENT, PREVIOUS, STAGED = "current", "previous", "staged"
"""The states of a record."""
MARK = "mark"
"""The state of a mark: a row with the text of a current version. Its id names the version."""


@dataclass(frozen=True, slots=True)
class Record:
    """An article in the index.

    Attributes:
        article: The article.
        state: "current", "previous" (a replaced version) or "staged" (the lock of a change).
        page: The page it was fetched from, if any.
        writer: The id of the writer that has the lock; "" in other states.
        added: The time when the article first came in.
        chunks: The number of its chunks; unknown in an old index.
        version: The version of the stored chunks and mark; "" before the record is stored.
    """

    article: Article
    state: str
    page: Page | None = None
    writer: str = ""
    added: datetime | None = field(default=None, compare=False)
    chunks: int | None = field(default=None, compare=False)
    version: str = field(default="", compare=False)

    def is_of(self, article: Article) -> bool:
        """Return whether a stored record has an equal article and its version.

        The versions of equal articles differ if another program version hashed one of them.
        """
        return self.article == article and self.version == article.version


@dataclass(frozen=True, slots=True)
class Removed:
    """A removed article.

    Attributes:
        records: Its current record and those of its previous versions.
    """

    records: tuple[Record, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """An article in a list, without its text.

    Attributes:
        id: The id of the article.
        title: Its title.
        source: Its file or web address, or the name of another source.
        published: The day of its publication.
        language: The ISO 639-1 code of its language.
        author: Its author.
        site: The site that published it.
        words: The number of its words; unknown in an old index.
        chunks: The number of its chunks; unknown in an old index.
        added: The time when it first came in; unknown in an old index.
        is_renewable: Whether `refresh` can read it again.
        is_changing: Whether a program is changing it.
    """

    id: str
    title: str
    source: str
    published: date | None
    language: str | None
    author: str | None
    site: str | None
    words: int | None
    chunks: int | None
    added: datetime | None
    is_renewable: bool
    is_changing: bool


def previous_id(article_id: str, version: str) -> str:
    """Return the id of the record of a previous version."""
    return f"{article_id}:{version}"


def staged_id(article_id: str) -> str:
    """Return the id of an article's lock."""
    return f"{article_id}:{STAGED}"


def mark_id(article_id: str, version: str) -> str:
    """Return the id of the mark of a current version."""
    return f"{article_id}:{version}:{MARK}"


def parse_mark_id(text: str) -> tuple[str, str]:
    """Return the article and the version of a mark's id."""
    article_id, version, _ = text.rsplit(":", 2)
    return article_id, version


def record_id(record: Record) -> str:
    """Return the id of a record, which depends on its state."""
    article_id = record.article.id
    if record.state == PREVIOUS:
        return previous_id(article_id, record.article.version)
    return staged_id(article_id) if record.state == STAGED else article_id


def record_metadata(record: Record) -> Metadata:
    """Return the metadata of a record. An upsert removes keys that are None.

    The text of a current record is stored with its mark instead, so that lists read no texts.
    """
    article, page = record.article, record.page
    return {
        "article_id": article.id,
        "version": article.version,
        "state": record.state,
        "title": article.title,
        "source": article.source,
        "published": day_number(article.published),
        "language": article.language,
        "author": article.author,
        "site": article.site,
        "url": page and page.url,
        "etag": page and page.etag,
        "last_modified": page and page.last_modified,
        "writer": record.writer or None,
        "words": len(article.text.split()),
        "chunks": record.chunks,
        "added": int(record.added.timestamp()) if record.added else None,
        "text": article.text if record.state == PREVIOUS else None,
    }


def mark_metadata(article: Article) -> Metadata:
    """Return the metadata of the mark of an article's current version."""
    return {"article_id": article.id, "state": MARK, "text": article.text}


def to_record(metadata: Metadata, text: str) -> Record:
    """Return the record with some metadata and text."""
    article = Article(
        id=metadata["article_id"],
        title=metadata["title"],
        text=text,
        source=metadata["source"],
        published=to_day(metadata.get("published")),
        language=metadata.get("language"),
        author=metadata.get("author"),
        site=metadata.get("site"),
    )
    return Record(
        article,
        metadata["state"],
        to_page(metadata),
        metadata.get("writer", ""),
        to_moment(metadata.get("added")),
        metadata.get("chunks"),
        metadata["version"],
    )


def to_page(metadata: Metadata) -> Page | None:
    """Return the page that an article was fetched from, if any."""
    url = metadata.get("url")
    return Page(url, metadata.get("etag"), metadata.get("last_modified")) if url else None


def to_entry(metadata: Metadata, *, is_changing: bool) -> Entry:
    """Return the list entry of a record with some metadata."""
    return Entry(
        id=metadata["article_id"],
        title=metadata["title"],
        source=metadata["source"],
        published=to_day(metadata.get("published")),
        language=metadata.get("language"),
        author=metadata.get("author"),
        site=metadata.get("site"),
        words=metadata.get("words"),
        chunks=metadata.get("chunks"),
        added=to_moment(metadata.get("added")),
        is_renewable=bool(metadata.get("url") or file_of(metadata["source"])),
        is_changing=is_changing,
    )


def file_of(source: str) -> Path | None:
    """Return the file that a source names, if any.

    >>> file_of("https://example.org/mill")
    >>> file_of("/home/ines/mill.txt").name
    'mill.txt'
    """
    path = Path(source)
    return path if path.is_absolute() else None


def chunk_metadata(chunk: Chunk, article: Article) -> Metadata:
    """Return the metadata of a chunk, with the day for filters.

    Text is stored as metadata, not as Chroma's `document`: Chroma builds a trigram index over
    documents that we never query. It takes half of a write's time and 40 % of the disk.
    """
    metadata = {
        "article_id": chunk.article_id,
        "version": chunk.version,
        "start": chunk.start,
        "end": chunk.end,
        "text": chunk.text,
    }
    return metadata | ({"published": day_number(article.published)} if article.published else {})


def to_chunk(chunk_id: str, metadata: Metadata, document: str) -> Chunk:
    """Return the chunk of a row. In an index of schema 1 its text is the document."""
    text = metadata.get("text", document)
    return Chunk(chunk_id, metadata["article_id"], text, metadata["start"], metadata["end"])


def equal_to(**values: str) -> Metadata:
    """Return Chroma's filter for two or more fields with the given values."""
    return {"$and": [{key: value} for key, value in values.items()]}


def states_filter(article_id: str, *states: str) -> Metadata:
    """Return Chroma's filter for the rows of an article in some states."""
    return {"$and": [{"article_id": article_id}, {"state": {"$in": list(states)}}]}


def search_filter(
    articles: Iterable[str] | None, after: date | None, before: date | None
) -> Metadata | None:
    """Return Chroma's filter for chunks.

    Args:
        articles: Ids of the articles; all by default.
        after: The first day of publication, inclusive.
        before: The last day of publication, inclusive.

    Returns:
        The filter, if any chunk can fail it.
    """
    conditions: list[Metadata] = []
    if articles is not None:
        conditions.append({"article_id": {"$in": list(articles)}})
    if after:
        conditions.append({"published": {"$gte": day_number(after)}})
    if before:
        conditions.append({"published": {"$lte": day_number(before)}})
    if len(conditions) > 1:
        return {"$and": conditions}
    return conditions[0] if conditions else None


def day_number(day: date | None) -> int | None:
    """Return a day as a number, because Chroma's filters compare only numbers.

    >>> day_number(date(2021, 5, 3))
    20210503
    """
    return day.year * 10_000 + day.month * 100 + day.day if day else None


def to_moment(seconds: int | None) -> datetime | None:
    """Return the time (UTC) of a number of seconds since the epoch."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def to_day(number: int | None) -> date | None:
    """Return the day of a number: the inverse of `day_number`."""
    return date(number // 10_000, number // 100 % 100, number % 100) if number else None
