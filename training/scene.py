"""A question and its windows while a training item is made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from assistant.reader.network import EncodedSentence

ALONE = 0.3
"""The share of made-up sentences that get a window of their own."""


@dataclass(slots=True)
class Scene:
    """A question and its windows while an item is made.

    Attributes:
        question: The question.
        windows: Windows of sentence numbers; a made-up sentence has a negative number.
        answers: The numbers of the answering sentences.
        span: The answer's first and last token in the first answering sentence, if known.
        words: The answer's words, if known.
        near: Returns the numbers of sentences near the question that do not answer it.
        made: The made-up sentences by number.
    """

    question: str
    windows: list[list[int]]
    answers: list[int]
    span: tuple[int, int] | None
    words: str | None
    near: Callable[[], list[int]]
    made: dict[int, EncodedSentence] = field(default_factory=dict)

    def make(self, sentence: EncodedSentence) -> int:
        """Add a made-up sentence and return its number."""
        self.made[-1 - len(self.made)] = sentence
        return -len(self.made)

    def put(self, number: int, generator: random.Random) -> None:
        """Put a sentence into or around the passage, or into its own window."""
        if generator.random() < ALONE:
            self.windows.insert(generator.randrange(len(self.windows) + 1), [number])
        else:
            passage = self.windows[0]
            passage.insert(generator.choice((0, generator.randrange(len(passage) + 1))), number)
