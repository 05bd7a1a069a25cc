"""Logits → probabilities and thresholds: `python -m training.calibrate_reader DATA_FOLDER WEIGHTS_FOLDER`.

On XQuAD's English questions, which the reader has not learnt from, each asked of all paragraphs and once more with its
own left out. Training ends with it.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path  # noqa: TC003  # typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer
from rich.progress import track

from assistant.reader.reader import CHECKSUMS, SHIPPED_FILES, Reader, shortlist_features
from benchmarks.measuring import ERR, RememberingEmbedder
from training.candidates import Candidates, answers, candidates, opened

if TYPE_CHECKING:
    import numpy.typing as npt

    from assistant.quoting.sentences import Sentence
    from index.embedding.embedder import Embedder

PRECISION = 0.825
"""The share that is to be right among what is answered, when as many questions have an answer as have none."""
RECALL = 0.97
"""The share of the questions with an answer for which the nearest sentences are to be quoted at least."""
QUESTIONS = 300
"""How many of the questions are asked, spread over all."""


def calibrate(data: Path, weights: Path) -> None:
    """Write calibration.json and the checksums beside the weights."""
    from sklearn.linear_model import LogisticRegression

    _write_checksums(weights)  # A reader reads no file without one.
    reader = Reader(weights)
    embedder = RememberingEmbedder()
    with opened(data / "xquad-en.json", embedder) as (index, articles, questions):
        asked = candidates(index, articles, questions[:: max(1, len(questions) // QUESTIONS)])
        read = [
            _read(reader, each, embedder)
            for each in track(asked, "Reading", console=ERR, transient=True)
        ]
    rows = np.concatenate([sentences for pair in read for sentences, _ in pair])
    right = np.concatenate([labels for pair in read for _, labels in pair])
    fitted = LogisticRegression(C=1e6, max_iter=1_000).fit(rows, right)
    best = [
        _best(fitted.predict_proba(sentences)[:, 1], labels)
        for pair in read
        for sentences, labels in pair
    ]
    scores, hits = (np.array(column) for column in zip(*best, strict=True))
    held = {
        "weights": fitted.coef_[0].tolist(),
        "bias": float(fitted.intercept_[0]),
        "answer_threshold": _threshold_of_precision(scores, hits),
        "quote_threshold": float(np.quantile(scores[::2], 1 - RECALL)),
    }
    (weights / "calibration.json").write_text(json.dumps(held, indent=2) + "\n", encoding="utf-8")
    _write_checksums(weights)


def _write_checksums(weights: Path) -> None:
    written = [name for name in SHIPPED_FILES if (weights / name).exists()]
    sums = [
        f"{hashlib.sha256((weights / name).read_bytes()).hexdigest()}  {name}\n" for name in written
    ]
    (weights / CHECKSUMS).write_text("".join(sums), encoding="utf-8")


def _read(
    reader: Reader, asked: Candidates, embedder: Embedder
) -> list[tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]]:
    """Return what a question's sentences are weighed by and whether each answers, and the same of those left over."""
    text = asked.question.text

    def rows(sentences: list[Sentence]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
        shortlist, weighed = shortlist_features(
            text, sentences, reader.evidence(text, sentences), embedder
        )
        return weighed, np.array(
            [answers(sentences[number], asked.question) for number in shortlist], dtype=bool
        )

    return [rows(asked.sentences), rows(asked.left_out)]


def _best(scores: npt.NDArray[np.float64], labels: npt.NDArray[np.bool_]) -> tuple[float, bool]:
    chosen = int(scores.argmax())
    return float(scores[chosen]), bool(labels[chosen])


def _threshold_of_precision(scores: npt.NDArray[np.float64], right: npt.NDArray[np.bool_]) -> float:
    """Return the lowest score above which `PRECISION` of what is answered is right."""
    order = np.argsort(-scores, kind="stable")
    precision = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
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
) -> None:
    """Set how the reader's logits are read."""
    calibrate(data, weights)


if __name__ == "__main__":
    typer.run(main)
