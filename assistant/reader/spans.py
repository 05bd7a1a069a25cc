"""The answering words of a sentence: the best span of the network's tokens; pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from assistant.reader.network import EncodedSentence, SentenceLogits
    from index.text.sentences import Span

SPAN_TOKENS = 40
"""The longest span."""

_MARK_IN_NUMBER = re.compile(r"\d[.,:]\d")
"""A mark between the digits of one number: the "7,5" of "27,534", the "1.8" of "1.82:1"."""


def best_span(text: str, encoded: EncodedSentence, logits: SentenceLogits) -> tuple[Span, float]:
    """Return the likeliest answering words of a sentence.

    Args:
        text: The sentence.
        encoded: Its tokens, at least one.
        logits: The network's output for it.

    Returns:
        The start and end of the words in the sentence, in characters, and their probability, 0..1.
    """
    starts, ends = _softmax(logits.starts), _softmax(logits.ends)
    # Row: first token, column: last token. Keep ends after their starts, and short spans.
    both = np.outer(starts, ends)
    spans = np.triu(both) - np.triu(both, SPAN_TOKENS)
    first, last = divmod(int(spans.argmax()), len(ends))
    span = whole_words(text, encoded.offsets[first][0], encoded.offsets[last][1])
    return span, float(spans[first, last])


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the share of each logit. Shape: (tokens,)."""
    shares: NDArray[np.float32] = np.exp(logits - logits.max())
    shares /= shares.sum()
    return shares


def whole_words(text: str, start: int, end: int) -> Span:
    """Return a span extended to whole words and numbers: tokens are parts of them.

    >>> whole_words("It is 27,534 long.", 6, 8)
    (6, 12)
    """
    while 0 < start < len(text) and _is_inside(text, start):
        start -= 1
    while 0 < end < len(text) and _is_inside(text, end):
        end += 1
    return start, end


def _is_inside(text: str, at: int) -> bool:
    """Return whether a place lies within a word or a number.

    >>> _is_inside("A mill", 3), _is_inside("A mill", 2), _is_inside("6.4", 1)
    (True, False, True)
    """
    if _is_word_character(text[at - 1]) and _is_word_character(text[at]):
        return True
    # The place is just after or just before the mark of a number.
    beginnings = [begin for begin in (at - 2, at - 1) if begin >= 0]
    return any(_MARK_IN_NUMBER.fullmatch(text, begin, begin + 3) for begin in beginnings)


def _is_word_character(character: str) -> bool:
    return character.isalnum() or character == "_"
