"""How English asks for numbers and writes them in words."""

from __future__ import annotations

import re

from text_to_num import alpha2digit, text2num

from assistant.english.table import Table, words

LONGEST_READ = 2_000
"""Characters that are read for number words at a time; the library's time grows faster than its text."""

LEADING = r"\W{0,20}(?:(?:and|but|or|so|then|also|please|by|to|for|from|of|in|on|at|since|until)\W{1,20}){0,4}"
"""What may stand before the question word: "and since when?"."""

_UNITS = words(
    "second minute hour day night week weekend fortnight month year decade century millennium lifetime "
    "metre meter kilometre kilometer centimetre millimetre mile foot inch yard acre hectare "
    "gram gramme kilo kilogram pound ounce ton tonne litre liter pint gallon "
    "euro dollar penny cent crown franc degree decibel percent knot"
)

NUMBER_WANTED = Table(
    (rf"{LEADING}how (?:many|much)\b", "And how many came?"),
    (
        rf"{LEADING}how (?:old|long|far|tall|high|large|big|heavy|loud|fast|hot|cold|deep|wide|often)\b",
        "For how long?",
    ),
)
"""A question asks for a number. Use `opens`."""

HOW_OFTEN = Table((rf"{LEADING}how often\b", "How often does it run?"))
"""A question asks how often something happens. Use `opens`."""

HOW_OLD = Table((rf"{LEADING}how old\b", "How old is Ida?"))
"""A question asks for an age. Use `opens`."""

QUANTITIES = Table(
    # Digits.
    (r"\d", "It has 3 wheels."),
    # None at all; "No." before a number is another word, but then there is a number.
    (rf"\b{words('no none nobody nothing neither nil')}\b", "Nobody came."),
    # "one", but not as a pronoun: "every one", "the one", "one another"; of "no one" it is the "no" that counts.
    (
        r"(?<!every )(?<!any )(?<!some )(?<!each )(?<!the )(?<!this )(?<!that )(?<!which )\bone\b(?! another\b)",
        "One left.",
    ),
    # Words that count but that text2num takes for none.
    (
        rf"\b{words('half halves quarter quarters third thirds dozen dozens couple pair both')}\b",
        "Half of them left.",
    ),
    (rf"\b{words('once twice thrice single')}\b", "He came twice."),
    (rf"\b{words('double triple twofold tenfold billions trillion trillions')}\b", "It cost double."),
    # Vague amounts.
    (rf"\b{words('several few many much most majority minority lots plenty countless numerous')}\b", "Many came."),
    (r"\ba (?:lot|little|bit|handful|fraction|fortune)\b|\bfree(?: of charge)?\b", "It cost a fortune."),
    # All of something that has parts; "all" alone is no number.
    (r"\ball of\b|\b(?:the|an?) (?:whole|entire)\b", "All of the lake is green."),
    # One of a unit.
    (rf"\b(?:an?|one|per|each|every) (?:\w{{1,20}} )?{_UNITS}\b", "It took a long year."),
    (r"\ball (?:day|night|week|month|year|summer|winter)\b|\bfor ?ever\b", "It rained all night."),
)
"""An amount stands in a text, in digits or words other than the numerals (`has_number` adds these)."""

FREQUENCIES = Table(
    (r"\b(?:hourly|daily|nightly|weekly|fortnightly|monthly|quarterly|yearly|annual|annually)\b", "It runs daily."),
    (r"\b(?:always|often|sometimes|rarely|seldom|never|regularly|occasionally|frequently)\b", "It rarely runs."),
    (r"\b(?:every|each|any)\b", "It runs every Monday."),
    (r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)days\b", "It runs on Mondays."),
)
"""A text says how often something happens."""

_FOUNDED = words(
    "built rebuilt founded opened born made erected established created completed constructed formed launched started "
    "begun dates dated dating since"
)
AGES = Table(
    # In years: "41 years old", "a three-year-old", "centuries old".
    (r"\b(?:year|month|week|day|decade|centur(?:y|ie))s?[ -](?:old|of age)\b", "She is 41 years old."),
    (
        r"\b(?:aged?|ages|older than|younger than|turn(?:s|ed|ing)?) (?:of )?(?:only |just |over |about )?\d",
        "Ida, aged 41",
    ),
    # A number by itself, as beside a name: "Ida Berg, 41, says", "Ida (41)", "Ida is 41."
    (r"(?:,|\(|\b(?:of|is|was|at)) ?\d{1,3}(?:[,).;!]|$)|^\W{0,5}\d{1,4}\W{0,5}$", "Ida Berg, 41, runs it."),
    (r"\bin (?:his|her|their) (?:early |mid-?|late )?\w{2,8}ies\b", "She is in her late forties."),
    # A number of years that somebody or something has been.
    (r"\b\d+ (?:years|months|weeks|days|decades|centuries)\b", "It has stood for 150 years."),
    # A year, where its building or birth is spoken of: "built in 1868", not "Ida built a mill in 1868".
    (
        rf"\b{_FOUNDED}\b(?! (?:an?|the|his|her|its|their|two|\d{{1,3}}) )(?: [^\s\d]{{1,20}}){{0,6}} \W?[12]\d{{3}}\b",
        "The mill was built in 1868.",
    ),
    (r"\b[12]\d{3}\b[^.!?]{0,20} (?:birth|foundation|opening)\b", "1868, the year of its foundation"),
    (r"\b\d{1,2}(?:st|nd|rd|th)[ -](?:century|birthday|anniversary)\b", "It is a 12th-century church."),
)
"""An age stands in a text whose numbers are in digits (`in_digits`)."""

MULTIPLES = {"half": "half", "quarter": "4", "dozen": "12", "twice": "2", "double": "2", "triple": "3", "thrice": "3"}
"""Number words that text2num does not know, and the number that each stands for: "a dozen eggs"."""

_WORD = re.compile(r"[^\W\d_]+")
_ORDINAL = re.compile(r"(\d{1,15})(?:st|nd|rd|th)s?")


def value(word: str) -> int | None:
    """Return the number that a single word stands for; None for any other word.

    >>> value("Seven"), value("mill"), value("o")
    (7, None, None)
    """
    try:
        return text2num(word.casefold(), "en") if len(word) > 2 else None  # noqa: PLR2004  # "o" and "oh" are no zeros.
    except ValueError:
        return None


def ordinal(word: str) -> int | None:
    """Return the number that a single ordinal stands for; None for any other word.

    >>> ordinal("Second"), ordinal("thirds"), ordinal("seven")
    (2, 3, None)
    """
    counted = _ORDINAL.fullmatch(alpha2digit(word.casefold(), "en", threshold=0))
    return int(counted[1]) if counted else None


def in_digits(text: str) -> str:
    """Return a text with its numerals and ordinals in digits.

    >>> in_digits("Two hundred and five people met in the twenty-first century.")
    '205 people met in the 21st century.'
    """
    pieces = (text[at : at + LONGEST_READ] for at in range(0, len(text), LONGEST_READ))
    return "".join(alpha2digit(piece, "en", threshold=0) for piece in pieces)


def has_number(text: str) -> bool:
    """Return whether a text has a number or says how much there is of something.

    >>> has_number("Seven left."), has_number("The people came to a mill."), has_number("All day the tower was red.")
    (True, False, True)
    """
    return QUANTITIES.matches(text) or any(value(word) not in {None, 1} for word in _WORD.findall(text))


def has_age(text: str) -> bool:
    """Return whether a text tells how old somebody or something is.

    >>> has_age("Ida is forty."), has_age("Ida built two mills."), has_age("It was built in 1868.")
    (True, False, True)
    """
    return AGES.matches(in_digits(text))
