"""`ArticleIndex`: articles and their chunks in Chroma, in a folder or on a server."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from index.article import Article
from index.chunking import Chunk, chunk_article
from index.connection import Connection, EmbeddingModel
from index.embedding import DEFAULT_EMBEDDER, Embedder, SentenceEmbedder
from index.errors import ArticleIndexError, ArticleNotFoundError, SourceError, StoreError
from index.ranking import SearchResult, rank
from index.shipped import shipped_article
from index.sources import expand, read_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from chromadb import Collection
    from langchain_core.retrievers import BaseRetriever

    from index.sources import Source

    OnProgress = Callable[["AddProgress"], None]
    Metadata = dict[str, Any]

CANDIDATES = 200
"""How many chunks, the nearest by cosine, are ranked again by their words."""
BATCH = 64
"""How many chunks are embedded and stored at a time."""
SHIPPED = "shipped"
"""The mark of an index that has been given the project's own article once."""
SEARCHES = 3
"""How often a search starts again because an article changed under it."""


@dataclass(frozen=True, slots=True)
class AddReport:
    """What became of the sources of one `add`: article ids, and (source, reason) pairs for what failed."""

    added: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    failed: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class AddProgress:
    """How far an `add` is: `source` is at work, `done` of `total` sources found so far are finished."""

    source: str
    done: int
    total: int


class ArticleIndex:
    """Articles that can be searched. Threads may share one; `close` it, or use it as a context manager.

    Two collections hold all of it. `articles` has a record for each article under its id, and one under `id:version`
    for each text it had before (state "previous") and for each that is just being put in (state "staged"); `chunks` has
    the chunks, each of one version. An article changes by one write, that of its record: what is staged or left over
    is no part of it, and a search passes it by.
    """

    def __init__(self, connection: Connection, articles: Collection, chunks: Collection, embedder: Embedder) -> None:
        """Take an open connection and its collections; `open` is what makes them."""
        from langchain_chroma import Chroma

        self._connection = connection
        self._articles = articles
        self._chunks = Chroma(
            chunks.name, embedder, client=connection.client, create_collection_if_not_exists=False  # type: ignore[arg-type]
        )
        self._embedder = embedder
        self._writing = threading.RLock()

    @classmethod
    def open(cls, location: str | Path | None = None, embedder: Embedder | str | None = None) -> Self:
        """Open the index in a folder or on a Chroma server (http(s)://host:port), making it where there is none.

        Without a location it is the default folder of the user, which begins with the article that the project ships.
        `embedder` is a model's name or object; None is the built-in one. Raises `StoreError`, or one of its kinds.
        """
        embedder = _embedder(embedder)
        connection = Connection.open(location)
        try:
            index = cls(connection, *connection.collections(_model(embedder)), embedder)
            if connection.is_exclusive:
                index._finish_interrupted()
            if location is None:
                index.add_shipped()
        except BaseException:
            connection.close()
            raise
        return index

    @classmethod
    def rebuild(
        cls,
        location: str | Path | None = None,
        embedder: Embedder | str | None = None,
        on_progress: OnProgress | None = None,
    ) -> AddReport:
        """Make an index anew from the texts that it holds: the way to another embedding model.

        Interrupted, it leaves the index as it was. Previous versions of articles stay.
        """
        embedder = _embedder(embedder)
        connection = Connection.open(location)
        try:
            old, _ = connection.collections()
            with connection.errors():
                records = old.get(include=["metadatas", "documents"])
            index = cls(connection, *connection.rebuilding(_model(embedder)), embedder)
            report = index._fill(records, on_progress)
            if (old.metadata or {}).get(SHIPPED):
                index._mark_shipped()
            connection.finish_rebuilding()
        finally:
            connection.close()
        return report

    def close(self) -> None:
        """Let go of the folder or server; a second call does nothing."""
        with self._writing:
            self._connection.close()

    def __enter__(self) -> Self:
        """Return the index itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the index."""
        self.close()

    @property
    def is_closed(self) -> bool:
        """Whether `close` was called."""
        return self._connection.is_closed

    @property
    def location(self) -> str:
        """The folder or the server's address."""
        return self._connection.location

    @property
    def embedder(self) -> Embedder:
        """What embeds the chunks and the queries."""
        return self._embedder

    def add(self, *sources: Source, on_progress: OnProgress | None = None) -> AddReport:
        """Add files, folders and `Article`s; what is there already is replaced where it changed, and else left alone.

        A source that gives no article is reported with its reason and stops none of the others.
        """
        outcomes: dict[str, list[str]] = {"added": [], "updated": [], "unchanged": []}
        failed: list[tuple[str, str]] = []
        found: list[Path | Article] = []
        for source in sources:
            try:
                found += expand(source)
            except SourceError as error:
                failed.append((str(source), str(error)))
        for done, item in enumerate(found):
            name = item.source if isinstance(item, Article) else str(item)
            if on_progress:
                on_progress(AddProgress(name, done, len(found)))
            try:
                article = item if isinstance(item, Article) else read_file(item)
                outcomes[self._put(article)].append(article.id)
            except ArticleIndexError as error:
                failed.append((name, str(error)))
        if on_progress and found:
            on_progress(AddProgress(name, len(found), len(found)))
        return AddReport(failed=tuple(failed), **{outcome: tuple(ids) for outcome, ids in outcomes.items()})

    def add_shipped(self) -> None:
        """Add the article that the project ships to an index that is new and empty; once removed it stays removed."""
        with self._writing, self._connection.errors():
            if (self._articles.metadata or {}).get(SHIPPED):
                return
            if self.count() == 0:
                self._put(shipped_article())
            self._mark_shipped()

    def refresh(self, on_progress: OnProgress | None = None) -> AddReport:
        """Read every file again that an article came from; an article without a file of its own is left as it is.

        A file that is gone is reported as failed, and its article stays.
        """
        files = [article for article in self.articles() if Path(article.source).is_absolute()]
        others = [article.id for article in self.articles() if not Path(article.source).is_absolute()]
        report = self.add(*(Path(article.source) for article in files), on_progress=on_progress)
        return AddReport(report.added, report.updated, (*report.unchanged, *others), report.failed)

    def remove(self, article_id: str) -> None:
        """Remove an article with its chunks and previous versions. Raises `ArticleNotFoundError`."""
        with self._writing, self._connection.errors():
            article = self.article(article_id)
            self._articles.upsert(**self._record(f"{article_id}:{article.version}", article, "staged"))
            previous = self._articles.get(where=_all(article_id=article_id, state="previous"), include=[])
            self._articles.delete(ids=[article_id, *previous["ids"]])
            self._finish(article_id)

    def articles(self) -> list[Article]:
        """Return all articles: the newest first, those without a date last."""
        with self._connection.errors():
            records = self._articles.get(where={"state": "current"}, include=["metadatas", "documents"])
        articles = [_article(*record) for record in zip(records["metadatas"], records["documents"], strict=True)]
        return sorted(articles, key=lambda article: (-_day_number(article.published), article.title))

    def article(self, article_id: str, version: str | None = None) -> Article:
        """Return an article as it is, or as it was in a version that a citation names.

        Raises `ArticleNotFoundError` when it is not in the index, or never was in that version.
        """
        with self._connection.errors():
            records = self._articles.get(ids=[article_id, f"{article_id}:{version}"], include=["metadatas", "documents"])
        for metadata, text in zip(records["metadatas"], records["documents"], strict=True):
            if metadata["state"] != "staged" and version in (None, metadata["version"]):
                return _article(metadata, text)
        what = f"no article {article_id!r}" if version is None else f"no version {version!r} of article {article_id!r}"
        raise ArticleNotFoundError(f"The index holds {what}; `python -m index list` shows what it holds.")

    def count(self) -> int:
        """Return how many articles the index holds."""
        with self._connection.errors():
            return len(self._articles.get(where={"state": "current"}, include=[])["ids"])

    def search(
        self,
        query: str,
        k: int = 5,
        articles: Iterable[str] | None = None,
        published_after: date | None = None,
        published_before: date | None = None,
    ) -> list[SearchResult]:
        """Return the k chunks that fit a query best, the best first.

        `articles` limits the search to some ids; the dates, both inclusive, to articles that bear one. A blank query
        finds nothing. The 200 chunks nearest by cosine are ranked by their words as well (`index.ranking`).
        """
        if k < 1:
            raise ValueError(f"k is {k}; ask for at least one result")
        wanted = None if articles is None else list(articles)
        if not query.strip() or wanted == []:
            return []
        where = _where(wanted, published_after, published_before)
        vector = self._embedder.embed_query(query)
        for _ in range(SEARCHES):
            with self._connection.errors():
                found = self._chunks.similarity_search_by_vector_with_relevance_scores(vector, CANDIDATES, filter=where)
                chunks = [_chunk(document.id, document.page_content, document.metadata) for document, _ in found]
                versions = self._versions({chunk.article_id for chunk in chunks})
            current = [i for i, chunk in enumerate(chunks) if versions.get(chunk.article_id) == chunk.version]
            if len(current) == len(chunks):
                break
        # Chroma gives the cosine distance, 1 - cosine.
        return rank(query, [chunks[i] for i in current], [1 - found[i][1] for i in current], k)

    def as_retriever(self, k: int = 5) -> BaseRetriever:
        """Return a LangChain retriever over `search`, for a chain of one's own."""
        from index.retriever import ArticleRetriever

        return ArticleRetriever(index=self, k=k)

    def _put(self, article: Article) -> str:
        """Make an article what the index holds under its id; return "added", "updated" or "unchanged"."""
        _check(article)
        with self._writing, self._connection.errors():
            try:
                before: Article | None = self.article(article.id)
            except ArticleNotFoundError:
                before = None
            if before == article:
                return "unchanged"
            self._stage(article)
            if before:
                self._articles.upsert(**self._record(f"{article.id}:{before.version}", before, "previous"))
            vector = self._mean_vector(article)
            self._articles.upsert(**self._record(article.id, article, "current", vector))
            self._finish(article.id)
            return "updated" if before else "added"

    def _mark_shipped(self) -> None:
        with self._connection.errors():
            self._articles.modify(metadata={**(self._articles.metadata or {}), SHIPPED: True})

    def _fill(self, records: Any, on_progress: OnProgress | None) -> AddReport:
        """Put in what the records of another index hold: the articles, and the texts that they had before."""
        pairs = zip(records["metadatas"], records["documents"], strict=True)
        held = [(metadata["state"], _article(metadata, text)) for metadata, text in pairs]
        with self._connection.errors():
            for article in (article for state, article in held if state == "previous"):
                self._articles.upsert(**self._record(f"{article.id}:{article.version}", article, "previous"))
        return self.add(*(article for state, article in held if state == "current"), on_progress=on_progress)

    def _stage(self, article: Article) -> None:
        """Store the chunks of a version that no record names yet: until one does, no search returns them."""
        chunks = chunk_article(article)
        self._articles.upsert(**self._record(f"{article.id}:{article.version}", article, "staged"))
        for batch in (chunks[i : i + BATCH] for i in range(0, len(chunks), BATCH)):
            self._chunks.add_texts(
                [chunk.text for chunk in batch],
                metadatas=[_chunk_metadata(chunk, article) for chunk in batch],
                ids=[chunk.id for chunk in batch],
            )

    def _finish(self, article_id: str) -> None:
        """Clear away what an add or remove, done or interrupted, leaves of an article beside its current version."""
        version = self._versions({article_id}).get(article_id)
        stale: Metadata = {"article_id": article_id}
        self._chunks.delete(where={"$and": [stale, {"version": {"$ne": version}}]} if version else stale)
        staged = self._articles.get(where=_all(article_id=article_id, state="staged"), include=[])["ids"]
        if staged:
            self._articles.delete(ids=staged)

    def _finish_interrupted(self) -> None:
        with self._connection.errors():
            staged = self._articles.get(where={"state": "staged"}, include=["metadatas"])
            for article_id in {metadata["article_id"] for metadata in staged["metadatas"]}:
                self._finish(article_id)

    def _versions(self, article_ids: set[str]) -> dict[str, str]:
        if not article_ids:
            return {}
        records = self._articles.get(ids=list(article_ids), include=["metadatas"])
        return {metadata["article_id"]: metadata["version"] for metadata in records["metadatas"]}

    def _mean_vector(self, article: Article) -> Sequence[float]:
        where = _all(article_id=article.id, version=article.version)
        vectors = self._chunks.get(where=where, include=["embeddings"])["embeddings"]
        mean: list[float] = np.mean(vectors, axis=0).tolist()
        return mean

    def _record(
        self, record_id: str, article: Article, state: str, vector: Sequence[float] | None = None
    ) -> dict[str, list[Any]]:
        """Return an article as Chroma's arguments. Only a current record is ever searched by its vector."""
        anywhere = [1.0] + [0.0] * (self._embedder.dimension - 1)
        return {
            "ids": [record_id],
            "embeddings": [vector or anywhere],
            "documents": [article.text],
            "metadatas": [_metadata(article) | {"state": state}],
        }


def _embedder(embedder: Embedder | str | None) -> Embedder:
    return SentenceEmbedder(embedder or DEFAULT_EMBEDDER) if embedder is None or isinstance(embedder, str) else embedder


def _model(embedder: Embedder) -> EmbeddingModel:
    return EmbeddingModel(embedder.name, embedder.dimension)


def _check(article: Article) -> None:
    """Raise `SourceError` for an article that cannot be kept or found again."""
    if not article.id.strip():
        raise SourceError("the article has no id; give it one, or make it with Article.from_text")
    if not article.text.strip():
        raise SourceError("the article has no text; add one with text in it")
    try:
        article.text.encode()
    except UnicodeEncodeError as error:
        raise SourceError("the text holds broken characters (lone surrogates); decode it again") from error


def _metadata(article: Article) -> Metadata:
    known = {
        "article_id": article.id,
        "version": article.version,
        "title": article.title,
        "source": article.source,
        "published": _day_number(article.published) or None,
        "language": article.language,
    }
    return {key: value for key, value in known.items() if value is not None}


def _article(metadata: Metadata, text: str) -> Article:
    return Article(
        metadata["article_id"],
        metadata["title"],
        text,
        metadata["source"],
        _day(metadata.get("published")),
        metadata.get("language"),
    )


def _chunk_metadata(chunk: Chunk, article: Article) -> Metadata:
    """Return what a chunk is filtered by and where it stands; the rest is in its article's record."""
    metadata = {"article_id": chunk.article_id, "version": chunk.version, "start": chunk.start, "end": chunk.end}
    return metadata | ({"published": _day_number(article.published)} if article.published else {})


def _chunk(chunk_id: str, text: str, metadata: Metadata) -> Chunk:
    return Chunk(chunk_id, metadata["article_id"], text, metadata["start"], metadata["end"])


def _day_number(day: date | None) -> int:
    """Return a day as the number YYYYMMDD, which Chroma's filters can compare; 0 for none."""
    return day.year * 10_000 + day.month * 100 + day.day if day else 0


def _day(number: int | None) -> date | None:
    return date(number // 10_000, number // 100 % 100, number % 100) if number else None


def _all(**equal: str) -> Metadata:
    return {"$and": [{key: value} for key, value in equal.items()]}


def _where(articles: list[str] | None, after: date | None, before: date | None) -> Metadata | None:
    conditions: list[Metadata] = []
    if articles is not None:
        conditions.append({"article_id": {"$in": articles}})
    if after:
        conditions.append({"published": {"$gte": _day_number(after)}})
    if before:
        conditions.append({"published": {"$lte": _day_number(before)}})
    if len(conditions) > 1:
        return {"$and": conditions}
    return conditions[0] if conditions else None
