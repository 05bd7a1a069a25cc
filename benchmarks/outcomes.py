"""`Outcome`: a question with its answer and grades, and the figures of many."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from rich.progress import track

from benchmarks.grading import Grade, grade
from benchmarks.measuring import ERR

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from assistant import Answer, Citation
    from benchmarks.questions import Question
    from benchmarks.systems import Ask
    from index import Article

DRAWS = 1_000
"""Bootstrap samples for a 95 % interval."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A question, its answer and the grades.

    Attributes:
        question: The question.
        answer: The answer from all articles.
        grade: Its grade.
        left_out: The grade of the answer without the question's own article, if asked.
        first_words: Milliseconds to the first words.
        whole: Milliseconds to the whole answer.
    """

    question: Question
    answer: Answer
    grade: Grade
    left_out: Grade | None
    first_words: float
    whole: float

    @property
    def is_right(self) -> bool:
        """Whether the answer is right, or rightly refused."""
        return (
            self.grade.hit
            if self.question.golds
            else not (self.grade.answered or self.grade.wayward)
        )


def outcomes(
    ask: Ask,
    articles: Sequence[Article],
    questions: Sequence[Question],
    name: str,
    *,
    once: bool = False,
) -> list[Outcome]:
    """Return the graded answer to every question.

    Args:
        ask: The system to ask.
        articles: All articles.
        questions: The questions.
        name: The system's name, for the progress bar.
        once: Whether to leave out the second round without a question's own article.
    """
    texts = {(article.id, article.version): article.text for article in articles}

    def text_of(citation: Citation) -> str:
        return texts[citation.article_id, citation.version]

    found = []
    for question in track(questions, f"Asking {name}", console=ERR, transient=True):
        answer, first_words, whole = _timed(ask(question, None))
        left_out = None
        if question.golds and not once:
            others = [
                article.id for article in articles if article.id != question.golds[0].article_id
            ]
            *_, without = ask(question, others)
            left_out = grade(question, without, text_of)
        found.append(
            Outcome(
                question, answer, grade(question, answer, text_of), left_out, first_words, whole
            )
        )
    return found


def _timed(growing: Iterator[Answer]) -> tuple[Answer, float, float]:
    """Return the last answer, and the milliseconds to the first and the last."""
    began = time.perf_counter()
    answer = next(growing)
    first = time.perf_counter()
    for answer in growing:  # noqa: B007  # the last one counts
        pass
    return answer, (first - began) * 1000, (time.perf_counter() - began) * 1000


def answering(found: Sequence[Outcome]) -> dict[str, float]:
    """Return the quality of the answers to answerable questions."""
    grades = [outcome.grade for outcome in found if outcome.question.golds]
    hits = [float(each.hit) for each in grades]
    low, high = interval(hits)
    shown = [each for each in grades if each.status != "refused"]
    every = [outcome.grade for outcome in found]
    return {
        "answer hit": mean(hits),
        "from": low,
        "to": high,
        "quoted hit": mean([each.shown for each in grades]),
        "F1": mean([each.f1 * each.answered for each in grades]),
        "citation precision": sum(each.relevant for each in shown)
        / max(1, sum(each.cited for each in shown)),
        "verbatim": sum(each.verbatim for each in every)
        / max(1, sum(each.cited for each in every)),
        "unsupported": mean([bool(each.unsupported) for each in every]),
    }


def refusing(found: Sequence[Outcome]) -> dict[str, float]:
    """Return the precision and recall of refusals.

    The nearest sentences, shown as such, are a refusal.
    """
    answerable = [outcome.grade.answered for outcome in found if outcome.question.golds]
    marked = [outcome.grade.answered for outcome in found if not outcome.question.golds]
    left_out = [outcome.left_out.answered for outcome in found if outcome.left_out]
    left_out_recall = 1 - mean(left_out) if left_out else math.nan
    rightly = len(left_out) + len(marked) - sum(left_out) - sum(marked)
    wrongly = len(answerable) - sum(answerable)
    return {
        "refusal recall": left_out_recall,
        "of those marked": 1 - mean(marked) if marked else math.nan,
        "refusal precision": rightly / max(1, rightly + wrongly),
        "wrong refusals": 1 - mean(answerable),
    }


def hurrying(found: Sequence[Outcome]) -> dict[str, float]:
    """Return the milliseconds to the first words and to the whole answer."""
    return {
        f"{name}, p{percent}": float(np.percentile(taken, percent))
        for name, taken in (
            ("first words", [o.first_words for o in found]),
            ("whole", [o.whole for o in found]),
        )
        for percent in (50, 95)
    }


def by_kind(found: Sequence[Outcome]) -> dict[str, float]:
    """Return the share of right answers for each kind of question, and for all."""
    kinds = dict.fromkeys(outcome.question.kind for outcome in found)
    shares = {kind: mean([o.is_right for o in found if o.question.kind == kind]) for kind in kinds}
    return shares | {"all": mean([outcome.is_right for outcome in found])}


def mean(values: Sequence[float]) -> float:
    """Return the mean of values; 0 without values."""
    return float(np.mean(values)) if len(values) else 0.0


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Return the 95 % interval of the mean by bootstrap (Efron, 1979)."""
    drawn = np.random.default_rng(1).choice(values, (DRAWS, len(values))).mean(axis=1)
    low, high = np.percentile(drawn, (2.5, 97.5))
    return float(low), float(high)
