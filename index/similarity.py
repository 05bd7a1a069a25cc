"""Whether two texts say nearly the same: near-duplicates by their shingles, pure."""

from __future__ import annotations

import re

from datasketch import MinHash

SHINGLE = 4
"""Words in a row."""
SAME = 0.7
"""Of all shingles of two texts, those that they share, from which on they say nearly the same."""
_WORD = re.compile(r"\w+")


def nearly_same(one: str, other: str) -> bool:
    """Tell whether two texts share most of their shingles, by MinHash (Broder, 1997).

    >>> nearly_same("It burned down on Monday, in the night.", "it burned down on Monday in the night")
    True
    """
    return bool(_signature(one).jaccard(_signature(other)) >= SAME)


def _signature(text: str) -> MinHash:
    words = _WORD.findall(text.lower())
    signature = MinHash()
    signature.update_batch([" ".join(words[i : i + SHINGLE]).encode() for i in range(max(1, len(words) - SHINGLE + 1))])
    return signature
