"""Near-duplicate articles, such as copies of a news agency's text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from index.text.words import WORD

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from index.chroma.registry import Registry

SHINGLE_WORDS = 4
"""Words of a shingle."""
DUPLICATE_SIMILARITY = 0.7
"""Jaccard similarity of two texts' shingles that makes the texts near-duplicates."""
COMPARED_ARTICLES = 10
"""Articles, the nearest by vector, whose texts are compared with an article's."""
COMPARED_COSINE = 0.9
"""Cosine of two articles' vectors below which their texts are not compared."""
BATCH_ARTICLES = 100
"""Articles whose neighbours are looked up in one query."""


def find_similar(registry: Registry, article_ids: Sequence[str]) -> dict[str, list[str]]:
    """Return the near-duplicates of articles.

    Args:
        registry: The records of the articles.
        article_ids: The articles to find near-duplicates of; missing ones are skipped.

    Returns:
        The ids of the near-duplicates by article id. Articles without similar vectors are
        left out.
    """
    similar: dict[str, list[str]] = {}
    for start in range(0, len(article_ids), BATCH_ARTICLES):
        batch = article_ids[start : start + BATCH_ARTICLES]
        nearest = registry.near(batch, COMPARED_ARTICLES, COMPARED_COSINE)
        for article_id, neighbours in nearest.items():
            if not neighbours:
                continue
            records = registry.records(ids=[article_id, *neighbours])
            texts = {record.article.id: record.article.text for record in records}
            text = texts.pop(article_id, None)
            if text is not None:  # Another program may have removed the article.
                similar[article_id] = nearly_same(text, texts)
    return similar


def nearly_same(text: str, others: Mapping[str, str]) -> list[str]:
    """Return the names of the texts that share most shingles with one text.

    >>> copy = "it burned down on Monday in the night"
    >>> nearly_same("It burned down on Monday, in the night.", {"copy": copy})
    ['copy']

    Shingling and resemblance are those of Broder (1997).
    """
    shingles = _shingles(text)
    return [
        name
        for name, other in others.items()
        if _jaccard(shingles, _shingles(other)) >= DUPLICATE_SIMILARITY
    ]


def _jaccard(one: set[tuple[str, ...]], other: set[tuple[str, ...]]) -> float:
    """Return the share of two sets' elements that both have."""
    shared = len(one & other)
    return shared / (len(one) + len(other) - shared)


def _shingles(text: str) -> set[tuple[str, ...]]:
    """Return all sequences of `SHINGLE_WORDS` words; a shorter text is one sequence."""
    words = WORD.findall(text.lower())
    rows = (words[start:] for start in range(SHINGLE_WORDS))
    return set(zip(*rows, strict=False)) or {tuple(words)}
