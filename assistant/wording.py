"""How answers are worded: pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from assistant.dates import day_in_words, relative_dates

if TYPE_CHECKING:
    from assistant.conversation import Citation

_AROUND_WORDS = " \t\n,.;:–—-“”‘„«»\"'"
_PAIRS = {")": "(", "]": "["}


def describe(citation: Citation) -> str:
    """Return where a citation is from: its article's title, source and day."""
    day = f", {day_in_words(citation.published)}" if citation.published else ""
    return f"“{citation.title}” ({citation.source}{day})"


def told(words: str, citation: Citation, *, days_wanted: bool) -> str:
    """Return an answer's words, if any, with their quote, and what "tomorrow" and the like mean, showing the working.

    In "tomorrow (30 September 2016; the article is of 29 September 2016)" stands what was counted from where. What only
    the quote has is told after it, if days are what the question wants. The quote itself stays as it is, and so does
    what bears no date.
    """
    beside = []
    if citation.published:
        working = f"the article is of {day_in_words(citation.published)}"
        for relative in relative_dates(_on_one_line(citation.quote), citation.published):
            if relative.expression in words:
                words = words.replace(relative.expression, f"{relative.expression} ({relative.meaning}; {working})", 1)
            elif days_wanted:
                beside.append(f"{relative.expression}: {relative.meaning}")
    text = f"{words} — {quoted(citation)}" if words else quoted(citation)
    return f"{text} ({', '.join(beside)}; {working})" if beside else text


def earlier(citation: Citation) -> str:
    """Return what goes before the claim of an older article."""
    return f"Earlier, on {day_in_words(citation.published)}:" if citation.published else "Elsewhere:"


def has_words(quote: str, words: str) -> bool:
    """Return whether a quote says some words, whatever their case.

    >>> has_words("It cost 27 million euros.", "27 million euros"), has_words("It cost 27 million.", "7 million")
    (True, False)
    """
    return bool(re.search(rf"(?<!\w){re.escape(words)}(?!\w)", quote, re.IGNORECASE))


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
