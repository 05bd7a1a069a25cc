"""Sentences in windows and batches, as the network reads them; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.reader.network import WINDOW_TOKENS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from assistant.quoting.sentences import Sentence
    from assistant.reader.network import EncodedSentence

TOKENS_AT_ONCE = 2_048
"""Tokens of a batch. Larger batches need memory that makes them slower."""


def windows_of(
    sentences: Sequence[Sentence], encoded: Sequence[EncodedSentence]
) -> list[list[int]]:
    """Return the numbers of sentences in windows of neighbours.

    Args:
        sentences: The sentences.
        encoded: Their tokens.
    """
    windows: list[list[int]] = []
    tokens = 0
    for number in sorted(range(len(sentences)), key=lambda n: _place(sentences[n])):
        length = len(encoded[number].ids)
        tokens += length
        is_next = windows and sentences[windows[-1][-1]].leads_to(sentences[number])
        if not is_next or tokens > WINDOW_TOKENS:
            windows.append([])
            tokens = length
        windows[-1].append(number)
    return windows


def _place(sentence: Sentence) -> tuple[str, str, int]:
    """Return the sort key of a sentence: its article, version and start."""
    return sentence.article.id, sentence.article.version, sentence.start


def batches(
    windows: list[list[int]], encoded: Sequence[EncodedSentence]
) -> Iterator[list[list[int]]]:
    """Yield windows of similar length, at most `TOKENS_AT_ONCE` or one window at once.

    Args:
        windows: The numbers of the sentences of each window.
        encoded: The tokens of all sentences.
    """
    lengths = [sum(len(encoded[number].ids) for number in window) for window in windows]
    batch: list[list[int]] = []
    for length, window in sorted(zip(lengths, windows, strict=True)):
        # Padding brings all windows to the length of the last one.
        if batch and (len(batch) + 1) * length > TOKENS_AT_ONCE:
            yield batch
            batch = []
        batch.append(window)
    yield batch
