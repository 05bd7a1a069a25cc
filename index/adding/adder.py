"""`Adder`: adds, refreshes and watches sources of articles."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from index.adding.intake import Intake
from index.chroma.records import file_of
from index.chroma.schema import widen_searches
from index.errors import ArticleIndexError
from index.search.near_duplicates import find_similar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from threading import Event

    from index.adding.report import AddReport, OnProgress
    from index.chroma.connection import Connection
    from index.chroma.writer import IndexWriter
    from index.sources.files import Item, Source
    from index.sources.page import Page


class Adder:
    """Turns sources into articles of an index."""

    def __init__(self, connection: Connection, writer: IndexWriter) -> None:
        """Add to the index of a writer."""
        self._connection = connection
        self._writer = writer
        self._registry = writer.registry

    def add(
        self,
        sources: Iterable[Source | Page],
        allow_hosts: Iterable[str] = (),
        on_progress: OnProgress | None = None,
        *,
        prune: bool = False,
        stop: Event | None = None,
    ) -> AddReport:
        """Add sources, one after another.

        Args:
            sources: Paths, folders, addresses, pages or `Article`s.
            allow_hosts: Hosts that may be fetched from although they are not public.
            on_progress: Called with an `AddProgress` as the work goes on.
            prune: Whether to remove the article of a source that is gone.
            stop: Ends the work when it is set. Articles added by then stay.

        Returns:
            The report, with the near-duplicates of new and changed articles.
        """
        from index.sources.http import Fetcher

        with self._connection.errors():
            # If the index is gone, fail once instead of once per source.
            self._registry.collection.count()
        with Fetcher(allow_hosts) as fetcher:
            report = Intake(self._writer, fetcher, on_progress, prune=prune).take(sources, stop)
        return replace(report, similar=self._similar_pairs(report.added + report.updated))

    def refresh(
        self,
        article_ids: Sequence[str],
        allow_hosts: Iterable[str],
        on_progress: OnProgress | None,
        *,
        prune: bool,
        stop: Event | None,
    ) -> AddReport:
        """Read the files and pages of articles again.

        Args:
            article_ids: The articles; all if empty.
            allow_hosts: Hosts that may be fetched from although they are not public.
            on_progress: Called with an `AddProgress` as the work goes on.
            prune: Whether to remove the article of a source that is gone.
            stop: Ends the work when it is set.

        Returns:
            The report. Articles from neither a file nor a page count as unchanged.

        Raises:
            ArticleNotFoundError: An id is not in the index.
        """
        # Find the records.
        with self._connection.errors():
            if article_ids:
                records = [self._registry.find(article_id) for article_id in article_ids]
            else:
                records = self._registry.current_records()
        # Add their files and pages again.
        sources: list[Item] = []
        without_source: list[str] = []
        for record in records:
            if source := record.page or file_of(record.article.source):
                sources.append(source)
            else:
                without_source.append(record.article.id)
        report = self.add(sources, allow_hosts, on_progress, prune=prune, stop=stop)
        return replace(report, unchanged=(*report.unchanged, *without_source))

    def watch(
        self, folders: Sequence[str | Path], *, prune: bool, stop: Event | None
    ) -> Iterator[AddReport]:
        """Add folders, then yield a report for each change in them.

        `stop` ends it. `prune` removes the articles of deleted files.
        """
        from index.adding.watching import changed_files

        for paths in changed_files(folders, stop):
            if not paths:  # The watch has begun.
                yield self.add(folders)
                continue
            with self._connection.errors():
                entries = self._registry.entries()
            files = {Path(entry.source) for entry in entries}
            changed = [path for path in paths if path.is_file() or path in files]
            # For a deleted folder the system reports only the folder, not its files.
            inside = [file for file in files if not set(paths).isdisjoint(file.parents)]
            if changed or inside:
                yield self.add([*changed, *inside], prune=prune)

    def _similar_pairs(self, article_ids: Sequence[str]) -> tuple[tuple[str, str], ...]:
        """Return each pair of near-duplicates once. Articles removed meanwhile are skipped."""
        pairs: dict[frozenset[str], tuple[str, str]] = {}
        # On a server others may be writing: a failure here must not hide the report.
        with suppress(ArticleIndexError), self._connection.errors():
            widen_searches(self._writer.chunks)
            for article_id, others in find_similar(self._registry, article_ids).items():
                for other in others:
                    pairs.setdefault(frozenset({article_id, other}), (article_id, other))
        return tuple(pairs.values())
