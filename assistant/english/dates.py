"""Times: questions for them, words for them, and days such as "tomorrow"."""

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
    "january february april june july august september october november december "
    "jan feb apr jun jul aug sep sept oct nov dec"
)
_HOUR = words("one two three four five six seven eight nine ten eleven twelve")
_FEAST = words("christmas easter pentecost whitsun ramadan thanksgiving halloween")
_NOW = words("today tomorrow yesterday tonight now nowadays currently recently soon ago")
_LATER = words("later earlier early lately formerly eventually immediately")
_REPEATED = words("once never always daily weekly monthly yearly annually")
_PART_OF_DAY = words(
    "noon midday midnight morning mornings afternoon afternoons evening evenings dawn dusk"
)
_WHILE = words("before during since until till when whenever while following upon")
_PART_OF_LIFE = words("birth death childhood infancy youth antiquity war wars wartime peacetime")
_ANY_WORD = r"(?:\w{1,20} )"

TIMES = Table(
    # A year: 1911, the 1990s, ’68, 79 AD.
    (r"\b\d{4}(?:s|/\d\d)?\b|[’']\d\ds?\b|\b\d{1,4} ?(?:AD|BCE?|CE)\b", "It was built in 1911."),
    # A day in numbers: 3/5/2021, 3.5.2021, 2021-05-03.
    (
        r"\b\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}\b|\b\d{1,2}/\d{1,2}\b|\b\d{4}-\d{2}\b",
        "It opened on 3/5/2021.",
    ),
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
    (
        r"\b(?:in|of|since|until|by|for|last|next|this|early|late|mid|\d)[ -](?:may|march)\b",
        "It opened in may.",
    ),
    (r"\b(?:may|march),? \d", "It opened on march 3."),
    (
        r"\b(?:(?:mon|tues|wednes|thurs|fri|satur|sun)days?|weekends?|weekdays?)\b",
        "It opens on Mondays.",
    ),
    (r"\b(?:spring|summer|autumn|winter)s?\b", "It opens in spring."),
    # "fall" is a season after such a word only: "in the fall".
    (r"\b(?:the|last|this|next|every|each|of|in) fall\b", "It opens in the fall."),
    (
        rf"\b{_FEAST}\b",
        "It closes at Easter.",
    ),
    (r"\bnew year\b", "It closes at New Year."),
    # Counted from now: "soon".
    (
        rf"\b{_NOW}\b",
        "It opens soon.",
    ),
    (
        rf"\b{_LATER}\b",
        "It opened later.",
    ),
    (rf"\b{_REPEATED}\b", "It never opened."),
    # Units of time, but not "second", which may be an ordinal.
    (
        r"\b(?:minute|hour|day|night|week|month|year|decade|period|era)s?\b|\bseconds\b",
        "It took ten minutes.",
    ),
    (r"\b(?:centur|millenni)\w{1,3}\b", "It is of the last century."),
    (
        rf"\b{_PART_OF_DAY}\b",
        "At noon",
    ),
    # "at the same time", "in Roman times", but not "for the first time".
    (
        rf"\b(?:at|by|in|since|until|from) {_ANY_WORD}{{0,2}}(?:times?|moment|age|ages)\b",
        "It stood in Roman times.",
    ),
    # "at the end of the war", but not "in the end".
    (
        (
            r"\b(?:at|by|until|since|before|after|towards?|from) (?:the |its )?(?:very )?"
            r"(?:end|beginning|start|close|outset)\b"
        ),
        "It opened at the end of it.",
    ),
    # "after the flood", but not "named after Ida".
    (
        r"(?<!named )(?<!look )(?<!looks )(?<!looked )(?<!looking )\bafter\b(?! all\b)",
        "It closed after the flood.",
    ),
    (
        rf"\b{_WHILE}\b",
        "It closed during the flood.",
    ),
    (r"\bas soon as\b", "It opens as soon as it is paid."),
    # A part of a life or of history: "in his youth", "in the war".
    (
        (
            rf"\b(?:at|in|from|of|between) (?:the |his |her |its |their )?(?:\w{{1,20}} )?"
            rf"{_PART_OF_LIFE}\b"
        ),
        "It burned in the war.",
    ),
)
"""A text says when. The table is lenient: a text that it does not match has no time at all."""

NAMED_MONTHS = Table(
    # With a capital these two are months, but "May I …" begins a question.
    (
        r"\bMay\b(?! (?:I|we|you|he|she|it|they|be|not)\b)|\bMarch\b",
        "It opened in the May of that year.",
    ),
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
"""Words for a day, and its distance in days from the day of the text: "It opens tomorrow."."""

PERIODS_FROM_NOW = {"last": -1, "this": 0, "next": 1}
"""Words before week, month or year, and the distance from the present one: "next month"."""

RELATIVE = re.compile(
    # "tomorrow", "last night"
    rf"\b(?:(?P<day>{'|'.join(sorted(DAYS_FROM_NOW, key=len, reverse=True))})"
    # "next month"
    rf"|(?P<turn>{'|'.join(PERIODS_FROM_NOW)}) (?P<period>week|month|year)"
    # "two weeks ago"
    r"|(?P<count>\d{1,3}|an?|[a-z]{3,9}(?:-[a-z]{3,5})?) (?P<unit>day|week|month|year)s? ago)\b",
    re.IGNORECASE,
)
"""A day, week, month or year by its distance from now: "two weeks ago".

The count may be any word.
"""


def has_time(text: str) -> bool:
    """Return whether a text says when.

    >>> has_time("It opened in May."), has_time("It may be built of brick in the end.")
    (True, False)
    """
    return TIMES.matches(text) or NAMED_MONTHS.matches(text)
