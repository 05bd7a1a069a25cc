"""The reader's answers: its best sentence, the nearest sentences, or a refusal."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.answers.facts import answer
from assistant.answers.overview import are_alike
from assistant.answers.refusal import nearest, refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from assistant.answers.deadline import Deadline
    from assistant.conversation import Answer
    from assistant.quoting.sentences import Sentence
    from assistant.reader.reader import Calibration, Evidence, Reader, Reading
    from index import Article, ArticleIndex
    from index.embedding.embedder import Embedder

NEAREST_SENTENCES = 2
"""Sentences quoted if no sentence is likely enough to answer."""
EMPTY_INDEX = (
    "There are no articles to search yet: the index is empty. Add one on the page, or with: python "
    "-m index add PATH"
)
NO_SUCH_ARTICLE = (
    "No article in the index is one of those that you asked about; `python -m index list` shows "
    "all articles."
)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Readings:
    """The reader's readings of the sentences of a question, the best first.

    Attributes:
        every: The readings of the most promising sentences.
        elsewhere: The readings of another article on the same subject, published on another
            day, read as if it were alone. Empty unless one of its sentences answers.
    """

    every: tuple[Reading, ...] = ()
    elsewhere: tuple[Reading, ...] = ()


NO_READINGS = Readings()


def read(
    question: str,
    sentences: Sequence[Sentence],
    reader: Reader,
    embedder: Embedder,
    deadline: Deadline,
) -> Readings:
    """Read sentences with a question in mind.

    Args:
        question: The standalone question.
        sentences: The sentences of the passages found.
        reader: The reader.
        embedder: The embedder of the index.
        deadline: The end of the time for the question.

    Raises:
        TimeUpError: Reading takes too long.
        WeightsError: The reader's weights are missing or damaged.
    """
    # Read all sentences side by side.
    evidence = reader.evidence(question, sentences, deadline.check)
    every = tuple(reader.weigh(question, sentences, evidence, embedder))
    for reading in every:
        _log.debug("read, score %.3f: %r", reading.score, reading.sentence.text)
    limit = reader.calibration.answer_threshold
    if not every or every[0].score < limit:
        return Readings(every)
    # Look for an answer in an article on the same subject, of another day.
    best = every[0].sentence.article
    for other in _of_another_day(best, sentences):
        deadline.check()
        own = [place for place, one in enumerate(sentences) if one.article.id == other.id]
        own_sentences, own_evidence = [sentences[n] for n in own], [evidence[n] for n in own]
        if _may_answer(own_evidence) and are_alike(best, other, embedder):
            elsewhere = reader.weigh(question, own_sentences, own_evidence, embedder)
            if elsewhere[0].score >= limit:
                return Readings(every, tuple(elsewhere))
    return Readings(every)


def answer_by_reader(
    question: str,
    readings: Readings,
    limits: Calibration,
    index: ArticleIndex,
    article_ids: Sequence[str] | None,
) -> Iterator[Answer]:
    """Yield the reader's growing answer: a fact, the nearest sentences, or a refusal.

    Args:
        question: The standalone question.
        readings: The readings of its sentences.
        limits: The scores that a sentence needs to answer, or to be worth quoting.
        index: The index that was searched.
        article_ids: The articles that were searched, if not all.
    """
    best = readings.every[0].score if readings.every else 0.0
    if best >= limits.answer_threshold:
        yield answer(question, readings.every, readings.elsewhere)
    elif best >= limits.quote_threshold:
        yield from nearest(readings.every[:NEAREST_SENTENCES])
    else:
        yield refusal(_searched(index, article_ids), question, readings.every)


def _of_another_day(article: Article, sentences: Sequence[Sentence]) -> list[Article]:
    """Return the sentences' articles of other days; empty if `article` has no date."""
    articles = {sentence.article.id: sentence.article for sentence in sentences}.values()
    same_day = {None, article.published}
    return [other for other in articles if article.published and other.published not in same_day]


def _may_answer(evidence: Sequence[Evidence]) -> bool:
    """Return whether a sentence beats "no sentence answers", whose logit is 0."""
    return max(one.logit for one in evidence) > 0


def _searched(index: ArticleIndex, article_ids: Sequence[str] | None) -> str:
    """Return the sentence of a refusal that says how many articles were searched."""
    searched = {entry.id for entry in index.entries()}
    if article_ids is not None:
        searched &= set(article_ids)
    if not searched:
        return EMPTY_INDEX if article_ids is None else NO_SUCH_ARTICLE
    articles = f"{len(searched)} article{'s' if len(searched) != 1 else ''}"
    return f"I searched {articles} and found no answer."
