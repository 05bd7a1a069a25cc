"""Days that a text names by their distance from its own: "tomorrow" in an article of 29 September 2016. Pure.

The expressions are English. What is ambiguous ("on Friday") stays as it is.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dateutil.relativedelta import relativedelta

if TYPE_CHECKING:
    from datetime import date

_DAYS = {
    "the day before yesterday": -2,
    "yesterday": -1,
    "last night": -1,
    "today": 0,
    "tonight": 0,
    "this morning": 0,
    "this afternoon": 0,
    "this evening": 0,
    "tomorrow": 1,
    "the day after tomorrow": 2,
}
_NUMBERS = {
    word: number for number, word in enumerate("one two three four five six seven eight nine ten".split(), start=1)
}
_NUMBERS |= {"a": 1, "an": 1, "eleven": 11, "twelve": 12, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50}
_TURNS = {"last": -1, "this": 0, "next": 1}
_RELATIVE = re.compile(
    rf"\b(?:(?P<day>{'|'.join(sorted(_DAYS, key=len, reverse=True))})"
    rf"|(?P<turn>last|this|next) (?P<period>week|month|year)"
    rf"|(?P<count>\d{{1,3}}|{'|'.join(_NUMBERS)}) (?P<unit>day|week|month|year)s? ago)\b",
    re.IGNORECASE,
)


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
    for match in _RELATIVE.finditer(text):
        with suppress(ValueError, OverflowError):  # A day before the year 1 is none.
            found[match.group()] = _meaning(match, published)
    return tuple(RelativeDate(expression, meaning) for expression, meaning in found.items())


def day_in_words(day: date) -> str:
    """Return a day as it is written in answers and on the page: 29 September 2016."""
    return f"{day.day} {day:%B %Y}"


def _meaning(match: re.Match[str], published: date) -> str:
    if named := match["day"]:
        return day_in_words(published + relativedelta(days=_DAYS[named.lower()]))
    if match["turn"]:
        unit, count = match["period"].lower(), _TURNS[match["turn"].lower()]
    else:
        unit, counted = match["unit"].lower(), match["count"].lower()
        count = -(_NUMBERS[counted] if counted in _NUMBERS else int(counted))
    moved = published + relativedelta(**{f"{unit}s": count})
    if unit == "year":
        return str(moved.year)
    if unit == "month":
        return f"{moved:%B %Y}"
    if unit == "week" and match["turn"]:
        return f"the week of {day_in_words(moved - relativedelta(days=moved.weekday()))}"
    return day_in_words(moved)
