"""A question's misspelt words → the words of the articles that were meant."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING

from index.embedding.minilm import builtin_tokenizer
from index.text.words import FUNCTION_WORDS, content_words

if TYPE_CHECKING:
    from collections.abc import Sequence

SHORTEST_WORD = 4
"""Letters; a shorter word has too many others beside it."""
MOST_WORDS = 40
"""Misspelt words of a question: one with more unknown words is in another language, or no question at all."""
LONG_WORD = 7
"""Letters from which on a word may have two slips, not one."""

_WORD = re.compile(r"[^\W\d_]+")


def corrected(question: str, texts: Sequence[str]) -> str:
    """Return a question with each misspelt word replaced by the word of the texts that is meant.

    >>> corrected("who runs the musuem?", ["The museum's head is Greta Lindqvist."])
    'who runs the museum?'

    A word is misspelt if it is neither a word of the texts nor one of English (the packaged model's vocabulary holds
    those that are common), and one slip of the keys, or two in a long word, away from a word of the texts: a letter
    more, less, another, or two exchanged (Damerau, 1964). A name is one of those words; its first letter has to agree.
    Where none is as near, it is the common word that it becomes with a letter more or less, or two exchanged.
    """
    together = "\n".join(texts)
    low = together.lower()
    unknown = {word for word in _WORD.findall(question) if _may_be_misspelt(word) and word.lower() not in low}
    if not 0 < len(unknown) <= MOST_WORDS:
        return question
    known = _words_with({word[0].lower() for word in unknown}, together)
    stems = {stem for word in known for stem in content_words(word)}
    meant = {word: _meant(word, known) for word in unknown if not set(content_words(word)) <= stems}
    return _WORD.sub(lambda found: meant.get(found.group()) or found.group(), question)


def _may_be_misspelt(word: str) -> bool:
    return len(word) >= SHORTEST_WORD and not set(content_words(word)) <= _common_stems()


def _words_with(first_letters: set[str], text: str) -> dict[str, Counter[str]]:
    """Return the words that begin with some letters, of a text and the function words, by how often they are written.

    They are in lower case, each with how often it is written in which way.
    """
    known: dict[str, Counter[str]] = {word: Counter({word: 1}) for word in FUNCTION_WORDS if word[0] in first_letters}
    for word, times in Counter(_WORD.findall(text)).items():
        if (low := word.lower())[0] in first_letters:
            known.setdefault(low, Counter())[word] += times
    return known


def _meant(word: str, known: dict[str, Counter[str]]) -> str | None:
    """Return the nearest known word as it is mostly written, or else the nearest common word; None for none.

    Of several known words it is one that does not take another letter, then the one that is written most.
    """
    from rapidfuzz.distance import OSA

    low = word.lower()
    slips = 2 if len(word) >= LONG_WORD else 1
    near = [
        (distance, _takes_another_letter(low, other), -forms.total(), other)
        for other, forms in known.items()
        if other[0] == low[0]
        and len(other) > slips
        and (distance := OSA.distance(low, other, score_cutoff=slips)) <= slips
    ]
    distance, *_, nearest = min(near, default=(2, None))
    if distance > 1 and len(word) > SHORTEST_WORD:
        for other in _common_words_with(low[0]):
            if not _takes_another_letter(low, other) and OSA.distance(low, other, score_cutoff=1) == 1:
                return other
    return known[nearest].most_common(1)[0][0] if nearest else None


def _takes_another_letter(word: str, other: str) -> bool:
    """Return whether the words are as long, but not of the same letters."""
    return len(word) == len(other) and sorted(word) != sorted(other)


@cache
def _common_words_with(first_letter: str) -> tuple[str, ...]:
    return tuple(sorted(word for word in _common_words() if word[0] == first_letter))


@cache
def _common_stems() -> frozenset[str]:
    return frozenset(content_words(" ".join(_common_words())))


@cache
def _common_words() -> frozenset[str]:
    return frozenset(token for token in builtin_tokenizer().get_vocab() if not token.startswith("##"))
