"""A name → what answers."""

from __future__ import annotations

from assistant.errors import UnknownModelError
from assistant.reader import Reader

DEFAULT_MODEL = "reader"


def open_reader(model: str) -> Reader:
    """Return the reader of a name. Raises `UnknownModelError`, which says what names there are."""
    if model != DEFAULT_MODEL:
        raise UnknownModelError(
            f"There is no model named {model!r}; ASSISTANT_MODEL can be {DEFAULT_MODEL!r}, the default."
        )
    return Reader()
