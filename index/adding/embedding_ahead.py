"""Read and embed the next batches of articles while one is stored."""

from __future__ import annotations

import os
import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from index.chunking import chunk_article
from index.errors import ArticleIndexError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence
    from concurrent.futures import Executor

    from numpy.typing import NDArray

    from index.adding.reading import ReadSource
    from index.article import Article
    from index.chroma.reader import Vectors
    from index.chroma.writer import IndexWriter

    Batch = list["ChunkedSource"]
    # The indices of texts in a batch, and their vectors to come.
    Slice = tuple[NDArray[np.intp], Future[list[list[float]]]]

BATCH_CHUNKS = 512
"""Chunks that are stored together, perhaps of several articles.

A write to Chroma holds Python's lock, and embedding stops meanwhile: few large writes are best.
"""
LONG_ARTICLE_CHUNKS = 256
"""Chunks above which an article is a batch of its own, with progress reports."""
SLICE_CHUNKS = 128
"""Chunks of similar length that are embedded together."""
BATCHES_AHEAD = 2
"""Batches that are read and embedded while one is stored."""
LONGEST_WAIT = 0.5
"""Seconds that an article waits for others to share a batch with it."""


@dataclass(frozen=True, slots=True)
class ChunkedSource:
    """A read source with the texts to embed; they are empty if it needs no embedding."""

    read: ReadSource
    texts: list[str]


@dataclass(frozen=True, slots=True)
class EmbeddedSource:
    """A read source with its chunks' vectors, if it needs any and embedding succeeded."""

    read: ReadSource
    vectors: Vectors | None


class EmbeddingAhead:
    """Reads in one thread and embeds in others, a few batches ahead of the consumer."""

    def __init__(
        self,
        writer: IndexWriter,
        check_stopped: Callable[[], object],
        on_share: Callable[[str, float], object],
    ) -> None:
        """Embed for a writer.

        Args:
            writer: The writer that will store the articles.
            check_stopped: Called now and then; raises an exception to abort.
            on_share: Called with a long article's source and the fraction of it, 0 to 1, that
                is embedded.
        """
        self._writer = writer
        self._check_stopped = check_stopped
        self._on_share = on_share
        self._is_over = False

    def batches(self, sources: Iterator[ReadSource]) -> Generator[list[EmbeddedSource]]:
        """Yield all sources in batches, with the vectors of new and changed articles."""
        batches = self._read_batches(sources)
        with (
            ThreadPoolExecutor(1, "reading") as reading,
            ThreadPoolExecutor(os.cpu_count(), "embedding") as embedding,
        ):

            def start_next() -> tuple[Batch, list[Slice]] | None:
                batch = next(batches, None)
                return (batch, self._start_embedding(batch, embedding)) if batch else None

            started = deque(reading.submit(start_next) for _ in range(BATCHES_AHEAD))
            try:
                while batch_and_slices := started.popleft().result():
                    started.append(reading.submit(start_next))
                    yield self._finish_embedding(*batch_and_slices)
            finally:
                self._is_over = True

    def _read_batches(self, sources: Iterator[ReadSource]) -> Iterator[Batch]:
        """Yield sources in batches; a long article is a batch of its own."""
        batch: Batch = []
        chunks, started = 0, 0.0
        for source in sources:
            if self._is_over:
                return
            texts = self._texts_to_embed(source.article)
            is_long = len(texts) > LONG_ARTICLE_CHUNKS
            # Close the batch if the article does not fit in.
            if batch and (is_long or chunks + len(texts) > BATCH_CHUNKS):
                yield batch
                batch, chunks = [], 0
            # Add the article.
            started = started if batch else time.monotonic()
            batch.append(ChunkedSource(source, texts))
            chunks += len(texts)
            # Close the batch if it is full or has waited long enough.
            waited = time.monotonic() - started
            if is_long or chunks >= BATCH_CHUNKS or waited > LONGEST_WAIT:
                yield batch
                batch, chunks = [], 0
            self._check_stopped()
        if batch:
            yield batch

    def _texts_to_embed(self, article: Article | None) -> list[str]:
        """Return the chunks of a new or changed article; empty for any other."""
        with suppress(ArticleIndexError):  # The same error will be raised when it is stored.
            if article and self._writer.reader.needs_embedding(article):
                return [chunk.text for chunk in chunk_article(article)]
        return []

    def _start_embedding(self, batch: Batch, embedding: Executor) -> list[Slice]:
        """Submit the texts of a batch in slices of similar length, the longest first."""
        texts = [text for source in batch for text in source.texts]
        if not texts:
            return []
        order = np.argsort([-len(text) for text in texts], kind="stable")
        slices = np.array_split(order, max(1, round(len(texts) / SLICE_CHUNKS)))
        return [
            (places, embedding.submit(self._embed, [texts[place] for place in places]))
            for places in slices
        ]

    def _embed(self, texts: list[str]) -> list[list[float]]:
        # After the end nobody waits for the vectors.
        return [] if self._is_over else self._writer.embedder.embed_documents(texts)

    def _finish_embedding(self, batch: Batch, slices: Sequence[Slice]) -> list[EmbeddedSource]:
        """Wait for the slices of a batch; return its sources with their vectors."""
        ends = np.cumsum([len(source.texts) for source in batch])
        vectors = np.empty((ends[-1], self._writer.embedder.dimension), dtype=np.float32)
        done = 0
        for places, future in slices:
            try:
                vectors[places] = future.result()
            except ArticleIndexError:  # The same error will be raised when the batch is stored.
                return [EmbeddedSource(source.read, None) for source in batch]
            done += len(places)
            if len(batch) == 1 and len(vectors) > LONG_ARTICLE_CHUNKS:
                self._on_share(batch[0].read.source, done / len(vectors))
            self._check_stopped()
        return [
            EmbeddedSource(source.read, rows if source.texts else None)
            for source, rows in zip(batch, np.split(vectors, ends[:-1]), strict=True)
        ]
