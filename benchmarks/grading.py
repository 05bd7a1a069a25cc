"""`Grade`: an answer held against the gold answers of its question; pure."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant import day_in_words
from benchmarks.questions import Place, covers
from index.text.words import FUNCTION_WORDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from assistant import Answer, Citation
    from benchmarks.questions import Question

MOST_WORDS = 60
"""Words; a longer answer is a text to search."""

_MARK = re.compile(r"\[\d+\]")
_NO_WORD = re.compile(r"[^\w]+")
_ARTICLES = frozenset({"a", "an", "the"})
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_CONNECTING = frozenset({"earlier", "elsewhere", "see"})
_IN_BRACKETS = re.compile(r"\([^()]*\)")
_CAPITALISED = re.compile(r"(?<!\w)[^\W\d_a-zß-ÿ][\w’'-]*")


@dataclass(frozen=True, slots=True)
class Grade:
    """An answer's merits and faults.

    Attributes:
        status: The answer's status.
        hit: Whether it is answered, short and right.
        shown: Whether an answer or quote shows the sentence that answers.
        f1: The tokens that its words share with a gold answer, 0..1.
        cited: The number of citations.
        relevant: The number of citations that meet a gold answer.
        verbatim: The number of citations that stand in their article.
        unsupported: Its numbers and names that no citation has.
        wayward: Whether it says forbidden words.
    """

    status: str
    hit: bool
    shown: bool
    f1: float
    cited: int
    relevant: int
    verbatim: int
    unsupported: tuple[str, ...]
    wayward: bool

    @property
    def answered(self) -> bool:
        """Whether the assistant says that it answers; nearest sentences do not count."""
        return self.status == "answered"


def grade(question: Question, answer: Answer, text_of: Callable[[Citation], str]) -> Grade:
    """Return the grade of an answer.

    Args:
        question: The question with its gold answers.
        answer: The answer to grade.
        text_of: Returns the text of a citation's article, in its version.
    """
    places = [
        Place(citation.article_id, citation.start, citation.end) for citation in answer.citations
    ]
    covered = [any(covers(place, gold) for gold in question.golds) for place in places]
    claim = first_claim(answer.text)
    says = any(has(claim, gold) for gold in question.answers) or (bool(covered) and covered[0])
    says = says and all(has(answer.text, said) for said in question.also)
    wayward = any(has(answer.text, said) for said in question.never)
    short = len(answer.text.split()) <= MOST_WORDS
    return Grade(
        status=answer.status,
        hit=bool(question.golds) and answer.status == "answered" and short and says and not wayward,
        shown=answer.status != "refused" and any(covered),
        f1=max((f1(answer.words or claim, gold) for gold in question.answers), default=0.0),
        cited=len(places),
        relevant=sum(any(place.overlap(gold) for gold in question.golds) for place in places),
        verbatim=sum(
            text_of(citation)[citation.start : citation.end] == citation.quote
            for citation in answer.citations
        ),
        unsupported=unsupported(answer),
        wayward=wayward,
    )


def first_claim(text: str) -> str:
    """Return the text before the first citation's mark.

    >>> first_claim("Greta — “Its head is Greta.” [1] It was built in 1868. [2]")
    'Greta — “Its head is Greta.”'
    """
    return _MARK.split(text, maxsplit=1)[0].strip()


def has(text: str, words: str) -> bool:
    """Return whether words stand in a text, apart from case and punctuation.

    >>> has("It cost 6.4 million Euros.", "6.4 million euros"), has("Ekeberg", "Ek")
    (True, False)
    """
    return f" {' '.join(tokens(words))} " in f" {' '.join(tokens(text))} "


def f1(said: str, gold: str) -> float:
    """Return the harmonic mean of the shares of common tokens, as SQuAD's script does.

    >>> f1("in the year 1868", "1868")
    0.5
    """
    one, other = (
        [token for token in tokens(text) if token not in _ARTICLES] for text in (said, gold)
    )
    shared = sum((Counter(one) & Counter(other)).values())
    return 2 * shared / (len(one) + len(other)) if shared else 0.0


def unsupported(answer: Answer) -> tuple[str, ...]:
    """Return the numbers and capitalised words of an answer that its citations lack.

    The title, source and day of a citation's article count as the citation's, and so does a day
    counted from the article's day, if its working is shown. A refusal states nothing.
    """
    if answer.status == "refused":
        return ()
    known = " ".join(
        f"{c.quote} {c.title} {c.source} {day_in_words(c.published) if c.published else ''}"
        for c in answer.citations
    )
    numbers, words = set(_NUMBER.findall(known)), set(tokens(known))
    workings = [
        f"; the article is of {day_in_words(c.published)})" for c in answer.citations if c.published
    ]
    said = _MARK.sub(" ", answer.text)
    for counted in _IN_BRACKETS.findall(said):
        if any(counted.endswith(working) for working in workings):
            said = said.replace(counted, " ")
    words |= _CONNECTING | FUNCTION_WORDS
    missing = [number for number in _NUMBER.findall(said) if number not in numbers]
    return (
        *missing,
        *(word for word in _CAPITALISED.findall(said) if not set(tokens(word)) <= words),
    )


def words_in_lower_case(texts: Iterable[str]) -> frozenset[str]:
    """Return the words that some text has in lower case: with a capital they begin a sentence."""
    words = (word for text in texts for word in _NO_WORD.sub(" ", text).split())
    return frozenset(word for word in words if word == word.lower() and not word.isdigit())


def tokens(text: str) -> list[str]:
    """Return the words and numbers of a text in lower case."""
    return _NO_WORD.sub(" ", text.lower()).split()
