"""Store the articles of sources in an index, batch by batch."""

from __future__ import annotations

from contextlib import ExitStack, closing, suppress
from typing import TYPE_CHECKING

from index.adding.embedding_ahead import EmbeddingAhead
from index.adding.reading import SourceReader, StoppedError
from index.adding.report import AddReport
from index.chroma.records import CURRENT, Record
from index.errors import ArticleIndexError, SourceGoneError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from threading import Event

    from index.adding.embedding_ahead import EmbeddedSource
    from index.adding.report import OnProgress
    from index.chroma.writer import IndexWriter
    from index.sources.files import Source
    from index.sources.http import Fetcher
    from index.sources.page import Page

    CheckStopped = Callable[[], object]


class Intake:
    """Stores the articles of sources. A source that fails is reported and stops no other."""

    def __init__(
        self,
        writer: IndexWriter,
        fetcher: Fetcher,
        on_progress: OnProgress | None,
        *,
        prune: bool = False,
    ) -> None:
        """Configure the intake.

        Args:
            writer: Stores the articles.
            fetcher: Fetches web pages.
            on_progress: Called with an `AddProgress` as the work goes on.
            prune: Whether to remove the articles of sources that are gone.
        """
        self._writer = writer
        self._fetcher = fetcher
        self._prune = prune
        self._on_progress = on_progress
        self._is_over = False

    def take(self, sources: Iterable[Source | Page], stop: Event | None = None) -> AddReport:
        """Store the articles of sources, until `stop` is set."""
        outcomes: list[tuple[str, str]] = []
        failed: list[tuple[str, str]] = []

        def check_stopped() -> None:
            if self._is_over or (stop and stop.is_set()):
                raise StoppedError

        reader = SourceReader(self._fetcher, self._known_page, self._on_progress, check_stopped)
        embedding = EmbeddingAhead(self._writer, check_stopped, reader.report_share)
        embedded = embedding.batches(reader.read(sources))
        with suppress(StoppedError), closing(embedded) as batches, ExitStack() as at_end:
            at_end.callback(self._give_up)
            for batch in batches:
                stored = self._store_together(batch, check_stopped)
                for place, source in enumerate(batch):
                    try:
                        outcomes.append(stored.get(place) or self._store(source, check_stopped))
                    except ArticleIndexError as error:
                        failed.append((source.read.source, str(error)))
            reader.report_end()
        return AddReport.of(outcomes, failed)

    def _give_up(self) -> None:
        """End the reading of another source: nobody waits for it any more."""
        self._is_over = True
        self._fetcher.give_up()

    def _known_page(self, url: str) -> Page | None:
        return self._writer.reader.find_source(url)[1]

    def _store_together(
        self, batch: Sequence[EmbeddedSource], check_stopped: CheckStopped
    ) -> dict[int, tuple[str, str]]:
        """Store the articles of a batch in few writes.

        Returns:
            The outcome and the article's id by the source's place in the batch. Empty if any
            article is rejected. If an article occurs twice, only the first is stored.
        """
        places: dict[str, int] = {}
        for place, source in enumerate(batch):
            if source.read.article:
                places.setdefault(source.read.article.id, place)
        try:
            stored = self._put([batch[place] for place in places.values()], check_stopped)
        except ArticleIndexError:  # Each article is stored alone then, and its error reported.
            return {}
        return dict(zip(places.values(), zip(stored, places, strict=True), strict=True))

    def _put(self, sources: Sequence[EmbeddedSource], check_stopped: CheckStopped) -> list[str]:
        """Store articles; return the outcome of each."""
        records = [
            (Record(source.read.article, CURRENT, source.read.page), source.vectors)
            for source in sources
            if source.read.article
        ]
        return self._writer.put_all(records, check_stopped)

    def _store(self, source: EmbeddedSource, check_stopped: CheckStopped) -> tuple[str, str]:
        """Store or prune one source; return the outcome and the article's id.

        Raises the source's own error if it has no article and nothing is pruned.
        """
        read = source.read
        if read.article:
            return self._put([source], check_stopped)[0], read.article.id
        article_id, _ = self._writer.reader.find_source(read.source)
        if read.error is None:
            return "unchanged", article_id
        if not (self._prune and article_id and isinstance(read.error, SourceGoneError)):
            raise read.error
        self._writer.remove(article_id)
        return "removed", article_id
