"""Candidates + query → `SearchResult`s: pure arithmetic over the words of a question and of some texts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from index.chunking import Chunk  # noqa: TC001  # pydantic reads the types where a conversation is kept as JSON.
from index.text.language import read_language
from index.text.sentences import sentence_spans
from index.text.words import content_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Scores = npt.NDArray[np.float64]

K1 = 1.5
B = 0.75
"""BM25's usual constants: how fast a repeated word stops counting, and how much a long text is discounted."""
LEXICAL_WEIGHT = 0.6
"""The share of BM25 in how near a chunk is to a query, the cosine having the rest."""
SENTENCE_WEIGHT, PAIR_WEIGHT = 0.3, 0.1
"""How much its best sentence, and the query's pairs of words that stand in it, add to a chunk's nearness of 1."""
SENTENCES_OF = 30
"""How many of the chunks, those nearest to the query, have their sentences looked at."""


@dataclass(frozen=True, slots=True)
class SearchResult:
    """A chunk and how well it fits the query: `score` is 0..1, higher is better, comparable between queries."""

    chunk: Chunk
    score: float


def rank(query: str, chunks: Sequence[Chunk], cosines: Sequence[float], k: int) -> list[SearchResult]:
    """Return the k best of the candidate chunks, the best first; `cosines` holds each one's similarity to the query.

    A chunk's score is made of how near it is to the query, how well its best sentence has the query's words, and how
    many of the query's words stand side by side in it. Words are stemmed as in the language of the query, or of the
    nearest chunk where a query is too short to tell.
    """
    texts = [chunk.text for chunk in chunks]
    language = _language(query, texts, cosines)
    near = relevance(query, texts, cosines, LEXICAL_WEIGHT, language)
    scores = near + SENTENCE_WEIGHT * _best_sentences(query, texts, near, language)
    scores += PAIR_WEIGHT * _pairs(query, texts, language)
    scores /= 1 + SENTENCE_WEIGHT + PAIR_WEIGHT
    best = np.argsort(-scores, kind="stable")[:k]
    return [SearchResult(chunks[i], float(scores[i])) for i in best]


def _language(query: str, texts: Sequence[str], cosines: Sequence[float]) -> str | None:
    return read_language(query) or (read_language(texts[int(np.argmax(cosines))]) if texts else None)


def _best_sentences(query: str, texts: Sequence[str], near: Scores, language: str | None) -> Scores:
    """Return the BM25 score of the best sentence of each of the nearest texts, 0 for the others.

    A text that has all words of a query in one sentence answers it rather than one that has them here and there.
    """
    nearest = np.argsort(-near, kind="stable")[:SENTENCES_OF]
    sentences = [(i, texts[i][start:end]) for i in nearest for start, end in sentence_spans(texts[i], language)]
    scores = lexical_scores(query, [text for _, text in sentences], language)
    best = np.zeros(len(texts))
    for (i, _), score in zip(sentences, scores, strict=True):
        best[i] = max(best[i], score)
    return best


def _pairs(query: str, texts: Sequence[str], language: str | None) -> Scores:
    """Return the share of a query's pairs of neighbouring words that are neighbours in each text as well."""
    asked = set(pairwise(content_words(query, language)))
    words = {word for pair in asked for word in pair}
    fewest = min((len(set(pair)) for pair in asked), default=0)
    found = np.zeros(len(texts))
    for place, text in enumerate(texts if asked else ()):
        document = content_words(text, language)
        if len(words.intersection(document)) >= fewest:  # Otherwise no pair is in it.
            found[place] = len(asked.intersection(pairwise(document)))
    return found / max(1, len(asked))


def relevance(
    query: str, texts: Sequence[str], cosines: Sequence[float], lexical_weight: float, language: str | None = None
) -> Scores:
    """Return a score of 0..1 for each text: its BM25 score and its cosine, weighed."""
    lexical = lexical_scores(query, texts, language)
    return lexical_weight * lexical + (1 - lexical_weight) * np.clip(cosines, 0.0, 1.0)


def lexical_scores(query: str, texts: Sequence[str], language: str | None = None) -> Scores:
    """Return how much of a query's wording each text carries, 0..1.

    It is BM25 (Robertson and Zaragoza, 2009; idf as in Lucene, counted within `texts`) divided by the score that no
    text can reach, that of one in which every query word stands without end: so 0.4 means the same for every query.
    """
    terms = list(dict.fromkeys(content_words(query, language)))
    documents = [content_words(text, language) for text in texts]
    if not terms or not documents:
        return np.zeros(len(documents))
    places = {term: place for place, term in enumerate(terms)}
    counts = np.zeros((len(documents), len(terms)))
    for row, document in enumerate(documents):
        for term, times in Counter(filter(places.__contains__, document)).items():
            counts[row, places[term]] = times
    lengths = np.array([len(document) for document in documents], dtype=np.float64)
    found_in = (counts > 0).sum(axis=0)
    idf = np.log1p((len(documents) - found_in + 0.5) / (found_in + 0.5))
    discount = K1 * (1 - B + B * lengths / max(lengths.mean(), 1.0))
    scores: Scores = (counts / (counts + discount[:, None])) @ idf / idf.sum()
    return scores
