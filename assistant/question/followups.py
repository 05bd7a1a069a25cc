"""A question in a conversation → one that needs no history: pure, by the grammar of English questions.

A pronoun takes the name or thing that the question before spoke of or was answered with; a question that breaks off
takes along what the one before was about.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from assistant.english import pointing
from assistant.english.table import bare
from index.text.words import FUNCTION_WORDS, content_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assistant.conversation import Turn

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
        if content_words(turn.question) and not is_about_talk(turn.question):
            before, words = _resolved(_with_names(turn.question, names), before, words), turn.answer.words
        for citation in turn.answer.citations:
            names |= {name.lower(): name for name in pointing.NAME_IN_TEXT.findall(citation.quote)}
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
    if courtesy := pointing.COURTESY.match(question):
        question = question[courtesy.end() :] or question
    if not before or is_about_talk(question):
        return question
    things = _things(before)
    last = things[-1] if things else ""
    meant = ""
    if corrects := pointing.CORRECTS.match(question):
        meant = _corrected(before, question[corrects.end() :].rstrip(" .?!"))
    elif alone := pointing.BARE.fullmatch(bare(question)):
        meant = _asked_otherwise(alone, before, words) or (f"{question.rstrip(' ?')} ({last})?" if last else "")
    elif person := _reference(pointing.PERSON, question):
        meant = _put(person, question, words if _is_name(words) else _person(before))
    elif thing := _reference(pointing.THING_MEANT, question):
        several = thing.group().lower() in {"they", "them", "their"} and " and " in words and _is_name(words)
        meant = _put(thing, question, words if several else last) or f"{before} {question}"
    elif other := pointing.ANOTHER.fullmatch(question.rstrip(" .?!")):
        meant = _about_another(before, other["preposition"], other["thing"] or other["noun"])
    elif _breaks_off(question):
        meant = f"{question.rstrip(' ?')} ({last})?" if last else ""
    return meant or question


def _breaks_off(question: str) -> bool:
    """Return whether a question has too few words of its own: "and how many stops?", "which one?"."""
    words = content_words(question)
    return not words or bool(pointing.BREAKS_OFF.match(question) and len(words) <= FEW_WORDS and not _names(question))


def _asked_otherwise(alone: re.Match[str], before: str, words: str) -> str:
    """Return the question before with another question word: "why?" after "Did it close?"; "" if that makes none.

    Who runs the mill has no verb before its subject: its answer stands there instead of the question word.
    """
    asks = (alone["alone"] or alone["asks"]).lower().removesuffix(" not")
    if inverted := pointing.INVERTED.fullmatch(before):
        rest = inverted["rest"]
        return f"{asks} {rest[:1].lower()}{rest[1:]}"
    who, _, rest = before.partition(" ")
    return f"{asks} {words} {rest}" if who.lower() == "who" and _is_name(words) else ""


def _person(before: str) -> str:
    """Return what a question speaks of that is most likely a person: a name without an article, else its subject.

    What completes something else is none: of "the CEO of Acme" it is the CEO, with Acme beside it.
    """
    question = pointing.VERB_AT_END.sub(_without_verb, before)
    whole = [
        thing
        for thing in pointing.THING.finditer(question)
        if not question[: thing.start()].endswith((" of ", " for "))
    ]
    named = [thing for thing in whole if _is_name(thing.group()) and not re.match(pointing.DETERMINER, thing.group())]
    if not whole:
        return ""
    person = (named or whole)[0]
    of = pointing.WITH_OF.match(question, person.end())
    return question[person.start() : of.end() if of else person.end()]


def needs_history(question: str) -> bool:
    """Return whether a question may mean something else after others than alone.

    >>> needs_history("and when does it open?"), needs_history("When does the mill open?")
    (True, False)
    """
    patterns = (pointing.CORRECTS, pointing.BREAKS_OFF, pointing.ANOTHER)
    begins = any(pattern.match(question) for pattern in patterns)
    refers = any(
        _reference(pattern, question) for pattern in (pointing.PERSON, pointing.THING_MEANT, pointing.POINTING)
    )
    is_alone = pointing.BARE.fullmatch(bare(question)) or not content_words(question)
    return begins or refers or bool(is_alone)


def is_courtesy(question: str) -> bool:
    """Return whether nothing is asked: thanks, or a greeting.

    >>> is_courtesy("Thanks a lot!"), is_courtesy("ok, and when?")
    (True, False)
    """
    return bool(pointing.COURTESY.fullmatch(question))


def is_about_talk(question: str) -> bool:
    """Return whether a question is about the conversation or the assistant, or asks to go on.

    >>> is_about_talk("Tell me more."), is_about_talk("what did I ask first?"), is_about_talk("Who is Ida?")
    (True, True, False)
    """
    asks_more = pointing.MORE_WANTED.is_whole(question) or pointing.ABOUT_PROGRAM.is_whole(question)
    return asks_more or bool(pointing.ASKED_BEFORE.fullmatch(bare(question)))


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
    question = pointing.VERB_AT_END.sub(_without_verb, question)
    return [thing.group() for thing in pointing.THING.finditer(question)]


def _without_verb(found: re.Match[str]) -> str:
    return found["kept"] or found["kept_too"]


def _names(question: str) -> bool:
    return any(_is_name(thing) for thing in _things(question))


def _is_name(text: str) -> bool:
    """Return whether a word with a capital stands in a text, beside those of an article."""
    return any(word[:1].isupper() and word.lower() not in FUNCTION_WORDS for word in text.split())
