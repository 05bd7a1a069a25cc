"""Question + sentences → scored sentences: the step of the chain that chooses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from index.ranking import relevance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assistant.grounding import Sentence
    from index.embedding import Embedder

LEXICAL_WEIGHT = 0.5
"""The share of BM25 in a sentence's own score, the cosine having the rest."""
PASSAGE_WEIGHT = 0.35
"""The share of the score of the passage around a sentence in its score."""
QUOTE_THRESHOLD = 0.22
"""When no sentence reaches it, none is near the question (benchmarks/finding.py prints what others would do)."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A sentence and how well it fits the question: `score` is 0..1, higher is better."""

    sentence: Sentence
    score: float


class Reader(Protocol):
    """What reads sentences with a question in mind: the seam at which another way of choosing comes in."""

    @property
    def quote_threshold(self) -> float:
        """The score that the best sentence must reach; below it none is near the question."""

    def read(self, question: str, sentences: Sequence[Sentence]) -> list[Reading]:
        """Return a reading of each sentence, the best first."""


class NearestReader:
    """Reads by likeness: BM25 and cosine between the question and each sentence, and the score of its passage."""

    quote_threshold = QUOTE_THRESHOLD

    def __init__(self, embedder: Embedder) -> None:
        """Take the embedder of the index, so that one model serves both."""
        self._embedder = embedder

    def read(self, question: str, sentences: Sequence[Sentence]) -> list[Reading]:
        """Return a reading of each sentence, the best first."""
        if not sentences:
            return []
        texts = [sentence.text for sentence in sentences]
        cosines = np.array(self._embedder.embed_documents(texts)) @ np.array(self._embedder.embed_query(question))
        own = relevance(question, texts, cosines.tolist(), LEXICAL_WEIGHT)
        passages = np.array([sentence.passage_score for sentence in sentences])
        scores = (1 - PASSAGE_WEIGHT) * own + PASSAGE_WEIGHT * passages
        readings = [Reading(sentence, float(score)) for sentence, score in zip(sentences, scores, strict=True)]
        return sorted(readings, key=lambda reading: -reading.score)
