"""Days that a text counts from its own date: "tomorrow", "two weeks ago". Pure.

In an article of 29 September 2016, "tomorrow" is 30 September 2016. The expressions are English.
An ambiguous one ("on Friday") is left alone.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dateutil.relativedelta import relativedelta

from assistant.english.dates import DAYS_FROM_NOW, PERIODS_FROM_NOW, RELATIVE
from assistant.english.numbers import value

if TYPE_CHECKING:
    from datetime import date

LONGEST_WORD_BEFORE = 20
"""Characters before an expression that are searched for the word before it."""

_WORD_BEFORE = re.compile(r"(\w+)[ -]$")
"""The word before an expression: "two and " before "three years ago"."""


@dataclass(frozen=True, slots=True)
class RelativeDate:
    """A relative date in a text.

    Attributes:
        expression: The words in the text, such as "tomorrow".
        meaning: The day, week, month or year that they mean, in words.
    """

    expression: str
    meaning: str


def relative_dates(text: str, published: date) -> tuple[RelativeDate, ...]:
    """Return the relative dates in a text of a day, each expression once.

    >>> from datetime import date
    >>> relative_dates("It opens tomorrow.", date(2016, 9, 29))
    (RelativeDate(expression='tomorrow', meaning='30 September 2016'),)
    """
    meanings: dict[str, str] = {}
    for match in RELATIVE.finditer(text):
        with suppress(ValueError, OverflowError):  # The calendar begins with the year 1.
            if meaning := _meaning(match, published):
                meanings[match.group()] = meaning
    return tuple(RelativeDate(expression, meaning) for expression, meaning in meanings.items())


def day_in_words(day: date) -> str:
    """Return a day as answers and the page show it: 29 September 2016."""
    return f"{day.day} {day:%B %Y}"


def _meaning(match: re.Match[str], published: date) -> str | None:
    """Return the day or period that a match of `RELATIVE` means, if it can be counted."""
    # "tomorrow", "last night"
    if day := match["day"]:
        return day_in_words(published + relativedelta(days=DAYS_FROM_NOW[day.lower()]))
    # "next month"
    if match["turn"]:
        unit, distance = match["period"].lower(), PERIODS_FROM_NOW[match["turn"].lower()]
    # "two weeks ago"
    else:
        count = _count(match)
        if count is None:
            return None
        unit, distance = match["unit"].lower(), -count
    moved = published + relativedelta(**{f"{unit}s": distance})
    if unit == "year":
        return str(moved.year)
    if unit == "month":
        return f"{moved:%B %Y}"
    if unit == "week" and match["turn"]:
        return f"the week of {day_in_words(moved - relativedelta(days=moved.weekday()))}"
    return day_in_words(moved)


def _count(match: re.Match[str]) -> int | None:
    """Return the 2 of "two weeks ago", if it is a whole number.

    "some years ago" has no number, and "three" in "two and three years ago" is only a part of one.
    """
    counted = match["count"].lower()
    earliest = max(0, match.start() - LONGEST_WORD_BEFORE)
    if before := _WORD_BEFORE.search(match.string, earliest, match.start()):
        word = before[1]
        if word.lower() == "and" or value(word) is not None or word.isdigit():
            return None
    if counted in {"a", "an"}:
        return 1
    return int(counted) if counted.isdigit() else value(counted)
