"""Where sentences begin and end: the unit in which articles are quoted."""

from __future__ import annotations

import re
from functools import lru_cache

Span = tuple[int, int]
"""The character offsets of a piece of text: its first character and the one after its last."""

LONG_SENTENCE = 240
"""A sentence of more characters is looked at again with its quotation marks and brackets blanked."""
LONGEST_SENTENCE = 600
"""One of more characters is no sentence but a table or a list: it is cut at its line breaks."""

_PAIRED_MARKS = re.compile(r'[“”„‟«»"()\[\]]')
_UNUSUAL_SPACE = re.compile(r"[^\S \n\r]")
_OPENING_MARKS_AT_END = re.compile(r'(?<=\s)[“„‟«"(\[]+\s*$')


@lru_cache(maxsize=512)
def sentence_spans(text: str, language: str | None = None) -> tuple[Span, ...]:
    """Return the offsets of each sentence of a text, in order, without the white space around it.

    >>> sentence_spans("It rained.  We stayed in.")
    ((0, 10), (12, 25))

    `language` is an ISO 639-1 code; None reads the text as English. The borders are those of sentencex (Wikimedia),
    which knows the abbreviations of 240 languages. It keeps a whole quotation or bracket as one sentence; a long one is
    split inside, so that what is shown is the one sentence that was meant.
    """
    spans: list[Span] = []
    for start, end in _borders(text, language):
        if end - start > LONG_SENTENCE:
            spans += _inside(text, start, end, language)
        else:
            spans.append((start, end))
    return tuple(span for start, end in spans if (span := _stripped(text, start, end)))


def _borders(text: str, language: str | None) -> list[Span]:
    import sentencex

    # It panics at a capital letter, unusual white space and a full stop ("hepatitis B\u00a0."); a space is as long.
    plain = _UNUSUAL_SPACE.sub(" ", text)
    return [
        (border["start_index"], border["end_index"])
        for border in sentencex.get_sentence_boundaries(language or "en", plain)
    ]


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


def _stripped(text: str, start: int, end: int) -> Span | None:
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip())
    end -= len(piece) - len(piece.rstrip())
    return (start, end) if start < end else None
