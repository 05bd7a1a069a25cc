"""Make training items with a verdict from yes/no questions and claims with their evidence.

A claim is encoded like a question: `[CLS] claim [SEP] evidence … [SEP]`.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.reader.network import QUESTION_TOKENS, SENTENCE_TOKENS, WINDOW_TOKENS, encode
from index.text.sentences import sentence_spans
from training.held_back import is_held_back
from training.items import Item, Verdict
from training.question_sets import question_rows

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator
    from pathlib import Path

    from tokenizers import Tokenizer

    from assistant.reader.network import EncodedSentence
    from training.held_back import KnownTexts

PAIRS = "pairs"
SHARES = {
    "boolq": 1.0,
    "condaqa": 0.6,
    "pubmedqa": 1.0,
    "strategyqa": 0.5,
    "hotpotqa": 1.0,
    PAIRS: 0.5,
}
"""The share of each set that a pass draws."""
ELSEWHERE = 0.2
"""The share of yes/no questions paired with another passage; their verdict is neither."""

YES, NO, NEITHER = 0, 1, 2
ENTAILED, CONTRADICTED, UNRELATED = 3, 4, 5
"""Indexes of the network's verdict logits: three for a question, three for a claim."""
QUESTION = (YES, NO, NEITHER)
CLAIM = (ENTAILED, CONTRADICTED, UNRELATED)
LABELS = {
    "entailment": (ENTAILED,),
    "paraphrase": (ENTAILED,),
    "contradiction": (CONTRADICTED,),
    "neutral": (UNRELATED,),
    "partial": (UNRELATED,),
    "not_entailment": (CONTRADICTED, UNRELATED),
    "not_paraphrase": (CONTRADICTED, UNRELATED),
}
"""The verdicts that each label of a pair allows; pairs with other labels are left out."""


@dataclass(frozen=True, slots=True)
class JudgedText:
    """A question or claim with evidence and a verdict.

    Attributes:
        text: The question or claim.
        evidence: The sentences of the evidence.
        verdict: The verdict.
        share: The probability of the text in a pass.
    """

    text: str
    evidence: tuple[str, ...]
    verdict: Verdict
    share: float


def read_judged(folder: Path, held_back: KnownTexts | None) -> list[JudgedText]:
    """Read questions and claims with a verdict.

    Args:
        folder: The folder of question sets.
        held_back: The texts to keep out of training; None to read the held-back tenth instead.
    """

    def wanted(evidence: str) -> bool:
        if held_back is None:
            return is_held_back(evidence)
        return not is_held_back(evidence) and not held_back.overlap(evidence)

    judged = [
        JudgedText(
            row["b"], _sentences(row["a"]), Verdict(CLAIM, LABELS[row["label"]]), SHARES[PAIRS]
        )
        for row in _pairs(folder)
        if row["label"] in LABELS and wanted(row["a"])
    ]
    for name, share in SHARES.items():
        for row in question_rows(folder, name) if name != PAIRS else ():
            label = row.get("yes_no") if row["answerable"] else "neither"
            if label and wanted(row["context"]):
                verdict = Verdict(QUESTION, ({"yes": YES, "no": NO, "neither": NEITHER}[label],))
                judged.append(JudgedText(row["question"], _evidence(row), verdict, share))
    return judged


def _pairs(folder: Path) -> Iterator[dict[str, str]]:
    path = folder / f"{PAIRS}.jsonl.gz"
    if not path.exists():
        return
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _sentences(text: str) -> tuple[str, ...]:
    return tuple(text[start:end] for start, end in sentence_spans(text, "en"))


def _evidence(row: dict[str, object]) -> tuple[str, ...]:
    """Return a passage's sentences; only the marked ones if it is very long."""
    context, marked = str(row["context"]), row.get("evidence")
    if isinstance(marked, list) and len(context) > WINDOW_TOKENS * 4:
        return tuple(each["text"] for each in marked)
    return _sentences(context)


class VerdictMaker:
    """Makes items from questions and claims with a verdict."""

    def __init__(self, judged: list[JudgedText], tokenizer: Tokenizer) -> None:
        """Keep the questions and claims."""
        self._judged = judged
        self._tokenizer = tokenizer

    def items(self, generator: random.Random) -> Iterator[Item]:
        """Yield items endlessly, pass after pass; nothing if there are no questions or claims."""
        while self._judged:
            seen = [each for each in self._judged if generator.random() < each.share]
            generator.shuffle(seen)
            for each in seen:
                yield self._item(each, generator)

    def _item(self, judged: JudgedText, generator: random.Random) -> Item:
        evidence, verdict = judged.evidence, judged.verdict
        if verdict.among == QUESTION and generator.random() < ELSEWHERE:
            other = generator.choice(self._judged)
            if other.verdict.among == QUESTION and other.evidence != evidence:
                evidence, verdict = other.evidence, Verdict(QUESTION, (NEITHER,))
        # Fill one window with as much evidence as fits.
        asked = encode([judged.text], QUESTION_TOKENS, self._tokenizer)[0]
        window: list[EncodedSentence] = []
        room = WINDOW_TOKENS
        for sentence in encode(evidence, SENTENCE_TOKENS, self._tokenizer):
            if window and len(sentence.ids) > room:
                break
            window.append(sentence)
            room -= len(sentence.ids)
        return Item(asked.ids, (tuple(window),), (), None, verdict)
