"""Yes, no, and "the article does not say" in an answer's own words; pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_MARK = re.compile(r"\[\d+\]")
_QUOTED = re.compile(r"“[^”]*”|„[^“”]*[“”]|«[^»]*»|\"[^\"]*\"")
_YES = {"en": "yes", "de": "ja", "es": "s[ií]", "fr": "oui"}
_NO = {"en": "no", "de": "nein", "es": "no", "fr": "non"}
_DENIALS = re.compile(
    r"\b(?:do(?:es)?|did) not (?:say|tell|mention|state|name)\b|\b(?:do|does|did)n[’']t say\b"
    r"|\bno article (?:says|names|mentions)\b|\bno answer\b|\bnot (?:said|stated|mentioned)\b"
    r"|\b(?:sagt|nennt|steht)\b[^.;]*\bnicht|\bkeine Antwort\b"
    r"|\bno (?:lo )?(?:dice|menciona)|\bninguna respuesta\b"
    r"|\bne (?:le )?(?:dit|mentionne) pas|\baucune réponse\b",
    re.IGNORECASE,
)
"""The article does not say; der Artikel sagt es nicht; el artículo no lo dice."""


def verdict_of(text: str, language: str) -> str:
    """Return the verdict that an answer begins with: "yes", "no", "unknown" or "".

    >>> verdict_of("No: “It was not hurt.” [1]", "en"), verdict_of("No child pays.", "en")
    ('no', '')
    >>> verdict_of("The article does not say. [1]", "en")
    'unknown'
    """
    begins = text.lstrip("*_ \n")
    for verdict, words in (("yes", _YES), ("no", _NO)):
        word = words.get(language, words["en"])
        if re.match(rf"{word}\b(?=[*_\s]*(?:[.,:;!–—(\[]|$))", begins, re.IGNORECASE):
            return verdict
    return "unknown" if denies(re.split(r"(?<=[.!?:;])\s", begins)[0]) else ""


def denies(text: str) -> bool:
    """Return whether an answer's own words say that the articles do not answer.

    >>> denies("The article does not say."), denies("“She did not say who won.” [1]")
    (True, False)
    """
    return bool(_DENIALS.search(without_quotes(text)))


def without_quotes(text: str, quotes: Sequence[str] = ()) -> str:
    """Return an answer's own words: without quotations, and without marks.

    Args:
        text: The text of the answer.
        quotes: The quotes of its citations; they go even without quotation marks.
    """
    for quote in quotes:
        text = text.replace(quote, " ").replace(" ".join(quote.split()), " ")
    return _MARK.sub(" ", _QUOTED.sub(" ", text))
