"""`Reader`: readings of sentences, the step that finds the answer.

A small neural network (network.py), trained on public questions (training/), judges each sentence.
Its logit is combined with the likeness of sentence and question and with the score of the
sentence's passage. The weights, and the figures that they reach, are in assistant/reader/weights/.
"""

from __future__ import annotations

import hashlib
import json
import threading
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from assistant.errors import WeightsError
from assistant.question.kinds import lacks_kind
from assistant.reader.spans import best_span
from index.search.ranking import lexical_scores
from index.text.words import with_compounds_split

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from assistant.quoting.sentences import Sentence
    from assistant.reader.network import EncodedSentence, Network, SentenceLogits
    from index.embedding.embedder import Embedder
    from index.text.sentences import Span

WEIGHTS = Path(str(files("assistant.reader"))) / "weights"
SHIPPED_FILES = ("reader.safetensors", "calibration.json")
CHECKSUMS = "SHA256SUMS"
SHORTLIST = 5
"""Sentences that get a score: those with the highest logits."""
NO_ANSWER_LOGIT = -20.0
"""The logit of a sentence that has no token, or lacks the kind of answer that is wanted."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A sentence as an answer to a question.

    Attributes:
        sentence: The sentence.
        score: The probability that it answers, 0..1.
        span: The start and end of its answering words in the article, in characters.
        span_score: The probability of these words if the sentence answers, 0..1.
    """

    sentence: Sentence
    score: float
    span: Span
    span_score: float

    @property
    def odds(self) -> float:
        """The odds that the sentence answers: score / (1 - score)."""
        return self.score / max(1 - self.score, 1e-9)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The network's judgement of a sentence.

    Attributes:
        logit: The logit that the sentence answers.
        span: The start and end of its answering words in the article, in characters.
        span_score: The probability of these words if the sentence answers, 0..1.
    """

    logit: float
    span: Span
    span_score: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """The logistic regression that makes scores, and their thresholds.

    Attributes:
        weights: The weight of each feature (see `shortlist_features`).
        bias: The bias.
        answer_threshold: The score from which the best sentence answers, 0..1.
        quote_threshold: The score from which it is worth quoting, 0..1.
    """

    weights: tuple[float, ...]
    bias: float
    answer_threshold: float
    quote_threshold: float


class Reader:
    """Reads sentences with a question in mind. Threads may share it.

    The weights are loaded when they are first needed.
    """

    def __init__(self, folder: Path = WEIGHTS) -> None:
        """Read with the weights in a folder."""
        self._folder = folder
        self._loading = threading.Lock()

    def load(self) -> None:
        """Load the weights now. Raises `WeightsError`."""
        with self._loading:
            _ = self._network, self.calibration

    def read(
        self, question: str, sentences: Sequence[Sentence], embedder: Embedder
    ) -> list[Reading]:
        """Return readings of the `SHORTLIST` most promising sentences, the best first.

        Args:
            question: The standalone question.
            sentences: The sentences to read.
            embedder: Compares their meaning with the question's.

        Raises:
            WeightsError: The weights are missing or damaged.
        """
        return self.weigh(question, sentences, self.evidence(question, sentences), embedder)

    def weigh(
        self,
        question: str,
        sentences: Sequence[Sentence],
        evidence: Sequence[Evidence],
        embedder: Embedder,
    ) -> list[Reading]:
        """Return what `read` returns, but from evidence that is there already.

        Args:
            question: The standalone question.
            sentences: The sentences to weigh against each other.
            evidence: The network's evidence on each of them.
            embedder: Compares their meaning with the question's.

        Raises:
            WeightsError: The weights are missing or damaged.
        """
        if not sentences:
            return []
        numbers, features = shortlist_features(question, sentences, evidence, embedder)
        logits = features @ np.array(self.calibration.weights) + self.calibration.bias
        readings = [
            Reading(sentences[n], float(score), evidence[n].span, evidence[n].span_score)
            for n, score in zip(numbers, 1 / (1 + np.exp(-logits)), strict=True)
        ]
        return sorted(readings, key=lambda reading: -reading.score)

    def evidence(
        self,
        question: str,
        sentences: Sequence[Sentence],
        check_stopped: Callable[[], object] = lambda: None,
    ) -> list[Evidence]:
        """Return the network's evidence on each sentence, in the order given.

        Args:
            question: The standalone question.
            sentences: The sentences to read.
            check_stopped: Called before each batch; it raises to abort.

        Raises:
            WeightsError: The weights are missing or damaged.
        """
        if not sentences:
            return []
        from assistant.reader.network import QUESTION_TOKENS, SENTENCE_TOKENS, collate, encode
        from assistant.reader.windows import batches, windows_of

        # Split question and sentences into tokens.
        asked = encode([question], QUESTION_TOKENS)[0].ids
        encoded = encode([sentence.text for sentence in sentences], SENTENCE_TOKENS)
        # Load only the network: evidence is needed to make calibration.json in the first place.
        with self._loading:
            network = self._network
        # Read batch by batch, each of several windows.
        evidence: dict[int, Evidence] = {}
        for windows in batches(windows_of(sentences, encoded), encoded):
            check_stopped()
            batch = collate([(asked, [encoded[n] for n in window]) for window in windows])
            order = [number for window in windows for number in window]
            for number, logits in zip(order, network.read(batch), strict=True):
                evidence[number] = _evidence(sentences[number], encoded[number], logits)
        return [evidence[number] for number in range(len(sentences))]

    @cached_property
    def calibration(self) -> Calibration:
        """The calibration of the weights. Raises `WeightsError`."""
        values: dict[str, Any] = json.loads(self._read_file("calibration.json"))
        return Calibration(
            weights=tuple(values["weights"]),
            bias=values["bias"],
            answer_threshold=values["answer_threshold"],
            quote_threshold=values["quote_threshold"],
        )

    @cached_property
    def _network(self) -> Network:
        from assistant.reader.network import Network

        return Network(self._read_file("reader.safetensors"))

    def _read_file(self, name: str) -> bytes:
        """Return a file of the weights. Raises `WeightsError` if its checksum is wrong."""
        try:
            sums = (self._folder / CHECKSUMS).read_text(encoding="utf-8")
            content = (self._folder / name).read_bytes()
        except OSError as error:
            raise WeightsError(
                f"The reader's weights cannot be read: {error.filename}: {error.strerror}. "
                "Install the project again."
            ) from error
        if f"{hashlib.sha256(content).hexdigest()}  {name}" not in sums.splitlines():
            raise WeightsError(
                f"The reader's weights are damaged: {self._folder / name} does not match "
                f"{CHECKSUMS} beside it. Install the project again."
            )
        return content


def shortlist_features(
    question: str,
    sentences: Sequence[Sentence],
    evidence: Sequence[Evidence],
    embedder: Embedder,
) -> tuple[list[int], NDArray[np.float64]]:
    """Return the most promising sentences, with the features that their scores are made from.

    Args:
        question: The standalone question.
        sentences: The sentences to choose from, at least one.
        evidence: The network's evidence on each of them.
        embedder: Compares their meaning with the question's.

    Returns:
        The numbers of the sentences, and a row for each. Shape: (sentences, 4). Its columns are the
        margin of the logit over all others, the BM25 score, the cosine, and the passage's score.
    """
    # Rule out sentences without a number for "how many?", whatever the network says.
    logits = np.array([each.logit for each in evidence])
    logits[[lacks_kind(question, sentence.text) for sentence in sentences]] = NO_ANSWER_LOGIT
    shortlist = np.argsort(-logits, kind="stable")[:SHORTLIST].tolist()
    # The others include "no sentence answers", with a logit of 0.
    others = [np.logaddexp.reduce([0.0, *np.delete(logits, number)]) for number in shortlist]
    texts = [sentence.text for sentence in sentences]
    vectors = np.array(embedder.embed_documents([texts[number] for number in shortlist]))
    columns = [
        logits[shortlist] - others,
        lexical_scores(question, with_compounds_split(question, texts))[shortlist],
        vectors @ np.array(embedder.embed_query(question)),
        [sentences[number].passage_score for number in shortlist],
    ]
    return shortlist, np.column_stack(columns)


def _evidence(sentence: Sentence, encoded: EncodedSentence, logits: SentenceLogits) -> Evidence:
    """Return the evidence in the network's output for a sentence."""
    if not encoded.offsets:
        return Evidence(NO_ANSWER_LOGIT, (sentence.start, sentence.end), 0.0)
    (start, end), span_score = best_span(sentence.text, encoded, logits)
    return Evidence(logits.answer, (sentence.start + start, sentence.start + end), span_score)
