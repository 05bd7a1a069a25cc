"""Fill an index from another one: a rebuild with another embedding model, or an export."""

from __future__ import annotations

from typing import TYPE_CHECKING

from index.adding.report import AddProgress, AddReport
from index.chroma.export import read_export
from index.chroma.records import PREVIOUS
from index.chroma.registry import Registry
from index.chroma.writer import IndexWriter
from index.errors import ArticleIndexError, StoreError

if TYPE_CHECKING:
    from pathlib import Path

    from index.adding.report import OnProgress
    from index.chroma.connection import Connection
    from index.embedding.embedder import Embedder


def rebuild(connection: Connection, embedder: Embedder, on_progress: OnProgress | None) -> AddReport:
    """Embed all texts of an index anew and swap the result in; on failure nothing changes."""
    articles, chunks = connection.collections()
    old = IndexWriter(connection, Registry(articles, embedder.dimension, connection), chunks, embedder)
    articles, chunks = connection.rebuilding(embedder)
    new = IndexWriter(connection, Registry(articles, embedder.dimension, connection), chunks, embedder)
    try:
        report = latest = copy(old, new, on_progress)
        # On a server, others may have changed the old index in the meantime.
        while latest.added or latest.updated or latest.removed:
            latest = copy(old, new)
    except BaseException as error:
        connection.abandon_rebuilding()
        if isinstance(error, ArticleIndexError):
            raise StoreError(f"The index was left as it was: {error}") from error
        raise
    connection.finish_rebuilding()
    return report


def copy(source: IndexWriter, target: IndexWriter, on_progress: OnProgress | None = None) -> AddReport:
    """Make one index equal to another: articles, previous versions and the shipped mark."""
    for record in source.registry.in_state(PREVIOUS):
        target.keep(record)
    if source.registry.has_shipped_mark():
        target.registry.set_shipped_mark()
    records = source.registry.current_records()
    outcomes: list[tuple[str, str]] = []
    for done, record in enumerate(records):
        if on_progress:
            on_progress(AddProgress(record.article.source, done, len(records)))
        outcomes.append((target.put(record), record.article.id))
    copied = {record.article.id for record in records}
    for record in target.registry.current_records():
        if record.article.id not in copied:
            target.remove(record.article.id)
            outcomes.append(("removed", record.article.id))
    return AddReport.of(outcomes)


def import_export(path: Path, target: IndexWriter) -> AddReport:
    """Put the articles of an exported file into an index, as `add` does. Raises `StoreError`."""
    outcomes: list[tuple[str, str]] = []
    for exported in read_export(path, target.embedder):
        if exported.record.state == PREVIOUS:
            target.keep(exported.record)
        else:
            outcome = target.put(exported.record, exported.vectors)
            outcomes.append((outcome, exported.record.article.id))
    return AddReport.of(outcomes)
