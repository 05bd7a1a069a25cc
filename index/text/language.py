"""The language of a text."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier


LANGUAGE_CHARACTERS = 4_000
"""Characters at the start of a text that its language is identified by."""
LANGUAGE_CONFIDENCE = 0.3
"""Probability of the language, 0 to 1, below which a text is too short to tell."""


def read_language(text: str) -> str | None:
    """Return the ISO 639-1 code of a text's language, unless the text is too short.

    >>> read_language("Der Zug hielt am Abend im Tal.")
    'de'

    The language is identified by py3langid (Lui and Baldwin, 2011).
    """
    code, confidence = load_language_identifier().classify(text[:LANGUAGE_CHARACTERS])
    return str(code) if confidence >= LANGUAGE_CONFIDENCE else None


@cache
def load_language_identifier() -> LanguageIdentifier:
    """Load the language identifier, once for the process."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
