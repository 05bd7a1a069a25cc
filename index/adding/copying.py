"""Copies of an index: rebuilds and imports."""

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


def rebuild(
    connection: Connection, embedder: Embedder, on_progress: OnProgress | None
) -> AddReport:
    """Embed all articles again and swap the new collections in.

    Args:
        connection: The open index.
        embedder: The new model.
        on_progress: Called before each article.

    Raises:
        StoreError: The rebuild failed; the index is unchanged.
    """
    # Open the old and the new collections.
    articles, chunks = connection.collections()
    registry = Registry(articles, embedder.dimension, connection)
    old = IndexWriter(connection, registry, chunks, embedder)
    articles, chunks = connection.start_rebuild(embedder)
    registry = Registry(articles, embedder.dimension, connection)
    new = IndexWriter(connection, registry, chunks, embedder)
    try:
        # Copy until nothing changes: on a server, others may be changing the old index.
        report = latest = copy(old, new, on_progress)
        while latest.added or latest.updated or latest.removed:
            latest = copy(old, new)
    except BaseException as error:
        connection.abandon_rebuild()
        if isinstance(error, ArticleIndexError):
            raise StoreError(f"The rebuild failed, the index is unchanged: {error}") from error
        raise
    connection.finish_rebuild()
    return report


def copy(
    source: IndexWriter, target: IndexWriter, on_progress: OnProgress | None = None
) -> AddReport:
    """Make one index equal to another.

    Args:
        source: The index to copy.
        target: The index to change. Its articles that the source lacks are removed.
        on_progress: Called before each article.
    """
    # Copy the previous versions and the mark of the shipped article.
    for record in source.registry.in_state(PREVIOUS):
        target.put_previous(record)
    if source.registry.has_shipped_mark():
        target.registry.set_shipped_mark()
    # Copy the current articles.
    records = source.registry.current_records()
    outcomes: list[tuple[str, str]] = []
    for done, record in enumerate(records):
        if on_progress:
            on_progress(AddProgress(record.article.source, done, len(records)))
        outcomes.append((target.put(record), record.article.id))
    # Remove the others.
    copied = {record.article.id for record in records}
    for record in target.registry.current_records():
        if record.article.id not in copied:
            target.remove(record.article.id)
            outcomes.append(("removed", record.article.id))
    return AddReport.of(outcomes)


def import_export(path: Path, target: IndexWriter) -> AddReport:
    """Add the articles of an exported file to an index. Raises `StoreError`."""
    outcomes: list[tuple[str, str]] = []
    for exported in read_export(path, target.embedder):
        if exported.record.state == PREVIOUS:
            target.put_previous(exported.record)
        else:
            outcome = target.put(exported.record, exported.vectors)
            outcomes.append((outcome, exported.record.article.id))
    return AddReport.of(outcomes)
