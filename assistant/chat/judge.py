"""`Judge`: the reader's judgement of the sentences that a chat model cites; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from index.text.words import content_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assistant.quoting.sentences import Sentence
    from assistant.reader.reader import Calibration, Reading


@dataclass(frozen=True, slots=True)
class Judge:
    """Decides whether cited sentences answer a question.

    Attributes:
        question: The standalone question.
        readings: The reader's readings, the best first; empty if it has no say.
        limits: The reader's thresholds; None if it has no say.
    """

    question: str = ""
    readings: Sequence[Reading] = ()
    limits: Calibration | None = None

    def answers(self, cited: Sequence[Sentence]) -> bool:
        """Return whether one of the sentences surely answers the question."""
        return self.limits is not None and self._best(cited) >= self.limits.answer_threshold

    def objection(self, cited: Sequence[Sentence]) -> str:
        """Return why the cited sentences do not answer; "" if they may.

        They do not if the reader is sure of another sentence, or if they share no word with the
        question. A good model sees answers that the reader misses, so a low score alone is no
        objection.
        """
        if (
            self.limits is None
            or not self.readings
            or self._best(cited) >= self.limits.quote_threshold
        ):
            return ""
        texts = [f"{quote.text} {quote.article.title}" for quote in cited]
        is_about_it = bool(set(content_words(self.question)) & set(content_words(" ".join(texts))))
        if is_about_it and self.readings[0].score < self.limits.answer_threshold:
            return ""
        return "The sentences that it cites do not answer"

    def _best(self, cited: Sequence[Sentence]) -> float:
        scores = [
            read.score
            for read in self.readings
            if any(quote.contains(read.sentence) for quote in cited)
        ]
        return max(scores, default=0.0)
