"""Logits → probabilities and thresholds: `python -m training.calibrate_reader DATA WEIGHTS`.

It asks questions that nothing was learnt from among all of XQuAD's paragraphs: XQuAD's own, once more
with their paragraph left out (others about the same thing stay), and with `--more` SQuAD 2.0's, half
of which tempt to answer what no paragraph says. Training ends with it.
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
"""The share of answered questions that is to be right, if as many have an answer as have none."""
RECALL = 0.97
"""The share of answerable questions that is at least quoted."""
QUESTIONS = 300
"""How many questions of each kind are asked, spread over all."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question's sentences as the score sees them.

    Attributes:
        rows: What each sentence's score is made of. Shape: (sentences, features).
        right: Whether each sentence answers. Shape: (sentences,).
        answerable: Whether the question has an answer in the index.
    """

    rows: Numbers
    right: npt.NDArray[np.bool_]
    answerable: bool


def calibrate(data: Path, weights: Path, more: Path | None = None) -> None:
    """Write calibration.json and the checksums beside the weights.

    Args:
        data: The folder of xquad-en.json.
        weights: The folder of the weights.
        more: The folder of question sets with SQuAD 2.0's questions on XQuAD's paragraphs.
    """
    from sklearn.linear_model import LogisticRegression

    _write_checksums(weights)  # A reader reads no file without one.
    asked = _ask(data, Reader(weights), more)
    rows = np.concatenate([each.rows for each in asked])
    right = np.concatenate([each.right for each in asked])
    fitted = LogisticRegression(C=1e6, max_iter=1_000).fit(rows, right)
    best = [_best(fitted.predict_proba(each.rows)[:, 1], each.right) for each in asked]
    scores, hits = (np.array(column) for column in zip(*best, strict=True))
    answerable = np.array([each.answerable for each in asked])
    held = {
        "weights": fitted.coef_[0].tolist(),
        "bias": float(fitted.intercept_[0]),
        "answer_threshold": _threshold_of_precision(scores, hits, answerable),
        "quote_threshold": float(np.quantile(scores[answerable], 1 - RECALL)),
    }
    written = json.dumps(held, indent=2) + "\n"
    (weights / "calibration.json").write_text(written, encoding="utf-8")
    _write_checksums(weights)


def _write_checksums(weights: Path) -> None:
    written = [name for name in SHIPPED_FILES if (weights / name).exists()]
    sums = [
        f"{hashlib.sha256((weights / name).read_bytes()).hexdigest()}  {name}\n" for name in written
    ]
    (weights / CHECKSUMS).write_text("".join(sums), encoding="utf-8")


def _ask(data: Path, reader: Reader, more: Path | None) -> list[Asked]:
    """Return what becomes of all questions."""
    embedder = RememberingEmbedder()

    def asked_of(question: Question, sentences: list[Sentence], *, answerable: bool) -> Asked:
        evidence = reader.evidence(question.text, sentences)
        shortlist, rows = shortlist_features(question.text, sentences, evidence, embedder)
        right = [answers(sentences[number], question) for number in shortlist]
        return Asked(rows, np.array(right, dtype=bool), answerable)

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
            asked.append(asked_of(each.question, each.sentences, answerable=answerable))
            if each.left_out:
                asked.append(asked_of(each.question, each.left_out, answerable=False))
    return asked


def _spread(questions: Sequence[Question]) -> list[Question]:
    return list(questions[:: max(1, len(questions) // QUESTIONS)])


def _tempting(more: Path, articles: Sequence[Article]) -> list[Question]:
    """Return SQuAD 2.0's questions about the articles, answerable and not."""
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


def _threshold_of_precision(
    scores: Numbers, right: npt.NDArray[np.bool_], answerable: npt.NDArray[np.bool_]
) -> float:
    """Return the lowest score above which `PRECISION` of the answered questions are right.

    Answerable and unanswerable questions weigh the same together, however many are asked.
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
    """Set how the reader's logits are read."""
    calibrate(data, weights, more)


if __name__ == "__main__":
    typer.run(main)
