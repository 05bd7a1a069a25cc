"""Spelling correction of a question by the words of the articles."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING

from index.embedding.minilm import builtin_tokenizer
from index.text.words import FUNCTION_WORDS, content_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    Forms = Counter[str]
    """The spellings of one word in a text with their numbers: {"Mill": 2, "mill": 7}."""

SHORTEST_WORD = 4
"""Letters. A shorter word is not corrected: too many others are one letter away."""
MOST_UNKNOWN_WORDS = 40
"""A question with more unknown words is in another language, or is no question."""
LONG_WORD = 7
"""Letters. A word of this length may have two errors instead of one."""

# A run of letters: "café" and "runs" in "café runs 2 mills_".
_LETTERS = re.compile(r"[^\W\d_]+")


def correct_spelling(question: str, texts: Sequence[str]) -> str:
    """Replace the misspelt words of a question.

    >>> correct_spelling("who runs the musuem?", ["The museum's head is Greta Lindqvist."])
    'who runs the museum?'

    A word is misspelt if neither the texts nor English have it (the vocabulary of the built-in
    model contains the common words), and a word of the texts with the same first letter is one
    typing error away, or two errors if the word is long. An error is a letter more, less or
    different, or two exchanged (Damerau, 1964). Names are words like others. If no word of the
    texts is that near, a common English word with one error may be; a different letter does not
    count there.
    """
    # Find the unknown words.
    text = "\n".join(texts)
    lower_text = text.lower()
    unknown: set[str] = set()
    for word in _LETTERS.findall(question):
        if _may_be_misspelt(word) and word.lower() not in lower_text:
            unknown.add(word)
    if not 0 < len(unknown) <= MOST_UNKNOWN_WORDS:
        return question
    # Skip other forms of known words: "mills" if the texts have "mill".
    vocabulary = _vocabulary({word[0].lower() for word in unknown}, text)
    stems = {stem for word in vocabulary for stem in content_words(word)}
    misspelt = [word for word in unknown if not set(content_words(word)) <= stems]
    # Replace the others by their nearest words.
    corrections = {word: _nearest_word(word, vocabulary) for word in misspelt}
    return _LETTERS.sub(lambda match: corrections.get(match[0]) or match[0], question)


def _may_be_misspelt(word: str) -> bool:
    """Return whether a word is long and not a common English word."""
    return len(word) >= SHORTEST_WORD and not set(content_words(word)) <= _common_stems()


def _vocabulary(first_letters: set[str], text: str) -> dict[str, Forms]:
    """Return the words of a text and the function words with their forms.

    The words are in lower case. Only those with one of the first letters are included.
    """
    vocabulary: dict[str, Forms] = {}
    for word in FUNCTION_WORDS:
        if word[0] in first_letters:
            vocabulary[word] = Counter({word: 1})
    for word, count in Counter(_LETTERS.findall(text)).items():
        lower = word.lower()
        if lower[0] in first_letters:
            vocabulary.setdefault(lower, Counter())[word] += count
    return vocabulary


def _nearest_word(word: str, vocabulary: dict[str, Forms]) -> str | None:
    """Return the correction of a word, if any, in its most frequent form.

    Among words with equally few errors, one without a different letter wins, then the most
    frequent one.
    """
    from rapidfuzz.distance import OSA

    lower = word.lower()
    errors = 2 if len(word) >= LONG_WORD else 1
    # Rank the words of the texts.
    near: list[tuple[int, bool, int, str]] = []
    for other, forms in vocabulary.items():
        if other[0] == lower[0] and len(other) > errors:
            distance = OSA.distance(lower, other, score_cutoff=errors)
            if distance <= errors:
                near.append((distance, _has_different_letter(lower, other), -forms.total(), other))
    distance, *_, nearest = min(near, default=(2, None))
    # Prefer a common word with one error to two errors or to no correction.
    if distance > 1 and len(word) > SHORTEST_WORD:
        for other in _common_words_with(lower[0]):
            is_candidate = not _has_different_letter(lower, other)
            if is_candidate and OSA.distance(lower, other, score_cutoff=1) == 1:
                return other
    return vocabulary[nearest].most_common(1)[0][0] if nearest else None


def _has_different_letter(word: str, other: str) -> bool:
    """Return whether two words are equally long but differ in a letter.

    "mill" and "mall" do; "musuem" and "museum" have the same letters.
    """
    return len(word) == len(other) and sorted(word) != sorted(other)


@cache
def _common_words_with(first_letter: str) -> tuple[str, ...]:
    return tuple(sorted(word for word in _common_words() if word[0] == first_letter))


@cache
def _common_stems() -> frozenset[str]:
    return frozenset(content_words(" ".join(_common_words())))


@cache
def _common_words() -> frozenset[str]:
    """Return the whole words among the tokens of the built-in model."""
    tokens = builtin_tokenizer().get_vocab()
    return frozenset(token for token in tokens if not token.startswith("##"))
