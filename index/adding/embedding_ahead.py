"""What sources give → the same with the vectors of its chunks, made while what came before is being stored."""

from __future__ import annotations

import os
import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np

from index.chunking import chunk_article
from index.errors import ArticleIndexError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence
    from concurrent.futures import Executor

    from numpy.typing import NDArray

    from index.adding.reading import Found
    from index.article import Article
    from index.chroma.reader import Vectors
    from index.chroma.writer import IndexWriter

    Read = tuple[Found, list[str]]  # with the texts of its chunks
    Prepared = tuple[Found, Vectors | None]
    Piece = tuple[NDArray[np.intp], Future[list[list[float]]]]  # the places of texts among those of a batch

BATCH = 512
"""How many chunks are stored together, of several articles where they are short.

While Chroma writes, Python stands still, and with it what is embedded meanwhile: few writes, of much.
"""
LONG = 256
"""Chunks; an article that has more is a batch by itself, of which it is told how far it is."""
PIECE = 128
"""How many chunks are embedded together, of similar lengths."""
AHEAD = 2
"""How many batches are read and embedded while one is stored."""
LONGEST_WAIT = 0.5
"""Seconds for which an article that is read waits for others to be embedded with it."""


class Preparation:
    """Reads in one thread and embeds in others, some batches ahead of whoever stores."""

    def __init__(
        self, writer: IndexWriter, go_on: Callable[[], object], tell_share: Callable[[str, float], object]
    ) -> None:
        """Prepare for a writer.

        `go_on` raises what ends it; `tell_share` is told of which source, if its article is long, which share, 0..1, is
        embedded.
        """
        self._writer, self._go_on, self._tell_share = writer, go_on, tell_share
        self._is_over = False

    def ahead(self, found: Iterator[Found]) -> Generator[list[Prepared]]:
        """Yield what was found in batches, with vectors where they will be needed and could be made."""
        batches = self._batches(found)
        with (
            ThreadPoolExecutor(1, "reading") as reading,
            ThreadPoolExecutor(os.cpu_count(), "embedding") as embedding,
        ):

            def begin() -> tuple[list[Read], list[Piece]] | None:
                batch = next(batches, None)
                return (batch, self._begin(batch, embedding)) if batch else None

            coming = deque(reading.submit(begin) for _ in range(AHEAD))
            try:
                while begun := coming.popleft().result():
                    coming.append(reading.submit(begin))
                    yield self._finish(*begun)
            finally:
                self._is_over = True

    def _batches(self, found: Iterator[Found]) -> Iterator[list[Read]]:
        """Yield what was found in batches."""
        batch: list[Read] = []
        chunks, since = 0, 0.0
        for one in found:
            if self._is_over:
                return
            texts = self._texts(one.article)
            is_long = len(texts) > LONG
            if batch and (is_long or chunks + len(texts) > BATCH):
                yield batch
                batch, chunks = [], 0
            since = since if batch else time.monotonic()
            batch.append((one, texts))
            chunks += len(texts)
            if is_long or chunks >= BATCH or time.monotonic() - since > LONGEST_WAIT:
                yield batch
                batch, chunks = [], 0
            self._go_on()
        if batch:
            yield batch

    def _texts(self, article: Article | None) -> list[str]:
        """Return the texts to embed: none of an article that is there already, or that cannot be kept."""
        with suppress(ArticleIndexError):  # It will be told by who stores it.
            if article and self._writer.reader.needs_embedding(article):
                return [chunk.text for chunk in chunk_article(article)]
        return []

    def _begin(self, batch: Sequence[Read], embedding: Executor) -> list[Piece]:
        """Let the texts of a batch be embedded in pieces, the longest first."""
        texts = [text for _, of_one in batch for text in of_one]
        order = np.argsort([-len(text) for text in texts], kind="stable")
        pieces = np.array_split(order, max(1, round(len(texts) / PIECE))) if texts else []
        return [(piece, embedding.submit(self._embed, [texts[place] for place in piece])) for piece in pieces]

    def _embed(self, texts: list[str]) -> list[list[float]]:
        # Where it is over nobody waits for them any more.
        return [] if self._is_over else self._writer.embedder.embed_documents(texts)

    def _finish(self, batch: Sequence[Read], pieces: Sequence[Piece]) -> list[Prepared]:
        """Return a batch with its vectors, when all its pieces are embedded."""
        ends = np.cumsum([len(texts) for _, texts in batch])
        vectors = np.empty((ends[-1], self._writer.embedder.dimension), dtype=np.float32)
        done = 0
        for places, made in pieces:
            try:
                vectors[places] = made.result()
            except ArticleIndexError:  # It will be told by who stores it: there it fails again.
                return [(one, None) for one, _ in batch]
            done += len(places)
            if len(batch) == 1 and len(vectors) > LONG:
                self._tell_share(batch[0][0].source, done / len(vectors))
            self._go_on()
        each = np.split(vectors, ends[:-1])
        return [(one, mine if texts else None) for (one, texts), mine in zip(batch, each, strict=True)]
