"""Make unanswerable questions by swapping one word for another of its kind.

"Who founded the mill?" becomes "Who sold the mill?"; a year becomes another year, a name another
name.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from index.text.words import content_words
from training.question_forms import WORD

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable, Sequence

OTHER_WEIGHT = 0.3
"""The weight of other words in the choice; a name, number, verb or role weighs 1."""
ATTEMPTS = 20
"""Words to try before a question is left unchanged."""
FROM_PASSAGE = 0.4
"""The share of names that are swapped for another name in the passage."""

_FORMS = [
    tuple(line.split())
    for line in """
    found founded founded
    acquire acquired acquired
    buy bought bought
    sell sold sold
    own owned owned
    rent rented rented
    open opened opened
    reopen reopened reopened
    close closed closed
    build built built
    design designed designed
    demolish demolished demolished
    restore restored restored
    begin began begun
    start started started
    end ended ended
    finish finished finished
    win won won
    lose lost lost
    join joined joined
    leave left left
    reject rejected rejected
    accept accepted accepted
    approve approved approved
    oppose opposed opposed
    support supported supported
    rise rose risen
    fall fell fallen
    increase increased increased
    decrease decreased decreased
    write wrote written
    translate translated translated
    publish published published
    direct directed directed
    produce produced produced
    invent invented invented
    discover discovered discovered
    marry married married
    divorce divorced divorced
    hire hired hired
    dismiss dismissed dismissed
    appoint appointed appointed
    elect elected elected
    succeed succeeded succeeded
    arrest arrested arrested
    release released released
    attack attacked attacked
    defend defended defended
    sue sued sued
    accuse accused accused
    kill killed killed
    save saved saved
    teach taught taught
    study studied studied
    invite invited invited
    criticise criticised criticised
    praise praised praised
    ban banned banned
    allow allowed allowed
    """.strip().splitlines()
]
"""Verbs: base form, past, participle."""
_ALIKE = [
    {form for forms in _FORMS if forms[0] in line.split() for form in forms}
    for line in """
    acquire buy
    begin start open found
    end finish close
    approve accept support allow praise
    oppose reject criticise ban
    sue accuse
    appoint hire elect
    restore reopen build
    study teach
    """.strip().splitlines()
]
"""Verbs with similar meanings: swapping them does not change the question."""
_ROLES = frozenset(
    """
    president director chairman manager founder owner editor author writer producer composer singer
    actor actress mayor minister secretary treasurer king queen emperor bishop pope general captain
    coach trainer player goalkeeper architect engineer scientist physicist chemist teacher professor
    student lawyer judge doctor nurse farmer wife husband father mother brother sister son daughter
    uncle aunt governor senator ambassador spokesman chancellor painter sculptor poet translator
    """.split()
)
_VERBS = [{form[place] for form in _FORMS} for place in range(3)]
_PASSIVE = re.compile(r"\b(?:am|is|are|was|were|be|been|being|has|have|had)\b", re.IGNORECASE)
_YEAR = re.compile(r"[12]\d{3}")


class Swaps:
    """Words from many questions, grouped by kind."""

    def __init__(self, questions: Iterable[str]) -> None:
        """Group the words of some questions by kind."""
        kinds: defaultdict[str, list[str]] = defaultdict(list)
        for question in questions:
            for match in WORD.finditer(question):
                kinds[_kind(match.group(), match.start())].append(match.group())
        for place, verbs in enumerate(_VERBS):
            kinds[f"verb {place}"] = sorted(verbs)
        kinds["role"] = sorted(_ROLES)
        self._kinds = dict(kinds)

    def swapped(
        self, question: str, passage: Sequence[str], generator: random.Random
    ) -> str | None:
        """Swap one word of a question, or return None if no word can be swapped.

        Args:
            question: A question that the passage answers.
            passage: The sentences of the passage.
            generator: Makes the choices.
        """
        # Choose a word that the passage shares, or a verb.
        in_passage = {word for sentence in passage for word in content_words(sentence)}
        shared = [
            match
            for match in WORD.finditer(question)
            if set(content_words(match.group())) & in_passage
            or _kind(match.group(), match.start()).startswith("verb")
        ]
        if not shared:
            return None
        weights = [_weight(_kind(match.group(), match.start())) for match in shared]
        replaced = generator.choices(shared, weights)[0]
        kind = _kind(replaced.group(), replaced.start())
        if kind == "verb 1" and _PASSIVE.search(question, 0, replaced.start()):
            kind = "verb 2"
        # Swap it for a name in the passage, or for any word of its kind.
        other = None
        if kind == "name" and generator.random() < FROM_PASSAGE:
            other = _other_name(question, passage, generator)
        other = other or self._other(kind, replaced.group(), in_passage, generator)
        return question[: replaced.start()] + other + question[replaced.end() :] if other else None

    def _other(
        self, kind: str, replaced: str, in_passage: set[str], generator: random.Random
    ) -> str | None:
        """Draw a word of a kind that is new to the passage.

        Args:
            kind: The kind of the replaced word.
            replaced: The replaced word.
            in_passage: The stems of the passage's content words.
            generator: Makes the choices.

        Returns:
            The word, or None if no attempt succeeds.
        """
        words = self._kinds.get(kind, [])
        for _ in range(ATTEMPTS if words else 0):
            other = generator.choice(words)
            stems = set(content_words(other))
            if stems and not stems & in_passage and not _alike(other.lower(), replaced.lower()):
                return other
        return None


def _weight(kind: str) -> float:
    return OTHER_WEIGHT if kind.startswith("other") else 1.0


def _alike(one: str, other: str) -> bool:
    return one == other or any(one in verbs and other in verbs for verbs in _ALIKE)


def _kind(word: str, start: int) -> str:
    """Return a word's kind; words of one kind can be swapped."""
    if word.isdigit():
        return "year" if _YEAR.fullmatch(word) else "number"
    if word[0].isupper() and start > 0:
        return "name"
    lower = word.lower()
    for place, verbs in enumerate(_VERBS):
        if lower in verbs:
            return f"verb {place}"
    if lower in _ROLES:
        return "role"
    endings = (ending for ending in ("ing", "ed", "s", "ly") if lower.endswith(ending))
    return f"other {next(endings, '')}"


def _other_name(question: str, passage: Sequence[str], generator: random.Random) -> str | None:
    """Draw a name from the passage that the question lacks.

    Args:
        question: The question.
        passage: The sentences of the passage.
        generator: Makes the choice.

    Returns:
        The name, or None if the passage has no other name.
    """
    asked = set(WORD.findall(question.lower()))
    names = [
        match.group()
        for sentence in passage
        for match in WORD.finditer(sentence)
        if _kind(match.group(), match.start()) == "name" and match.group().lower() not in asked
    ]
    return generator.choice(names) if names else None
