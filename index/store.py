"""`ArticleIndex`: articles and their chunks in Chroma, in a folder or on a server."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from index.connection import Connection
from index.embedding import as_embedder
from index.errors import ArticleIndexError, StoreError
from index.records import CURRENT, PREVIOUS, Record, file_of, search_filter
from index.registry import Registry
from index.report import AddProgress, AddReport
from index.searching import Searcher
from index.shipped import shipped_article
from index.upkeep import CheckReport, Problem, Upkeep
from index.writing import Writer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date
    from threading import Event

    from chromadb import Collection
    from langchain_core.retrievers import BaseRetriever

    from index.article import Article
    from index.embedding import Embedder
    from index.ranking import SearchResult
    from index.records import Entry, Page, Removed
    from index.report import OnProgress
    from index.sources import Item, Source

NEIGHBOURS = 10
"""How many articles, the nearest by their vectors, are compared with one to see whether they say the same."""
ALIKE = 0.9
"""The cosine of two articles' vectors below which they cannot say nearly the same."""
TOGETHER = 100
"""Articles whose neighbours are looked for at a time."""
SHIPPED = "shipped"
"""The mark of an index that has been given the project's own article once."""


class ArticleIndex:
    """Articles that can be searched. Threads may share one; `close` it, or use it as a context manager.

    `location` is its folder or its server's address, `embedder` what embeds its chunks and the queries.

    Two collections hold all of it: `articles` has the records of the articles (`index.registry`), `chunks` has the
    chunks, each of one version. An article changes by one write, that of its record: the chunks of another version are
    no part of it, and a search passes them by.
    """

    def __init__(self, connection: Connection, articles: Collection, chunks: Collection, embedder: Embedder) -> None:
        """Take an open connection and its collections; `open` is what makes them."""
        from langchain_chroma import Chroma

        self._connection = connection
        self._registry = Registry(articles, embedder.dimension, connection)
        # An embedder has the methods of LangChain's Embeddings without being one, so that any object can be.
        as_embeddings: Any = embedder
        self._chunks = Chroma(
            chunks.name, as_embeddings, client=connection.client, create_collection_if_not_exists=False
        )
        self.embedder = embedder
        self.location = connection.location
        self._searcher = Searcher(connection, self._registry, self._chunks, embedder)
        self._writer = Writer(connection, self._registry, chunks, embedder)

    @classmethod
    def open(
        cls, location: str | Path | None = None, embedder: Embedder | str | None = None, *, token: str | None = None
    ) -> Self:
        """Open the index in a folder or on a Chroma server (http(s)://host:port), making it where there is none.

        Without a location it is the default folder of the user, which begins with the article that the project ships.
        `embedder` is a model's name or object; None is the built-in one. `token` is for a server that asks for one.
        Raises `StoreError`, or one of its kinds.
        """
        embedder = as_embedder(embedder)
        connection = Connection.open(location, token)
        try:
            index = cls(connection, *connection.collections(embedder), embedder)
            if connection.is_unembedded:
                index._writer.embed_all()
                connection.all_are_embedded()
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
        """Make an index anew from the texts that it holds: the way to another embedding model.

        Interrupted, it leaves the index as it was. Previous versions of articles stay.
        """
        embedder = as_embedder(embedder)
        connection = Connection.open(location, token)
        try:
            old = cls(connection, *connection.collections(), embedder)
            index = cls(connection, *connection.rebuilding(embedder), embedder)
            try:
                report = latest = index._copy(old, on_progress)
                # On a server others may have changed the old one meanwhile.
                while latest.added or latest.updated or latest.removed:
                    latest = index._copy(old, None)
            except BaseException as error:
                connection.abandon_rebuilding()
                if isinstance(error, ArticleIndexError):
                    raise StoreError(f"The index was left as it was: {error}") from error
                raise
            connection.finish_rebuilding()
        finally:
            connection.close()
        return report

    def close(self) -> None:
        """Let go of the folder or server; a second call does nothing."""
        with self._writer.alone:
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

    def add(
        self,
        *sources: Source,
        allow_hosts: Iterable[str] = (),
        on_progress: OnProgress | None = None,
        stop: Event | None = None,
    ) -> AddReport:
        """Add files, folders, web addresses and `Article`s; what changed is replaced, and what did not is left alone.

        A source that gives no article is reported with its reason and stops none of the others. Only hosts on the
        public internet are asked, and those that `allow_hosts` names. Interrupted, or ended by setting `stop`, it keeps
        what was added by then; the article that it is at then is left as it was.
        """
        return self._take(sources, allow_hosts, on_progress, stop=stop)

    def add_shipped(self) -> None:
        """Add the article that the project ships to an index that is new and empty; once removed it stays removed."""
        with self._writer.alone, self._connection.errors():
            if self._is_marked_shipped():
                return
            if self.count() == 0:
                self._writer.put(Record(shipped_article(), CURRENT))
            self._mark_shipped()

    def refresh(
        self,
        *article_ids: str,
        prune: bool = False,
        allow_hosts: Iterable[str] = (),
        on_progress: OnProgress | None = None,
        stop: Event | None = None,
    ) -> AddReport:
        """Read every file and web page again that an article came from; an article without either is left as it is.

        `article_ids` limits it to some; `stop` ends it, as it ends `add`. What is gone is reported as failed, and its
        article stays, unless `prune` asks for its removal. Raises `ArticleNotFoundError`.
        """
        sources: list[Item] = []
        without: list[str] = []
        with self._connection.errors():
            records = [self._registry.find(one) for one in article_ids] if article_ids else self._current()
        for record in records:
            if place := record.page or file_of(record.article.source):
                sources.append(place)
            else:
                without.append(record.article.id)
        report = self._take(sources, allow_hosts, on_progress, prune=prune, stop=stop)
        return replace(report, unchanged=(*report.unchanged, *without))

    def watch(self, *folders: str | Path, prune: bool = False, stop: Event | None = None) -> Iterator[AddReport]:
        """Keep step with folders: yield what became of their files at first, and then of each that changes.

        Ends when `stop` is set. A file that is gone is reported as failed, unless `prune` asks for its article's
        removal. Raises `SourceError` for what is no folder.
        """
        from index.watching import changed_files

        for paths in changed_files(folders, stop):
            if not paths:
                yield self.add(*folders)
                continue
            held = [Path(article.source) for article in self.articles()]
            below = [path for path in held if not set(paths).isdisjoint(path.parents)]
            known = [path for path in paths if path.is_file() or path in held]
            if known or below:
                yield self._take([*known, *below], (), None, prune=prune)

    def remove(self, article_id: str) -> Removed:
        """Remove an article with its chunks and previous versions; return what `put_back` undoes it with.

        Raises `ArticleNotFoundError`.
        """
        return self._writer.remove(article_id)

    def put_back(self, removed: Removed) -> None:
        """Undo a removal: put the article in again, with its previous versions, unless it is there by now."""
        self._writer.put_back(removed)

    def entries(self) -> list[Entry]:
        """Return what a list shows of all articles, in the order of `articles`, without reading their texts."""
        with self._connection.errors():
            return sorted(self._registry.entries(), key=_newest_first)

    def articles(self) -> list[Article]:
        """Return all articles: the newest first, those without a date last."""
        return sorted((record.article for record in self._current()), key=_newest_first)

    def article(self, article_id: str, version: str | None = None) -> Article:
        """Return an article as it is, or as it was in a version that a citation names.

        Raises `ArticleNotFoundError` when it is not in the index, or never was in that version.
        """
        with self._connection.errors():
            return self._registry.find(article_id, version).article

    def count(self) -> int:
        """Return how many articles the index holds."""
        with self._connection.errors():
            return self._registry.count()

    def similar(self, article_id: str) -> list[str]:
        """Return the ids of the other articles that say nearly the same as one, such as copies of a news agency's text.

        Raises `ArticleNotFoundError`.
        """
        with self._connection.errors():
            self._registry.find(article_id)
            return self._similar([article_id]).get(article_id, [])

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
        return self._searcher.search(query, k, search_filter(wanted, published_after, published_before))

    def check(self, *, repair: bool = False) -> CheckReport:
        """Look whether articles, chunks, offsets, hashes and vectors fit each other, and mend what can be mended."""
        problems: list[Problem] = []
        self._writer.clear_failed()
        with self._connection.errors():
            for finding in list(Upkeep(self._writer).findings()):
                if repair and finding.mend:
                    finding.mend()
                    problems.append(replace(finding.problem, is_mended=True))
                else:
                    problems.append(finding.problem)
            return CheckReport(self.count(), self._writer.chunks.count(), tuple(problems))

    def export_to(self, path: str | Path) -> int:
        """Write the whole index into one new file; return how many articles that is. Raises `StoreError`."""
        from index.transfer import write_export

        with self._connection.errors():
            return write_export(Path(path), self._writer)

    def import_from(self, path: str | Path) -> AddReport:
        """Put in what a file holds that `export_to` has written, as `add` does. Raises `StoreError`."""
        from index.transfer import read_export

        outcomes: list[tuple[str, str]] = []
        for held in read_export(Path(path), self.embedder):
            if held.record.state == PREVIOUS:
                self._writer.keep(held.record)
            else:
                outcomes.append((self._writer.put(held.record, held.vectors), held.record.article.id))
        return AddReport.of(outcomes)

    def as_retriever(self, k: int = 5) -> BaseRetriever:
        """Return a LangChain retriever over `search`, for a chain of one's own."""
        from index.retriever import ArticleRetriever

        return ArticleRetriever(index=self, k=k)

    def _take(
        self,
        sources: Iterable[Source | Page],
        allow_hosts: Iterable[str],
        on_progress: OnProgress | None,
        *,
        prune: bool = False,
        stop: Event | None = None,
    ) -> AddReport:
        from index.fetching import Fetcher
        from index.intake import Intake

        with self._connection.errors():
            self._registry.collection.count()  # That the index is gone is told once, not of each source.
        with Fetcher(allow_hosts) as fetcher:
            intake = Intake(self._writer, fetcher, on_progress, prune=prune)
            report = intake.take(sources, stop)
        pairs: dict[frozenset[str], tuple[str, str]] = {}
        with suppress(ArticleIndexError), self._connection.errors():  # Other programs may be changing what is there.
            self._connection.suit(self._writer.chunks)
            for one, others in self._similar(report.added + report.updated).items():
                for other in others:
                    pairs.setdefault(frozenset({one, other}), (one, other))
        return replace(report, similar=tuple(pairs.values()))

    def _similar(self, article_ids: Sequence[str]) -> dict[str, list[str]]:
        """Return the articles that say nearly the same as each of some that are there, where there are any."""
        from index.similarity import nearly_same

        similar: dict[str, list[str]] = {}
        for start in range(0, len(article_ids), TOGETHER):
            near = self._registry.near(article_ids[start : start + TOGETHER], NEIGHBOURS, ALIKE)
            for one, others in ((one, others) for one, others in near.items() if others):
                texts = {
                    record.article.id: record.article.text for record in self._registry.records(ids=[one, *others])
                }
                if one in texts:  # Another program may have removed it meanwhile.
                    similar[one] = nearly_same(texts[one], {other: texts[other] for other in others if other in texts})
        return similar

    def _copy(self, other: ArticleIndex, on_progress: OnProgress | None) -> AddReport:
        """Make this index hold what another holds: its articles, the texts that they had before, its mark."""
        with other._connection.errors():
            previous = other._registry.in_state(PREVIOUS)
        for record in previous:
            self._writer.keep(record)
        if other._is_marked_shipped():
            self._mark_shipped()
        records = other._current()
        outcomes: list[tuple[str, str]] = []
        for done, record in enumerate(records):
            if on_progress:
                on_progress(AddProgress(record.article.source, done, len(records)))
            outcomes.append((self._writer.put(record), record.article.id))
        for gone in {record.article.id for record in self._current()} - {record.article.id for record in records}:
            self._writer.remove(gone)
            outcomes.append(("removed", gone))
        return AddReport.of(outcomes)

    def _is_marked_shipped(self) -> bool:
        return bool((self._registry.collection.metadata or {}).get(SHIPPED))

    def _mark_shipped(self) -> None:
        collection = self._registry.collection
        with self._connection.errors():
            collection.modify(metadata={**(collection.metadata or {}), SHIPPED: True})

    def _current(self) -> list[Record]:
        with self._connection.errors():
            return self._registry.in_state(CURRENT)


def _newest_first(one: Article | Entry) -> tuple[int, str]:
    """Return what articles are sorted by: their days, those without one last, and their titles."""
    return -(one.published.toordinal() if one.published else 0), one.title
