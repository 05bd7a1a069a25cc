"""`PartsGrade`: an answer put together from several parts, graded part by part; pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import permutations
from typing import TYPE_CHECKING

import Stemmer

from benchmarks.grading import MOST_WORDS, has, tokens, unsupported
from benchmarks.questions import Place, covers
from benchmarks.verdicts import denies, verdict_of, without_quotes

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from assistant import Answer, Citation
    from benchmarks.questions import Question

LONGEST_CITATION = 300
"""Characters of a citation that may be longer than three times its gold sentence."""
FRAMES = frozenset(
    "yes no not sure these both likely article articles answer ja nein artikel oui non sí".split()
)
"""Words that frame an answer; with a capital they name nothing."""
ENGLISH = frozenset(
    "the and of is are was does not article found yes earlier elsewhere see answer".split()
)
"""Words that show a frame in English around quotes in another language."""
ENGLISH -= {"was"}  # German has it too.

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_GROUPED = re.compile(r"\d{1,3}(?:[.,]\d{3})+")
_STEMMER = Stemmer.Stemmer("english")


@dataclass(frozen=True, slots=True)
class PartsGrade:
    """An answer's faults.

    Attributes:
        status: The answer's status.
        refused: Whether it gives no answer, or says that the article does not.
        faults: The broken rules, by name; empty if the answer is right.
        unmade: Numbers, names and verdicts that no article gives.
        cited: The number of citations.
        verbatim: The number of citations that stand in their article.
    """

    status: str
    refused: bool
    faults: tuple[str, ...]
    unmade: tuple[str, ...]
    cited: int
    verbatim: int

    @property
    def right(self) -> bool:
        """Whether no rule is broken."""
        return not self.faults


def grade_parts(
    question: Question,
    answer: Answer,
    text_of: Callable[[Citation], str],
    known: Collection[str] = frozenset(),
) -> PartsGrade:
    """Return the grade of an answer.

    Args:
        question: The question with its gold parts.
        answer: The answer to grade.
        text_of: Returns the text of a citation's article, in its version.
        known: Words that some article has in lower case: with a capital they name nothing.
    """
    verbatim = sum(text_of(c)[c.start : c.end] == c.quote for c in answer.citations)
    refused = answer.status != "answered" or (
        denies(answer.text) and not question.answerable and not answer.words
    )
    unmade = unmade_statements(question, answer, known)
    checks = _answer_checks(question, answer) if question.answerable else {"not refused": refused}
    checks["not verbatim"] = verbatim == len(answer.citations)
    if answer.status == "answered":
        checks["never"] = not any(has(answer.text, words) for words in question.never)
        checks["unmade"] = not unmade
    return PartsGrade(
        status=answer.status,
        refused=refused,
        faults=tuple(fault for fault, passed in checks.items() if not passed),
        unmade=unmade,
        cited=len(answer.citations),
        verbatim=verbatim,
    )


def _answer_checks(question: Question, answer: Answer) -> dict[str, bool]:
    """Return for each rule of an answerable question whether the answer keeps it."""
    places = [Place(c.article_id, c.start, c.end) for c in answer.citations]
    own_words = without_quotes(answer.text, [c.quote for c in answer.citations])
    said = own_words if question.kind == "table" else answer.text
    given = verdict_of(answer.text, question.language)
    return {
        "not answered": answer.status == "answered",
        "too long": len(answer.text.split()) <= most_words(question),
        "verdict": not question.verdict or given == question.verdict,
        "not said": all(any(has(said, form) for form in group) for group in question.must_say),
        "order": not question.ordered or in_order(said, question.must_say),
        "not cited": all(_cites(places, group) for group in question.must_cite),
        "missing part": all(says_missing(own_words, words) for words in question.missing),
        "language": question.language == "en" or not ENGLISH & set(tokens(own_words)),
    }


def most_words(question: Question) -> int:
    """Return the words that an answer may have: more is a text to search.

    A question of several parts may have about 25 more for each sentence to cite.
    """
    return MOST_WORDS + 25 * max(0, len(question.must_cite) + len(question.missing) - 1)


def _cites(places: Sequence[Place], golds: Sequence[Place]) -> bool:
    """Return whether a place covers a gold sentence, and little else."""
    return any(
        covers(place, gold) and len(place) <= max(LONGEST_CITATION, 3 * len(gold))
        for place in places
        for gold in golds
    )


def in_order(text: str, groups: Sequence[Sequence[str]]) -> bool:
    """Return whether a form of each group stands after a form of the group before.

    >>> in_order("Ann, Bo and Cy", [["Bo"], ["Cy"]]), in_order("Cy and Bo", [["Bo"], ["Cy"]])
    (True, False)
    """
    rest = f" {' '.join(tokens(text))} "
    for group in groups:
        forms = [f" {' '.join(tokens(form))} " for form in group]
        ends = [rest.index(form) + len(form) - 1 for form in forms if form in rest]
        if not ends:
            return False
        rest = rest[min(ends) :]
    return True


def says_missing(own_words: str, words: str) -> bool:
    """Return whether a sentence names a part and says that it has no answer.

    >>> says_missing("Bo designed it. The article does not say what it cost.", "cost")
    True
    >>> says_missing("It cost £3. The article does not say who paid.", "cost")
    False
    """
    stem = _STEMMER.stemWord(words.lower())
    sentences = re.split(r"(?<=[.!?;])\s+|\n+", own_words)
    return any(
        denies(sentence) and any(word.startswith(stem) for word in tokens(sentence))
        for sentence in sentences
    )


def unmade_statements(
    question: Question, answer: Answer, known: Collection[str] = frozenset()
) -> tuple[str, ...]:
    """Return the numbers, names and verdicts of an answer that no article gives.

    Gold forms, words of the question, and sums and differences of numbers that the answer
    cites and says are no fault: their working is shown.
    """
    gold = " ".join(form for group in question.must_say for form in group)
    allowed = {*tokens(f"{gold} {question.text}"), *FRAMES, *known}
    numbers = computable(answer)
    given = verdict_of(answer.text, question.language)
    faults = [
        statement
        for statement in unsupported(answer)
        if not set(tokens(statement)) <= allowed and not (values(statement) & numbers)
    ]
    if answer.status == "answered" and question.verdict and given not in ("", question.verdict):
        faults.append(given)
    return tuple(faults)


def computable(answer: Answer) -> set[float]:
    """Return the sums and differences of numbers that an answer says and its citations give."""
    quotes = " ".join(citation.quote for citation in answer.citations)
    shown = values(quotes) & values(answer.text)
    pairs = list(permutations(shown, 2))
    return {one + other for one, other in pairs} | {one - other for one, other in pairs}


def values(text: str) -> set[float]:
    """Return the numbers of a text, "9.000" and "9,000" as 9000.

    >>> sorted(values("9.000 of 14,000 at 4.5"))
    [4.5, 9000.0, 14000.0]
    """
    found = set()
    for number in _NUMBER.findall(text):
        is_grouped = _GROUPED.fullmatch(number)
        digits = re.sub(r"[.,]", "", number) if is_grouped else number.replace(",", ".")
        if digits.count(".") <= 1:
            found.add(float(digits))
    return found
