"""Rank chunks for a query by their words and vectors."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from index.chunking import Chunk  # noqa: TC001  # pydantic reads the fields' types.
from index.text.language import read_language
from index.text.sentences import sentence_spans
from index.text.words import content_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Scores = npt.NDArray[np.float64]

K1 = 1.5
"""BM25's usual constant: the smaller, the less a repeated word counts."""
B = 0.75
"""BM25's usual constant, 0 to 1: the larger, the less a long text counts."""
BM25_WEIGHT = 0.6
"""Weight of BM25 in a chunk's relevance; the cosine has the rest."""
SENTENCE_WEIGHT = 0.3
"""Weight of a chunk's best sentence, beside the weight 1 of its relevance."""
PAIR_WEIGHT = 0.1
"""Weight of the query's word pairs in a chunk, beside the weight 1 of its relevance."""
SENTENCE_CHUNKS = 30
"""Chunks, the most relevant ones, whose sentences are scored."""


@dataclass(frozen=True, slots=True)
class SearchResult:
    """A chunk that matches a query.

    Attributes:
        chunk: The chunk.
        score: 0 to 1, higher is better; comparable between queries.
    """

    chunk: Chunk
    score: float


def rank(
    query: str, chunks: Sequence[Chunk], cosines: Sequence[float], k: int
) -> list[SearchResult]:
    """Return the best chunks for a query, the best first.

    A chunk's score is a weighted mean of its relevance, the BM25 score of its best sentence,
    and the share of the query's neighbouring words that are neighbours in it. Words are stemmed
    in the language of the query; if that is too short to tell, of the nearest chunk.

    Args:
        query: The question or words to search for.
        chunks: The candidates.
        cosines: The cosine of each candidate's vector with the query's.
        k: The number of results.
    """
    texts = [chunk.text for chunk in chunks]
    language = _query_language(query, texts, cosines)
    relevances = relevance(query, texts, cosines, BM25_WEIGHT, language)
    scores = relevances + SENTENCE_WEIGHT * _best_sentences(query, texts, relevances, language)
    scores += PAIR_WEIGHT * _pair_shares(query, texts, language)
    scores /= 1 + SENTENCE_WEIGHT + PAIR_WEIGHT
    best = np.argsort(-scores, kind="stable")[:k]
    return [SearchResult(chunks[i], float(scores[i])) for i in best]


def _query_language(query: str, texts: Sequence[str], cosines: Sequence[float]) -> str | None:
    if language := read_language(query):
        return language
    return read_language(texts[int(np.argmax(cosines))]) if texts else None


def _best_sentences(
    query: str, texts: Sequence[str], relevances: Scores, language: str | None
) -> Scores:
    """Return the BM25 score of each text's best sentence; 0 for the less relevant texts.

    All words of the query in one sentence are a better answer than the same words scattered.
    """
    relevant = np.argsort(-relevances, kind="stable")[:SENTENCE_CHUNKS]
    sentences = [
        (i, texts[i][start:end])
        for i in relevant
        for start, end in sentence_spans(texts[i], language)
    ]
    scores = lexical_scores(query, [text for _, text in sentences], language)
    best = np.zeros(len(texts))
    for (i, _), score in zip(sentences, scores, strict=True):
        best[i] = max(best[i], score)
    return best


def _pair_shares(query: str, texts: Sequence[str], language: str | None) -> Scores:
    """Return the share of the query's neighbouring words that are neighbours in each text.

    "Who runs the paper mill?" has the pairs (run, paper) and (paper, mill).
    """
    pairs = set(pairwise(content_words(query, language)))
    counts = np.zeros(len(texts))
    if not pairs:
        return counts
    words = {word for pair in pairs for word in pair}
    fewest = min(len(set(pair)) for pair in pairs)
    for place, text in enumerate(texts):
        document = content_words(text, language)
        if len(words.intersection(document)) >= fewest:  # A text with fewer words has no pair.
            counts[place] = len(pairs.intersection(pairwise(document)))
    return counts / len(pairs)


def relevance(
    query: str,
    texts: Sequence[str],
    cosines: Sequence[float],
    bm25_weight: float,
    language: str | None = None,
) -> Scores:
    """Return a score of 0 to 1 for each text: the weighted mean of BM25 and cosine.

    Args:
        query: The question or words to search for.
        texts: The texts to score.
        cosines: The cosine of each text's vector with the query's.
        bm25_weight: The weight of BM25, 0 to 1; the cosine has the rest.
        language: The ISO 639-1 code of the language, by default English.
    """
    lexical = lexical_scores(query, texts, language)
    return bm25_weight * lexical + (1 - bm25_weight) * np.clip(cosines, 0.0, 1.0)


def lexical_scores(query: str, texts: Sequence[str], language: str | None = None) -> Scores:
    """Return the BM25 score of each text, scaled to 0 to 1.

    BM25 (Robertson and Zaragoza, 2009) with the inverse document frequency of Lucene, counted
    within these texts. It is divided by its limit for a text that repeats every query word
    without end, so that 0.4 means the same for every query.

    Args:
        query: The question or words to search for.
        texts: The texts to score.
        language: The ISO 639-1 code of the language, by default English.
    """
    terms = list(dict.fromkeys(content_words(query, language)))
    documents = [content_words(text, language) for text in texts]
    if not terms or not documents:
        return np.zeros(len(documents))
    # Count the terms in each document.
    places = {term: place for place, term in enumerate(terms)}
    counts = np.zeros((len(documents), len(terms)))
    for row, document in enumerate(documents):
        for term, times in Counter(filter(places.__contains__, document)).items():
            counts[row, places[term]] = times
    # A term in few documents weighs more.
    with_term = (counts > 0).sum(axis=0)
    idf = np.log1p((len(documents) - with_term + 0.5) / (with_term + 0.5))
    # A term in a long document weighs less.
    lengths = np.array([len(document) for document in documents], dtype=np.float64)
    discount = K1 * (1 - B + B * lengths / max(lengths.mean(), 1.0))
    scores: Scores = (counts / (counts + discount[:, None])) @ idf / idf.sum()
    return scores
