"""Follow-ups rewritten as standalone questions, by the grammar of English questions. Pure.

A pronoun is replaced by the name or thing of the previous question, or of its answer. A question
that breaks off takes its subject from the previous question. `standalone_question` is the entry.
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

LONGEST_PREVIOUS = 2_000
"""Last characters kept of the previous question, which may itself be made of several."""
FEW_WORDS = 2
"""Content words, at most, with which a question that begins with "and" counts as broken off."""
_PLACE = re.compile(r" (?:in|at|on) ")
"""A preposition of place: "the museum in Ostheim"."""


def standalone_question(question: str, history: Sequence[Turn]) -> str:
    """Return a question rewritten so that it needs no history.

    "and when did it open?" after "Who runs the mill?" becomes "and when did the mill open?".

    Args:
        question: The question as it was typed.
        history: The turns before it, oldest first.
    """
    before, answered = "", ""
    names: dict[str, str] = {}
    # Make each earlier question standalone, from the oldest on.
    for turn in history:
        if content_words(turn.question) and not is_about_talk(turn.question):
            before = _resolved(_with_names(turn.question, names), before, answered)
            answered = turn.answer.words
        for citation in turn.answer.citations:
            names |= {name.lower(): name for name in pointing.NAME_IN_TEXT.findall(citation.quote)}
        before = _with_names(before[-LONGEST_PREVIOUS:], names)
    return _resolved(_with_names(question, names), before, answered)


def needs_history(question: str) -> bool:
    """Return whether earlier questions may change what a question means.

    >>> needs_history("and when does it open?"), needs_history("When does the mill open?")
    (True, False)
    """
    openings = (pointing.CORRECTS, pointing.BREAKS_OFF, pointing.ANOTHER_THING)
    pronouns = (pointing.PERSON, pointing.THING_MEANT, pointing.POINTING)
    if any(pattern.match(question) for pattern in openings):
        return True
    if any(_reference(pattern, question) for pattern in pronouns):
        return True
    return bool(pointing.BARE.fullmatch(bare(question))) or not content_words(question)


def is_courtesy(question: str) -> bool:
    """Return whether a message only thanks or greets.

    >>> is_courtesy("Thanks a lot!"), is_courtesy("ok, and when?")
    (True, False)
    """
    return bool(pointing.COURTESY.fullmatch(question))


def is_about_talk(question: str) -> bool:
    """Return whether a question is about the conversation or the assistant, or asks for more.

    >>> is_about_talk("Tell me more."), is_about_talk("Who are you?"), is_about_talk("Who is Ida?")
    (True, True, False)
    """
    if pointing.MORE_WANTED.is_whole(question) or pointing.ABOUT_PROGRAM.is_whole(question):
        return True
    return bool(pointing.ASKED_BEFORE.fullmatch(bare(question)))


def _with_names(question: str, names: dict[str, str]) -> str:
    """Return a question with the capitals restored in its names.

    Args:
        question: The question; one that has a capital is returned as it is.
        names: Names in earlier quotes, by their lower case.
    """
    used = [name for name in names if name in question]  # A pattern of all names would be slow.
    if not used or question != question.lower():
        return question
    longest_first = "|".join(map(re.escape, sorted(used, key=len, reverse=True)))
    pattern = rf"(?<!\w)(?:{longest_first})(?!\w)"
    return re.sub(pattern, lambda match: names[match.group()], question)


def _resolved(question: str, before: str, answered: str) -> str:
    """Return a question made standalone.

    Args:
        question: The question.
        before: The question before it, standalone; "" if there is no such question.
        answered: The answering words of the answer to `before`.
    """
    if courtesy := pointing.COURTESY.match(question):
        question = question[courtesy.end() :] or question
    if not before or is_about_talk(question):
        return question
    return _by_form(question, before, answered) or question


def _by_form(question: str, before: str, answered: str) -> str:
    """Return a follow-up made standalone by its form; "" if it has no known form."""
    things = _things(before)
    last = things[-1] if things else ""
    in_brackets = f"{question.rstrip(' ?')} ({last})?" if last else ""
    # "no, I meant the museum"
    if corrects := pointing.CORRECTS.match(question):
        return _corrected(before, question[corrects.end() :].rstrip(" .?!"))
    # "why did he?"
    if bare_question := pointing.BARE.fullmatch(bare(question)):
        return _asked_otherwise(bare_question, before, answered) or in_brackets
    # "where was she born?"
    if person := _reference(pointing.PERSON, question):
        return _replaced(person, question, answered if _is_name(answered) else _person(before))
    # "when was it built?", "who are they?"
    if pronoun := _reference(pointing.THING_MEANT, question):
        is_plural = pronoun.group().lower() in {"they", "them", "their"}
        are_people = is_plural and " and " in answered and _is_name(answered)
        thing = answered if are_people else last
        return _replaced(pronoun, question, thing) or f"{before} {question}"
    # "what about Nils Ek?"
    if other := pointing.ANOTHER_THING.fullmatch(question.rstrip(" .?!")):
        return _about_another(before, other["preposition"], other["thing"] or other["noun"])
    # "and how many stops?"
    return in_brackets if _breaks_off(question) else ""


def _breaks_off(question: str) -> bool:
    """Return whether a question lacks words: "and how many stops?", "which one?"."""
    words = content_words(question)
    if not words:
        return True
    has_name = any(_is_name(thing) for thing in _things(question))
    return bool(pointing.BREAKS_OFF.match(question)) and len(words) <= FEW_WORDS and not has_name


def _asked_otherwise(bare_question: re.Match[str], before: str, answered: str) -> str:
    """Return the previous question with another question word; "" if its form does not allow it.

    "why?" after "Did it close?" becomes "why did it close?". "since when?" after "Who runs the
    mill?" becomes "since when Ida Berg runs the mill?", with the answer as its subject.
    """
    asks = (bare_question["alone"] or bare_question["asks"]).lower().removesuffix(" not")
    if inverted := pointing.INVERTED.fullmatch(before):
        rest = inverted["rest"]
        return f"{asks} {rest[:1].lower()}{rest[1:]}"
    who, _, rest = before.partition(" ")
    return f"{asks} {answered} {rest}" if who.lower() == "who" and _is_name(answered) else ""


def _person(before: str) -> str:
    """Return the most likely person in a question; "" if there is no candidate.

    This is the first name without "the" before it, or else the first noun: "the CEO of Acme" means
    the CEO, and is returned whole.
    """
    question = pointing.VERB_AT_END.sub(_without_verb, before)
    # Leave out the Acme of "the CEO of Acme".
    things = [
        thing
        for thing in pointing.THING.finditer(question)
        if not question[: thing.start()].endswith((" of ", " for "))
    ]
    if not things:
        return ""
    # Prefer a name without "the" before it.
    names = [
        thing
        for thing in things
        if _is_name(thing.group()) and not re.match(pointing.DETERMINER, thing.group())
    ]
    person = (names or things)[0]
    of = pointing.WITH_OF.match(question, person.end())
    return question[person.start() : of.end() if of else person.end()]


def _reference(pattern: re.Pattern[str], question: str) -> re.Match[str] | None:
    """Return a pronoun that refers to an earlier question: no name or thing stands before it."""
    match = pattern.search(question)
    return match if match and not _things(question[: match.start()]) else None


def _replaced(pronoun: re.Match[str], question: str, thing: str) -> str:
    """Return a question with a thing in place of a pronoun; "" for an unknown thing."""
    whose = "’s" if pronoun.group("whose") else ""
    start, end = pronoun.span()
    return f"{question[:start]}{thing}{whose}{question[end:]}" if thing else ""


def _corrected(before: str, correction: str) -> str:
    """Return the previous question with one thing exchanged; "" if it has none like it.

    A name replaces the last name. Anything else replaces the first thing that is no name.
    """
    parts = [part for thing in _things(before) for part in _PLACE.split(thing)]
    alike = [part for part in parts if _is_name(part) == _is_name(correction)]
    if not alike or not correction:
        return ""
    return before.replace(alike[-1 if _is_name(correction) else 0], correction)


def _about_another(before: str, preposition: str | None, thing: str) -> str:
    """Return the previous question, asked of another thing.

    The thing takes the place of the words after the same preposition, or of a name. If there is
    no such place, both become one question: "Who runs The Defenders (Jessica Jones)?".
    """
    if preposition and (start := before.rfind(f" {preposition.lower()} ")) >= 0:
        return f"{before[: start + len(preposition) + 2]}{thing}?"
    corrected = "" if preposition else _corrected(before, thing)
    return corrected or f"{before.rstrip(' ?')} ({thing})?"


def _things(question: str) -> list[str]:
    """Return the names in a question, and the nouns after words such as "the".

    >>> _things("Who is the head of The Old Mill, and of the museum in Ostheim?")
    ['the head', 'The Old Mill', 'the museum in Ostheim']
    """
    question = pointing.VERB_AT_END.sub(_without_verb, question)
    return [thing.group() for thing in pointing.THING.finditer(question)]


def _without_verb(match: re.Match[str]) -> str:
    """Return the words of a match of `VERB_AT_END` before the verb."""
    return match["kept"] or match["kept_too"]


def _is_name(text: str) -> bool:
    """Return whether a text has a word with a capital, apart from words such as "The"."""
    words = text.split()
    return any(word[:1].isupper() and word.lower() not in FUNCTION_WORDS for word in words)
