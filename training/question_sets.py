"""Read question sets into corpora, split into a training part and a held-back tenth.

Each set is a file `NAME.jsonl.gz`. A line is one question with the fields `question, context,
answers, evidence, plausible, answerable, yes_no`. The model card lists the sets and their
licences; the project ships no set.
"""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

from index.text.sentences import sentence_spans
from training.held_back import KnownTexts, is_held_back
from training.reader_data import Corpus, Example, overlaps, xquad_contexts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from training.reader_data import Span

CALIBRATION = "squad2-calibration"
"""The set for choosing thresholds. It is never trained on."""
WHOLE = 0.9
"""An answer with at least this share of a sentence's characters counts as the whole sentence."""
SHARES = {
    # Unanswerable questions written by people, with tempting words in the passage.
    "squad2-dev-half": 1.0,
    "squad2-test-half": 1.0,
    "squad2-train-part": 0.8,
    "disfl-qa": 0.2,
    "qnli": 0.3,
    "squad1-abstract-synthetic": 0.5,
    "fitz-gov": 0.5,
    # Questions that people asked before they saw the text.
    "qed-nq": 1.0,
    "tydiqa-en": 1.0,
    "multispanqa": 1.0,
    "timeqa": 0.8,
    # Questions about a given text.
    "squad1-part": 0.5,
    "squad1-mrqa-part": 0.5,
    "squadshifts-new": 0.7,
    "selqa": 1.0,
    "mlqa-en": 1.0,
    "hotpotqa": 1.0,
    # Reviews, forums, fiction, scripts.
    "squadshifts-reddit": 0.35,
    "squadshifts-amazon": 0.3,
    "fairytaleqa": 0.4,
    "friendsqa": 0.3,
    # Yes or no, with the sentences that decide it.
    "condaqa": 0.8,
    "strategyqa": 0.3,
    # Questions in the sentence's own words.
    "qadiscourse": 0.25,
    "qasrl-gs": 0.1,
    # Rows of tables.
    "wtq": 0.25,
    "fetaqa": 0.25,
    "tatqa": 0.4,
}
"""The share of each set that a pass draws, so that no kind of question outweighs the others."""


def read_sets(folder: Path, held_back: KnownTexts) -> list[Corpus]:
    """Return the training corpora, without the held-back tenth and texts that overlap with it."""
    excluded: dict[str, bool] = {}

    def wanted(context: str) -> bool:
        if context not in excluded:
            excluded[context] = is_held_back(context) or held_back.overlap(context)
        return not excluded[context]

    corpora = []
    for name, share in SHARES.items():
        rows = (row for row in question_rows(folder, name) if wanted(row["context"]))
        corpora.append(corpus_of(name, rows, share))
    return corpora


def held_back_texts(folder: Path, old: Path) -> KnownTexts:
    """Return the texts kept out of training: the held-back tenth, XQuAD and calibration."""
    texts = set(xquad_contexts(old / "xquad-en.json"))
    texts |= {row["context"] for row in question_rows(folder, CALIBRATION)}
    for name in SHARES:
        texts |= {
            row["context"] for row in question_rows(folder, name) if is_held_back(row["context"])
        }
    return KnownTexts(texts)


def read_held_back(folder: Path, name: str) -> Corpus:
    """Return the held-back tenth of a set, or all of the calibration set."""
    rows = question_rows(folder, name)
    if name != CALIBRATION:
        rows = (row for row in rows if is_held_back(row["context"]))
    return corpus_of(name, rows)


def corpus_of(name: str, rows: Iterable[dict[str, Any]], share: float = 1.0) -> Corpus:
    """Build a corpus: a document for each context, an example for each question.

    Args:
        name: The name of the set.
        rows: The lines of the set, parsed.
        share: The share of questions that a pass draws.
    """
    documents: dict[str, int] = {}
    spans_of: list[list[Span]] = []
    examples = []
    for row in rows:
        number = documents.setdefault(row["context"], len(documents))
        if number == len(spans_of):
            spans_of.append(list(sentence_spans(row["context"], "en")))
        if example := _example(row, number, spans_of[number]):
            examples.append(example)
    texts = [
        [context[start:end] for start, end in spans]
        for context, spans in zip(documents, spans_of, strict=True)
    ]
    return Corpus(name, texts, examples, share)


def _example(row: dict[str, Any], document: int, spans: list[Span]) -> Example | None:
    """Build a line's example.

    Args:
        row: The parsed line.
        document: The number of the line's document.
        spans: The sentences of the document, as spans of characters.

    Returns:
        The example, or None if the question is answerable but no sentence holds the answer.
    """
    question = row["question"].strip()
    if not row["answerable"]:
        traps = _sentences(spans, row.get("plausible", ()))
        return Example(question, document, (), None, traps[0] if traps else None)
    marked = row.get("evidence") or row["answers"]
    answering = _sentences(spans, marked)
    if not answering:
        return None
    return Example(question, document, answering, _words(row, spans[answering[0]]))


def _words(row: dict[str, Any], sentence: Span) -> Span | None:
    """Return an answer's characters in a sentence; None if it is the whole sentence."""
    start, end = sentence
    for begin, stop in _spans(row["answers"]):
        if start <= begin < end:
            words = (begin - start, min(stop, end) - start)
            return words if words[1] - words[0] < WHOLE * (end - start) else None
    return None


def _sentences(spans: list[Span], marked: Iterable[dict[str, Any]]) -> tuple[int, ...]:
    """Return the numbers of the sentences with marked words, in text order."""
    places = _spans(marked)
    held = (any(overlaps(span, place) for place in places) for span in spans)
    return tuple(number for number, holds in enumerate(held) if holds)


def _spans(marked: Iterable[dict[str, Any]]) -> list[Span]:
    return [(each["start"], each["start"] + len(each["text"])) for each in marked]


def question_rows(folder: Path, name: str) -> Iterator[dict[str, Any]]:
    """Yield a set's English lines with a context; nothing if the folder lacks the set."""
    path = folder / f"{name}.jsonl.gz"
    if not path.exists():
        return
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if row.get("context") and row.get("lang", "en") == "en" and row["question"].strip():
                yield row
