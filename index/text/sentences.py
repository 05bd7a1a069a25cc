"""Where sentences begin and end: the unit in which articles are quoted."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from functools import lru_cache
from operator import itemgetter

Span = tuple[int, int]
"""The character offsets of a piece of text: its first character and the one after its last."""

LONG_SENTENCE = 240
"""A sentence of more characters is looked at again with its quotation marks and brackets blanked."""
LONGEST_SENTENCE = 600
"""One of more characters is no sentence but a table or a list: it is cut at its line breaks."""
LONGEST_PIECE = 2_000
"""No sentence has more characters: a longer one, or line, is cut after a mark, at a space, or else amid a word."""
WINDOW = 8_000
"""Characters that sentencex gets at a time: its time grows with the square of a paragraph's length."""

_PAIRED_MARKS = re.compile(r'[“”„‟«»"()\[\]]')
_UNUSUAL_SPACE = re.compile(r"[^\S \n\r]")
_OPENING_MARKS_AT_END = re.compile(r'(?<=\s)[“„‟«"(\[]+\s*$')
_CUTS = tuple(
    re.compile(rf".*(?:{border})", re.DOTALL)
    for border in (r"[.!?…][”’\"')\]»]?\s|[。！？]", r"[;:,]\s|[；：，、]", r"\s")
)
"""What goes before a cut in a sentence that is too long, the best cut first."""


@lru_cache(maxsize=512)
def sentence_spans(text: str, language: str | None = None) -> tuple[Span, ...]:
    """Return the offsets of each sentence of a text, in order, without the white space around it.

    >>> sentence_spans("It rained.  We stayed in.")
    ((0, 10), (12, 25))

    `language` is an ISO 639-1 code; None reads the text as English. The borders are those of sentencex (Wikimedia),
    which knows the abbreviations of 240 languages. It keeps a whole quotation or bracket as one sentence; a long one is
    split inside, so that what is shown is the one sentence that was meant. The time is linear in the text's length.
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
    """Return the offsets of the sentences that reach into a part of a text.

    >>> spans_within("It rained.  We stayed in.", None, 8, 11)
    ((0, 10),)
    """
    spans = sentence_spans(text, language)
    first = bisect_right(spans, start, key=itemgetter(1))
    return spans[first : bisect_left(spans, end, key=itemgetter(0))]


def _borders(text: str, language: str | None) -> list[Span]:
    """Return the offsets of the sentences of a text as sentencex sees them, given a window of it at a time."""
    import sentencex

    # It panics at a capital letter, unusual white space and a full stop ("hepatitis B\u00a0."); a space is as long.
    plain = _UNUSUAL_SPACE.sub(" ", text)
    spans: list[Span] = []
    start = 0
    while start < len(plain):
        end, is_paragraph_end = _window(plain, start)
        found = sentencex.get_sentence_boundaries(language or "en", plain[start:end])
        inside = [(start + border["start_index"], start + border["end_index"]) for border in found]
        if not is_paragraph_end:
            # What a window breaks off is seen again by the next one, which begins with it.
            *whole, broken = _cut(plain, *inside.pop()) or [(end, end)]
            inside += whole
            end = broken[0]
        spans += inside
        start = end
    return spans


def _window(text: str, start: int) -> tuple[int, bool]:
    """Return where a window of a text ends, and whether a paragraph does so too: no sentence goes on behind it."""
    if len(text) - start <= WINDOW:
        return len(text), True
    empty_line = text.rfind("\n\n", start + 1, start + WINDOW)
    return (start + WINDOW, False) if empty_line < 0 else (empty_line, True)


def _inside(text: str, start: int, end: int, language: str | None) -> list[Span]:
    """Split what sentencex kept whole: a quotation or bracket of several sentences, or a text without full stops."""
    spans: list[Span] = []
    begin = start
    for _, offset in _borders(_PAIRED_MARKS.sub(" ", text[start:end]), language):
        border = start + offset
        if border < end and (opening := _OPENING_MARKS_AT_END.search(text[begin:border])):
            border = begin + opening.start()
        spans += _lines(text, begin, border) if border - begin > LONGEST_SENTENCE else [(begin, border)]
        begin = border
    return spans


def _lines(text: str, start: int, end: int) -> list[Span]:
    return [(start + line.start(), start + line.end()) for line in re.finditer(r"[^\r\n]+", text[start:end])]


def _cut(text: str, start: int, end: int) -> list[Span]:
    """Cut a sentence into pieces of at most `LONGEST_PIECE`, none of which begins or ends with white space."""
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
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip())
    end -= len(piece) - len(piece.rstrip())
    return (start, end) if start < end else None
