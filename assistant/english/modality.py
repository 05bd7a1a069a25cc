"""Denials, hedges, and questions of yes or no."""

from __future__ import annotations

import re

from assistant.english.table import Table, words

AUXILIARY = words(
    "am is are was were do does did has have had can could will would shall should may might must"
)
"""A verb that begins a question of yes or no: "Did they leave?"."""

QUESTION_OPENING = r"\W{0,20}(?:(?:and|but|or|so|then|also|please)\W{1,20}){0,4}"
"""Words that may stand before a question: "and so"."""
_QUESTION_WORD = words("who whom whose what which when where why how")
_PREPOSITION = words("in on at of from for to with by about under after since until")

YES_OR_NO_WANTED = Table((rf"{QUESTION_OPENING}{AUXILIARY}(?:n['’]?t)?\b", "And isn't it late?"))
"""A question begins like a yes-or-no question. Use `opens`."""

QUESTION_WORD_LAST = Table(
    (rf"\b{_QUESTION_WORD}\W{{0,20}}$", "Will Smith acted in what?"),
    (r"\bhow (?:many|much|old|long|far|often)\W{0,20}$", "May Day is celebrated how often?"),
    (
        rf"\b{_PREPOSITION} (?:what|which) \w{{1,30}}\W{{0,20}}$",
        "Will Smith was born in which year?",
    ),
)
"""A question ends with its question word, in the place of the answer: it wants words."""

NOT_DENYING = Table(
    # More than one thing holds: "Not only the mill but also the barn burned."
    (
        (
            r"\bnot (?:only|just|merely|simply|least|to mention)\b"
            r"|n[’']t (?:only|just|merely|simply)\b"
        ),
        "Not only the mill",
    ),
    # A number in a row: "No. 10", "no 10", "Nos. 3 and 4".
    (r"\bnos?\.? ?\d", "He lives at No. 10."),
    # Exactly this one did: "No one other than Ida opened it."
    (
        r"\b(?:none|no one|nobody) other than\b|\bnothing (?:but|other than|less than)\b",
        "None other than Ida came.",
    ),
    # Certainty, or a large amount: "There is no doubt", "no less than 20", "no fewer than 20".
    (
        r"\b(?:no|without) (?:a |any )?(?:doubts?|question)\b|\b(?:no|not) (?:less|fewer) than\b",
        "It is no doubt old.",
    ),
    # It did happen, but later: "It was not until May that it opened", "It did not open until May."
    (r"(?:\bnot|n[’']t|\bnever)(?: \w{1,30}){0,4} (?:until|till)\b", "It did not open until May."),
    # Two denials: "He never failed to come", "not without risk", "not unlikely".
    (
        (
            r"(?:\bnot|n[’']t|\bnever|\bcannot) "
            r"(?:without|unlikely|uncommon|unusual|deny|lack|fail(?:ed)?|refuse)\b"
        ),
        "He never failed to come.",
    ),
    # A question within a sentence: "whether or not it burned", "if not more".
    (r"\bwhether or not\b|\bif not\b|\bor not\b", "Nobody knows whether or not it burned."),
    # A name: "Dr. No".
    (r"\bDr\.? No\b", "Dr. No is a film."),
)
"""Phrases that deny nothing, although a word in them usually does."""

_NO = words("not no never none nobody nothing neither nor nowhere without cannot")
DENYING = Table(
    (rf"\b{_NO}\b|n[’']t\b", "It did not burn."),
    # Verbs and adjectives with a "not" in them: "denied", "refuses to", "was unable to".
    (r"\b(?:den(?:y|ies|ied|ying)|refus(?:es|ed|ing)|refuse to)\b", "He denied it."),
    (r"\bfail(?:s|ed|ing)? to\b|\bfailure to\b", "He failed to open it."),
    (r"\black(?:s|ed|ing)?\b", "It lacks a roof."),
    (r"\b(?:unlikely|unable|impossible)\b", "He was unable to open it."),
    (r"\b(?:hardly|scarcely)\b", "It hardly rained."),
)
"""A text denies something. Take the matches of `NOT_DENYING` out of it first."""

HEDGING = Table(
    # After "in", "of" or a number, and before a number, "may" is the month.
    (r"(?<!in )(?<!of )(?<!\d )\bmay\b(?! \d)", "It may rain."),
    # "the might of the army" is a noun.
    (r"(?<![Tt]he )\bmight\b(?! (?:of|and)\b)", "It might rain."),
    (r"\b(?:could|would|should)\b", "It could rain."),
    (
        (
            r"\b(?:[Pp]erhaps|[Mm]aybe|[Pp]ossibl[ye]|[Pp]robabl[ye]|[Pp]resumably|[Aa]pparently"
            r"|[Aa]rguably)\b"
        ),
        "Perhaps.",
    ),
    (
        (
            r"\b(?:[Rr]eportedly|[Aa]llegedly|[Ss]upposedly|[Pp]urportedly|[Rr]umou?r(?:s|ed)?"
            r"|likely)\b"
        ),
        "It is likely.",
    ),
    (r"\bseem(?:s|ed)?\b", "It seems old."),
    # "She appears in the film" hedges nothing.
    (r"\bappear(?:s|ed)? (?:to|that|as if)\b", "It appears to burn."),
    (
        r"\b(?:expect(?:s|ed|ing)?|hop(?:es?|ed|ing) (?:to|that|for|it|he|she|they))\b",
        "Berg hopes to open it.",
    ),
    # "The plan passed" is a fact; "a mill is planned" is not.
    (
        r"\bplan(?:s|ned|ning)? (?:to|for|on)\b|\b(?:is|are|was|were|been|being) planned\b",
        "Berg plans to open it.",
    ),
    # In "a thought" and "the thought of it" it is a noun.
    (
        r"\bthinks?\b|(?<![Tt]he )(?<![Aa] )(?<!of )(?<!for )(?<![Hh]is )(?<![Hh]er )\bthought\b",
        "Berg thinks that it burned.",
    ),
    (r"\bbelieve[sd]?\b|\bfeels? (?:that|like|as)\b", "Berg believes that it burned."),
    # "The suspects were caught" is about people.
    (r"\bsuspects? (?:that|it|he|she|they|there)\b|\bsuspected\b", "Berg suspects that it burned."),
    (r"\bsuggest(?:s|ed)?\b|\b[Aa]ccording to\b", "According to Berg it burned."),
    # "The claims were paid" and "the storm claimed four lives" are facts.
    (
        r"\bclaim(?:s|ed)? (?:that|to|he|she|it|they|there|(?:the|his|her) \w{1,30} \w{1,30}s)\b",
        "Berg claims that it burned.",
    ),
    # The writer's own words, but not "We Can" or "Our Lady". For "I", see `hedges`.
    (r"\b[Ww]e\b(?! [A-Z])|\b(?:[Mm]y|[Oo]ur)\b(?! (?:[A-Z]|the )|[’'])", "We like it."),
    cased=True,
)
"""A text tells something as likely, or as an opinion.

Capitals count: "Will", "May" and "Hope" are names.
"""

_I = re.compile(r"(?:\b([^\W_][\w’'\-]{0,40}),? )?\bI(?:[’'](?:m|ve|d|ll))?\b(?![.\-]| [A-Z]|$)")
"""An "I", with the word before it: "When I", "World War I"."""
_BEFORE_PRONOUN = words(
    "and but or so then when while if as because since after before that than what how where who "
    "which whom although though until once yet yesterday today now here there yes no well "
    "frankly personally"
)
_BEFORE_I = re.compile(f"{_BEFORE_PRONOUN}$", re.IGNORECASE)
"""Words that begin a sentence before the pronoun "I": "When I was there"."""
_NUMBERED = frozenset("part chapter volume phase article type class act book stage".split())
"""Words before a numeral: "chapter I"."""


def denies(text: str) -> bool:
    """Return whether a text denies something.

    >>> denies("He failed to open it."), denies("Not only the mill but also the barn burned.")
    (True, False)
    """
    return DENYING.matches(NOT_DENYING.without(text))


def hedges(text: str) -> bool:
    """Return whether a text tells something as likely or as an opinion.

    >>> hedges("It may rain."), hedges("When I came it burned.")
    (True, True)
    >>> hedges("King Charles I was there in May.")
    False
    """
    return HEDGING.matches(text) or any(_is_pronoun(before) for before in _I.findall(text))


def _is_pronoun(before: str) -> bool:
    """Return whether an "I" after a word is the pronoun, not a numeral as in "World War I"."""
    if before.casefold() in _NUMBERED:
        return False
    return not before or before == before.casefold() or bool(_BEFORE_I.match(before))


def wants_yes_or_no(question: str) -> bool:
    """Return whether a question is answered by yes or no.

    >>> wants_yes_or_no("Did Will Smith leave?"), wants_yes_or_no("May Day is when?")
    (True, False)
    """
    return YES_OR_NO_WANTED.opens(question) and not QUESTION_WORD_LAST.matches(question)
