"""Text that is safe to print to a terminal."""

from __future__ import annotations

import re

# Control characters other than tab and line feed, and overrides of the writing direction:
# "\x1b" begins an escape sequence, "\u202e" reverses the text after it.
_TERMINAL_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    r"""Replace the characters of a text that would control a terminal.

    >>> printable("\x1b[31mRain")
    '�[31mRain'
    """
    return _TERMINAL_CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)
