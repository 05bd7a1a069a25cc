"""Question + sentences → for each the probability that it answers, and the words that do: the step that chooses.

The reader is a small network of the project's own (network.py), trained on public questions (training/). What it makes
of a sentence is weighed with how alike sentence and question are, and how well the sentence's passage was found. Its
weights, and the figures they reached, are in assistant/reader/weights/.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from assistant.errors import WeightsError
from assistant.question.kinds import lacks_kind
from index.search.ranking import lexical_scores
from index.text.words import with_compounds_split

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from assistant.quoting.sentences import Sentence
    from assistant.reader.network import EncodedSentence, Network, SentenceLogits
    from index.embedding.embedder import Embedder
    from index.text.sentences import Span

WEIGHTS = Path(str(files("assistant.reader"))) / "weights"
SHIPPED_FILES = ("reader.safetensors", "calibration.json")
CHECKSUMS = "SHA256SUMS"
BATCH_TOKENS = 2_048
"""Tokens that pass through the network at once; more would be slower for the memory that they take."""
LONGEST_SPAN = 40
"""Tokens."""
SHORTLIST = 5
"""How many of the sentences that the network likes best are weighed."""
NOTHING_READ = -20.0
"""The logit of a sentence that has no token, or nothing of the kind that is asked for: it does not answer."""

_MARK_IN_NUMBER = re.compile(r"\d[.,:]\d")


@dataclass(frozen=True, slots=True)
class Reading:
    """A sentence as an answer to a question.

    `score` is the probability, 0..1, that it answers. `span` holds the characters of the article that are the answering
    words in it, whole words, and `span_score` the probability, 0..1, that they are if the sentence answers.
    """

    sentence: Sentence
    score: float
    span: Span
    span_score: float

    @property
    def odds(self) -> float:
        """How much likelier it is that the sentence answers than that it does not."""
        return self.score / max(1 - self.score, 1e-9)


@dataclass(frozen=True, slots=True)
class Calibration:
    """How a score is made (logistic regression: a weight for each feature, and a bias), and what to make of it.

    With the best score at `answer_threshold` or above, the sentence answers; at `quote_threshold` or above it is worth
    quoting; below, the articles do not answer.
    """

    weights: tuple[float, ...]
    bias: float
    answer_threshold: float
    quote_threshold: float


class Reader:
    """Reads sentences with a question in mind. Its weights are loaded when they are first needed; threads share one."""

    def __init__(self, folder: Path = WEIGHTS) -> None:
        """Name the folder of the weights; nothing is read yet."""
        self._folder = folder
        self._loading = threading.Lock()

    def load(self) -> None:
        """Load the weights now rather than at the first question. Raises `WeightsError`."""
        with self._loading:
            _ = self._network, self.calibration

    def read(
        self, question: str, sentences: Sequence[Sentence], embedder: Embedder
    ) -> list[Reading]:
        """Return a reading of each of the `SHORTLIST` most promising sentences, the best first.

        Raises `WeightsError`.
        """
        return self.weigh(question, sentences, self.evidence(question, sentences), embedder)

    def weigh(
        self,
        question: str,
        sentences: Sequence[Sentence],
        evidence: Sequence[Evidence],
        embedder: Embedder,
    ) -> list[Reading]:
        """Return what `read` does of sentences for which there is evidence, as if there were no others."""
        if not sentences:
            return []
        shortlist, rows = weighable(question, sentences, evidence, embedder)
        scores = 1 / (
            1 + np.exp(-rows @ np.array(self.calibration.weights) - self.calibration.bias)
        )
        readings = [
            Reading(
                sentences[number], float(score), evidence[number].span, evidence[number].span_score
            )
            for number, score in zip(shortlist, scores, strict=True)
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
            question: The question.
            sentences: The sentences to read.
            check_stopped: Called before each batch; it raises to abort.

        Raises:
            WeightsError: The weights are missing or damaged.
        """
        if not sentences:
            return []
        from assistant.reader.network import LONGEST_QUESTION, LONGEST_SENTENCE, collate, encode

        asked = encode([question], LONGEST_QUESTION)[0].ids
        encoded = encode([sentence.text for sentence in sentences], LONGEST_SENTENCE)
        with self._loading:
            network = self._network  # Its calibration may not be there yet: it is made of evidence.
        found: dict[int, Evidence] = {}
        for windows in _batches(_windows(sentences, encoded), encoded):
            check_stopped()
            batch = collate([(asked, [encoded[number] for number in window]) for window in windows])
            order = [number for window in windows for number in window]
            for number, logits in zip(order, network.read(batch), strict=True):
                found[number] = _evidence(sentences[number], encoded[number], logits)
        return [found[number] for number in range(len(sentences))]

    @cached_property
    def calibration(self) -> Calibration:
        """How scores are made and read."""
        held: dict[str, Any] = json.loads(self._checked("calibration.json"))
        return Calibration(
            tuple(held["weights"]), held["bias"], held["answer_threshold"], held["quote_threshold"]
        )

    @cached_property
    def _network(self) -> Network:
        from assistant.reader.network import Network

        return Network(self._checked("reader.safetensors"))

    def _checked(self, name: str) -> bytes:
        """Return the content of a file of the weights, which is what its checksum says."""
        try:
            sums = (self._folder / CHECKSUMS).read_text(encoding="utf-8")
            content = (self._folder / name).read_bytes()
        except OSError as error:
            raise WeightsError(
                f"The reader's weights cannot be read: {error.filename}: {error.strerror}. Install the project again."
            ) from error
        if f"{hashlib.sha256(content).hexdigest()}  {name}" not in sums.splitlines():
            raise WeightsError(
                f"The reader's weights are damaged: {self._folder / name} is not the file that {CHECKSUMS} beside it "
                "names. Install the project again."
            )
        return content


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the network makes of a sentence: a logit for "it answers", and the words that do with their probability."""

    logit: float
    span: Span
    span_score: float


def weighable(
    question: str, sentences: Sequence[Sentence], evidence: Sequence[Evidence], embedder: Embedder
) -> tuple[list[int], np.ndarray]:
    """Return the numbers of the sentences that the network likes best, and what their scores are made of, a row each.

    These are how far the network's logit is above those of all other sentences together and of "none" (a logit of 0),
    the sentence's BM25 score and cosine, and the score of its passage. A sentence without a number does not answer "how
    many?", whatever the network says.
    """
    logits = np.array([found.logit for found in evidence])
    logits[[lacks_kind(question, sentence.text) for sentence in sentences]] = NOTHING_READ
    shortlist = np.argsort(-logits, kind="stable")[:SHORTLIST].tolist()
    others = [np.logaddexp.reduce([0.0, *np.delete(logits, number)]) for number in shortlist]
    texts = [sentence.text for sentence in sentences]
    vectors = np.array(embedder.embed_documents([texts[number] for number in shortlist]))
    rows = [
        logits[shortlist] - others,
        lexical_scores(question, with_compounds_split(question, texts))[shortlist],
        vectors @ np.array(embedder.embed_query(question)),
        [sentences[number].passage_score for number in shortlist],
    ]
    return shortlist, np.column_stack(rows)


def _windows(sentences: Sequence[Sentence], encoded: Sequence[EncodedSentence]) -> list[list[int]]:
    """Return the numbers of the sentences in windows: those that follow one another in a text are read together."""
    from assistant.reader.network import LONGEST_WINDOW

    order = sorted(range(len(sentences)), key=lambda number: _place(sentences[number]))
    windows: list[list[int]] = []
    tokens = 0
    for number in order:
        tokens += len(encoded[number].ids)
        if (
            not windows
            or tokens > LONGEST_WINDOW
            or not sentences[windows[-1][-1]].leads_to(sentences[number])
        ):
            windows.append([])
            tokens = len(encoded[number].ids)
        windows[-1].append(number)
    return windows


def _place(sentence: Sentence) -> tuple[str, str, int]:
    return sentence.article.id, sentence.article.version, sentence.start


def _batches(
    windows: list[list[int]], encoded: Sequence[EncodedSentence]
) -> Iterator[list[list[int]]]:
    """Yield windows of about equal length in batches of at most `BATCH_TOKENS`, or of one window."""
    batch: list[list[int]] = []
    for tokens, window in sorted(
        (sum(len(encoded[number].ids) for number in window), window) for window in windows
    ):
        if batch and (len(batch) + 1) * tokens > BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(window)
    yield batch


def _evidence(sentence: Sentence, encoded: EncodedSentence, logits: SentenceLogits) -> Evidence:
    """Return what the logits say of a sentence."""
    if not encoded.offsets:
        return Evidence(NOTHING_READ, (sentence.start, sentence.end), 0.0)
    starts, ends = _softmax(logits.starts), _softmax(logits.ends)
    both = np.outer(starts, ends)
    spans = np.triu(both) - np.triu(both, LONGEST_SPAN)
    first, last = divmod(int(spans.argmax()), len(ends))
    start, end = _whole_words(sentence.text, encoded.offsets[first][0], encoded.offsets[last][1])
    span = sentence.start + start, sentence.start + end
    return Evidence(logits.answer, span, float(spans[first, last]))


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    shares: NDArray[np.float32] = np.exp(logits - logits.max())
    shares /= shares.sum()
    return shares


def _whole_words(text: str, start: int, end: int) -> Span:
    """Return a span that breaks no word and no number such as 27,534 or 1.82:1, of which the tokens are parts."""
    while 0 < start < len(text) and _is_inside(text, start):
        start -= 1
    while 0 < end < len(text) and _is_inside(text, end):
        end += 1
    return start, end


def _is_inside(text: str, at: int) -> bool:
    """Return whether no word ends before a character: it is amid letters and digits, or amid a number's digits."""
    if _is_word(text[at - 1]) and _is_word(text[at]):
        return True
    return any(
        _MARK_IN_NUMBER.fullmatch(text, begin, begin + 3)
        for begin in (at - 2, at - 1)
        if begin >= 0
    )


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"
