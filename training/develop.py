"""Compare new weights with old ones: `python -m training.develop WEIGHTS SETS`.

The questions come from held-back contexts that training never saw. The network reads each
question's whole passage by itself: no search, rules or calibration take part.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path  # noqa: TC003  # typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import numpy as np
import torch
import typer
from rich.progress import track

from assistant.reader.network import (
    QUESTION_TOKENS,
    SENTENCE_TOKENS,
    WINDOW_TOKENS,
    EncodedSentence,
    collate,
    encode,
)
from assistant.reader.reader import WEIGHTS
from benchmarks.measuring import ERR, rendered
from index.embedding.embedder import has_bfloat16
from training.network import MINILM, WEIGHTS_FILE, Pretrained, network_of, pretrained
from training.question_sets import CALIBRATION, read_held_back

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training.network import ReaderNetwork
    from training.reader_data import Corpus, Example

SETS = (
    "squad2-dev-half",
    "squad2-test-half",
    CALIBRATION,
    "disfl-qa",
    "qed-nq",
    "tydiqa-en",
    "timeqa",
    "selqa",
    "squadshifts-new",
    "squadshifts-reddit",
    "squadshifts-amazon",
    "fairytaleqa",
)
REFUSED = 0.8
"""The share of unanswerable questions that the measured threshold refuses."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A question with the sentences of its passage.

    Attributes:
        question: The question.
        sentences: The sentences in text order.
        answers: The numbers of the answering sentences; empty if the question is unanswerable.
        words: The answer's words, if known.
    """

    question: str
    sentences: tuple[str, ...]
    answers: tuple[int, ...]
    words: str | None


@dataclass(frozen=True, slots=True)
class PassageReading:
    """The network's answer from a passage.

    Attributes:
        best: The number of the sentence with the highest logit.
        logit: The logit of the best sentence.
        words: The answer's words in the best sentence.
    """

    best: int
    logit: float
    words: str


def sample(corpus: Corpus, size: int) -> list[Passage]:
    """Return a random sample of a corpus's passages, with a fixed seed."""
    examples = list(corpus.examples)
    random.Random(1).shuffle(examples)
    return [_passage(corpus, example) for example in examples[:size]]


def _passage(corpus: Corpus, example: Example) -> Passage:
    document = tuple(corpus.documents[example.document])
    words = document[example.answers[0]][slice(*example.span)] if example.span else None
    return Passage(example.question, document, example.answers, words)


def without_answer(passage: Passage) -> Passage | None:
    """Return an answerable passage without its answering sentences; None if nothing is left."""
    kept = tuple(
        sentence
        for number, sentence in enumerate(passage.sentences)
        if number not in passage.answers and not (passage.words and passage.words in sentence)
    )
    return Passage(passage.question, kept, (), None) if passage.answers and kept else None


def read(network: ReaderNetwork, start: Pretrained, passage: Passage) -> PassageReading:
    """Read a passage in windows of the largest size.

    Args:
        network: The network, in evaluation mode.
        start: The pretrained encoder, for its tokenizer.
        passage: The passage to read.
    """
    # Run the network on all windows of the passage.
    question = encode([passage.question], QUESTION_TOKENS, start.tokenizer)[0].ids
    encoded = encode(passage.sentences, SENTENCE_TOKENS, start.tokenizer)
    batch = collate([(question, window) for window in _windows(encoded)], start.tokenizer)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=has_bfloat16()):
        logits = network(batch)
    # Take the best sentence, and the answer's words in it.
    best = int(logits.answers.argmax())
    inside = torch.from_numpy(batch.sentence_of == best)
    first = int(logits.starts[inside].argmax()) if inside.any() else 0
    last = int(logits.ends[inside][first:].argmax()) + first if inside.any() else 0
    offsets = encoded[best].offsets
    words = passage.sentences[best][offsets[first][0] : offsets[last][1]] if offsets else ""
    return PassageReading(best, float(logits.answers[best]), words)


def _windows(encoded: Sequence[EncodedSentence]) -> list[list[EncodedSentence]]:
    windows: list[list[EncodedSentence]] = [[]]
    room = WINDOW_TOKENS
    for sentence in encoded:
        if windows[-1] and len(sentence.ids) > room:
            windows.append([])
            room = WINDOW_TOKENS
        windows[-1].append(sentence)
        room -= len(sentence.ids)
    return windows


def figures(
    network: ReaderNetwork, start: Pretrained, passages: Sequence[Passage]
) -> dict[str, float]:
    """Measure how well a network reads passages.

    Args:
        network: The network, in evaluation mode.
        start: The pretrained encoder, for its tokenizer.
        passages: Answerable and unanswerable passages.

    Returns:
        first: The share of answerable questions whose best sentence answers.
        words: The mean F1 of the words in correct best sentences.
        AUC: How well logits separate answerable questions from unanswerable ones.
        at .8: The share of answerable questions answered correctly above the threshold that
            refuses .8 of the unanswerable questions.
        AUC, taken out; at .8, taken out: The same against passages without their answers.
        answerable; unanswerable: The numbers of questions.
    """
    answerable = [passage for passage in passages if passage.answers]
    unanswerable = [passage for passage in passages if not passage.answers]
    emptied = [rest for passage in answerable if (rest := without_answer(passage))]
    readings = [read(network, start, passage) for passage in answerable]
    low = [read(network, start, passage).logit for passage in unanswerable]
    taken_out = [read(network, start, passage).logit for passage in emptied]
    right = [
        reading.best in passage.answers
        for reading, passage in zip(readings, answerable, strict=True)
    ]
    logits = [reading.logit for reading in readings]
    return {
        "first": _mean(right),
        "words": _mean(_word_scores(readings, answerable)),
        "AUC": _auc(logits, low),
        "at .8": _right_where_refused(logits, right, low),
        "AUC, taken out": _auc(logits, taken_out),
        "at .8, taken out": _right_where_refused(logits, right, taken_out),
        "answerable": len(answerable),
        "unanswerable": len(unanswerable),
    }


def _word_scores(readings: Sequence[PassageReading], passages: Sequence[Passage]) -> list[float]:
    """Return the F1 of the words in each correct best sentence."""
    from benchmarks.grading import f1

    return [
        f1(reading.words, passage.words)
        for reading, passage in zip(readings, passages, strict=True)
        if passage.words and reading.best in passage.answers
    ]


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if len(values) else float("nan")


def _auc(high: Sequence[float], low: Sequence[float]) -> float:
    """Return the area under the ROC curve of two groups of scores."""
    from sklearn.metrics import roc_auc_score

    if not high or not low:
        return float("nan")
    return float(roc_auc_score([1] * len(high) + [0] * len(low), [*high, *low]))


def _right_where_refused(
    logits: Sequence[float], right: Sequence[bool], low: Sequence[float]
) -> float:
    """Return the share of correct answers above the refusing threshold.

    Args:
        logits: The logits of the answerable questions.
        right: Whether each answer is right.
        low: The logits of the unanswerable questions; the threshold is their `REFUSED` quantile.
    """
    if not low:
        return float("nan")
    threshold = float(np.quantile(low, REFUSED))
    return _mean(
        [is_right and logit > threshold for logit, is_right in zip(logits, right, strict=True)]
    )


def main(
    weights: Annotated[
        Path, typer.Argument(help="The folder of the new weights.", exists=True, file_okay=False)
    ],
    sets: Annotated[
        Path, typer.Argument(help="The folder of question sets.", exists=True, file_okay=False)
    ],
    encoder: Annotated[
        str, typer.Option(help="The new weights' pretrained encoder: minilm, or a folder.")
    ] = MINILM,
    old: Annotated[
        Path, typer.Option(help="The folder of MiniLM weights to compare with.")
    ] = WEIGHTS,
    questions: Annotated[
        int, typer.Option(min=1, help="The most questions to ask from each set.")
    ] = 300,
    only: Annotated[list[str] | None, typer.Option(help="The set to ask; repeat for more.")] = None,
) -> None:
    """Compare new and old weights on the same held-back questions, a table for each set."""
    compared = {"old": (old, pretrained(MINILM)), "new": (weights, pretrained(encoder))}
    networks = {
        name: (network_of((folder / WEIGHTS_FILE).read_bytes(), start).eval(), start)
        for name, (folder, start) in compared.items()
    }
    for name in track(only or SETS, "Reading", console=ERR, transient=True):
        passages = sample(read_held_back(sets, name), questions)
        rows = {label: figures(*network, passages) for label, network in networks.items()}
        typer.echo(rendered(name, rows))


if __name__ == "__main__":
    typer.run(main)
