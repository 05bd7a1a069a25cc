"""How answers are worded: pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from assistant.quoting.dates import day_in_words, relative_dates

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from assistant.conversation import Citation
    from index import Article
    from index.text.sentences import Span

MOST_TOLD = 52
"""Words that answer and words of their sentence: of a longer one the part around the answer is written, about four
lines, and its citation has it whole."""
MOST_TOLD_OF_TWO = 23
"""The same of each where two are told."""

_AROUND_WORDS = " \t\n,.;:–—-“”‘„«»\"'"
_WRITTEN = re.compile(r"\S+")
_PAIRS = {")": "(", "]": "["}


def describe(citation: Citation) -> str:
    """Return where a citation is from: its article's title, its site or else its source, and its day."""
    day = f", {day_in_words(citation.published)}" if citation.published else ""
    return f"“{citation.title}” ({citation.site or citation.source}{day})"


def told(words: str, citations: Sequence[Citation], focus: Span, *, days_wanted: bool, most: int = MOST_TOLD) -> str:
    """Return an answer's words, if any, with the first quote, and what "tomorrow" and the like mean, with the working.

    All the citations' marks stand at its end. In "tomorrow (30 September 2016; the article is of 29 September 2016)"
    stands what was counted from where. What only the quote has is told after it, if days are what the question wants.
    The quote itself stays as it is, and so does what bears no date.
    """
    citation, beside = citations[0], []
    if citation.published:
        working = counted_from(citation.published)
        for relative in relative_dates(on_one_line(citation.quote), citation.published):
            if relative.expression in words:
                words = words.replace(relative.expression, f"{relative.expression} ({relative.meaning}; {working})", 1)
            elif days_wanted:
                beside.append(f"{relative.expression}: {relative.meaning}")
    quote = _in_quotation_marks(citation, focus, most - len(words.split()))
    text = f"{words} — {quote}" if words else quote
    text = f"{text} ({', '.join(beside)}; {working})" if beside else text
    return f"{text} {marked(citations)}"


def counted_from(day: date) -> str:
    """Return what tells, behind a day that is counted from an article's own, which day that is."""
    return f"the article is of {day_in_words(day)}"


def marked(citations: Sequence[Citation]) -> str:
    """Return the marks of some citations, as they stand after what rests on them."""
    return " ".join(f"[{citation.number}]" for citation in citations)


def earlier(article: Article) -> str:
    """Return what goes before the claim of an older article."""
    return f"Earlier, on {day_in_words(article.published)}:" if article.published else "Elsewhere:"


def has_words(quote: str, words: str) -> bool:
    """Return whether a quote says some words, whatever their case.

    >>> has_words("It cost 27 million euros.", "27 million euros"), has_words("It cost 27 million.", "7 million")
    (True, False)
    """
    return bool(re.search(rf"(?<!\w){re.escape(words)}(?!\w)", on_one_line(quote), re.IGNORECASE))


def quoted(citation: Citation, focus: Span | None = None) -> str:
    """Return a quote in quotation marks, with its mark; of a long one the part around some of the article's text."""
    return f"{_in_quotation_marks(citation, focus, MOST_TOLD)} {marked([citation])}"


def _in_quotation_marks(citation: Citation, focus: Span | None, most: int) -> str:
    """Return a quote on one line in quotation marks: its own, completed, or else ours.

    Of one with more than so many words it is the part around some characters of the article, if they are given.
    """
    quote = citation.quote
    if focus:
        quote = excerpt(quote, (focus[0] - citation.start, focus[1] - citation.start), most)
    quote = on_one_line(quote)
    opened, closed = quote.count("“"), quote.count("”")
    if opened <= closed and (opened < closed or not closed):
        quote = f"“{quote}"
    if closed <= opened and (closed < opened or not closed):
        quote = f"{quote}”"
    return quote


def excerpt(text: str, focus: Span, most: int) -> str:
    """Return the words around some characters of a text if it has more than so many words, else all of it.

    >>> text = "It rained for days, and the river rose, until Ada opened the gate, and then the sun came out."
    >>> excerpt(text, (46, 49), 9)
    '… the river rose, until Ada opened the gate, and …'
    """
    words = list(_WRITTEN.finditer(text))
    if len(words) <= most:
        return text
    inside = [number for number, word in enumerate(words) if word.start() < focus[1] and focus[0] < word.end()] or [0]
    most = max(most, len(inside))
    first = min(max(0, inside[0] - (most - len(inside)) // 2), len(words) - most)
    last = first + most - 1
    before, after = "… " if first else "", " …" if last < len(words) - 1 else ""
    return f"{before}{text[words[first].start() : words[last].end()]}{after}"


def answering_words(text: str) -> str:
    r"""Return words cut from a sentence as they stand by themselves, without the marks around them.

    >>> answering_words("Ramirez (the writer) and Doug  Petrie,")
    'Ramirez (the writer) and Doug Petrie'
    """
    words = on_one_line(text).strip(_AROUND_WORDS)
    for close, opening in _PAIRS.items():
        if words.count(close) > words.count(opening):
            words = words.removesuffix(close)
        if words.count(opening) > words.count(close):
            words = words.removeprefix(opening)
    return words.strip(_AROUND_WORDS)


def on_one_line(text: str) -> str:
    """Return a text with every run of white space as one space."""
    return " ".join(text.split())


def language_name(code: str) -> str:
    """Return the English name of a language by its ISO 639-1 code, or the code where it is none.

    >>> language_name("de"), language_name("?")
    ('German', '?')
    """
    from babel import Locale, UnknownLocaleError

    try:
        return Locale.parse(code).get_display_name("en") or code
    except (UnknownLocaleError, ValueError):  # The latter for what is no code at all.
        return code
