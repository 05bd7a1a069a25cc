"""How answers are worded: pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    from assistant.conversation import Citation

_AROUND_WORDS = " \t\n,.;:–—-“”‘„«»\"'"
_PAIRS = {")": "(", "]": "["}


def describe(citation: Citation) -> str:
    """Return where a citation is from: its article's title, source and day."""
    day = f", {day_in_words(citation.published)}" if citation.published else ""
    return f"“{citation.title}” ({citation.source}{day})"


def day_in_words(day: date) -> str:
    """Return a day as it is written in answers and on the page: 29 September 2016."""
    return f"{day.day} {day:%B %Y}"


def quoted(citation: Citation) -> str:
    """Return a quote on one line with its mark, in quotation marks: its own, completed, or else ours."""
    quote = _on_one_line(citation.quote)
    opened, closed = quote.count("“"), quote.count("”")
    if opened <= closed and (opened < closed or not closed):
        quote = f"“{quote}"
    if closed <= opened and (closed < opened or not closed):
        quote = f"{quote}”"
    return f"{quote} [{citation.number}]"


def answering_words(text: str) -> str:
    r"""Return words cut from a sentence as they stand by themselves, without the marks around them.

    >>> answering_words("Ramirez (the writer) and Doug  Petrie,")
    'Ramirez (the writer) and Doug Petrie'
    """
    words = _on_one_line(text).strip(_AROUND_WORDS)
    for close, opening in _PAIRS.items():
        if words.count(close) > words.count(opening):
            words = words.removesuffix(close)
        if words.count(opening) > words.count(close):
            words = words.removeprefix(opening)
    return words.strip(_AROUND_WORDS)


def _on_one_line(text: str) -> str:
    return " ".join(text.split())
