"""`ArticleIndex`: the public face of the index."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Self

from index.adding.adder import Adder
from index.chroma.checkup import Checkup
from index.chroma.connection import Connection
from index.chroma.records import CURRENT, Record
from index.chroma.registry import Registry
from index.chroma.writer import IndexWriter
from index.embedding.embedder import as_embedder
from index.search.near_duplicates import find_similar
from index.search.searcher import Searcher, SearchOutcome
from index.shipped import shipped_article

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date
    from threading import Event

    from chromadb import Collection
    from langchain_core.retrievers import BaseRetriever

    from index.adding.report import AddReport, OnProgress
    from index.article import Article
    from index.chroma.checkup import CheckReport
    from index.chroma.records import Entry, Removed
    from index.embedding.embedder import Embedder
    from index.search.ranking import SearchResult
    from index.sources.files import Source


class ArticleIndex:
    """Searchable articles in a Chroma folder or on a Chroma server.

    Threads may share one index. Close it after use, or use it as a context manager.

    Chroma has two collections: `articles` with the articles' records (`chroma.registry`), and
    `chunks`. A new version's chunks are stored first, and searches skip them. Writing its record
    then replaces the article in one step, and the old chunks are removed.

    Attributes:
        location: The folder, or the address of the server.
        embedder: The model that embeds chunks and queries.
    """

    def __init__(
        self, connection: Connection, articles: Collection, chunks: Collection, embedder: Embedder
    ) -> None:
        """Use two collections of an open connection. Call `open` instead: it provides them."""
        self.embedder = embedder
        self.location = connection.location
        self._connection = connection
        self._registry = Registry(articles, embedder.dimension, connection)
        self._searcher = Searcher(connection, self._registry, chunks, embedder)
        self._writer = IndexWriter(connection, self._registry, chunks, embedder)
        self._adder = Adder(connection, self._writer)

    @classmethod
    def open(
        cls,
        location: str | Path | None = None,
        embedder: Embedder | str | None = None,
        *,
        token: str | None = None,
    ) -> Self:
        """Open the index at a location; create a missing one.

        Args:
            location: A folder, or http(s)://host:port of a Chroma server. By default
                the user's folder; a new one contains the shipped article.
            embedder: An embedding model or its name; by default the built-in model.
            token: The token of a server that asks for one.

        Raises:
            StoreError: The location cannot be used; subclasses tell why.
        """
        embedder = as_embedder(embedder)
        connection = Connection.open(location, token)
        try:
            index = cls(connection, *connection.collections(embedder), embedder)
            if connection.is_unembedded:
                index._writer.embed_all()
                connection.mark_embedded()
            if connection.is_exclusive:
                index._writer.finish_interrupted()
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
        *,
        token: str | None = None,
    ) -> AddReport:
        """Embed an index again with another model. The arguments are those of `open`.

        Previous versions stay. An interrupted rebuild leaves the index unchanged.
        """
        from index.adding.copying import rebuild

        connection = Connection.open(location, token)
        try:
            return rebuild(connection, as_embedder(embedder), on_progress)
        finally:
            connection.close()

    def close(self) -> None:
        """Release the folder or server. A second call does nothing."""
        with self._writer.alone:
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def is_closed(self) -> bool:
        """Whether `close` was called."""
        return self._connection.is_closed

    def add(
        self,
        *sources: Source,
        allow_hosts: Iterable[str] = (),
        on_progress: OnProgress | None = None,
        stop: Event | None = None,
    ) -> AddReport:
        """Add articles. Changed ones are replaced; unchanged ones are not embedded again.

        Args:
            sources: Files, folders, web addresses and `Article`s. A failed source is reported
                with its reason and does not stop the others.
            allow_hosts: Hosts to fetch from although they are not public.
            on_progress: Called with an `AddProgress` as the work goes on.
            stop: Ends the work when it is set. Articles added by then stay.
        """
        return self._adder.add(sources, allow_hosts, on_progress, stop=stop)

    def add_shipped(self) -> None:
        """Add the shipped article to a new, empty index. Once removed, it stays removed."""
        with self._writer.alone, self._connection.errors():
            if self._registry.has_shipped_mark():
                return
            if self.count() == 0:
                self._writer.put(Record(shipped_article(), CURRENT))
            self._registry.set_shipped_mark()

    def refresh(
        self,
        *article_ids: str,
        prune: bool = False,
        allow_hosts: Iterable[str] = (),
        on_progress: OnProgress | None = None,
        stop: Event | None = None,
    ) -> AddReport:
        """Read the file or web page of each article again.

        Args:
            article_ids: The articles to refresh; all by default.
            prune: Whether to remove articles whose source is gone.
            allow_hosts: Hosts to fetch from although they are not public.
            on_progress: Called with an `AddProgress` as the work goes on.
            stop: Ends the work when it is set.

        Raises:
            ArticleNotFoundError: One of `article_ids` is not in the index.
        """
        return self._adder.refresh(article_ids, allow_hosts, on_progress, prune=prune, stop=stop)

    def watch(
        self, *folders: str | Path, prune: bool = False, stop: Event | None = None
    ) -> Iterator[AddReport]:
        """Add folders, then yield a report whenever files in them change.

        `stop` ends it. `prune` removes the articles of deleted files. Raises `SourceError` for a
        path that is not a folder.
        """
        yield from self._adder.watch(folders, prune=prune, stop=stop)

    def remove(self, article_id: str) -> Removed:
        """Remove an article and its previous versions. Raises `ArticleNotFoundError`."""
        return self._writer.remove(article_id)

    def put_back(self, removed: Removed) -> None:
        """Undo a removal, unless the article has been added again since."""
        self._writer.put_back(removed)

    def entries(self) -> list[Entry]:
        """Return a list entry for each article, in the order of `articles`."""
        with self._connection.errors():
            return sorted(self._registry.entries(), key=_newest_first)

    def articles(self) -> list[Article]:
        """Return all articles: the newest first, undated ones last."""
        with self._connection.errors():
            records = self._registry.current_records()
        return sorted((record.article for record in records), key=_newest_first)

    def article(self, article_id: str, version: str | None = None) -> Article:
        """Return an article, or the version of it that a citation names.

        Raises `ArticleNotFoundError`.
        """
        with self._connection.errors():
            return self._registry.find(article_id, version).article

    def count(self) -> int:
        """Return the number of articles."""
        with self._connection.errors():
            return self._registry.count()

    def similar(self, article_id: str) -> list[str]:
        """Return the ids of an article's near-duplicates. Raises `ArticleNotFoundError`."""
        with self._connection.errors():
            self._registry.find(article_id)
            return find_similar(self._registry, [article_id]).get(article_id, [])

    def search(
        self,
        query: str,
        k: int = 5,
        articles: Iterable[str] | None = None,
        published_after: date | None = None,
        published_before: date | None = None,
    ) -> list[SearchResult]:
        """Return the k chunks that match a query best, best first.

        The 200 nearest chunks by cosine are ranked by their words (`search.ranking`). A blank
        query matches nothing.

        Args:
            query: The question or words to search for; misspelt words are corrected.
            k: The number of chunks, at least 1.
            articles: Ids of the articles to search; all by default.
            published_after: The first day, inclusive; undated articles are left out.
            published_before: The last day, inclusive; undated articles are left out.
        """
        return self.find(query, k, articles, published_after, published_before).results

    def find(
        self,
        query: str,
        k: int = 5,
        articles: Iterable[str] | None = None,
        published_after: date | None = None,
        published_before: date | None = None,
    ) -> SearchOutcome:
        """Return the results of `search` and the corrected query."""
        if k < 1:
            raise ValueError(f"k is {k}; ask for at least one result")
        article_ids = None if articles is None else list(articles)
        if not query.strip() or article_ids == []:
            return SearchOutcome(query, [])
        return self._searcher.search(query, k, article_ids, published_after, published_before)

    def check(self, *, repair: bool = False) -> CheckReport:
        """Check articles, chunks, offsets, hashes and vectors; repair if asked."""
        self._writer.clear_failed()
        with self._connection.errors():
            return Checkup(self._writer).run(repair=repair)

    def export_to(self, path: str | Path) -> int:
        """Write all articles into a new file; return their number. Raises `StoreError`."""
        from index.chroma.export import write_export

        with self._connection.errors():
            return write_export(Path(path), self._writer)

    def import_from(self, path: str | Path) -> AddReport:
        """Add the articles of an exported file. Raises `StoreError`."""
        from index.adding.copying import import_export

        return import_export(Path(path), self._writer)

    def as_retriever(self, k: int = 5) -> BaseRetriever:
        """Return a LangChain retriever over `search`, for your own chains."""
        from index.search.retriever import ArticleRetriever

        return ArticleRetriever(index=self, k=k)


def _newest_first(article: Article | Entry) -> tuple[int, str]:
    """Return the sort key: newest day first, undated last, then by title."""
    return -(article.published.toordinal() if article.published else 0), article.title
