"""Tables of English rules, each rule with an example."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Table:
    """Rules of one kind: patterns, each with a sentence that it matches.

    The patterns are searched for in one pass, in any case of letters unless `cased`. Each has to be
    linear in the length of a text: every repetition in it is bounded, or can match in one way only.
    """

    def __init__(self, *rules: tuple[str, str], cased: bool = False) -> None:
        """Keep (pattern, example) pairs; they are compiled when they are first needed."""
        self.rules = rules
        self._flags = re.DOTALL if cased else re.DOTALL | re.IGNORECASE

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """All rules as one pattern."""
        return re.compile("|".join(f"(?:{rule})" for rule, _ in self.rules), self._flags)

    @cached_property
    def _patterns(self) -> tuple[re.Pattern[str], ...]:
        return tuple(re.compile(rule, self._flags) for rule, _ in self.rules)

    def matches(self, text: str) -> bool:
        """Return whether a rule matches somewhere in a text."""
        return bool(self.pattern.search(text))

    def opens(self, text: str) -> bool:
        """Return whether a rule matches at the beginning of a text."""
        return bool(self.pattern.match(text))

    def is_whole(self, text: str) -> bool:
        """Return whether a rule matches a whole text but for the marks around it."""
        return bool(self.pattern.fullmatch(bare(text)))

    def wholes(self, text: str) -> Iterator[re.Match[str]]:
        """Yield the match of each rule that matches a whole text but for the marks around it."""
        words_only = bare(text)
        for pattern in self._patterns:
            if match := pattern.fullmatch(words_only):
                yield match

    def without(self, text: str) -> str:
        """Return a text with a space in place of all matches."""
        return self.pattern.sub(" ", text)

    def broken(self) -> list[str]:
        """Return the rules that do not match their own examples."""
        pairs = zip(self._patterns, self.rules, strict=True)
        return [rule for pattern, (rule, example) in pairs if not pattern.search(bare(example))]


class PairTable:
    """Rules of one kind in two parts: the second follows the first in the same sentence.

    Each part is a pattern, in any case of letters. One pattern with `.*` between the parts would
    not be linear: from each first part, it would search the rest of the sentence.
    """

    def __init__(self, *rules: tuple[str, str, str]) -> None:
        """Keep (first part, second part, example) rules; they are compiled when needed."""
        self.rules = rules

    @cached_property
    def _pairs(self) -> tuple[tuple[re.Pattern[str], re.Pattern[str]], ...]:
        compiled = (
            (re.compile(first, re.IGNORECASE), re.compile(second, re.IGNORECASE))
            for first, second, _ in self.rules
        )
        return tuple(compiled)

    def matches(self, text: str) -> bool:
        """Return whether both parts of a rule match in a sentence of a text."""
        return any(_has_both(text, first, second) for first, second in self._pairs)

    def broken(self) -> list[str]:
        """Return the rules, by their first parts, that do not match their own examples."""
        pairs = zip(self._pairs, self.rules, strict=True)
        return [first for pair, (first, _, example) in pairs if not _has_both(example, *pair)]


def words(text: str) -> str:
    """Return a pattern for any of the words in a text, the longest first.

    >>> words("may might")
    '(?:might|may)'
    """
    return f"(?:{'|'.join(sorted(text.split(), key=len, reverse=True))})"


def bare(text: str) -> str:
    """Return a text without the white space and the marks around it.

    >>> bare(" “Why?” ")
    'Why'
    """
    letters = (place for place, character in enumerate(text) if character.isalnum())
    first = next(letters, len(text))
    last = next((end for end in range(len(text), first, -1) if text[end - 1].isalnum()), first)
    return text[first:last]


_END_OF_SENTENCE = re.compile(r"[.!?\n]")


def _has_both(text: str, first: re.Pattern[str], second: re.Pattern[str]) -> bool:
    """Return whether the second pattern follows the first in a sentence, in linear time."""
    position = 0
    while match := first.search(text, position):
        end = _END_OF_SENTENCE.search(text, match.end())
        # A later match of the first pattern in this sentence has less text behind it: skip it.
        position = end.start() if end else len(text)
        if second.search(text, match.end(), position):
            return True
    return False
