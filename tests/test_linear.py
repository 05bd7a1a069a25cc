"""Text that repeats itself: 300 kB of what a pattern or loop likes least takes it no more than a moment."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from assistant.english.orders import is_instruction
from index.text.sentences import sentence_spans

if TYPE_CHECKING:
    from collections.abc import Callable

SIZES = (30_000, 300_000)
"""Characters. A function whose time grows with their square fails at the first, in seconds."""
MOST_SECONDS = 2.0
"""Of the processor: a linear function needs a tenth of it."""
EVERYWHERE = (
    *("a", "A", "Ab ", "a ", "1", "1 ", " ", "\t", "\n", "\r\n", "\n ", "\n\n"),
    *(".", ". ", "a. ", "A. ", "a.\n", "…", "!", "?", "-", "- ", "\n- ", "–", "_", "*", "`"),
    *('"', '"a ', "“", "”", "“a ", "“a” ", "'", "’", "‘a ", "«", "»", "« a "),
    *("(", ")", "(a ", "(a) ", "[", "[1] ", "<", "<a ", "&", "https://a.b/"),
    *("日本", "日本。", "é. ", "said Ada ", "note "),
)
"""What is tried on every function."""


def check(work: Callable[[str], object], repeated: str, sizes: tuple[int, ...] = SIZES) -> None:
    """Fail if a function needs more than a moment for a text of a repeated piece."""
    for size in sizes:
        text = (repeated * (size // len(repeated) + 1))[:size]
        begun = time.thread_time()
        work(text)
        taken = time.thread_time() - begun
        assert taken < MOST_SECONDS, f"{taken:.1f} s for {size:,} characters of {repeated!r}"


@pytest.mark.parametrize(
    "repeated",
    [
        *EVERYWHERE,
        "note for ",
        "ignore all ",
        "ignore the of ",
        "you are now ",
        "\nif asked x ",
        "if you are an ",
        "system ",
        "\n---",
        "<|",
    ],
)
def test_orders_to_a_program_are_looked_for_in_linear_time(repeated):
    """As one sentence, and as the beginning of a paragraph that goes on."""
    check(lambda text: is_instruction(text, 0, len(text)), repeated)
    check(lambda text: [is_instruction(text, at, at + 1) for at in range(0, len(text), len(text) // 100)], repeated)


@pytest.mark.parametrize(
    "repeated", [*EVERYWHERE, "1. ", "?! ", "\n1. ", "۱. ", "Dr. ", "“" * 9_000 + "\n\n", "a. " + "b" * 7_990 + " "]
)
def test_sentences_are_found_in_linear_time(repeated):
    """In a text of one endless line as well."""
    check(lambda text: sentence_spans.__wrapped__(text, "en"), repeated)
