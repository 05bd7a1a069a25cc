"""Read public question files into corpora: documents of sentences, and questions about them.

assistant/reader/weights/MODEL_CARD.md lists the files and their licences; the project ships no
file of them.
"""

from __future__ import annotations

import csv
import json
import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from index.text.sentences import sentence_spans
from training.held_back import normalised

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from training.held_back import KnownTexts

Span = tuple[int, int]

SHARES = {"SQuAD lines": 0.3, "QAMR": 0.12, "PolicyQA": 0.15}
"""The share of each corpus that a pass draws."""
SHORTEST_QUESTION = 4
"""Words. A crowd worker's shorter question ("When?") could be about any sentence."""

# "norway ." → "norway.", "did n't" → "didn't"
_PUNCTUATION_BEFORE = re.compile(r"\s+([.,;:!?%)\]”’]|'s\b|n't\b|'(?:re|ve|ll|d|m)\b)")
# "( of norway" → "(of norway"
_PUNCTUATION_AFTER = re.compile(r"([(\[“‘$])\s+")
_TREEBANK = {
    "-lrb-": "(",
    "-rrb-": ")",
    "-lsb-": "[",
    "-rsb-": "]",
    "``": '"',
    "''": '"',
    "--": "–",
}


@dataclass(frozen=True, slots=True)
class Example:
    """A question about a document.

    Attributes:
        question: The question as it was asked.
        document: The number of the document in its `Corpus`.
        answers: The numbers of the answering sentences; empty if the question is unanswerable.
        span: The answer's characters in the first answering sentence, if known.
        trap: The number of a sentence with a tempting wrong answer to an unanswerable question,
            if known.
    """

    question: str
    document: int
    answers: tuple[int, ...]
    span: Span | None
    trap: int | None = None


@dataclass(frozen=True, slots=True)
class Corpus:
    """Documents and questions about them.

    Attributes:
        name: The name of the corpus.
        documents: The sentences of each document, in text order.
        examples: The questions.
        share: The share of questions that a pass draws, 0..1.
    """

    name: str
    documents: list[list[str]]
    examples: list[Example]
    share: float = 1.0


def read_all(folder: Path, held_back: KnownTexts | None = None) -> list[Corpus]:
    """Return the training corpora, without the XQuAD sentences used for thresholds.

    Args:
        folder: The folder of the training data.
        held_back: Further texts to keep out of training.
    """
    xquad = xquad_contexts(folder / "xquad-en.json")
    held_out = _words(" ".join(xquad))

    def left_out(sentence: str) -> bool:
        return _words(sentence) in held_out or (
            held_back is not None and held_back.overlap(sentence)
        )

    return [
        *(_read_squad_lines(folder, part, left_out) for part in ("dev", "test")),
        _read_qamr(folder),
        *(_read_policyqa(folder / f"policyqa-{part}.json") for part in ("dev", "test")),
    ]


def untokenised(text: str) -> str:
    """Join Penn Treebank tokens into ordinary text.

    >>> untokenised("the bank -lrb- of norway -rrb- did n't say .")
    "the bank (of norway) didn't say."
    """
    text = " ".join(_TREEBANK.get(token.lower(), token) for token in text.split())
    return _PUNCTUATION_AFTER.sub(r"\1", _PUNCTUATION_BEFORE.sub(r"\1", text))


def _read_squad_lines(folder: Path, part: str, left_out: Callable[[str], bool]) -> Corpus:
    """Read pairs of a sentence and a question into one long document.

    Args:
        folder: The folder of the training data.
        part: The part of SQuAD: dev or test.
        left_out: Tells whether to leave out a sentence.
    """
    sentences = (folder / f"squad-sentences-{part}.txt").read_text(encoding="utf-8").splitlines()
    questions = (folder / f"squad-questions-{part}.txt").read_text(encoding="utf-8").splitlines()
    document: dict[str, int] = {}
    examples = []
    for tokens, asked in zip(sentences, questions, strict=True):
        sentence = untokenised(tokens)
        if left_out(sentence):
            continue
        number = document.setdefault(sentence, len(document))
        examples.append(Example(untokenised(asked), 0, (number,), None))
    return Corpus(f"SQuAD lines, {part}", [list(document)], examples, SHARES["SQuAD lines"])


def _read_qamr(folder: Path) -> Corpus:
    """Read QAMR: an answer counts if a validator's answer shares a word with it."""
    # Gather the sentences of each document.
    documents: list[list[str]] = []
    places: dict[str, tuple[int, int]] = {}
    tokens_of: dict[str, list[str]] = {}
    by_document: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
    for name, text in _rows(folder / "qamr-sentences.tsv"):
        source, paragraph, sentence = name.rsplit(":", 2)
        by_document[source].append((int(paragraph), int(sentence), name))
        tokens_of[name] = [_TREEBANK.get(token.lower(), token) for token in text.split()]
    for names in by_document.values():
        for position, (_, _, name) in enumerate(sorted(names)):
            places[name] = (len(documents), position)
        documents.append([" ".join(tokens_of[name]) for _, _, name in sorted(names)])
    # Read the questions, and turn the answer's tokens into characters.
    examples: dict[tuple[str, str], Example] = {}
    for part in ("dev", "test"):
        for name, _, _, _, _, question, answer, *validations in _rows(folder / f"qamr-{part}.tsv"):
            given = {int(token) for token in answer.split()}
            confirmed = any(given & _validated(validation) for validation in validations)
            if not confirmed or len(question.split()) < SHORTEST_QUESTION:
                continue
            document, position = places[name]
            tokens = tokens_of[name]
            start = sum(len(token) + 1 for token in tokens[: min(given)])
            end = sum(len(token) + 1 for token in tokens[: max(given) + 1]) - 1
            examples[name, question] = Example(question, document, (position,), (start, end))
    return Corpus("QAMR", documents, list(examples.values()), SHARES["QAMR"])


def _validated(validation: str) -> set[int]:
    tokens = validation.partition(":")[2]
    return {int(token) for token in tokens.split() if token.isdigit()}


def _read_policyqa(path: Path) -> Corpus:
    """Read PolicyQA: a document for each website's policy; an answer may span sentences."""
    documents: list[list[str]] = []
    examples = []
    for entry in json.loads(path.read_text(encoding="utf-8"))["data"]:
        document: list[str] = []
        for paragraph in entry["paragraphs"]:
            text = paragraph["context"]
            spans = sentence_spans(text, "en")
            for qa in paragraph["qas"]:
                answer = qa["answers"][0]
                start, end = answer["answer_start"], answer["answer_start"] + len(answer["text"])
                numbers = [
                    number for number, span in enumerate(spans) if overlaps(span, (start, end))
                ]
                if numbers:
                    first = spans[numbers[0]]
                    inside = (max(start, first[0]) - first[0], min(end, first[1]) - first[0])
                    answers = tuple(len(document) + number for number in numbers)
                    examples.append(
                        Example(qa["question"].strip(), len(documents), answers, inside)
                    )
            document += [text[start:end] for start, end in spans]
        documents.append(document)
    return Corpus(path.stem, documents, examples, SHARES["PolicyQA"])


def overlaps(sentence: Span, answer: Span) -> bool:
    """Tell whether a sentence and an answer overlap by half of the shorter one."""
    shared = min(sentence[1], answer[1]) - max(sentence[0], answer[0])
    return 2 * shared >= min(sentence[1] - sentence[0], answer[1] - answer[0]) and shared > 0


def xquad_contexts(path: Path) -> list[str]:
    """Return XQuAD's paragraphs."""
    data: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["data"]
    return [paragraph["context"] for entry in data for paragraph in entry["paragraphs"]]


def _words(text: str) -> str:
    """Return a text's letters and digits, so that spacing and punctuation do not matter."""
    return normalised(untokenised(text))


def _rows(path: Path) -> Iterator[list[str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        yield from csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)


def summary(corpora: Iterable[Corpus]) -> str:
    """Return the size of each corpus, a line each."""
    lines = []
    for corpus in corpora:
        sentences = sum(map(len, corpus.documents))
        lines.append(f"{corpus.name}: {len(corpus.examples):,} questions, {sentences:,} sentences")
    return "\n".join(lines)
