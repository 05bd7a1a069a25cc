"""Which texts say nearly the same: near-duplicates by their shingles, pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SHINGLE = 4
"""Words in a row."""
SAME = 0.7
"""Of all shingles of two texts, those that they share, from which on they say nearly the same."""
_WORD = re.compile(r"\w+")


def nearly_same(text: str, others: Mapping[str, str]) -> list[str]:
    """Return the names of the texts that share most of their shingles with one (Broder, 1997).

    >>> nearly_same("It burned down on Monday, in the night.", {"copy": "it burned down on Monday in the night"})
    ['copy']
    """
    shingles = _shingles(text)
    return [name for name, other in others.items() if _jaccard(shingles, _shingles(other)) >= SAME]


def _jaccard(one: set[tuple[str, ...]], other: set[tuple[str, ...]]) -> float:
    shared = len(one & other)
    return shared / (len(one) + len(other) - shared)


def _shingles(text: str) -> set[tuple[str, ...]]:
    words = _WORD.findall(text.lower())
    return set(zip(*(words[start:] for start in range(SHINGLE)), strict=False)) or {tuple(words)}
