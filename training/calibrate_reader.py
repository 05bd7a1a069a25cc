"""Calibrate the reader's logits: `python -m training.calibrate_reader DATA WEIGHTS`.

Calibration fits probabilities and thresholds on questions that training never saw. All XQuAD
paragraphs are indexed. Each XQuAD question is asked twice: with its own paragraph, and with that
paragraph left out while paragraphs about the same topic stay. `--more` adds SQuAD 2.0 questions;
half are unanswerable, although a paragraph holds a tempting answer. Training ends with calibration.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path  # noqa: TC003  # typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer
from rich.progress import track

from assistant.reader.reader import CHECKSUMS, SHIPPED_FILES, Reader, shortlist_features
from benchmarks.measuring import ERR, RememberingEmbedder
from benchmarks.questions import Place, Question
from training.candidates import answers, candidates, opened
from training.question_sets import CALIBRATION, question_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from assistant.quoting.sentences import Sentence
    from index import Article

    Numbers = npt.NDArray[np.float64]

PRECISION = 0.9
"""Target share of correct answers, with answerable and unanswerable questions in equal parts."""
RECALL = 0.97
"""Target share of answerable questions that get at least a quote."""
QUESTIONS = 300
"""Questions asked of each kind, spread evenly over the set."""


@dataclass(frozen=True, slots=True)
class ScoredQuestion:
    """The score's inputs for one question.

    Attributes:
        rows: The features of each sentence. Shape: (sentences, features).
        right: Whether each sentence answers the question. Shape: (sentences,).
        answerable: Whether the index holds an answer.
    """

    rows: Numbers
    right: npt.NDArray[np.bool_]
    answerable: bool


def calibrate(data: Path, weights: Path, more: Path | None = None) -> None:
    """Write calibration.json and the checksums beside the weights.

    Args:
        data: The folder of xquad-en.json.
        weights: The folder of the weights.
        more: A folder of question sets with SQuAD 2.0 questions about XQuAD's paragraphs.
    """
    from sklearn.linear_model import LogisticRegression

    _write_checksums(weights)  # `Reader` refuses files without a checksum.
    # Fit a probability to the features of each sentence.
    asked = _ask(data, Reader(weights), more)
    rows = np.concatenate([question.rows for question in asked])
    right = np.concatenate([question.right for question in asked])
    model = LogisticRegression(C=1e6, max_iter=1_000).fit(rows, right)
    # Choose the thresholds from the best sentence of each question.
    best = [_best(model.predict_proba(question.rows)[:, 1], question.right) for question in asked]
    scores, hits = (np.array(column) for column in zip(*best, strict=True))
    answerable = np.array([question.answerable for question in asked])
    calibration = {
        "weights": model.coef_[0].tolist(),
        "bias": float(model.intercept_[0]),
        "answer_threshold": _precision_threshold(scores, hits, answerable),
        "quote_threshold": float(np.quantile(scores[answerable], 1 - RECALL)),
    }
    text = json.dumps(calibration, indent=2) + "\n"
    (weights / "calibration.json").write_text(text, encoding="utf-8")
    _write_checksums(weights)


def _write_checksums(weights: Path) -> None:
    names = [name for name in SHIPPED_FILES if (weights / name).exists()]
    lines = [
        f"{hashlib.sha256((weights / name).read_bytes()).hexdigest()}  {name}\n" for name in names
    ]
    (weights / CHECKSUMS).write_text("".join(lines), encoding="utf-8")


def _ask(data: Path, reader: Reader, more: Path | None) -> list[ScoredQuestion]:
    """Return the score's inputs for all questions.

    Args:
        data: The folder of xquad-en.json.
        reader: The reader to calibrate.
        more: A folder of question sets, if SQuAD 2.0 questions are asked too.
    """
    embedder = RememberingEmbedder()

    def scored(
        question: Question, sentences: list[Sentence], *, answerable: bool
    ) -> ScoredQuestion:
        evidence = reader.evidence(question.text, sentences)
        shortlist, rows = shortlist_features(question.text, sentences, evidence, embedder)
        right = [answers(sentences[number], question) for number in shortlist]
        return ScoredQuestion(rows, np.array(right, dtype=bool), answerable)

    with opened(data / "xquad-en.json", embedder) as (index, articles, questions):
        chosen = _spread(questions)
        if more:
            tempting = _tempting(more, articles)
            chosen += _spread([question for question in tempting if question.golds])
            chosen += _spread([question for question in tempting if not question.golds])
        asked = []
        for each in track(
            candidates(index, articles, chosen), "Reading", console=ERR, transient=True
        ):
            answerable = bool(each.question.golds)
            asked.append(scored(each.question, each.sentences, answerable=answerable))
            if each.left_out:
                asked.append(scored(each.question, each.left_out, answerable=False))
    return asked


def _spread(questions: Sequence[Question]) -> list[Question]:
    return list(questions[:: max(1, len(questions) // QUESTIONS)])


def _tempting(more: Path, articles: Sequence[Article]) -> list[Question]:
    """Return SQuAD 2.0's questions about the articles, answerable or not."""
    by_text = {article.text: article.id for article in articles}
    questions = []
    for row in question_rows(more, CALIBRATION):
        if article_id := by_text.get(row["context"]):
            golds = tuple(
                Place(article_id, each["start"], each["start"] + len(each["text"]))
                for each in row.get("evidence", ())
                if row["answerable"]
            )
            if golds or not row["answerable"]:
                questions.append(Question(row["question"], golds))
    return questions


def _best(scores: npt.NDArray[np.float64], labels: npt.NDArray[np.bool_]) -> tuple[float, bool]:
    chosen = int(scores.argmax())
    return float(scores[chosen]), bool(labels[chosen])


def _precision_threshold(
    scores: Numbers, right: npt.NDArray[np.bool_], answerable: npt.NDArray[np.bool_]
) -> float:
    """Return the lowest threshold with a precision of at least `PRECISION`.

    All answerable questions together weigh as much as all unanswerable ones.

    Args:
        scores: The best score of each question. Shape: (questions,).
        right: Whether the best sentence answers. Shape: (questions,).
        answerable: Whether the question has an answer. Shape: (questions,).

    Returns:
        The threshold, or 1.0 if no threshold reaches the precision.
    """
    order = np.argsort(-scores, kind="stable")
    weights = np.where(answerable, 1 / answerable.sum(), 1 / (~answerable).sum())[order]
    precision = np.cumsum(weights * right[order]) / np.cumsum(weights)
    enough = np.flatnonzero(precision >= PRECISION)
    return float(scores[order[enough[-1]]]) if len(enough) else 1.0


def main(
    data: Annotated[
        Path, typer.Argument(help="The folder of the training data.", exists=True, file_okay=False)
    ],
    weights: Annotated[
        Path,
        typer.Argument(help="The folder with reader.safetensors.", exists=True, file_okay=False),
    ],
    more: Annotated[
        Path | None, typer.Option(help="A folder of question sets.", exists=True, file_okay=False)
    ] = None,
) -> None:
    """Calibrate the reader's probabilities and thresholds."""
    calibrate(data, weights, more)


if __name__ == "__main__":
    typer.run(main)
