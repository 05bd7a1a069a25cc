"""A question in a conversation → one that needs no history: pure, by the grammar of English questions.

A pronoun takes the name or thing that the question before spoke of or was answered with; a question that breaks off
takes along what the one before was about.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from index.text.words import FUNCTION_WORDS, content_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assistant.conversation import Turn

_DETERMINER = r"(?:[Tt]he|[Aa]n?|[Tt]h(?:is|at|ese|ose))"
_NO_FUNCTION_WORD = rf"(?!(?i:{'|'.join(sorted(FUNCTION_WORDS))})\b)"
_CAPITALISED = rf"{_NO_FUNCTION_WORD}[^\W\d_a-zß-ÿ][\w’'\-]{{0,60}}"
_NAME = rf"{_CAPITALISED}(?: (?:&|{_CAPITALISED}|[A-Z]?\d\w*))*"
_NAME_IN_TEXT = re.compile(rf"\b{_CAPITALISED}(?: {_CAPITALISED})+|(?<=[a-z] ){_CAPITALISED}")
_NOUN = rf"{_NO_FUNCTION_WORD}[^\W\d_][\w\-]{{0,60}}"
_NAMED = rf"(?:{_DETERMINER} (?:{_NAME}|{_NOUN}(?: {_NOUN})?)|{_NAME})"
_THING = re.compile(rf"(?<!\w){_NAMED}(?: (?:in|at|on) {_NAMED})?")
_VERB_AT_END = re.compile(rf"(\b(?:do|does|did|will|would|can|could) {_DETERMINER} {_NOUN}) {_NOUN}\W*$")
_PERSON = re.compile(r"\b(?P<whose>his|her(?= [a-z]))\b|\b(?:he|she|him|her)\b", re.IGNORECASE)
_THING_MEANT = re.compile(r"\b(?P<whose>its|their)\b|\b(?:it|they|them)\b", re.IGNORECASE)
_POINTING = re.compile(r"\b(?:there|then|th(?:is|at|ese|ose)|he|she|former|latter|same|other|else)\b", re.IGNORECASE)
_GOING_ON = r"(?:and|but|also|then|so)"
_ABOUT = r"(?:what|how) about"
_BREAKS_OFF = re.compile(rf"\W*(?:{_GOING_ON}|{_ABOUT})\b\W*", re.IGNORECASE)
_ANOTHER = re.compile(
    rf"\W*(?i:{_GOING_ON}\W+(?:{_ABOUT} )?|{_ABOUT} )"
    rf"(?:(?P<preposition>of|in|at|on|for|with|from|to|by|about) )?(?P<thing>(?:{_DETERMINER} )?{_NAME})",
)
_CORRECTS = re.compile(r"\W*+(?:(?:no|sorry|oh)\W*+)?(?:i|I) (?:meant|mean)\b\W*|\W*no[,;.]\W*", re.IGNORECASE)
_COURTESY = re.compile(
    r"\W*(?:(?:thanks?(?: you)?(?: a lot| so much)?|ok(?:ay)?|great|good|nice|perfect|cool|hello|hi|hey|please|now|bye)"
    r"\b\W*)+",
    re.IGNORECASE,
)
_PLACE = re.compile(r" (?:in|at|on) ")
LONGEST_BEFORE = 2_000
"""Characters of the question before: those of questions that were put together do not grow without end."""
FEW_WORDS = 2
"""Words with a meaning of their own: a question that begins with "and" and has no more breaks off."""


def standalone_question(question: str, history: Sequence[Turn]) -> str:
    """Return what a question means after the turns before it, oldest first.

    "and when did it open?" after "Who runs the mill?" becomes "and when did the mill open?".
    """
    before, words = "", ""
    names: dict[str, str] = {}
    for turn in history:
        if content_words(turn.question):
            before, words = _resolved(_with_names(turn.question, names), before, words), turn.answer.words
        for citation in turn.answer.citations:
            names |= {name.lower(): name for name in _NAME_IN_TEXT.findall(citation.quote)}
        before = _with_names(before[-LONGEST_BEFORE:], names)
    return _resolved(_with_names(question, names), before, words)


def _with_names(question: str, names: dict[str, str]) -> str:
    """Return a question in lower case with the names in it written as they were in what was quoted: with capitals."""
    held = [name for name in names if name in question]  # One pattern of all would be tried at each letter.
    if not held or question != question.lower():
        return question
    longest_first = "|".join(map(re.escape, sorted(held, key=len, reverse=True)))
    return re.sub(rf"(?<!\w)(?:{longest_first})(?!\w)", lambda found: names[found.group()], question)


def _resolved(question: str, before: str, words: str) -> str:
    """Return a question that stands alone, given such a one before it and the words that answered that."""
    if courtesy := _COURTESY.match(question):
        question = question[courtesy.end() :] or question
    if not before:
        return question
    things = _things(before)
    last = things[-1] if things else ""
    meant = ""
    if corrects := _CORRECTS.match(question):
        meant = _corrected(before, question[corrects.end() :].rstrip(" .?!"))
    elif person := _reference(_PERSON, question):
        meant = _put(person, question, words if _is_name(words) else last)
    elif thing := _reference(_THING_MEANT, question):
        several = thing.group().lower() in {"they", "them", "their"} and " and " in words and _is_name(words)
        meant = _put(thing, question, words if several else last) or f"{before} {question}"
    elif not content_words(question):
        meant = f"{before} {question}"
    elif other := _ANOTHER.fullmatch(question.rstrip(" .?!")):
        meant = _about_another(before, other["preposition"], other["thing"])
    elif _BREAKS_OFF.match(question) and len(content_words(question)) <= FEW_WORDS and not _names(question):
        meant = f"{question.rstrip(' ?')} ({last})?" if last else ""
    return meant or question


def needs_history(question: str) -> bool:
    """Return whether a question may mean something else after others than alone.

    >>> needs_history("and when does it open?"), needs_history("When does the mill open?")
    (True, False)
    """
    patterns = (_CORRECTS, _BREAKS_OFF, _ANOTHER)
    begins = any(pattern.match(question) for pattern in patterns)
    refers = any(_reference(pattern, question) for pattern in (_PERSON, _THING_MEANT, _POINTING))
    return begins or refers or not content_words(question)


def is_courtesy(question: str) -> bool:
    """Return whether nothing is asked: thanks, or a greeting.

    >>> is_courtesy("Thanks a lot!"), is_courtesy("ok, and when?")
    (True, False)
    """
    return bool(_COURTESY.fullmatch(question))


def _reference(pattern: re.Pattern[str], question: str) -> re.Match[str] | None:
    """Return a pronoun that refers back beyond its own question: nothing before it is what it could stand for."""
    found = pattern.search(question)
    return found if found and not _things(question[: found.start()]) else None


def _put(pronoun: re.Match[str], question: str, thing: str) -> str:
    """Return a question with what a pronoun stands for in its place; "" if that is not known."""
    whose = "’s" if pronoun.group("whose") else ""
    return f"{question[: pronoun.start()]}{thing}{whose}{question[pronoun.end() :]}" if thing else ""


def _corrected(before: str, meant: str) -> str:
    """Return the question before with one thing exchanged: the last name for a name, else the first that is none."""
    parts = [part for thing in _things(before) for part in _PLACE.split(thing)]
    alike = [part for part in parts if _is_name(part) == _is_name(meant)]
    return before.replace(alike[-1 if _is_name(meant) else 0], meant) if alike and meant else ""


def _about_another(before: str, preposition: str | None, thing: str) -> str:
    """Return the question before, asked of another thing: in the place of what follows the same preposition, or a name.

    "and of Jessica Jones?" after "Who runs The Defenders?" finds no such place; both are then one question.
    """
    if preposition and (start := before.rfind(f" {preposition.lower()} ")) >= 0:
        return f"{before[: start + len(preposition) + 2]}{thing}?"
    return (_corrected(before, thing) if not preposition else "") or f"{before.rstrip(' ?')} ({thing})?"


def _things(question: str) -> list[str]:
    """Return the names and the nouns with an article that stand in a question.

    >>> _things("Who is the head of The Old Mill, and what did a ticket for the museum in Ostheim cost?")
    ['the head', 'The Old Mill', 'a ticket', 'the museum in Ostheim']
    """
    question = _VERB_AT_END.sub(r"\1", question)
    return [thing.group() for thing in _THING.finditer(question)]


def _names(question: str) -> bool:
    return any(_is_name(thing) for thing in _things(question))


def _is_name(text: str) -> bool:
    """Return whether a word with a capital stands in a text, beside those of an article."""
    return any(word[:1].isupper() and word.lower() not in FUNCTION_WORDS for word in text.split())
