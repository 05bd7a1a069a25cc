"""Whether a text has a number, an age or a time, if the question asks for one. Pure.

The rules are of written English. They rule texts out; they never say that a text answers.
"""

from __future__ import annotations

from assistant.english.dates import TIME_WANTED, has_time
from assistant.english.numbers import (
    FREQUENCIES,
    HOW_OFTEN,
    HOW_OLD,
    NUMBER_WANTED,
    has_age,
    has_number,
)


def wants_time(question: str) -> bool:
    """Return whether a question asks for a time.

    >>> wants_time("and since when?"), wants_time("Who left?")
    (True, False)
    """
    return TIME_WANTED.opens(question)


def lacks_kind(question: str, text: str) -> bool:
    """Return whether a question asks for a number, an age or a time, and a text has no such thing.

    >>> lacks_kind("When was it built?", "It was built of red brick.")
    True
    >>> lacks_kind("How many left?", "Seven left."), lacks_kind("Who left?", "They left.")
    (False, False)
    """
    if HOW_OLD.opens(question):
        return not has_age(text)
    if HOW_OFTEN.opens(question):
        return not (has_number(text) or FREQUENCIES.matches(text))
    if NUMBER_WANTED.opens(question):
        return not has_number(text)
    return wants_time(question) and not has_time(text)
