"""`ArticleIndex`: articles and their chunks in Chroma, in a folder or on a server."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from index.article import Article
from index.chunking import chunk_article
from index.connection import Connection
from index.embedding import as_embedder
from index.errors import ArticleIndexError, ArticleNotFoundError, SourceError, StoreError
from index.ranking import SearchResult, rank
from index.records import article_metadata, chunk_metadata, equal_to, search_filter, to_article, to_chunk
from index.report import AddProgress, AddReport
from index.shipped import shipped_article
from index.sources import expand, read_file
from index.spelling import corrected

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from chromadb import Collection
    from langchain_core.retrievers import BaseRetriever

    from index.chunking import Chunk
    from index.embedding import Embedder
    from index.records import Metadata
    from index.report import OnProgress
    from index.sources import Source

CANDIDATES = 200
"""How many chunks, the nearest by cosine, are ranked again by their words."""
BATCH = 64
"""How many chunks are embedded and stored at a time."""
SHIPPED = "shipped"
"""The mark of an index that has been given the project's own article once."""
SEARCHES = 3
"""How often a search starts again because an article changed under it."""


class ArticleIndex:
    """Articles that can be searched. Threads may share one; `close` it, or use it as a context manager.

    `location` is its folder or its server's address, `embedder` what embeds its chunks and the queries.

    Two collections hold all of it. `articles` has a record for each article under its id, one under `id:version` for
    each text it had before (state "previous"), and one under `id:staged` while it is being changed; `chunks` has the
    chunks, each of one version. An article changes by one write, that of its record: what is staged or left over is no
    part of it, and a search passes it by.
    """

    def __init__(self, connection: Connection, articles: Collection, chunks: Collection, embedder: Embedder) -> None:
        """Take an open connection and its collections; `open` is what makes them."""
        from langchain_chroma import Chroma

        self._connection = connection
        self._articles = articles
        # An embedder has the methods of LangChain's Embeddings without being one, so that any object can be.
        as_embeddings: Any = embedder
        self._chunks = Chroma(
            chunks.name, as_embeddings, client=connection.client, create_collection_if_not_exists=False
        )
        self.embedder = embedder
        self.location = connection.location
        self._writing = threading.RLock()

    @classmethod
    def open(cls, location: str | Path | None = None, embedder: Embedder | str | None = None) -> Self:
        """Open the index in a folder or on a Chroma server (http(s)://host:port), making it where there is none.

        Without a location it is the default folder of the user, which begins with the article that the project ships.
        `embedder` is a model's name or object; None is the built-in one. Raises `StoreError`, or one of its kinds.
        """
        embedder = as_embedder(embedder)
        connection = Connection.open(location)
        try:
            index = cls(connection, *connection.collections(embedder), embedder)
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
        embedder = as_embedder(embedder)
        connection = Connection.open(location)
        try:
            old = cls(connection, *connection.collections(), embedder)
            index = cls(connection, *connection.rebuilding(embedder), embedder)
            report = index._copy(old, on_progress)
            if report.failed:
                raise StoreError(f"The index was left as it was: {report.failed[0][0]}: {report.failed[0][1]}")
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
            if self._is_marked_shipped():
                return
            if self.count() == 0:
                self._put(shipped_article())
            self._mark_shipped()

    def refresh(self, on_progress: OnProgress | None = None) -> AddReport:
        """Read every file again that an article came from; an article without a file of its own is left as it is.

        A file that is gone is reported as failed, and its article stays.
        """
        articles = self.articles()
        files = [Path(article.source) for article in articles if Path(article.source).is_absolute()]
        others = [article.id for article in articles if not Path(article.source).is_absolute()]
        report = self.add(*files, on_progress=on_progress)
        return AddReport(report.added, report.updated, (*report.unchanged, *others), report.failed)

    def remove(self, article_id: str) -> None:
        """Remove an article with its chunks and previous versions. Raises `ArticleNotFoundError`."""
        with self._writing, self._connection.errors():
            article = self.article(article_id)
            self._write(f"{article_id}:staged", article, "staged")
            previous = self._articles.get(where=equal_to(article_id=article_id, state="previous"), include=[])
            self._articles.delete(ids=[article_id, *previous["ids"]])
            self._finish(article_id)

    def articles(self) -> list[Article]:
        """Return all articles: the newest first, those without a date last."""
        articles = [to_article(*record) for record in self._records(where={"state": "current"})]
        return sorted(
            articles, key=lambda article: (-(article.published.toordinal() if article.published else 0), article.title)
        )

    def article(self, article_id: str, version: str | None = None) -> Article:
        """Return an article as it is, or as it was in a version that a citation names.

        Raises `ArticleNotFoundError` when it is not in the index, or never was in that version.
        """
        ids = [article_id] if version is None else [article_id, f"{article_id}:{version}"]
        for metadata, text in self._records(ids=ids):
            if version in (None, metadata["version"]):
                return to_article(metadata, text)
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
        finds nothing. The 200 chunks nearest by cosine are ranked by their words as well (`index.ranking`); a misspelt
        word of the query counts as the word of theirs that is meant (`index.spelling`).
        """
        if k < 1:
            raise ValueError(f"k is {k}; ask for at least one result")
        wanted = None if articles is None else list(articles)
        if not query.strip() or wanted == []:
            return []
        where = search_filter(wanted, published_after, published_before)
        chunks, cosines = self._nearest(query, where)
        meant = corrected(query, [chunk.text for chunk in chunks])
        if meant != query:
            chunks, cosines = self._nearest(meant, where)
        return rank(meant, chunks, cosines, k)

    def as_retriever(self, k: int = 5) -> BaseRetriever:
        """Return a LangChain retriever over `search`, for a chain of one's own."""
        from index.retriever import ArticleRetriever

        return ArticleRetriever(index=self, k=k)

    def _nearest(self, query: str, where: Metadata | None) -> tuple[list[Chunk], list[float]]:
        """Return the chunks nearest to a query that belong to the current versions, with their cosines."""
        vector = self.embedder.embed_query(query)
        for _ in range(SEARCHES):
            with self._connection.errors():
                found = self._chunks.similarity_search_by_vector_with_relevance_scores(vector, CANDIDATES, filter=where)
                chunks = [to_chunk(str(document.id), document.metadata, document.page_content) for document, _ in found]
                versions = self._versions({chunk.article_id for chunk in chunks})
            current = [i for i, chunk in enumerate(chunks) if versions.get(chunk.article_id) == chunk.version]
            if len(current) == len(chunks):
                break
        # Chroma gives the cosine distance, 1 - cosine.
        return [chunks[i] for i in current], [1 - found[i][1] for i in current]

    def _put(self, article: Article) -> str:
        """Make an article what the index holds under its id; return "added", "updated" or "unchanged"."""
        article.check()
        with self._writing, self._connection.errors():
            try:
                before: Article | None = self.article(article.id)
            except ArticleNotFoundError:
                before = None
            if before == article:
                return "unchanged"
            self._stage(article)
            if before:
                self._write(f"{article.id}:{before.version}", before, "previous")
            self._write(article.id, article, "current", self._mean_vector(article))
            self._finish(article.id)
            return "updated" if before else "added"

    def _stage(self, article: Article) -> None:
        """Store the chunks of a version that no record names yet: until one does, no search returns them."""
        chunks = chunk_article(article)
        self._write(f"{article.id}:staged", article, "staged")
        for batch in (chunks[i : i + BATCH] for i in range(0, len(chunks), BATCH)):
            self._chunks.add_texts(
                [chunk.text for chunk in batch],
                metadatas=[chunk_metadata(chunk, article) for chunk in batch],
                ids=[chunk.id for chunk in batch],
            )

    def _finish(self, article_id: str) -> None:
        """Clear away what an add or remove, done or interrupted, leaves of an article beside its current version."""
        version = self._versions({article_id}).get(article_id)
        every: Metadata = {"article_id": article_id}
        self._chunks.delete(where={"$and": [every, {"version": {"$ne": version}}]} if version else every)
        self._articles.delete(ids=[f"{article_id}:staged"])

    def _finish_interrupted(self) -> None:
        staged = {metadata["article_id"] for metadata, _ in self._records(where={"state": "staged"})}
        with self._connection.errors():
            for article_id in staged:
                self._finish(article_id)

    def _copy(self, other: ArticleIndex, on_progress: OnProgress | None) -> AddReport:
        """Put in all that another index holds: its articles, the texts that they had before, its mark."""
        held = [(metadata["state"], to_article(metadata, text)) for metadata, text in other._records()]
        with self._connection.errors():
            for article in (article for state, article in held if state == "previous"):
                self._write(f"{article.id}:{article.version}", article, "previous")
        if other._is_marked_shipped():
            self._mark_shipped()
        return self.add(*(article for state, article in held if state == "current"), on_progress=on_progress)

    def _is_marked_shipped(self) -> bool:
        return bool((self._articles.metadata or {}).get(SHIPPED))

    def _mark_shipped(self) -> None:
        with self._connection.errors():
            self._articles.modify(metadata={**(self._articles.metadata or {}), SHIPPED: True})

    def _records(self, **which: Any) -> list[tuple[Metadata, str]]:
        with self._connection.errors():
            found: Any = self._articles.get(**which, include=["metadatas", "documents"])
        return list(zip(found["metadatas"], found["documents"], strict=True))

    def _versions(self, article_ids: set[str]) -> dict[str, str]:
        if not article_ids:
            return {}
        found: Any = self._articles.get(ids=list(article_ids), include=["metadatas"])
        return {metadata["article_id"]: metadata["version"] for metadata in found["metadatas"]}

    def _mean_vector(self, article: Article) -> Sequence[float]:
        where = equal_to(article_id=article.id, version=article.version)
        vectors = self._chunks.get(where=where, include=["embeddings"])["embeddings"]
        mean: list[float] = np.mean(vectors, axis=0).tolist()
        return mean

    def _write(self, record_id: str, article: Article, state: str, vector: Sequence[float] | None = None) -> None:
        """Write a record. Chroma wants a vector for each; only that of a current record means anything."""
        anywhere = [1.0] + [0.0] * (self.embedder.dimension - 1)
        metadata = article_metadata(article, state)
        self._articles.upsert(record_id, [vector or anywhere], metadata, article.text)
