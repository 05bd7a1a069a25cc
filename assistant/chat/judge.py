"""`Judge`: the reader's opinion of the sentences that a chat model cites; pure."""

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
        readings: The reader's readings, the best first; empty if it has no opinion.
        limits: The reader's thresholds, if it has an opinion.
    """

    question: str = ""
    readings: Sequence[Reading] = ()
    limits: Calibration | None = None

    def answers(self, cited: Sequence[Sentence]) -> bool:
        """Return whether one of the cited sentences surely answers the question."""
        return self.limits is not None and self._best_score(cited) >= self.limits.answer_threshold

    def objection(self, cited: Sequence[Sentence]) -> str:
        """Return the reason why the cited sentences do not answer; "" if they may.

        A low score alone is no objection, since a good model sees answers that the reader misses.
        There is one if the reader is also sure of another sentence, or if the cited ones share no
        word with the question.
        """
        if self.limits is None or not self.readings:
            return ""
        if self._best_score(cited) >= self.limits.quote_threshold:
            return ""
        texts = [f"{quote.text} {quote.article.title}" for quote in cited]
        shares_words = bool(set(content_words(self.question)) & set(content_words(" ".join(texts))))
        is_sure_of_another = self.readings[0].score >= self.limits.answer_threshold
        if shares_words and not is_sure_of_another:
            return ""
        return "The sentences that it cites do not answer"

    def _best_score(self, cited: Sequence[Sentence]) -> float:
        """Return the best score, 0..1, of a reading within the cited sentences."""
        scores = [
            reading.score
            for reading in self.readings
            if any(quote.contains(reading.sentence) for quote in cited)
        ]
        return max(scores, default=0.0)
