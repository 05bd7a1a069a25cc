"""Articles and chunks ↔ what Chroma keeps of them: pure."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from index.article import Article
from index.chunking import Chunk

if TYPE_CHECKING:
    from collections.abc import Iterable

Metadata = dict[str, Any]


def article_metadata(article: Article, state: str) -> Metadata:
    """Return what a record says of an article beside its text; `state` is "current", "previous" or "staged"."""
    known = {
        "article_id": article.id,
        "version": article.version,
        "state": state,
        "title": article.title,
        "source": article.source,
        "published": day_number(article.published),
        "language": article.language,
        "author": article.author,
        "site": article.site,
    }
    return {key: value for key, value in known.items() if value is not None}


def to_article(metadata: Metadata, text: str) -> Article:
    """Return the article that a record holds."""
    return Article(
        id=metadata["article_id"],
        title=metadata["title"],
        text=text,
        source=metadata["source"],
        published=_day(metadata.get("published")),
        language=metadata.get("language"),
        author=metadata.get("author"),
        site=metadata.get("site"),
    )


def chunk_metadata(chunk: Chunk, article: Article) -> Metadata:
    """Return what a chunk is filtered by and where it stands; the rest is in its article's record."""
    metadata = {"article_id": chunk.article_id, "version": chunk.version, "start": chunk.start, "end": chunk.end}
    return metadata | ({"published": day_number(article.published)} if article.published else {})


def to_chunk(chunk_id: str, metadata: Metadata, text: str) -> Chunk:
    """Return the chunk that a record holds."""
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


def _day(number: int | None) -> date | None:
    return date(number // 10_000, number // 100 % 100, number % 100) if number else None
