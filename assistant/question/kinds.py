"""Whether a text holds the kind of thing that a question asks for, a number, an age or a time: pure.

The rules are of written English. They tell that a text cannot answer, never that it does.
"""

from __future__ import annotations

import re

_LEADING = r"\W*(?:(?:and|but|or|so|then|also|please|by|to|for|from|of|in|on|at|since|until)\W+)*"
_NUMBER_WANTED = re.compile(
    rf"{_LEADING}how (?:many|much|old|long|far|tall|high|large|big|heavy|loud|fast|hot|cold|deep|wide|often)\b",
    re.IGNORECASE,
)
_AGE_WANTED = re.compile(rf"{_LEADING}how old\b", re.IGNORECASE)
_TIME_WANTED = re.compile(rf"{_LEADING}(?:when|(?:what|which) (?:year|day|date|month|century))\b", re.IGNORECASE)
_NUMBER = re.compile(
    r"\d|\b(?:zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)"
    r"teen|(?:twen|thir|for|fif|six|seven|eigh|nine)ty|hundreds?|thousands?|millions?|billions?|dozens?|half|thirds?|"
    r"quarters?|once|twice|double|triple|both|none|no|several|few|many|much|most|majority|all|every|each|only|single|"
    r"couple|pair|daily|weekly|monthly|yearly|annually|always|never|rarely|often|until|since|a|an)\b",
    re.IGNORECASE,
)
_AGE = re.compile(
    r"\b(?:age[ds]?|old|olde(?:r|st)|young(?:er|est)?|years?|months?|weeks?|days?|centur(?:y|ies)|born|birth\w*|since|"
    r"buil[td]|founded|opened|made|dates?|dating)\b|(?:,|\(|\bof) ?\d{1,3}(?:[,).;]|$)|^\d+$",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"\d|\b(?:jan(?:uary)?|feb(?:ruary)?|march|april|may|june|july|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?|(?:mon|tues|wednes|thurs|fri|satur|sun)days?|spring|summer|autumn|fall|winter|"
    r"christmas|easter|today|tomorrow|yesterday|tonight|now|current(?:ly)?|recent(?:ly)?|soon|later?|early|earlier|ago|"
    r"once|never|always|daily|seconds?|minutes?|hours?|days?|nights?|noon|midnight|mornings?|afternoons?|evenings?|"
    r"weeks?|weekends?|months?|years?|decades?|century|centuries|ages?|era|times?|period|before|after|during|since|"
    r"until|till|when|whenever|while|following|upon|begin(?:ning)?|end|birth|death|war)\b",
    re.IGNORECASE,
)


def wants_time(question: str) -> bool:
    """Return whether a question asks for a time.

    >>> wants_time("and since when?"), wants_time("What left?")
    (True, False)
    """
    return bool(_TIME_WANTED.match(question))


def lacks_kind(question: str, text: str) -> bool:
    """Return whether a question asks for a number, an age or a time, and a text has no such thing.

    >>> lacks_kind("When was it built?", "It was built of red brick.")
    True
    >>> lacks_kind("How many left?", "Seven left."), lacks_kind("Who left?", "They left.")
    (False, False)
    """
    if _NUMBER_WANTED.match(question):
        return not _NUMBER.search(text) or bool(_AGE_WANTED.match(question) and not _AGE.search(text))
    return wants_time(question) and not _TIME.search(text)
