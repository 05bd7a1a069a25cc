"""Evaluate the reader on a SQuAD file: `python -m training.evaluate_reader SQUAD_FILE`.

Give a file that training never saw. The same run compares the reader with a baseline, likeness:
a weighted sum of each sentence's BM25, its MiniLM cosine and its passage's score. The index is
temporary.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path  # noqa: TC003  # typer reads the annotations
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer
from rich.progress import track

from assistant import Assistant
from assistant.answering import PASSAGES
from assistant.answers.facts import answering_quote
from assistant.reader.reader import WEIGHTS, Reader, Reading
from benchmarks.measuring import ERR, RememberingEmbedder, Rows, about, below, save, tell
from benchmarks.questions import first_hit, place
from index import ArticleIndex, ArticleIndexError
from index.search.ranking import relevance
from training.candidates import Candidates, answers, candidates, opened

if TYPE_CHECKING:
    import numpy.typing as npt

    from assistant.quoting.sentences import Sentence
    from index.embedding.embedder import Embedder

    Numbers = npt.NDArray[np.float64]

LEXICAL_WEIGHT, PASSAGE_WEIGHT = 0.5, 0.35
"""Weights of likeness: BM25 in a sentence's own score, and the passage's score in the sum."""
SENTENCES = 40
"""Sentences in a timed reading."""
ROUNDS = 40
"""Timed questions."""

Scored = list[tuple["Sentence", float]]
"""Sentences with their scores, best first."""
Read = Callable[[str, Sequence["Sentence"]], Scored]
"""Scores the sentences for a question."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one question.

    Attributes:
        rank: The rank of the first answering sentence, from 0; infinite if no sentence answers.
        reachable: Whether any candidate sentence answers.
        score: The best score.
        left_out: The best score with the question's own article left out.
    """

    rank: float
    reachable: bool
    score: float
    left_out: float


def by_likeness(embedder: Embedder) -> Read:
    """Return the baseline: rank sentences by likeness."""

    def read(question: str, sentences: Sequence[Sentence]) -> Scored:
        texts = [sentence.text for sentence in sentences]
        cosines = np.array(embedder.embed_documents(texts)) @ np.array(
            embedder.embed_query(question)
        )
        own = relevance(question, texts, cosines.tolist(), LEXICAL_WEIGHT)
        passages = np.array([sentence.passage_score for sentence in sentences])
        scores = (1 - PASSAGE_WEIGHT) * own + PASSAGE_WEIGHT * passages
        return [
            (sentences[number], float(scores[number]))
            for number in np.argsort(-scores, kind="stable")
        ]

    return read


def by_reader(reader: Reader, embedder: Embedder) -> tuple[Read, Read]:
    """Return two rankings: the reader's own, and one with the answer's quote in first place."""

    @cache
    def readings(question: str, sentences: tuple[Sentence, ...]) -> list[Reading]:
        return reader.read(question, sentences, embedder)

    def read(question: str, sentences: Sequence[Sentence]) -> Scored:
        return [
            (reading.sentence, reading.score) for reading in readings(question, tuple(sentences))
        ]

    def quote(question: str, sentences: Sequence[Sentence]) -> Scored:
        ranked = readings(question, tuple(sentences))
        if not ranked:
            return []
        return [(answering_quote(ranked), ranked[0].score), *read(question, sentences)[1:]]

    return read, quote


def outcomes(asked: Sequence[Candidates], read: Read) -> list[Outcome]:
    """Return the outcome of each question."""
    results = []
    for each in track(asked, "Reading", console=ERR, transient=True):
        text = each.question.text
        scored = read(text, each.sentences)
        rank = first_hit([place(sentence) for sentence, _ in scored], each.question)
        left_out = read(text, each.left_out)
        reachable = any(answers(sentence, each.question) for sentence in each.sentences)
        results.append(Outcome(rank, reachable, scored[0][1], left_out[0][1] if left_out else 0.0))
    return results


def choosing(results: Sequence[Outcome]) -> dict[str, float]:
    """Measure the ranking: how often the answering sentence is first or second, and the ROC AUC."""
    from sklearn.metrics import roc_auc_score

    ranks = [outcome.rank for outcome in results if outcome.reachable]
    labels = [1] * len(results) + [0] * len(results)
    scores = [outcome.score for outcome in results] + [outcome.left_out for outcome in results]
    return {
        "first": below(ranks, 1),
        "within two": below(ranks, 2),
        "of questions": len(ranks),
        "ROC AUC": float(roc_auc_score(labels, scores)),
    }


def deciding(results: Sequence[Outcome], threshold: float) -> dict[str, float]:
    """Measure precision and recall if every score from the threshold up is answered.

    Returns:
        of answerable: The share of questions answered with their article in the index.
        of left out: The share of questions answered with their article left out.
        precision: The share of correct answers among all answers.
        recall: The share of questions answered correctly.
    """
    answered = [outcome for outcome in results if outcome.score >= threshold]
    wrongly = [outcome for outcome in results if outcome.left_out >= threshold]
    right = sum(outcome.rank == 0 for outcome in answered)
    return {
        "of answerable": len(answered) / len(results),
        "of left out": len(wrongly) / len(results),
        "precision": right / max(1, len(answered) + len(wrongly)),
        "recall": right / len(results),
    }


def speed(
    reader: Reader, asked: Sequence[Candidates], index: ArticleIndex, embedder: RememberingEmbedder
) -> dict[str, float]:
    """Time the reading of `SENTENCES` sentences, and a whole answer, with all models loaded.

    Args:
        reader: The reader.
        asked: The questions with their candidate sentences.
        index: The index of the articles.
        embedder: The index's embedder; its memory is cleared before each round.

    Returns:
        The median and the 95th percentile of both times, in milliseconds.
    """
    distinct = {sentence.text: sentence for each in asked[:ROUNDS] for sentence in each.sentences}
    sentences = list(distinct.values())[:SENTENCES]
    assistant = Assistant(index)
    assistant.load()
    reading, answering = [], []
    for each in asked[:ROUNDS]:
        embedder.forget()
        # In use, search has already embedded the question when the reader begins.
        embedder.embed_query(each.question.text)
        began = time.perf_counter()
        reader.read(each.question.text, sentences, embedder)
        reading.append((time.perf_counter() - began) * 1000)
        embedder.forget()
        began = time.perf_counter()
        assistant.ask(each.question.text)
        answering.append((time.perf_counter() - began) * 1000)
    return {
        f"{label}, p{percent}": float(np.percentile(times, percent))
        for label, times in ((f"reading {SENTENCES}", reading), ("whole answer", answering))
        for percent in (50, 95)
    }


def draw(by_name: dict[str, list[Outcome]], threshold: float, path: Path) -> None:
    """Draw risk against coverage, and precision against recall.

    Args:
        by_name: The outcomes of each ranking.
        threshold: The shipped threshold, marked on the second curve.
        path: The file to write: .png or .svg.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4.2), layout="constrained")
    risk_axes, precision_axes = figure.subplots(1, 2)
    for name, results in by_name.items():
        coverage, risk = _risk_curve(results)
        risk_axes.plot(coverage, risk, label=name)
        points = [deciding(results, limit) for limit in sorted({each.score for each in results})]
        recall, precision = ([point[key] for point in points] for key in ("recall", "precision"))
        precision_axes.plot(recall, precision, label=name)
    shipped = deciding(by_name["reader, its quote"], threshold)
    precision_axes.plot(
        shipped["recall"], shipped["precision"], "o", color="black", label="shipped threshold"
    )
    risk_axes.set(
        xlabel="coverage: share of answerable questions answered",
        ylabel="risk: share of wrong answers",
    )
    precision_axes.set(
        xlabel="recall: share of answerable questions answered correctly",
        ylabel="precision, including left-out articles",
    )
    for axes in (risk_axes, precision_axes):
        axes.set(xlim=(0, 1), ylim=(0, 1))
        axes.grid(alpha=0.3)
        axes.legend()
    figure.savefig(path)


def _risk_curve(results: Sequence[Outcome]) -> tuple[Numbers, Numbers]:
    """Return coverage and risk as the threshold falls from the best score to the worst."""
    order = np.argsort(-np.array([outcome.score for outcome in results]))
    right = np.array([outcome.rank == 0 for outcome in results])[order]
    counts = np.arange(1, len(order) + 1)
    return counts / len(order), 1 - np.cumsum(right) / counts


def main(
    squad_file: Annotated[Path, typer.Argument(help="A file in SQuAD format.", show_default=False)],
    weights: Annotated[
        Path, typer.Option(help="The folder of the weights.", file_okay=False)
    ] = WEIGHTS,
    json_path: Annotated[
        Path | None, typer.Option("--json", help="Write all figures to a file.", dir_okay=False)
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Draw the curves: .png or .svg.", dir_okay=False)
    ] = None,
) -> None:
    """Measure the reader's ranking, thresholds and speed, beside the likeness baseline."""
    reader = Reader(weights)
    limit = reader.calibration.answer_threshold
    try:
        embedder = RememberingEmbedder()
        with opened(squad_file, embedder) as (index, articles, questions):
            asked = candidates(index, articles, questions)
            read, quote = by_reader(reader, embedder)
            by_name = {
                "reader": outcomes(asked, read),
                "reader, its quote": outcomes(asked, quote),
                "likeness": outcomes(asked, by_likeness(embedder)),
            }
            times = speed(reader, asked, index, embedder)
    except ArticleIndexError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    tables = _tables(by_name, limit) | {"Milliseconds": {"reader": times}}
    measured: dict[str, Any] = about(squad_file, articles, questions)
    tell(measured, tables)
    if json_path:
        save(json_path, measured, tables)
    if plot:
        draw(by_name, limit, plot)


def _tables(by_name: dict[str, list[Outcome]], limit: float) -> dict[str, Rows]:
    """Return a table of rankings, and one of thresholds with the reader's own marked."""
    quoted = by_name["reader, its quote"]
    return {
        f"Choosing a sentence from {PASSAGES} chunks": {
            name: choosing(results) for name, results in by_name.items()
        },
        "Answering from a threshold up": {
            f"{score:.2f}{' = the threshold' * (score == limit)}": deciding(quoted, score)
            for score in sorted({0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, limit})
        },
    }


if __name__ == "__main__":
    typer.run(main)
