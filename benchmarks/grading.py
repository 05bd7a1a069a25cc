"""An answer and the question's gold answers → what is right and what is wrong with it: pure."""

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
"""An answer of more words than this is no answer but a text to search."""

_MARK = re.compile(r"\[\d+\]")
_NO_WORD = re.compile(r"[^\w]+")
_ARTICLES = frozenset({"a", "an", "the"})
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_CONNECTING = frozenset({"earlier", "elsewhere", "see"})
_IN_BRACKETS = re.compile(r"\([^()]*\)")
_CAPITALISED = re.compile(r"(?<!\w)[^\W\d_a-zß-ÿ][\w’'-]*")


@dataclass(frozen=True, slots=True)
class Grade:
    """What is right and wrong with an answer.

    `hit`: it is answered, in few words, and right; `shown`: an answer or quote has the sentence that answers;
    `f1`: the tokens that the answering words share with a gold answer; `cited` and `relevant`: how many sentences are
    cited, and how many of them meet a gold answer; `unsupported`: numbers and names that no citation has; `wayward`: it
    says what it must never.
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
        """Whether the assistant says that it answers; nearest sentences do not, for or against it."""
        return self.status == "answered"


def grade(question: Question, answer: Answer, text_of: Callable[[Citation], str]) -> Grade:
    """Return the grade of an answer; `text_of` gives the text that a citation's article has in the version it names."""
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
    """Return what stands before the first citation's mark.

    >>> first_claim("Greta Lindqvist — “Its head is Greta Lindqvist.” [1] It was built in 1868. [2]")
    'Greta Lindqvist — “Its head is Greta Lindqvist.”'
    """
    return _MARK.split(text, maxsplit=1)[0].strip()


def has(text: str, words: str) -> bool:
    """Return whether some words stand in a text, whatever their case and the marks between them.

    >>> has("It cost 6.4 million Euros.", "6.4 million euros"), has("Ekeberg", "Ek")
    (True, False)
    """
    return f" {' '.join(tokens(words))} " in f" {' '.join(tokens(text))} "


def f1(said: str, gold: str) -> float:
    """Return the harmonic mean of the shares of tokens that two texts have in common, as SQuAD's script counts it.

    >>> f1("in the year 1868", "1868")
    0.5
    """
    one, other = (
        [token for token in tokens(text) if token not in _ARTICLES] for text in (said, gold)
    )
    shared = sum((Counter(one) & Counter(other)).values())
    return 2 * shared / (len(one) + len(other)) if shared else 0.0


def unsupported(answer: Answer) -> tuple[str, ...]:
    """Return the numbers and the words with a capital that an answer has and its citations have not.

    What is told of a citation's article, its title, source and day, counts as the citation's, and so does a day that is
    counted from its day, if that is said. A refusal states nothing.
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
