"""Characters that a terminal would obey rather than show."""

from __future__ import annotations

import re

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    """Return a text that a terminal shows and does not obey: without escape sequences and other control characters."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)
