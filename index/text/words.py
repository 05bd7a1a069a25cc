"""Words of a text, stemmed, without function words; pure."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt

    Scores = npt.NDArray[np.float64]


SHORTEST_PART = 3
"""Letters; shorter words stand in others by chance."""
MOST_PIECES = 100_000
"""Of text, words with what is written to them, whose stems are remembered at a time."""
_WORD = re.compile(r"\w+")
FUNCTION_WORDS = frozenset(
    """
    a about am an and any are as at be been being but by can could did do does for from had has have he her hers him his
    how i if in into is it its me my no not of on or our she should some such than that the their them then there these
    they this those to us was we were what when where which who whom whose why will with would you your
    """.split()
)
"""English words that say how a sentence is built, not what it is about."""


def with_compounds_split(query: str, texts: Sequence[str]) -> list[str]:
    """Return the texts, each followed by the query's words that stand in its compounds.

    >>> with_compounds_split("Who runs it?", ["The showrunner left.", "It is a good show."])
    ['The showrunner left. run', 'It is a good show.']

    A word is a compound if what stands before the query's word is a word of these texts (after Koehn and Knight, 2003).
    """
    terms = [term for term in content_words(query) if len(term) >= SHORTEST_PART]
    documents = [set(content_words(text)) for text in texts]
    known = set().union(*documents)

    def holds(word: str, term: str) -> bool:
        at = word.find(term, SHORTEST_PART)
        return at >= 0 and word[:at] in known

    compounds = {term: {word for word in known if holds(word, term)} for term in terms}
    parts = [[term for term in terms if term not in words and compounds[term] & words] for words in documents]
    return [" ".join([text, *found]) for text, found in zip(texts, parts, strict=True)]


@lru_cache(maxsize=5_000)
def content_words(text: str, language: str | None = None) -> tuple[str, ...]:
    """Return the words of a text in lower case, stemmed by Snowball, without the function words of English.

    `language` is an ISO 639-1 code; None, or a language that Snowball does not know, is stemmed as English.

    >>> content_words("Who runs the shows?"), content_words("Häuser", "de")
    (('run', 'show'), ('haus',))
    """
    return tuple(chain.from_iterable(map(_stems(language).__getitem__, text.split())))


class _Stems(dict[str, tuple[str, ...]]):
    """The stems of the words in each piece of text without white space that was met with, by the pieces."""

    def __init__(self, language: str | None) -> None:
        self._language = language

    def __missing__(self, piece: str) -> tuple[str, ...]:
        import Stemmer

        # A stemmer object is not safe to share between threads; making one costs microseconds.
        try:
            stemmer = Stemmer.Stemmer(self._language or "en")
        except KeyError:
            stemmer = Stemmer.Stemmer("en")
        if len(self) >= MOST_PIECES:
            self.clear()
        words = (word for word in _WORD.findall(piece.lower()) if word not in FUNCTION_WORDS)
        self[piece] = stems = tuple(map(stemmer.stemWord, words))
        return stems


@cache
def _stems(language: str | None) -> _Stems:
    return _Stems(language)
