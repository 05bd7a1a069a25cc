"""Numbers, amounts, frequencies and ages: questions for them, and words for them."""

from __future__ import annotations

import re

from text_to_num import alpha2digit, text2num

from assistant.english.table import Table, words

LONGEST_READING = 2_000
"""Characters that text2num reads at a time: its time grows faster than its text."""

SHORTEST_NUMERAL = 3
"""Letters of a number word; text2num takes "o" and "oh" for zeros."""

LEADING = (
    r"\W{0,20}(?:(?:and|but|or|so|then|also|please|by|to|for|from|of|in|on|at|since|until)"
    r"\W{1,20}){0,4}"
)
"""Words that may stand before a question word: "and since" in "and since when?"."""

_UNITS = words(
    "second minute hour day night week weekend fortnight month year decade century millennium "
    "lifetime metre meter kilometre kilometer centimetre millimetre mile foot inch yard acre "
    "hectare gram gramme kilo kilogram pound ounce ton tonne litre liter pint gallon "
    "euro dollar penny cent crown franc degree decibel percent knot"
)

NUMBER_WANTED = Table(
    (rf"{LEADING}how (?:many|much)\b", "And how many came?"),
    (
        (
            rf"{LEADING}how (?:old|long|far|tall|high|large|big|heavy|loud|fast|hot|cold|deep|wide"
            r"|often)\b"
        ),
        "For how long?",
    ),
)
"""A question asks for a number. Use `opens`."""

HOW_OFTEN = Table((rf"{LEADING}how often\b", "How often does it run?"))
"""A question asks how often something happens. Use `opens`."""

HOW_OLD = Table((rf"{LEADING}how old\b", "How old is Ida?"))
"""A question asks for an age. Use `opens`."""

_PARTS = words("half halves quarter quarters third thirds dozen dozens couple pair both")
_VAGUE = words("several few many much most majority minority lots plenty countless numerous")

QUANTITIES = Table(
    # Digits: "3".
    (r"\d", "It has 3 wheels."),
    # Zero. "No." before a number is another word, but then there is a number.
    (rf"\b{words('no none nobody nothing neither nil')}\b", "Nobody came."),
    # "one", but not as a pronoun: "every one", "the one", "one another".
    (
        (
            r"(?<!every )(?<!any )(?<!some )(?<!each )(?<!the )(?<!this )(?<!that )(?<!which )"
            r"\bone\b(?! another\b)"
        ),
        "One left.",
    ),
    # Words for numbers that text2num does not know.
    (rf"\b{_PARTS}\b", "Half of them left."),
    (rf"\b{words('once twice thrice single')}\b", "He came twice."),
    (
        rf"\b{words('double triple twofold tenfold billions trillion trillions')}\b",
        "It cost double.",
    ),
    # Vague amounts: "many".
    (
        rf"\b{_VAGUE}\b",
        "Many came.",
    ),
    (
        r"\ba (?:lot|little|bit|handful|fraction|fortune)\b|\bfree(?: of charge)?\b",
        "It cost a fortune.",
    ),
    # All of something with parts; "all" alone is not a number.
    (r"\ball of\b|\b(?:the|an?) (?:whole|entire)\b", "All of the lake is green."),
    # One of a unit: "a long year".
    (rf"\b(?:an?|one|per|each|every) (?:\w{{1,20}} )?{_UNITS}\b", "It took a long year."),
    (r"\ball (?:day|night|week|month|year|summer|winter)\b|\bfor ?ever\b", "It rained all night."),
)
"""An amount stands in a text. Numerals ("seven") are left to `has_number`."""

FREQUENCIES = Table(
    (
        r"\b(?:hourly|daily|nightly|weekly|fortnightly|monthly|quarterly|yearly|annual|annually)\b",
        "It runs daily.",
    ),
    (
        r"\b(?:always|often|sometimes|rarely|seldom|never|regularly|occasionally|frequently)\b",
        "It rarely runs.",
    ),
    (r"\b(?:every|each|any)\b", "It runs every Monday."),
    (r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)days\b", "It runs on Mondays."),
)
"""A text says how often something happens."""

_FOUNDED = words(
    "built rebuilt founded opened born made erected established created completed constructed "
    "formed launched started begun dates dated dating since"
)
AGES = Table(
    # In years: "41 years old", "a three-year-old", "centuries old".
    (
        r"\b(?:year|month|week|day|decade|centur(?:y|ie))s?[ -](?:old|of age)\b",
        "She is 41 years old.",
    ),
    (
        (
            r"\b(?:aged?|ages|older than|younger than|turn(?:s|ed|ing)?) "
            r"(?:of )?(?:only |just |over |about )?\d"
        ),
        "Ida, aged 41",
    ),
    # A number by itself, as beside a name: "Ida Berg, 41, says", "Ida (41)", "Ida is 41."
    (
        r"(?:,|\(|\b(?:of|is|was|at)) ?\d{1,3}(?:[,).;!]|$)|^\W{0,5}\d{1,4}\W{0,5}$",
        "Ida Berg, 41, runs it.",
    ),
    (r"\bin (?:his|her|their) (?:early |mid-?|late )?\w{2,8}ies\b", "She is in her late forties."),
    # A number of years: "for 150 years".
    (r"\b\d+ (?:years|months|weeks|days|decades|centuries)\b", "It has stood for 150 years."),
    # The year of a building or birth: "built in 1868", but not "Ida built a mill in 1868".
    (
        (
            rf"\b{_FOUNDED}\b(?! (?:an?|the|his|her|its|their|two|\d{{1,3}}) )"
            r"(?: [^\s\d]{1,20}){0,6} \W?[12]\d{3}\b"
        ),
        "The mill was built in 1868.",
    ),
    (
        r"\b[12]\d{3}\b[^.!?]{0,20} (?:birth|foundation|opening)\b",
        "1868, the year of its foundation",
    ),
    (
        r"\b\d{1,2}(?:st|nd|rd|th)[ -](?:century|birthday|anniversary)\b",
        "It is a 12th-century church.",
    ),
)
"""An age stands in a text. Write its numbers in digits first, with `in_digits`."""

MULTIPLES = {
    "half": "half",
    "quarter": "4",
    "dozen": "12",
    "twice": "2",
    "double": "2",
    "triple": "3",
    "thrice": "3",
}
"""Number words that text2num does not know, and the number of each: "a dozen eggs"."""

_ALPHABETIC = re.compile(r"[^\W\d_]+")
"""A word without digits: "seven"."""
_ORDINAL = re.compile(r"(\d{1,15})(?:st|nd|rd|th)s?")
"""An ordinal in digits: "2nd", "3rds"."""


def value(word: str) -> int | None:
    """Return the number that a single word stands for, if it does.

    >>> value("Seven")
    7
    >>> value("mill")
    """
    if len(word) < SHORTEST_NUMERAL:
        return None
    try:
        number: int = text2num(word.casefold(), "en")
    except ValueError:
        return None
    return number


def ordinal(word: str) -> int | None:
    """Return the number that a single ordinal stands for, if it does.

    >>> ordinal("Second"), ordinal("thirds")
    (2, 3)
    """
    match = _ORDINAL.fullmatch(alpha2digit(word.casefold(), "en", threshold=0))
    return int(match[1]) if match else None


def in_digits(text: str) -> str:
    """Return a text with its numerals and ordinals in digits.

    >>> in_digits("Two hundred and five people met in the twenty-first century.")
    '205 people met in the 21st century.'
    """
    pieces = (text[at : at + LONGEST_READING] for at in range(0, len(text), LONGEST_READING))
    return "".join(alpha2digit(piece, "en", threshold=0) for piece in pieces)


def has_number(text: str) -> bool:
    """Return whether a text has a number or says how much there is of something.

    >>> has_number("Seven left."), has_number("The people came to a mill.")
    (True, False)
    """
    return QUANTITIES.matches(text) or any(
        value(word) not in {None, 1} for word in _ALPHABETIC.findall(text)
    )


def has_age(text: str) -> bool:
    """Return whether a text tells how old somebody or something is.

    >>> has_age("Ida is forty."), has_age("Ida built two mills."), has_age("It was built in 1868.")
    (True, False, True)
    """
    return AGES.matches(in_digits(text))
