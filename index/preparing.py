"""What sources give → the same with the vectors of its chunks, made while what came before is being stored."""

from __future__ import annotations

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

    from index.article import Article
    from index.gathering import Found
    from index.writing import Vectors, Writer

    Read = tuple[Found, list[str]]  # with the texts of its chunks
    Prepared = tuple[Found, Vectors | None]

BATCH = 384
"""How many chunks are embedded, sorted by their lengths, and stored together, of several articles where they are short.

While Chroma writes, Python stands still, and with it what is embedded meanwhile: few writes, of much.
"""
AHEAD = 2
"""How many batches are read and embedded while one is stored."""
LONGEST_WAIT = 0.5
"""Seconds for which an article that is read waits for others to be embedded with it."""


class Preparation:
    """Reads in one thread and embeds in others, some batches ahead of whoever stores."""

    def __init__(self, writer: Writer, go_on: Callable[[], object], tell_share: Callable[[str, float], object]) -> None:
        """Prepare for a writer.

        `go_on` raises what ends it; `tell_share` is told of which source, if its article is long, which share, 0..1, is
        embedded.
        """
        self._writer, self._go_on, self._tell_share = writer, go_on, tell_share
        self._is_over = False

    def ahead(self, found: Iterator[Found]) -> Generator[list[Prepared]]:
        """Yield what was found in batches, with vectors where they will be needed and could be made."""
        batches = self._batches(found)
        with ThreadPoolExecutor(1, "reading") as reading, ThreadPoolExecutor(AHEAD, "embedding") as embedding:

            def begin() -> Future[list[Prepared]] | None:
                batch = next(batches, None)
                return embedding.submit(self._embedded, batch) if batch else None

            coming = deque(reading.submit(begin) for _ in range(AHEAD))
            try:
                while being_embedded := coming.popleft().result():
                    coming.append(reading.submit(begin))
                    yield being_embedded.result()
            finally:
                self._is_over = True

    def _batches(self, found: Iterator[Found]) -> Iterator[list[Read]]:
        """Yield what was found in batches; an article that is longer than one is a batch by itself."""
        batch: list[Read] = []
        chunks, since = 0, 0.0
        for one in found:
            if self._is_over:
                return
            texts = self._texts(one.article)
            if batch and chunks + len(texts) > BATCH:
                yield batch
                batch, chunks = [], 0
            since = since if batch else time.monotonic()
            batch.append((one, texts))
            chunks += len(texts)
            if chunks >= BATCH or time.monotonic() - since > LONGEST_WAIT:
                yield batch
                batch, chunks = [], 0
            self._go_on()
        if batch:
            yield batch

    def _texts(self, article: Article | None) -> list[str]:
        """Return the texts to embed: none of an article that is there already, or that cannot be kept."""
        with suppress(ArticleIndexError):  # It will be told by who stores it.
            if article and self._writer.wants(article):
                return [chunk.text for chunk in chunk_article(article)]
        return []

    def _embedded(self, batch: Sequence[Read]) -> list[Prepared]:
        texts = [text for _, of_one in batch for text in of_one]
        try:
            vectors = self._vectors(batch[0][0].source, texts)
        except ArticleIndexError:  # The same: what cannot be embedded fails again where it is stored.
            return [(one, None) for one, _ in batch]
        ends = np.cumsum([len(of_one) for _, of_one in batch])
        each = np.split(vectors, ends[:-1]) if len(vectors) == len(texts) > 0 else [None] * len(batch)
        return [(one, mine if of_one else None) for (one, of_one), mine in zip(batch, each, strict=True)]

    def _vectors(self, source: str, texts: list[str]) -> Vectors:
        made: list[list[float]] = []
        for start in range(0, len(texts), BATCH):
            if self._is_over:  # Nobody waits for it any more.
                break
            made += self._writer.embedder.embed_documents(texts[start : start + BATCH])
            if len(texts) > BATCH:  # Then they are of one article, that of this source.
                self._tell_share(source, len(made) / len(texts))
            self._go_on()
        return np.array(made, dtype=np.float32)
