"""How English gives orders to a program, and what courtesy stands around a question.

The rules for orders in articles (`assistant.instructions`) belong here as well.
"""

from __future__ import annotations

import re

from assistant.english.table import Table, words

_ASKING = r"(?=(?:who|whom|whose|what|which|when|where|why|how|if|whether)\b)"

_HEY = r"^\W{0,20}(?:(?:please|hey|hi|hello|ok|so)\W{1,20}){0,4}"
_TELL = r"(?:tell|show|explain|remind)(?: to)?(?: me| us)?"
_THEN = rf"(?: please)?[,:]? {_ASKING}"

POLITE = Table(
    (
        rf"{_HEY}(?:can|could|would|will) (?:you|anyone|someone)(?: please)? (?:{_TELL}|say(?: me| us)?){_THEN}",
        "Could you tell me who runs it?",
    ),
    (rf"{_HEY}(?:please )?{_TELL}{_THEN}", "Please tell me who runs it."),
    (
        rf"{_HEY}(?:do|does) (?:you|anyone|anybody) (?:(?:happen to|perhaps) )?know{_THEN}",
        "Do you know who runs it?",
    ),
    (
        rf"{_HEY}(?:i|we)(?: would|[’']d)? (?:want|like|need|wish|love) to know{_THEN}",
        "I'd like to know who runs it.",
    ),
    (rf"{_HEY}(?:(?:i|we) wonder|i(?: am|[’']m) wondering|any idea){_THEN}", "I wonder who runs it."),
)
"""Courtesy before a question word."""

ROLE = Table(
    # Who the program is to be.
    (
        r"^\W{0,20}(?:you(?: are|[’']re) (?:now )?an? |act as\b|pretend\b|from now on\b|imagine you\b)",
        "You are now a pirate.",
    ),
    # How it is to answer.
    (
        r"^\W{0,20}(?:(?:always|only|please) ){0,3}(?:answer|reply|respond|speak|talk)\b[^?]*$",
        "Answer in one word.",
    ),
)
"""A sentence that tells a program who to be or how to answer."""

_WRITER = r"(?:the|this|its) (?:writer|author|reviewer|columnist|article|text|piece)"
_HOLDS = words(
    "think thinks believe believes say says said claim claims find finds feel feels write writes state "
    "states argue argues mention mentions"
)

IN_VIEW = Table(
    (rf",? ?\baccording to {_WRITER}\b,? ?", "According to the article, who runs it?"),
    (rf",? ?\bin {_WRITER}[’']s (?:view|opinion|eyes|words|judge?ment)\b,? ?", "Is it good in the writer's view?"),
    (
        rf",? ?\bin the (?:view|opinion|eyes|words|judge?ment) of {_WRITER}\b,? ?",
        "Is it good in the eyes of the author?",
    ),
)
"""The view of whoever wrote an article, which is what an article holds anyway."""

WRITER_HOLDS = Table((rf" (?:does|do|did) {_WRITER} {_HOLDS}(?: that)?\b", "Which mill does the writer think is old?"))
"""The same within a question."""

WRITER_SAYS = Table((rf"^\W{{0,20}}(?:does|do|did) {_WRITER} {_HOLDS} {_ASKING}", "Does the article say who runs it?"))
"""The same before a question word."""

OPINION = re.compile(
    rf"(?:what (?:does|do|did) {_WRITER} (?:think|feel|(?P<told>say|write)) (?:of|about)"
    rf"|how (?:does|do|did) {_WRITER} (?:find|like|rate|judge|see|describe)) (?P<thing>[^?]+)",
    re.IGNORECASE,
)
"""A question for what the writer thinks of a thing: What does the reviewer think of the rolls?"""
