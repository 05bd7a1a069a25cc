"""How well the reader reads: `python -m training.evaluate_reader SQUAD_FILE`, on a file that it has not learnt from.

Beside it stands choosing by likeness (BM25 and MiniLM's cosine of each sentence, and its passage's score), on the same
sentences in the same run. The index is a temporary one.
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
    from assistant.quoting.sentences import Sentence
    from index.embedding.embedder import Embedder

LEXICAL_WEIGHT, PASSAGE_WEIGHT = 0.5, 0.35
"""Likeness: the share of BM25 in a sentence's own score, and of its passage's score in the whole."""
SENTENCES = 40
"""How many sentences are read when the reading's time is taken."""
ROUNDS = 40

Scored = list[tuple["Sentence", float]]
"""Sentences with their scores, the best first."""
Read = Callable[[str, Sequence["Sentence"]], Scored]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a question: the rank of the sentence that answers, from 0, and the best scores.

    The rank is infinite where none of the ranked sentences answers; `reachable` tells whether any candidate does.
    `left_out` is the best score with the question's own article left out.
    """

    rank: float
    reachable: bool
    score: float
    left_out: float


def by_likeness(embedder: Embedder) -> Read:
    """Return the baseline."""

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
    """Return the reader's own reading, and the same with what an answer would quote in the first place."""

    @cache
    def readings(question: str, sentences: tuple[Sentence, ...]) -> list[Reading]:
        return reader.read(question, sentences, embedder)

    def read(question: str, sentences: Sequence[Sentence]) -> Scored:
        return [
            (reading.sentence, reading.score) for reading in readings(question, tuple(sentences))
        ]

    def quote(question: str, sentences: Sequence[Sentence]) -> Scored:
        found = readings(question, tuple(sentences))
        return (
            [(answering_quote(found), found[0].score), *read(question, sentences)[1:]]
            if found
            else []
        )

    return read, quote


def outcomes(asked: Sequence[Candidates], read: Read) -> list[Outcome]:
    """Return what comes of each question."""
    found = []
    for each in track(asked, "Reading", console=ERR, transient=True):
        text = each.question.text
        scored = read(text, each.sentences)
        rank = first_hit([place(sentence) for sentence, _ in scored], each.question)
        left_out = read(text, each.left_out)
        reachable = any(answers(sentence, each.question) for sentence in each.sentences)
        found.append(Outcome(rank, reachable, scored[0][1], left_out[0][1] if left_out else 0.0))
    return found


def choosing(found: Sequence[Outcome]) -> dict[str, float]:
    """Return how often the sentence that answers comes first, or among two, and how scores tell that there is one."""
    from sklearn.metrics import roc_auc_score

    ranks = [outcome.rank for outcome in found if outcome.reachable]
    scores = [outcome.score for outcome in found], [outcome.left_out for outcome in found]
    return {
        "first": below(ranks, 1),
        "within two": below(ranks, 2),
        "of questions": len(ranks),
        "ROC AUC": float(
            roc_auc_score([1] * len(found) + [0] * len(found), [*scores[0], *scores[1]])
        ),
    }


def deciding(found: Sequence[Outcome], threshold: float) -> dict[str, float]:
    """Return what it means to answer from a score on: of the answerable, of the left out, and what is right of all."""
    answered = [outcome for outcome in found if outcome.score >= threshold]
    wrongly = [outcome for outcome in found if outcome.left_out >= threshold]
    right = sum(outcome.rank == 0 for outcome in answered)
    return {
        "of answerable": len(answered) / len(found),
        "of left out": len(wrongly) / len(found),
        "precision": right / max(1, len(answered) + len(wrongly)),
        "recall": right / len(found),
    }


def speed(
    reader: Reader, asked: Sequence[Candidates], index: ArticleIndex, embedder: RememberingEmbedder
) -> dict[str, float]:
    """Return how long it takes to read `SENTENCES` sentences, and to answer, once all is loaded; milliseconds."""
    different = {sentence.text: sentence for each in asked[:ROUNDS] for sentence in each.sentences}
    sentences = list(different.values())[:SENTENCES]
    assistant = Assistant(index)
    assistant.load()
    reading, answering = [], []
    for each in asked[:ROUNDS]:
        embedder.forget()
        embedder.embed_query(
            each.question.text
        )  # The search does, and the question's vector is remembered.
        began = time.perf_counter()
        reader.read(each.question.text, sentences, embedder)
        reading.append((time.perf_counter() - began) * 1000)
        embedder.forget()
        began = time.perf_counter()
        assistant.ask(each.question.text)
        answering.append((time.perf_counter() - began) * 1000)
    return {
        f"{what}, p{percent}": float(np.percentile(taken, percent))
        for what, taken in ((f"reading {SENTENCES}", reading), ("whole answer", answering))
        for percent in (50, 95)
    }


def draw(found: dict[str, list[Outcome]], threshold: float, path: Path) -> None:
    """Draw risk against coverage, and precision against recall, to a file."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4.2), layout="constrained")
    risk_axes, precision_axes = figure.subplots(1, 2)
    for name, outcomes_of in found.items():
        scores = np.array([outcome.score for outcome in outcomes_of])
        right = np.array([outcome.rank == 0 for outcome in outcomes_of])
        order = np.argsort(-scores)
        wrong = 1 - np.cumsum(right[order]) / np.arange(1, len(order) + 1)
        risk_axes.plot(np.arange(1, len(order) + 1) / len(order), wrong, label=name)
        decided = [deciding(outcomes_of, limit) for limit in sorted({o.score for o in outcomes_of})]
        precision_axes.plot(
            [d["recall"] for d in decided], [d["precision"] for d in decided], label=name
        )
    chosen = deciding(found["reader, its quote"], threshold)
    precision_axes.plot(
        chosen["recall"], chosen["precision"], "o", color="black", label="the threshold shipped"
    )
    risk_axes.set(
        xlabel="coverage: share of the answerable questions answered",
        ylabel="risk: share of wrong answers",
    )
    precision_axes.set(
        xlabel="recall: share of the answerable answered right",
        ylabel="precision, left out included",
    )
    for axes in (risk_axes, precision_axes):
        axes.set(xlim=(0, 1), ylim=(0, 1))
        axes.grid(alpha=0.3)
        axes.legend()
    figure.savefig(path)


def main(
    squad_file: Annotated[Path, typer.Argument(help="A file in SQuAD format.", show_default=False)],
    weights: Annotated[
        Path, typer.Option(help="The folder of the weights.", file_okay=False)
    ] = WEIGHTS,
    json_path: Annotated[
        Path | None, typer.Option("--json", help="Write all figures there.", dir_okay=False)
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Draw the curves there: .png or .svg.", dir_okay=False)
    ] = None,
) -> None:
    """Measure how the reader chooses, decides and hurries, beside choosing by likeness."""
    reader = Reader(weights)
    limit = reader.calibration.answer_threshold
    try:
        embedder = RememberingEmbedder()
        with opened(squad_file, embedder) as (index, articles, questions):
            asked = candidates(index, articles, questions)
            read, quote = by_reader(reader, embedder)
            found = {
                "reader": outcomes(asked, read),
                "reader, its quote": outcomes(asked, quote),
                "likeness": outcomes(asked, by_likeness(embedder)),
            }
            times = speed(reader, asked, index, embedder)
    except ArticleIndexError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    tables: dict[str, Rows] = {
        f"Choosing a sentence of {PASSAGES} chunks": {
            name: choosing(rows) for name, rows in found.items()
        },
        "Answering from a score on": {
            f"{score:.2f}{' = the threshold' * (score == limit)}": deciding(
                found["reader, its quote"], score
            )
            for score in sorted({0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, limit})
        },
        "Milliseconds": {"reader": times},
    }
    measured: dict[str, Any] = about(squad_file, articles, questions)
    tell(measured, tables)
    if json_path:
        save(json_path, measured, tables)
    if plot:
        draw(found, limit, plot)


if __name__ == "__main__":
    typer.run(main)
