"""The language that a text is written in."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier


LANGUAGE_CHARACTERS = 4_000
LANGUAGE_CONFIDENCE = 0.3


def read_language(text: str) -> str | None:
    """Return the ISO 639-1 code of the language that a text is written in, or None where it is too short to tell.

    By py3langid (Lui and Baldwin, 2011).
    """
    code, confidence = load_language_identifier().classify(text[:LANGUAGE_CHARACTERS])
    return str(code) if confidence >= LANGUAGE_CONFIDENCE else None


@cache
def load_language_identifier() -> LanguageIdentifier:
    """Return what identifies languages, loaded once."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
