"""How far a training has come: `python -m training.develop WEIGHTS SETS`, old weights beside new ones.

Each question is asked of its whole passage, on held-back contexts that nothing was learnt from; the
network is asked alone, without the search, the rules and the calibration around it.
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
"""The share of unanswerable questions that a threshold is to refuse."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A question with the sentences of its passage.

    Attributes:
        question: The question.
        sentences: The sentences, in the order of the text.
        answers: The numbers of the answering sentences; empty if it is unanswerable.
        words: The answer's words, if known.
    """

    question: str
    sentences: tuple[str, ...]
    answers: tuple[int, ...]
    words: str | None


@dataclass(frozen=True, slots=True)
class Read:
    """What the network says of a passage.

    Attributes:
        best: The number of the sentence with the highest logit.
        logit: This logit.
        words: The words that are pointed at in it.
    """

    best: int
    logit: float
    words: str


def sample(corpus: Corpus, size: int) -> list[Passage]:
    """Return some of a corpus's passages, always the same."""
    examples = list(corpus.examples)
    random.Random(1).shuffle(examples)
    return [_passage(corpus, example) for example in examples[:size]]


def _passage(corpus: Corpus, example: Example) -> Passage:
    document = tuple(corpus.documents[example.document])
    words = document[example.answers[0]][slice(*example.span)] if example.span else None
    return Passage(example.question, document, example.answers, words)


def without_answer(passage: Passage) -> Passage | None:
    """Return an answerable passage without its answering sentences; None if nothing is left."""
    left = tuple(
        sentence
        for number, sentence in enumerate(passage.sentences)
        if number not in passage.answers and not (passage.words and passage.words in sentence)
    )
    return Passage(passage.question, left, (), None) if passage.answers and left else None


def read(network: ReaderNetwork, start: Pretrained, passage: Passage) -> Read:
    """Return what a network says of a passage, read in windows as long as they may be."""
    asked = encode([passage.question], QUESTION_TOKENS, start.tokenizer)[0].ids
    encoded = encode(passage.sentences, SENTENCE_TOKENS, start.tokenizer)
    batch = collate([(asked, window) for window in _windows(encoded)], start.tokenizer)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=has_bfloat16()):
        logits = network(batch)
    best = int(logits.answers.argmax())
    inside = torch.from_numpy(batch.sentence_of == best)
    first = int(logits.starts[inside].argmax()) if inside.any() else 0
    last = int(logits.ends[inside][first:].argmax()) + first if inside.any() else 0
    offsets = encoded[best].offsets
    words = passage.sentences[best][offsets[first][0] : offsets[last][1]] if offsets else ""
    return Read(best, float(logits.answers[best]), words)


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
    """Return how well a network reads.

    "first": the sentence with the highest logit answers; "words": their F1 with the answer's, in these
    sentences; "AUC": answerable questions have higher logits than unanswerable ones, and "AUC, taken
    out" than themselves without their sentence; "at .8": right on the answerable where .8 of the
    unanswerable are refused.
    """
    answerable = [passage for passage in passages if passage.answers]
    unanswerable = [passage for passage in passages if not passage.answers]
    emptied = [left for passage in answerable if (left := without_answer(passage))]
    asked = [read(network, start, passage) for passage in answerable]
    none = [read(network, start, passage).logit for passage in unanswerable]
    taken_out = [read(network, start, passage).logit for passage in emptied]
    right = [
        found.best in passage.answers for found, passage in zip(asked, answerable, strict=True)
    ]
    pointed = [
        _f1(found.words, passage.words)
        for found, passage, is_right in zip(asked, answerable, right, strict=True)
        if is_right and passage.words
    ]
    logits = [found.logit for found in asked]
    return {
        "first": _mean(right),
        "words": _mean(pointed),
        "AUC": _auc(logits, none),
        "at .8": _right_where_refused(logits, right, none),
        "AUC, taken out": _auc(logits, taken_out),
        "at .8, taken out": _right_where_refused(logits, right, taken_out),
        "answerable": len(answerable),
        "unanswerable": len(unanswerable),
    }


def _f1(said: str, gold: str) -> float:
    from benchmarks.grading import f1

    return f1(said, gold)


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if len(values) else float("nan")


def _auc(high: Sequence[float], low: Sequence[float]) -> float:
    """Return how often one of the first is above one of the second (area under the ROC curve)."""
    from sklearn.metrics import roc_auc_score

    if not high or not low:
        return float("nan")
    return float(roc_auc_score([1] * len(high) + [0] * len(low), [*high, *low]))


def _right_where_refused(
    logits: Sequence[float], right: Sequence[bool], none: Sequence[float]
) -> float:
    """Return the share that is right and above the threshold under which `REFUSED` of the others are."""
    if not none:
        return float("nan")
    threshold = float(np.quantile(none, REFUSED))
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
        str, typer.Option(help="What the new weights began as: minilm, or a folder.")
    ] = MINILM,
    old: Annotated[
        Path, typer.Option(help="The folder of MiniLM weights to compare with.")
    ] = WEIGHTS,
    questions: Annotated[int, typer.Option(min=1, help="How many of each set, at most.")] = 300,
    only: Annotated[list[str] | None, typer.Option(help="The set to ask; repeat for more.")] = None,
) -> None:
    """Print figures of new and old weights on the same held-back questions, a table a set."""
    compared = {"old": (old, pretrained(MINILM)), "new": (weights, pretrained(encoder))}
    networks = {
        name: (network_of((folder / WEIGHTS_FILE).read_bytes(), start).eval(), start)
        for name, (folder, start) in compared.items()
    }
    for name in track(only or SETS, "Reading", console=ERR, transient=True):
        passages = sample(read_held_back(sets, name), questions)
        rows = {which: figures(*network, passages) for which, network in networks.items()}
        typer.echo(rendered(name, rows))


if __name__ == "__main__":
    typer.run(main)
