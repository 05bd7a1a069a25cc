"""Tables of English rules, each rule with an example."""

from __future__ import annotations

import re


class Table:
    """Rules of one kind: patterns, each with a sentence that it matches.

    The patterns are searched for in one pass, in any case of letters unless `cased`. Each has to be
    linear in the length of a text: every repetition in it is bounded, or can match in one way only.
    """

    def __init__(self, *rules: tuple[str, str], cased: bool = False) -> None:
        """Compile the patterns of (pattern, example) pairs into one."""
        self.rules = rules
        self.pattern = re.compile("|".join(f"(?:{rule})" for rule, _ in rules), self._flags(cased))
        self._is_cased = cased

    def matches(self, text: str) -> bool:
        """Return whether a rule matches somewhere in a text."""
        return bool(self.pattern.search(text))

    def opens(self, text: str) -> bool:
        """Return whether a rule matches at the beginning of a text."""
        return bool(self.pattern.match(text))

    def without(self, text: str) -> str:
        """Return a text with a space in place of all matches."""
        return self.pattern.sub(" ", text)

    def broken(self) -> list[str]:
        """Return the rules that do not match their own examples."""
        flags = self._flags(self._is_cased)
        return [rule for rule, example in self.rules if not re.search(rule, example, flags)]

    @staticmethod
    def _flags(cased: bool) -> re.RegexFlag:  # noqa: FBT001  # The one argument says it.
        return re.NOFLAG if cased else re.IGNORECASE


def words(text: str) -> str:
    """Return a pattern for any of the words in a text, the longest first.

    >>> words("may might")
    '(?:might|may)'
    """
    return f"(?:{'|'.join(sorted(text.split(), key=len, reverse=True))})"
