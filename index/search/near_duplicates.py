"""Near-duplicate articles, such as copies of a news agency's text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from index.chroma.registry import Registry

SHINGLE_WORDS = 4
SAME = 0.7
"""Jaccard similarity of two texts' shingles from which the texts are near-duplicates."""
NEIGHBOURS = 10
"""Nearest articles, by vector, whose texts are compared."""
ALIKE = 0.9
"""Cosine of two articles' vectors below which their texts are not compared."""
BATCH_ARTICLES = 100

_WORD = re.compile(r"\w+")


def find_similar(registry: Registry, article_ids: Sequence[str]) -> dict[str, list[str]]:
    """Return the near-duplicates of articles.

    Args:
        registry: The records of the articles.
        article_ids: The articles whose near-duplicates are wanted; missing ones are skipped.

    Returns:
        For each article with near-duplicates, their ids.
    """
    similar: dict[str, list[str]] = {}
    for start in range(0, len(article_ids), BATCH_ARTICLES):
        batch = article_ids[start : start + BATCH_ARTICLES]
        for article_id, neighbours in registry.near(batch, NEIGHBOURS, ALIKE).items():
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
    return [name for name, other in others.items() if _jaccard(shingles, _shingles(other)) >= SAME]


def _jaccard(one: set[tuple[str, ...]], other: set[tuple[str, ...]]) -> float:
    shared = len(one & other)
    return shared / (len(one) + len(other) - shared)


def _shingles(text: str) -> set[tuple[str, ...]]:
    words = _WORD.findall(text.lower())
    rows = (words[start:] for start in range(SHINGLE_WORDS))
    return set(zip(*rows, strict=False)) or {tuple(words)}
