"""Artificial articles, drawn from real passages with a sentence exchanged and noisy vectors."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import numpy as np

from index import Article
from index.chunking import CHUNK_CHARACTERS
from index.embedding.embedder import SentenceEmbedder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PASSAGES = 100
"""Passages of an article."""
SHORTEST = CHUNK_CHARACTERS // 2 + 20
"""Characters of a passage; two shorter ones could be one chunk."""
TRIES = 10_000
"""Draws of known passages in a row before drawing stops."""
NOISE = 0.03
"""Standard deviation of the noise on each number of a vector: cosines become about .85."""


class Drawing(SentenceEmbedder):
    """Draws articles and knows the vectors of their passages.

    Other texts are embedded by the built-in model.
    """

    def __init__(self, passages: Sequence[str], seed: int) -> None:
        """Draw from real passages, without those too short to stay chunks."""
        super().__init__()
        joined = [" ".join(passage.split()) for passage in passages]
        self._passages = [
            passage for passage in joined if SHORTEST <= len(passage) <= CHUNK_CHARACTERS - 20
        ]
        self._vectors = np.array(super().embed_documents(self._passages), dtype=np.float32)
        self._sentences = [
            sentence for passage in self._passages for sentence in passage.split(". ")
        ]
        self._random, self._noise = random.Random(seed), np.random.default_rng(seed)
        self._drawn: dict[str, int] = {}

    def articles(self, passages: int) -> Iterator[Article]:
        """Yield articles with a number of passages in all."""
        for number in range(passages // PASSAGES):
            texts = [self._draw() for _ in range(PASSAGES)]
            yield Article.from_text(
                "\n\n".join(texts), f"drawn {self._random.random()}", title=f"Article {number}"
            )

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return a unit vector for each passage; each drawn passage is embedded once."""
        if not set(texts) <= self._drawn.keys():
            return super().embed_documents(texts)
        vectors = self._vectors[[self._drawn.pop(text) for text in texts]]
        vectors = vectors + self._noise.normal(0, NOISE, vectors.shape).astype(np.float32)
        unit: list[list[float]] = (
            vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        ).tolist()
        return unit

    def _draw(self) -> str:
        """Return a new passage: a real one with one of its sentences exchanged."""
        for _ in range(TRIES):
            number = self._random.randrange(len(self._passages))
            sentences = self._passages[number].split(". ")
            sentences[self._random.randrange(len(sentences))] = self._random.choice(self._sentences)
            text = ". ".join(sentences).strip()
            if SHORTEST <= len(text) <= CHUNK_CHARACTERS - 20 and text not in self._drawn:
                self._drawn[text] = number
                return text
        raise ValueError(f"{len(self._passages)} passages are too few to draw so many others from")
