"""Contexts kept out of training: a stable tenth, and every text that overlaps with it."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ONE_IN = 10
"""One context in this many is held back."""
RUN = 8
"""Words in a row. Two texts that share a run of this length overlap."""

_WORD = re.compile(r"\w+")
_NOT_A_WORD = re.compile(r"\W+")


def normalised(text: str) -> str:
    """Return a text's letters and digits in lower case.

    >>> normalised("It didn't – rain.")
    'itdidntrain'
    """
    return _NOT_A_WORD.sub("", text).lower()


def is_held_back(context: str) -> bool:
    """Tell whether a context belongs to the held-back tenth, by a hash of its letters."""
    digest = hashlib.sha256(normalised(context).encode()).digest()
    return int.from_bytes(digest[:8]) % ONE_IN == 0


class KnownTexts:
    """Texts by their runs of words, to detect overlaps with other texts."""

    def __init__(self, texts: Iterable[str]) -> None:
        """Index the runs of some texts."""
        self._runs = {run for text in texts for run in _runs(text)}

    def overlap(self, text: str) -> bool:
        """Tell whether a text shares a run of words.

        A text shorter than a run must be a known text as a whole.
        """
        return any(run in self._runs for run in _runs(text))


def _runs(text: str) -> Iterator[int]:
    words = _WORD.findall(text.lower())
    for begin in range(max(1, len(words) - RUN + 1)):
        yield hash(tuple(words[begin : begin + RUN]))
