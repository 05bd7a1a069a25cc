"""Sentence boundaries: articles are quoted in whole sentences."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from functools import lru_cache
from operator import itemgetter

Span = tuple[int, int]
"""The offsets of a piece of text: first character, and the one after the last."""

LONG_SENTENCE = 240
"""Characters. A longer sentence is split again with its quotation marks and brackets blanked."""
TABLE_CHARACTERS = 600
"""A longer "sentence" is a table or a list: it is split into lines."""
LONGEST_PIECE = 2_000
"""Characters. A longer sentence or line is cut at the best of `_CUTS`, or inside a word."""
WINDOW = 8_000
"""Characters for one call of sentencex: its time is quadratic in a paragraph's length."""

# “It rained (hard).”
_PAIRED_MARKS = re.compile(r'[“”„‟«»"()\[\]]')
# A no-break space, as in "hepatitis B\u00a0.", or a tab.
_UNUSUAL_SPACE = re.compile(r"[^\S \n\r]")
# The last character of: It rained. (
_OPENING_MARKS_AT_END = re.compile(r'(?<=\s)[“„‟«"(\[]+\s*$')
_CUTS = tuple(
    re.compile(rf".*(?:{border})", re.DOTALL)
    for border in (
        r"[.!?…][”’\"')\]»]?\s|[。！？]",  # "It rained. |We stayed in."
        r"[;:,]\s|[；：，、]",  # "It rained, |we stayed in."
        r"\s",  # "It |rained"
    )
)
"""Expressions that match up to a cut in a sentence that is too long, the best cut first."""


@lru_cache(maxsize=512)
def sentence_spans(text: str, language: str | None = None) -> tuple[Span, ...]:
    """Return the offsets of a text's sentences, without white space around them.

    >>> sentence_spans("It rained.  We stayed in.")
    ((0, 10), (12, 25))

    `language` is an ISO 639-1 code, English by default. The boundaries are those of sentencex
    (Wikimedia), which knows the abbreviations of 240 languages. It keeps a quotation or bracket
    whole; a long one is split into its sentences, so that a quote has just one. The time is linear
    in the length of the text.
    """
    spans: list[Span] = []
    for start, end in _borders(text, language):
        if end - start > LONG_SENTENCE:
            spans += _inside(text, start, end, language)
        else:
            spans.append((start, end))
    stripped = (span for start, end in spans if (span := _stripped(text, start, end)))
    return tuple(piece for start, end in stripped for piece in _cut(text, start, end))


def spans_within(text: str, language: str | None, start: int, end: int) -> tuple[Span, ...]:
    """Return the offsets of the sentences that overlap a part of a text.

    >>> spans_within("It rained.  We stayed in.", None, 8, 11)
    ((0, 10),)
    """
    spans = sentence_spans(text, language)
    first = bisect_right(spans, start, key=itemgetter(1))
    return spans[first : bisect_left(spans, end, key=itemgetter(0))]


def _borders(text: str, language: str | None) -> list[Span]:
    """Return the boundaries that sentencex finds, window by window."""
    import sentencex

    # sentencex panics at a capital letter, a no-break space and a full stop ("hepatitis B\u00a0.").
    # A plain space keeps the offsets.
    plain = _UNUSUAL_SPACE.sub(" ", text)
    spans: list[Span] = []
    start = 0
    while start < len(plain):
        end, is_paragraph_end = _window(plain, start)
        borders = sentencex.get_sentence_boundaries(language or "en", plain[start:end])
        window = [
            (start + border["start_index"], start + border["end_index"]) for border in borders
        ]
        if not is_paragraph_end:
            # The last sentence may go on behind the window: the next window begins with it.
            *whole, broken = _cut(plain, *window.pop()) or [(end, end)]
            window += whole
            end = broken[0]
        spans += window
        start = end
    return spans


def _window(text: str, start: int) -> tuple[int, bool]:
    """Return the end of a window, and whether a paragraph ends there.

    A window ends at the last empty line within `WINDOW` characters, since no sentence crosses it.
    """
    if len(text) - start <= WINDOW:
        return len(text), True
    empty_line = text.rfind("\n\n", start + 1, start + WINDOW)
    return (start + WINDOW, False) if empty_line < 0 else (empty_line, True)


def _inside(text: str, start: int, end: int, language: str | None) -> list[Span]:
    """Split a long span, such as a quotation of several sentences or a table."""
    spans: list[Span] = []
    begin = start
    for _, offset in _borders(_PAIRED_MARKS.sub(" ", text[start:end]), language):
        border = start + offset
        if border < end and (opening := _OPENING_MARKS_AT_END.search(text[begin:border])):
            border = begin + opening.start()
        spans += (
            _lines(text, begin, border) if border - begin > TABLE_CHARACTERS else [(begin, border)]
        )
        begin = border
    return spans


def _lines(text: str, start: int, end: int) -> list[Span]:
    """Split a span into its lines."""
    return [
        (start + line.start(), start + line.end())
        for line in re.finditer(r"[^\r\n]+", text[start:end])
    ]


def _cut(text: str, start: int, end: int) -> list[Span]:
    """Cut a span into stripped pieces of at most `LONGEST_PIECE` characters."""
    if end - start <= LONGEST_PIECE:
        return [(start, end)]
    pieces: list[Span] = []
    while end - start > LONGEST_PIECE:
        limit = start + LONGEST_PIECE
        cuts = (before.match(text, start + LONGEST_PIECE // 2, limit) for before in _CUTS)
        border = next((cut.end() for cut in cuts if cut), limit)
        pieces.append((start, border))
        start = border
    return [span for piece in [*pieces, (start, end)] if (span := _stripped(text, *piece))]


def _stripped(text: str, start: int, end: int) -> Span | None:
    """Return a span without white space around it, unless it is blank."""
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip())
    end -= len(piece) - len(piece.rstrip())
    return (start, end) if start < end else None
