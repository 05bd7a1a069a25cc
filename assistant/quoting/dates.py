"""Days that a text names by their distance from its own: "tomorrow" in an article of 29 September 2016. Pure.

The expressions are English. What is ambiguous ("on Friday") stays as it is.
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

LONGEST_WORD = 20
"""Characters that are looked at before an expression."""

_WORD_BEFORE = re.compile(r"(\w+)[ -]$")


@dataclass(frozen=True, slots=True)
class RelativeDate:
    """An expression of a text, as it stands there, and the day, week, month or year that it means, in words."""

    expression: str
    meaning: str


def relative_dates(text: str, published: date) -> tuple[RelativeDate, ...]:
    """Return each expression of a text that is relative to the day on which it was published, with what it means.

    >>> from datetime import date
    >>> relative_dates("It opens tomorrow.", date(2016, 9, 29))
    (RelativeDate(expression='tomorrow', meaning='30 September 2016'),)
    """
    found: dict[str, str] = {}
    for match in RELATIVE.finditer(text):
        with suppress(ValueError, OverflowError):  # A day before the year 1 is none.
            if meaning := _meaning(match, published):
                found[match.group()] = meaning
    return tuple(RelativeDate(expression, meaning) for expression, meaning in found.items())


def day_in_words(day: date) -> str:
    """Return a day as it is written in answers and on the page: 29 September 2016."""
    return f"{day.day} {day:%B %Y}"


def _meaning(match: re.Match[str], published: date) -> str | None:
    """Return the day or period that an expression means, counted from a day; None if it cannot be counted."""
    if named := match["day"]:
        return day_in_words(published + relativedelta(days=DAYS_FROM_NOW[named.lower()]))
    if match["turn"]:
        unit, count = match["period"].lower(), PERIODS_FROM_NOW[match["turn"].lower()]
    else:
        counted = _counted(match)
        if counted is None:
            return None
        unit, count = match["unit"].lower(), -counted
    moved = published + relativedelta(**{f"{unit}s": count})
    if unit == "year":
        return str(moved.year)
    if unit == "month":
        return f"{moved:%B %Y}"
    if unit == "week" and match["turn"]:
        return f"the week of {day_in_words(moved - relativedelta(days=moved.weekday()))}"
    return day_in_words(moved)


def _counted(match: re.Match[str]) -> int | None:
    """Return how many units ago; None for "some years ago", and for a part of a number: "two and three years ago"."""
    counted = match["count"].lower()
    before = _WORD_BEFORE.search(match.string, max(0, match.start() - LONGEST_WORD), match.start())
    if before and (before[1].lower() == "and" or value(before[1]) is not None or before[1].isdigit()):
        return None
    if counted in {"a", "an"}:
        return 1
    return int(counted) if counted.isdigit() else value(counted)
