"""Speed of embedding, beside sentence-transformers: `benchmarks.speed embedding`."""

from __future__ import annotations

import time
from functools import cache
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.finding import index_search, retrieval
from benchmarks.measuring import milliseconds
from benchmarks.ratios import Figure
from index import ArticleIndex
from index.chunking import chunk_article
from index.embedding.embedder import SentenceEmbedder
from index.embedding.minilm import builtin_model_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sentence_transformers import SentenceTransformer

    from benchmarks.questions import Question
    from index import Article

TEXTS = 1_000
"""Texts whose vectors are compared."""
WARM_UP = 64
"""Texts embedded before time is taken."""
WHOLE = "SentenceTransformer.encode, 32 bits"


class WholeEmbedder(SentenceEmbedder):
    """The built-in model as sentence-transformers runs it, in 32 bits: the yardstick."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return a unit vector for each passage."""
        vectors: list[list[float]] = (
            _whole_model().encode(texts, normalize_embeddings=True).tolist()
        )
        return vectors

    def embed_query(self, text: str) -> list[float]:
        """Return the unit vector of a question."""
        return self.embed_documents([text])[0]


@cache
def _whole_model() -> SentenceTransformer:
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(builtin_model_folder()), local_files_only=True)


def embedding_figures(articles: Sequence[Article], asked: Sequence[Question]) -> list[Figure]:
    """Return the speed of embedding and indexing, and its cost in vectors and recall.

    Args:
        articles: The articles to index.
        asked: Questions with an answer in them.
    """
    passages = [chunk.text for article in articles for chunk in chunk_article(article)]
    ours, whole = SentenceEmbedder(), WholeEmbedder()
    texts = [*passages[: TEXTS // 2], *islice((question.text for question in asked), TEXTS // 2)]
    exact = np.array(whole.embed_documents(texts))
    light = np.array([ours.embed_query(text) for text in texts])
    fast = np.array(ours.embed_documents(texts))
    light_cosine, fast_cosine = (float((v * exact).sum(axis=1).min()) for v in (light, fast))
    for each in (ours, whole):
        each.embed_documents(passages[: 2 * WARM_UP])
    rate, yardstick = (_rate(each.embed_documents, passages) for each in (ours, whole))
    query, query_yardstick = (
        float(np.median([milliseconds(each.embed_query, question.text) for question in asked]))
        for each in (ours, whole)
    )
    (indexed, recall), (_, whole_recall) = (
        _indexed(each, articles, asked) for each in (ours, whole)
    )
    return [
        Figure("passages embedded", rate, "/s", WHOLE, yardstick),
        Figure(
            "articles indexed, chunks", len(passages) / indexed, "/s", "passages embedded", rate
        ),
        Figure("a question embedded, p50", query, "ms", WHOLE, query_yardstick),
        Figure("least cosine of a question's vector", light_cosine, "", "equal", 1.0),
        Figure("least cosine of a passage's vector", fast_cosine, "", "equal", 1.0),
        Figure("R@5", recall, "", "with vectors of 32 bits", whole_recall),
    ]


def _indexed(
    embedder: SentenceEmbedder, articles: Sequence[Article], asked: Sequence[Question]
) -> tuple[float, float]:
    """Return the seconds to index articles, and the index's recall at 5."""
    with TemporaryDirectory() as folder, ArticleIndex.open(Path(folder), embedder) as index:
        began = time.perf_counter()
        index.add(*articles)
        seconds = time.perf_counter() - began
        return seconds, retrieval(index_search(index), asked)["R@5"]


def _rate(embed: Callable[[list[str]], object], texts: list[str]) -> float:
    """Return the texts embedded per second."""
    return 1000 * len(texts) / milliseconds(embed, texts)
