"""Phrases around a question: courtesy, and the writer of the article.

An article holds its writer's view anyway. "Does the article say who runs it?" asks who runs it.
"""

from __future__ import annotations

import re

from assistant.english.table import Table, words

_QUESTION_NEXT = r"(?=(?:who|whom|whose|what|which|when|where|why|how|if|whether)\b)"
"""The question word that follows a phrase."""
_HEY = r"^\W{0,20}(?:(?:please|hey|hi|hello|ok|so)\W{1,20}){0,4}"
_TELL = r"(?:tell|show|explain|remind)(?: to)?(?: me| us)?"
_THEN = rf"(?: please)?[,:]? {_QUESTION_NEXT}"

POLITE = Table(
    (
        (
            rf"{_HEY}(?:can|could|would|will) (?:you|anyone|someone)(?: please)? "
            rf"(?:{_TELL}|say(?: me| us)?){_THEN}"
        ),
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
    (
        rf"{_HEY}(?:(?:i|we) wonder|i(?: am|[’']m) wondering|any idea){_THEN}",
        "I wonder who runs it.",
    ),
)
"""Courtesy before a question word."""

_WRITER = r"(?:the|this|its) (?:writer|author|reviewer|columnist|article|text|piece)"
_HOLDS = words(
    "think thinks believe believes say says said claim claims find finds feel feels write writes "
    "state states argue argues mention mentions"
)

IN_VIEW = Table(
    (rf",? ?\baccording to {_WRITER}\b,? ?", "According to the article, who runs it?"),
    (
        rf",? ?\bin {_WRITER}[’']s (?:view|opinion|eyes|words|judge?ment)\b,? ?",
        "Is it good in the writer's view?",
    ),
    (
        rf",? ?\bin the (?:view|opinion|eyes|words|judge?ment) of {_WRITER}\b,? ?",
        "Is it good in the eyes of the author?",
    ),
)
"""The writer's view."""

WRITER_HOLDS = Table(
    (
        rf" (?:does|do|did) {_WRITER} {_HOLDS}(?: that)?\b",
        "Which mill does the writer think is old?",
    ),
)
"""The writer's view, within a question."""

WRITER_SAYS = Table(
    (
        rf"^\W{{0,20}}(?:does|do|did) {_WRITER} {_HOLDS} {_QUESTION_NEXT}",
        "Does the article say who runs it?",
    ),
)
"""The writer's words, before a question word."""

OPINION = re.compile(
    # "What does the reviewer think of the rolls?", "What did the author write about the mill?"
    rf"(?:what (?:does|do|did) {_WRITER} (?:think|feel|(?P<told>say|write)) (?:of|about)"
    # "How does the reviewer like the rolls?"
    rf"|how (?:does|do|did) {_WRITER} (?:find|like|rate|judge|see|describe)) (?P<thing>[^?]+)",
    re.IGNORECASE,
)
"""The writer's opinion of a thing: "How did the author find the rolls?"."""
