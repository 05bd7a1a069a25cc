"""The content words of a text, stemmed."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


SHORTEST_PART = 3
"""Letters of a compound's part; shorter words occur in others by chance."""
REMEMBERED_PIECES = 100_000
"""Pieces of text without white space whose stems are remembered, for each language."""
FUNCTION_WORDS = frozenset(
    """
    a about am an and any are as at be been being but by can could did do does for from had has
    have he her hers him his how i if in into is it its me my no not of on or our she should some
    such than that the their them then there these they this those to us was we were what when
    where which who whom whose why will with would you your
    """.split()
)
"""English words that build sentences but have no subject of their own."""

WORD = re.compile(r"\w+")
"""A word: "It", "1918", "café"."""


def with_compounds_split(query: str, texts: Sequence[str]) -> list[str]:
    """Append to each text the query's words that its compounds contain.

    >>> with_compounds_split("Who runs it?", ["The showrunner left.", "It is a good show."])
    ['The showrunner left. run', 'It is a good show.']

    "showrunner" counts as a compound because "show" is a word of the texts (after Koehn and
    Knight, 2003).
    """
    terms = [term for term in content_words(query) if len(term) >= SHORTEST_PART]
    documents = [set(content_words(text)) for text in texts]
    known = set().union(*documents)

    def contains(word: str, term: str) -> bool:
        start = word.find(term, SHORTEST_PART)
        return start >= 0 and word[:start] in known

    compounds = {term: {word for word in known if contains(word, term)} for term in terms}
    extended: list[str] = []
    for text, words in zip(texts, documents, strict=True):
        parts = [term for term in terms if term not in words and compounds[term] & words]
        extended.append(" ".join([text, *parts]))
    return extended


@lru_cache(maxsize=5_000)
def content_words(text: str, language: str | None = None) -> tuple[str, ...]:
    """Return the words of a text in lower case, stemmed, without English function words.

    Args:
        text: The text.
        language: The ISO 639-1 code of the text's language, by default English. A language
            that the Snowball stemmer does not know is stemmed as English.

    >>> content_words("Who runs the shows?"), content_words("Häuser", "de")
    (('run', 'show'), ('haus',))
    """
    return tuple(chain.from_iterable(map(_stems(language).__getitem__, text.split())))


class _Stems(dict[str, tuple[str, ...]]):
    """A cache of the stems in each piece of text without white space.

    The piece "mill's," has the stems ("mill", "s").
    """

    def __init__(self, language: str | None) -> None:
        self._language = language

    def __missing__(self, piece: str) -> tuple[str, ...]:
        import Stemmer

        # Threads must not share a stemmer; a new one costs microseconds.
        try:
            stemmer = Stemmer.Stemmer(self._language or "en")
        except KeyError:
            stemmer = Stemmer.Stemmer("en")
        if len(self) >= REMEMBERED_PIECES:
            self.clear()
        words = (word for word in WORD.findall(piece.lower()) if word not in FUNCTION_WORDS)
        self[piece] = stems = tuple(map(stemmer.stemWord, words))
        return stems


@cache
def _stems(language: str | None) -> _Stems:
    return _Stems(language)
