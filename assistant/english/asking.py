"""Questions for people and for reasons, and the articles that they are asked of."""

from __future__ import annotations

import re

from assistant.english.modality import AUXILIARY, QUESTION_OPENING
from assistant.english.table import Table, words

PEOPLE_WANTED = Table(
    (
        (
            r"\W{0,20}(?:(?:and|but|or|so|then|also|please|with|by|to|for|from|of)\W{1,20}){0,4}"
            r"whom?\b"
        ),
        "And by whom?",
    ),
)
"""A question asks for people. Use `opens`."""

_OPINES = words("say think feel believe tell claim argue promise advise recommend suggest")

TELLING_WANTED = Table(
    (rf"{QUESTION_OPENING}why\b", "And why?"),
    (rf"{QUESTION_OPENING}(?:what|how) about\b", "What about the mill?"),
    (rf"{QUESTION_OPENING}how\W{{1,20}}(?:{AUXILIARY}|to|come)\b", "How did it end?"),
    (
        rf"{QUESTION_OPENING}what\W{{1,20}}(?:do|does|did)\b.{{0,200}}\b{_OPINES}\b",
        "What does Berg say about it?",
    ),
)
"""A question asks for more than a few words of a sentence can tell. Use `opens`."""

LIMIT = re.compile(
    # "according to The Herald"
    r",? ?\b(?:according to (?P<source>(?:[^,?.!]|\.(?=\w)){1,300})"
    # "in articles of 2016"
    r"|in (?:the |an? |any )?"
    r"(?:articles?|news|reports?|reporting|coverage|stories|story|pieces?|texts?)"
    r" (?:published in|of|from|in) (?P<year>\d{4})),? ?",
    re.IGNORECASE,
)
"""The articles that a question is asked of, by source or year: "in news from 2021"."""
