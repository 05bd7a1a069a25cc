"""The wording of answers: quotes, marks, sources and languages as people read them. Pure."""

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

LONGEST_EXCERPT = 52
"""Words of an answer's paragraph: about four lines.

A longer quote is cut to the part around the answer. Its citation has all of it.
"""
LONGEST_EXCERPT_OF_TWO = 23
"""Words of each paragraph if two articles answer."""

_AROUND_WORDS = " \t\n,.;:–—-“”‘„«»\"'"
"""Marks that are cut off around answering words."""
_NOT_SPACE = re.compile(r"\S+")
"""A word with its marks, as in "(Ostheim)," and "it’s"."""
_BRACKETS = {")": "(", "]": "["}
"""Closing brackets, and the opening one of each."""


def describe(citation: Citation) -> str:
    """Return a citation's title, its site or else its source, and its day.

    For example: “The mill reopens” (The Herald, 3 May 2021).
    """
    day = f", {day_in_words(citation.published)}" if citation.published else ""
    return f"“{citation.title}” ({citation.site or citation.source}{day})"


def paragraph(
    words: str,
    citations: Sequence[Citation],
    focus: Span,
    *,
    days_wanted: bool,
    most: int = LONGEST_EXCERPT,
) -> str:
    """Return the paragraph for an article's answer: words — “quote” [1] [2].

    The day that "tomorrow" means is added with its working: "tomorrow (30 September 2016; the
    article is of 29 September 2016)". Nothing is added within the quote itself.

    Args:
        words: The answering words; "" if only the whole sentence answers.
        citations: The citations to mark at the end. The first one is quoted.
        focus: Characters of its article that a long quote is cut around.
        days_wanted: Whether to add, after the quote, the days that only the quote has.
        most: Words of the paragraph, at most.
    """
    citation, added = citations[0], []
    # Add the day to each relative date of the answering words, or to the quote's.
    if citation.published:
        working = counted_from(citation.published)
        for relative in relative_dates(on_one_line(citation.quote), citation.published):
            expression, meaning = relative.expression, relative.meaning
            if expression in words:
                words = words.replace(expression, f"{expression} ({meaning}; {working})", 1)
            elif days_wanted:
                added.append(f"{expression}: {meaning}")
    # Put words, quote, days and marks together.
    quote = _in_quotation_marks(citation, focus, most - len(words.split()))
    text = f"{words} — {quote}" if words else quote
    text = f"{text} ({', '.join(added)}; {working})" if added else text
    return f"{text} {marked(citations)}"


def counted_from(day: date) -> str:
    """Return the working of a date that was counted from an article's day."""
    return f"the article is of {day_in_words(day)}"


def marked(citations: Sequence[Citation]) -> str:
    """Return the marks of citations as they stand at the end of a paragraph: [1] [2]."""
    return " ".join(f"[{citation.number}]" for citation in citations)


def earlier(article: Article) -> str:
    """Return the beginning of the paragraph for an older article."""
    if article.published:
        return f"Earlier, on {day_in_words(article.published)}:"
    return "Elsewhere:"


def has_words(quote: str, words: str) -> bool:
    """Return whether some words stand in a quote, in any case of letters.

    >>> has_words("It cost 27 million euros.", "27 million euros")
    True
    >>> has_words("It cost 27 million euros.", "7 million euros")
    False
    """
    pattern = rf"(?<!\w){re.escape(words)}(?!\w)"
    return bool(re.search(pattern, on_one_line(quote), re.IGNORECASE))


def quoted(citation: Citation, focus: Span | None = None) -> str:
    """Return a citation's quote in quotation marks, with its mark.

    For example: “It rained.” [1]. A long quote is cut to the part around `focus`, which is a span
    of the article's text.
    """
    return f"{_in_quotation_marks(citation, focus, LONGEST_EXCERPT)} {marked([citation])}"


def excerpt(text: str, focus: Span, most: int) -> str:
    """Return the words of a text around some of its characters, or all of a short text.

    >>> text = "It rained and rained, and the river rose, until Ada opened it, and the sun shone."
    >>> excerpt(text, (48, 51), 9)
    '… the river rose, until Ada opened it, and the …'
    """
    words = list(_NOT_SPACE.finditer(text))
    if len(words) <= most:
        return text
    # Keep the words of the focus, and as many before them as after.
    inside = [
        place
        for place, word in enumerate(words)
        if word.start() < focus[1] and focus[0] < word.end()
    ] or [0]
    most = max(most, len(inside))
    first = min(max(0, inside[0] - (most - len(inside)) // 2), len(words) - most)
    last = first + most - 1
    before, after = "… " if first else "", " …" if last < len(words) - 1 else ""
    return f"{before}{text[words[first].start() : words[last].end()]}{after}"


def answering_words(text: str) -> str:
    r"""Return words cut from a sentence without the marks and single brackets around them.

    >>> answering_words("Ramirez (the writer) and Doug  Petrie,")
    'Ramirez (the writer) and Doug Petrie'
    """
    words = on_one_line(text).strip(_AROUND_WORDS)
    for closing, opening in _BRACKETS.items():
        if words.count(closing) > words.count(opening):
            words = words.removesuffix(closing)
        if words.count(opening) > words.count(closing):
            words = words.removeprefix(opening)
    return words.strip(_AROUND_WORDS)


def on_one_line(text: str) -> str:
    """Return a text with every run of white space as one space."""
    return " ".join(text.split())


def language_name(code: str) -> str:
    """Return the English name of a language, or its ISO 639-1 code if it is unknown.

    >>> language_name("de"), language_name("?")
    ('German', '?')
    """
    from babel import Locale, UnknownLocaleError

    try:
        return Locale.parse(code).get_display_name("en") or code
    except (UnknownLocaleError, ValueError):  # ValueError: no code has that form.
        return code


def _in_quotation_marks(citation: Citation, focus: Span | None, most: int) -> str:
    """Return a quote on one line in quotation marks: its own, completed, or else ours.

    Args:
        citation: The citation.
        focus: Characters of the article that a longer quote is cut around, if it is cut.
        most: Words of the quote, at most.
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
