"""What the network is shown and asked in training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assistant.reader.network import EncodedSentence


@dataclass(frozen=True, slots=True)
class Verdict:
    """A verdict on a question or claim.

    Attributes:
        among: The places of the possible verdicts among the network's logits.
        right: The places of those that are right.
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
        span: The first and last token of the answer in the first of these, if known.
        verdict: The verdict, which is all that is asked for, if there is one.
    """

    question: tuple[int, ...]
    windows: tuple[tuple[EncodedSentence, ...], ...]
    answers: tuple[int, ...]
    span: tuple[int, int] | None
    verdict: Verdict | None = None

    @property
    def width(self) -> int:
        """The tokens of the longest window, with the question."""
        longest = max(sum(len(sentence.ids) for sentence in window) for window in self.windows)
        return longest + len(self.question) + 3
