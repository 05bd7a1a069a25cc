"""Training items: a question, windows of sentences, and the expected answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assistant.reader.network import EncodedSentence


@dataclass(frozen=True, slots=True)
class Verdict:
    """A verdict on a question or claim.

    Attributes:
        among: The possible verdicts, as indexes of the network's verdict logits.
        right: The correct verdicts, as indexes of the same logits.
    """

    among: tuple[int, ...]
    right: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """A question with windows of sentences.

    Attributes:
        question: The question's tokens.
        windows: Windows of encoded sentences.
        answers: The numbers of the answering sentences, counted over all windows.
        span: The answer's first and last token in the first answering sentence, if known.
        verdict: The expected verdict, if any; the loss then ignores the sentence logits.
    """

    question: tuple[int, ...]
    windows: tuple[tuple[EncodedSentence, ...], ...]
    answers: tuple[int, ...]
    span: tuple[int, int] | None
    verdict: Verdict | None = None

    @property
    def width(self) -> int:
        """The number of tokens in the longest window, with the question and special tokens."""
        longest = max(sum(len(sentence.ids) for sentence in window) for window in self.windows)
        return longest + len(self.question) + 3
