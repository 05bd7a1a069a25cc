"""Hard negatives: sentences that share words with a question, but do not answer it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from index.text.words import content_words

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

NEIGHBOURS = 8
"""The most sentences returned for each question."""


class Neighbours:
    """The sentences of all documents, searchable by words (tf-idf)."""

    def __init__(self, texts: Sequence[str]) -> None:
        """Index the words of the sentences."""
        from sklearn.feature_extraction.text import TfidfVectorizer

        self._texts = texts
        self._vectorizer = TfidfVectorizer(
            analyzer=content_words, sublinear_tf=True, dtype=np.float32
        )
        self._by_word = self._vectorizer.fit_transform(texts).T.tocsr()

    def near(self, question: str, answers: Collection[int], words: str | None) -> list[int]:
        """Return the numbers of the sentences nearest to a question.

        Args:
            question: The question.
            answers: The numbers of the answering sentences, to leave out.
            words: The answer's words, if known; sentences with these words are left out.
        """
        scores = (self._vectorizer.transform([question]) @ self._by_word).tocsr()
        most = NEIGHBOURS + len(answers)
        best = scores.indices[np.argsort(-scores.data)[:most]].tolist()
        answering = {self._texts[answer] for answer in answers}
        return [
            number
            for number in best
            if (text := self._texts[number]) not in answering and not holds(text, words)
        ][:NEIGHBOURS]


def holds(text: str, words: str | None) -> bool:
    """Tell whether a text contains some words, ignoring case; False without words."""
    return words is not None and words.lower() in text.lower()
