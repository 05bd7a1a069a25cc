"""How English asks for people and for reasons, and says which articles are asked."""

from __future__ import annotations

import re

from assistant.english.modality import AUXILIARY
from assistant.english.table import Table, words

_LEADING = r"\W{0,20}(?:(?:and|but|or|so|then|also|please)\W{1,20}){0,4}"

PEOPLE_WANTED = Table(
    (r"\W{0,20}(?:(?:and|but|or|so|then|also|please|with|by|to|for|from|of)\W{1,20}){0,4}whom?\b", "And by whom?"),
)
"""A question asks for people. Use `opens`."""

_TELL = words("say think feel believe tell claim argue promise advise recommend suggest")

TELLING_WANTED = Table(
    (rf"{_LEADING}why\b", "And why?"),
    (rf"{_LEADING}(?:what|how) about\b", "What about the mill?"),
    (rf"{_LEADING}how\W{{1,20}}(?:{AUXILIARY}|to|come)\b", "How did it end?"),
    (rf"{_LEADING}what\W{{1,20}}(?:do|does|did)\b.{{0,200}}\b{_TELL}\b", "What does Berg say about it?"),
)
"""A question asks for what no few words of a sentence can tell. Use `opens`."""

LIMIT = re.compile(
    r",? ?\b(?:according to (?P<source>(?:[^,?.!]|\.(?=\w)){1,300})"
    r"|in (?:the |an? |any )?(?:articles?|news|reports?|reporting|coverage|stories|story|pieces?|texts?)"
    r" (?:published in|of|from|in) (?P<year>\d{4})),? ?",
    re.IGNORECASE,
)
"""Which articles are asked: "according to The Herald", "in articles of 2016"."""
