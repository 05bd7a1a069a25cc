"""Articles and chunks ↔ what Chroma keeps of them: pure."""

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

CURRENT, PREVIOUS, STAGED = "current", "previous", "staged"
MARK = "mark"
"""The state of what is no record of an article, but has its text; by its id alone it marks the current version."""


@dataclass(frozen=True, slots=True)
class Record:
    """What the index holds of an article.

    `state` is "current", "previous" (a text that it had before) or "staged" (one that is being put in by `writer`);
    `page` is what it was fetched from, if it was; `added` is when the article first came in, `chunks` how many it has,
    where that is known. `version` is that under which the index holds its chunks and mark, "" before it is stored.
    """

    article: Article
    state: str
    page: Page | None = None
    writer: str = ""
    added: datetime | None = field(default=None, compare=False)
    chunks: int | None = field(default=None, compare=False)
    version: str = field(default="", compare=False)

    def holds(self, article: Article) -> bool:
        """Return whether a stored record is of an article as it is, under that article's version."""
        return self.article == article and self.version == article.version


@dataclass(frozen=True, slots=True)
class Removed:
    """What was taken out of an index with an article: its record and those of its previous versions."""

    records: tuple[Record, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """An article as a list shows it, without its text.

    `words` and `chunks` are how many it has and `added` is when it first came in (None in an index that was made before
    they were kept); `is_renewable` tells whether `refresh` can read it again, `is_changing` whether a program is at it.
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
    """Return the id of the lock of an article that is being changed."""
    return f"{article_id}:{STAGED}"


def mark_id(article_id: str, version: str) -> str:
    """Return the id of the mark of a current version."""
    return f"{article_id}:{version}:{MARK}"


def parse_mark_id(text: str) -> tuple[str, str]:
    """Return the article and the version of a mark's id."""
    article_id, version, _ = text.rsplit(":", 2)
    return article_id, version


def record_id(record: Record) -> str:
    """Return the id of a record in its state."""
    article_id = record.article.id
    if record.state == PREVIOUS:
        return previous_id(article_id, record.article.version)
    return staged_id(article_id) if record.state == STAGED else article_id


def record_metadata(record: Record) -> Metadata:
    """Return what Chroma keeps of a record; None is what an upsert takes away.

    The text of a current one is not in it: lists are made of these.
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
    """Return what Chroma keeps under the mark of an article's current version."""
    return {"article_id": article.id, "state": MARK, "text": article.text}


def to_record(metadata: Metadata, text: str) -> Record:
    """Return the record that Chroma keeps."""
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
    """Return the page that an article was fetched from, if it was."""
    url = metadata.get("url")
    return Page(url, metadata.get("etag"), metadata.get("last_modified")) if url else None


def to_entry(metadata: Metadata, *, is_changing: bool) -> Entry:
    """Return what a list shows of the article that Chroma keeps."""
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
    """Return the file that a source is; None for what is none."""
    path = Path(source)
    return path if path.is_absolute() else None


def chunk_metadata(chunk: Chunk, article: Article) -> Metadata:
    """Return what a chunk says, what it is filtered by and where it stands; the rest is in its article's record.

    Chroma's place for a text is a document; of that it makes an index by every three letters, which nobody asks here:
    half of the time that a write takes, and four tenths of the disk.
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
    """Return the chunk that Chroma keeps; its text is a document in indexes of schema 1."""
    text = metadata.get("text", document)
    return Chunk(chunk_id, metadata["article_id"], text, metadata["start"], metadata["end"])


def equal_to(**values: str) -> Metadata:
    """Return Chroma's filter for records in which each of two or more fields has its value."""
    return {"$and": [{key: value} for key, value in values.items()]}


def search_filter(articles: Iterable[str] | None, after: date | None, before: date | None) -> Metadata | None:
    """Return Chroma's filter for the chunks of some articles, published from one day to another, both inclusive."""
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
    """Return a day as the number YYYYMMDD: Chroma's filters compare only numbers."""
    return day.year * 10_000 + day.month * 100 + day.day if day else None


def to_moment(seconds: int | None) -> datetime | None:
    """Return the moment (UTC) that is so many seconds after the epoch."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def to_day(number: int | None) -> date | None:
    """Return the day that a number YYYYMMDD means."""
    return date(number // 10_000, number // 100 % 100, number % 100) if number else None
