"""How English asks for times and writes them, and days named by their distance from another."""

from __future__ import annotations

import re

from assistant.english.numbers import LEADING
from assistant.english.table import Table, words

TIME_WANTED = Table(
    (rf"{LEADING}when\b", "And since when?"),
    (
        rf"{LEADING}(?:what|which) (?:year|day|date|month|week|season|decade|century|time)\b",
        "In which year was it built?",
    ),
)
"""A question asks for a time. Use `opens`."""

_MONTHS = words(
    "january february april june july august september october november december jan feb apr jun jul aug sep sept oct "
    "nov dec"
)
_HOUR = words("one two three four five six seven eight nine ten eleven twelve")
_WORD = r"(?:\w{1,20} )"

TIMES = Table(
    # A year: 1911, the 1990s, ’68, 79 AD.
    (r"\b\d{4}(?:s|/\d\d)?\b|[’']\d\ds?\b|\b\d{1,4} ?(?:AD|BCE?|CE)\b", "It was built in 1911."),
    # A day in numbers: 3/5/2021, 3.5.2021, 2021-05-03.
    (r"\b\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}\b|\b\d{1,2}/\d{1,2}\b|\b\d{4}-\d{2}\b", "It opened on 3/5/2021."),
    # An hour: 9:30, 5 pm, "at 5", "until ten".
    (r"\b\d{1,2}(?::\d\d| ?[ap]\.?m\b)", "It opens at 9:30."),
    (
        rf"\b(?:at|by|until|till|from|before|after|past|around) (?:\d{{1,2}}|{_HOUR})\b",
        "It opens at ten.",
    ),
    # A day of a month: "on the 5th".
    (r"\b\d{1,2}(?:st|nd|rd|th)\b", "It opened on the 5th."),
    (rf"\b{_MONTHS}\b", "It opened in April."),
    # "may" and "march" are months where a preposition or a number is beside them.
    (r"\b(?:in|of|since|until|by|for|last|next|this|early|late|mid|\d)[ -](?:may|march)\b", "It opened in may."),
    (r"\b(?:may|march),? \d", "It opened on march 3."),
    (r"\b(?:(?:mon|tues|wednes|thurs|fri|satur|sun)days?|weekends?|weekdays?)\b", "It opens on Mondays."),
    (r"\b(?:spring|summer|autumn|winter)s?\b", "It opens in spring."),
    # "fall" is a season after such a word only: "in the fall".
    (r"\b(?:the|last|this|next|every|each|of|in) fall\b", "It opens in the fall."),
    (rf"\b{words('christmas easter pentecost whitsun ramadan thanksgiving halloween')}\b", "It closes at Easter."),
    (r"\bnew year\b", "It closes at New Year."),
    # Counted from now.
    (rf"\b{words('today tomorrow yesterday tonight now nowadays currently recently soon ago')}\b", "It opens soon."),
    (rf"\b{words('later earlier early lately formerly eventually immediately')}\b", "It opened later."),
    (rf"\b{words('once never always daily weekly monthly yearly annually')}\b", "It never opened."),
    # Units of time; "second" may be the one after the first.
    (r"\b(?:minute|hour|day|night|week|month|year|decade|period|era)s?\b|\bseconds\b", "It took ten minutes."),
    (r"\b(?:centur|millenni)\w{1,3}\b", "It is of the last century."),
    (
        rf"\b{words('noon midday midnight morning mornings afternoon afternoons evening evenings dawn dusk')}\b",
        "At noon",
    ),
    # "at the same time", "in Roman times", "since that time"; "for the first time" is no answer.
    (rf"\b(?:at|by|in|since|until|from) {_WORD}{{0,2}}(?:times?|moment|age|ages)\b", "It stood in Roman times."),
    # "at the end of the war"; "in the end" says only that it was late.
    (
        (
            r"\b(?:at|by|until|since|before|after|towards?|from) (?:the |its )?(?:very )?"
            r"(?:end|beginning|start|close|outset)\b"
        ),
        "It opened at the end of it.",
    ),
    # "after" something that happened; "named after Ida" is no time.
    (r"(?<!named )(?<!look )(?<!looks )(?<!looked )(?<!looking )\bafter\b(?! all\b)", "It closed after the flood."),
    (
        rf"\b{words('before during since until till when whenever while following upon')}\b",
        "It closed during the flood.",
    ),
    (r"\bas soon as\b", "It opens as soon as it is paid."),
    # A part of a life, or of history, after a preposition.
    (
        (
            rf"\b(?:at|in|from|of|between) (?:the |his |her |its |their )?(?:\w{{1,20}} )?"
            rf"{words('birth death childhood infancy youth antiquity war wars wartime peacetime')}\b"
        ),
        "It burned in the war.",
    ),
)
"""A text says when. It is lenient: what it does not match has no time at all."""

NAMED_MONTHS = Table(
    # With a capital these two are months, but "May I …" begins a question and "May Day" is one day.
    (r"\bMay\b(?! (?:I|we|you|he|she|it|they|be|not)\b)|\bMarch\b", "It opened in the May of that year."),
    cased=True,
)
"""The months that are also common words, written as months."""

DAYS_FROM_NOW = {
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
"""Words for a day, and its distance from the day on which they are written: "It opens tomorrow."."""

PERIODS_FROM_NOW = {"last": -1, "this": 0, "next": 1}
"""Words before week, month or year, and the distance from the present one: "next month"."""

RELATIVE = re.compile(
    rf"\b(?:(?P<day>{'|'.join(sorted(DAYS_FROM_NOW, key=len, reverse=True))})"
    rf"|(?P<turn>{'|'.join(PERIODS_FROM_NOW)}) (?P<period>week|month|year)"
    r"|(?P<count>\d{1,3}|an?|[a-z]{3,9}(?:-[a-z]{3,5})?) (?P<unit>day|week|month|year)s? ago)\b",
    re.IGNORECASE,
)
"""A day, week, month or year by its distance from now: "two weeks ago". The count may be any word."""


def has_time(text: str) -> bool:
    """Return whether a text says when.

    >>> has_time("It opened in May."), has_time("It may be built of brick in the end.")
    (True, False)
    """
    return TIMES.matches(text) or NAMED_MONTHS.matches(text)
