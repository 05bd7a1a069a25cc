"""Public questions → what the reader learns from: documents of sentences, and questions about them.

The files and their licences are listed in assistant/reader/weights/MODEL_CARD.md; none of them is part of the project.
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
"""How much of a corpus is seen in each pass."""
SHORTEST_QUESTION = 4
"""Words: a crowd worker's shorter question ("When?") could be about any sentence."""

_PUNCTUATION_BEFORE = re.compile(r"\s+([.,;:!?%)\]”’]|'s\b|n't\b|'(?:re|ve|ll|d|m)\b)")
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
        answers: The numbers of the answering sentences in the document; empty if it is unanswerable.
        span: The answer's characters in the first answering sentence, if they are known.
        trap: The number of a sentence that tempts to answer an unanswerable question, if known.
    """

    question: str
    document: int
    answers: tuple[int, ...]
    span: Span | None
    trap: int | None = None


@dataclass(frozen=True, slots=True)
class Corpus:
    """Documents, each a list of sentences in the order of the text, and questions about them.

    `share` is the part of the questions that is seen in a pass.
    """

    name: str
    documents: list[list[str]]
    examples: list[Example]
    share: float = 1.0


def read_all(folder: Path, held_back: KnownTexts | None = None) -> list[Corpus]:
    """Return the corpora to train on, without XQuAD's sentences: thresholds are set on these.

    Args:
        folder: The data.
        held_back: Further texts whose sentences are left out.
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
    """Return a text of the Penn Treebank's tokens as it is written.

    >>> untokenised("the bank -lrb- of norway -rrb- did n't say .")
    "the bank (of norway) didn't say."
    """
    text = " ".join(_TREEBANK.get(token.lower(), token) for token in text.split())
    return _PUNCTUATION_AFTER.sub(r"\1", _PUNCTUATION_BEFORE.sub(r"\1", text))


def _read_squad_lines(folder: Path, part: str, left_out: Callable[[str], bool]) -> Corpus:
    """Read the pairs of a sentence and a question: one long document, its sentences in the order of the articles."""
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
    """Read QAMR: an answer counts when one of its two validators gave one that overlaps it."""
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
    """Read PolicyQA: each website's policy is a document; an answer may reach over several sentences."""
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
                held = [number for number, span in enumerate(spans) if overlaps(span, (start, end))]
                if held:
                    first = spans[held[0]]
                    inside = (max(start, first[0]) - first[0], min(end, first[1]) - first[0])
                    answers = tuple(len(document) + number for number in held)
                    examples.append(
                        Example(qa["question"].strip(), len(documents), answers, inside)
                    )
            document += [text[start:end] for start, end in spans]
        documents.append(document)
    return Corpus(path.stem, documents, examples, SHARES["PolicyQA"])


def overlaps(sentence: Span, answer: Span) -> bool:
    """Tell whether a sentence and an answer share at least half of the shorter of the two."""
    shared = min(sentence[1], answer[1]) - max(sentence[0], answer[0])
    return 2 * shared >= min(sentence[1] - sentence[0], answer[1] - answer[0]) and shared > 0


def xquad_contexts(path: Path) -> list[str]:
    """Return XQuAD's paragraphs."""
    data: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["data"]
    return [paragraph["context"] for entry in data for paragraph in entry["paragraphs"]]


def _words(text: str) -> str:
    """Return a text's letters and digits, whatever stands between them: two spellings of a text are one."""
    return normalised(untokenised(text))


def _rows(path: Path) -> Iterator[list[str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        yield from csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)


def summary(corpora: Iterable[Corpus]) -> str:
    """Return how much there is of each corpus, a line each."""
    return "\n".join(
        f"{corpus.name}: {len(corpus.examples):,} questions, {sum(map(len, corpus.documents)):,} sentences"
        for corpus in corpora
    )
