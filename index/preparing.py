"""What sources give → the same with the vectors of its chunks, made while what came before is being stored."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
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

    Prepared = tuple[Found, Vectors | None]

BATCH = 128
"""How many chunks are embedded at a time, of several articles where they are short: enough to sort them by length."""
LONGEST_WAIT = 0.5
"""Seconds for which an article that is read waits for others to be embedded with it."""


class Preparation:
    """Reads and embeds in a thread of its own, a batch ahead of whoever stores."""

    def __init__(self, writer: Writer, go_on: Callable[[], object], tell_share: Callable[[float], object]) -> None:
        """Prepare for a writer.

        `go_on` raises what ends it; `tell_share` is told which share, 0..1, of a long article is embedded.
        """
        self._writer, self._go_on, self._tell_share = writer, go_on, tell_share
        self._is_over = False

    def ahead(self, found: Iterator[Found]) -> Generator[Prepared]:
        """Yield what was found, with vectors where they will be needed and could be made."""
        batches = self._batches(found)
        with ThreadPoolExecutor(1, "preparing") as thread:
            try:
                coming = thread.submit(next, batches, None)
                while batch := coming.result():
                    coming = thread.submit(next, batches, None)
                    yield from batch
            finally:
                self._is_over = True

    def _batches(self, found: Iterator[Found]) -> Iterator[list[Prepared]]:
        """Yield what was found in batches; an article that is longer than one is a batch by itself."""
        batch: list[tuple[Found, list[str]]] = []
        chunks, since = 0, 0.0
        for one in found:
            if self._is_over:
                return
            texts = self._texts(one.article)
            if batch and chunks + len(texts) > BATCH:
                yield self._embedded(batch)
                batch, chunks = [], 0
            since = since if batch else time.monotonic()
            batch.append((one, texts))
            chunks += len(texts)
            if chunks >= BATCH or time.monotonic() - since > LONGEST_WAIT:
                yield self._embedded(batch)
                batch, chunks = [], 0
            self._go_on()
        if batch:
            yield self._embedded(batch)

    def _texts(self, article: Article | None) -> list[str]:
        """Return the texts to embed: none of an article that is there already, or that cannot be kept."""
        with suppress(ArticleIndexError):  # It will be told by who stores it.
            if article and self._writer.wants(article):
                return [chunk.text for chunk in chunk_article(article)]
        return []

    def _embedded(self, batch: Sequence[tuple[Found, list[str]]]) -> list[Prepared]:
        texts = [text for _, of_one in batch for text in of_one]
        try:
            vectors = self._vectors(texts)
        except ArticleIndexError:  # The same: what cannot be embedded fails again where it is stored.
            return [(one, None) for one, _ in batch]
        ends = np.cumsum([len(of_one) for _, of_one in batch])
        each = np.split(vectors, ends[:-1]) if len(vectors) else [None] * len(batch)
        return [(one, mine if of_one else None) for (one, of_one), mine in zip(batch, each, strict=True)]

    def _vectors(self, texts: list[str]) -> Vectors:
        made: list[list[float]] = []
        for start in range(0, len(texts), BATCH):
            made += self._writer.embedder.embed_documents(texts[start : start + BATCH])
            if len(texts) > BATCH:  # Then they are of one article.
                self._tell_share(len(made) / len(texts))
            self._go_on()
        return np.array(made, dtype=np.float32)
