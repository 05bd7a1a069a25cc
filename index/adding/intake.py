"""Sources → what became of each in the index."""

from __future__ import annotations

from contextlib import ExitStack, closing, suppress
from typing import TYPE_CHECKING

from index.adding.embedding_ahead import Preparation
from index.adding.reading import Gathering
from index.adding.report import AddReport
from index.chroma.records import CURRENT, Record
from index.errors import ArticleIndexError, SourceGoneError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from threading import Event

    from index.adding.embedding_ahead import Prepared
    from index.adding.reading import Found
    from index.adding.report import OnProgress
    from index.chroma.reader import Vectors
    from index.chroma.writer import IndexWriter
    from index.sources.files import Source
    from index.sources.http import Fetcher
    from index.sources.page import Page


class Intake:
    """Puts what sources give into an index; one that gives nothing is reported and stops none of the others."""

    def __init__(
        self,
        writer: IndexWriter,
        fetcher: Fetcher,
        on_progress: OnProgress | None,
        *,
        prune: bool = False,
    ) -> None:
        """Write into an index; `prune` removes what is gone from its source."""
        self._writer, self._fetcher, self._prune = writer, fetcher, prune
        self._gathering = Gathering(fetcher, lambda url: writer.reader.find_source(url)[1], on_progress)

    def take(self, sources: Iterable[Source | Page], stop: Event | None = None) -> AddReport:
        """Put in what the sources give, one after another, until `stop` is set."""
        outcomes: list[tuple[str, str]] = []
        failed: list[tuple[str, str]] = []

        def go_on() -> None:
            if stop and stop.is_set():
                raise _StoppedError

        preparation = Preparation(self._writer, go_on, self._gathering.tell_share)
        ahead = preparation.ahead(self._gathering.gather(sources))
        with suppress(_StoppedError), closing(ahead) as prepared, ExitStack() as at_end:
            at_end.callback(self._fetcher.give_up)  # Nobody waits any more for what is being fetched then.
            for batch in prepared:
                done = self._put_together(batch, go_on)
                for place, (found, vectors) in enumerate(batch):
                    try:
                        outcomes.append(done.get(place) or self._settle(found, vectors, go_on))
                    except ArticleIndexError as error:
                        failed.append((found.source, str(error)))
            self._gathering.tell_end()
        return AddReport.of(outcomes, failed)

    def _put_together(self, batch: Sequence[Prepared], go_on: Callable[[], object]) -> dict[int, tuple[str, str]]:
        """Put in the articles of a batch in few writes; return what became of them by their places in it.

        Those are none where one of them cannot be kept, and no second one of the same article.
        """
        places: dict[str, int] = {}
        for place, (found, _) in enumerate(batch):
            if found.article:
                places.setdefault(found.article.id, place)
        try:
            done = self._put([batch[place] for place in places.values()], go_on)
        except ArticleIndexError:  # It is told where each is put in alone.
            return {}
        return dict(zip(places.values(), zip(done, places, strict=True), strict=True))

    def _put(self, prepared: Sequence[Prepared], go_on: Callable[[], object]) -> list[str]:
        """Put in articles; return what became of each."""
        records = [(Record(found.article, CURRENT, found.page), rows) for found, rows in prepared if found.article]
        return self._writer.put_all(records, go_on)

    def _settle(self, found: Found, vectors: Vectors | None, go_on: Callable[[], object]) -> tuple[str, str]:
        """Do what is to be done about a source; return what that was, and the id of the article."""
        if found.article:
            return self._put([(found, vectors)], go_on)[0], found.article.id
        article_id, _ = self._writer.reader.find_source(found.source)
        if found.error is None:
            return "unchanged", article_id
        if not (self._prune and article_id and isinstance(found.error, SourceGoneError)):
            raise found.error
        self._writer.remove(article_id)
        return "removed", article_id


class _StoppedError(Exception):
    """Somebody wants no more to be put in."""
