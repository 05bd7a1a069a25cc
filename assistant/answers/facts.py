"""Answers that state one fact, or yes or no: the answering words and their sentence. Pure.

`answer` is the entry. If an article of another day is given as well, the answer can state both.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import chain, count
from typing import TYPE_CHECKING

from assistant.conversation import Answer
from assistant.question.kinds import lacks_kind, wants_time
from assistant.question.plan import is_judged, wants_names, wants_words
from assistant.quoting.people import whole_names
from assistant.quoting.quotes import cite, one_quote
from assistant.quoting.wording import (
    LONGEST_EXCERPT,
    LONGEST_EXCERPT_OF_TWO,
    answering_words,
    earlier,
    has_words,
    marked,
    paragraph,
)
from index.text.words import content_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assistant.conversation import Citation
    from assistant.quoting.sentences import Sentence
    from assistant.reader.reader import Reading
    from index.text.sentences import Span

SHARED_ODDS = 1 / 8
"""Odds from which a neighbour joins the best sentence, as a share of the best one's odds."""
LONGEST_PAIR = 400
"""Characters of two sentences quoted as one: about three lines, read at a glance."""
SURE = 0.9
"""Score of a best sentence that stands alone. Below it, the next ones are named as well."""
SEE_ALSO = 2
"""Further sentences named, at most."""
SEE_ALSO_ODDS = 1 / 32
"""Odds from which a further sentence is named, as a share of the best one's odds."""
LONGEST_WORDS = 20
"""Answering words, at most; if there are more, the sentence alone is the answer."""
SUREST_WORDS = 0.4
"""Span score from which answering words are stated beside their sentence."""
SUREST_NAMES = 0.1
"""Span score from which names are stated.

It is lower than that of other words. The reader knows the place of a name better than its exact
ends, and names are completed anyway.
"""


@dataclass(frozen=True, slots=True)
class _ArticleAnswer:
    """The answer of one article.

    Attributes:
        quote: The sentence that answers, or two neighbours as one.
        words: The answering words; "" if only the whole sentence answers.
        focus: The span of the best answering words in the article; a long quote is cut around it.
    """

    quote: Sentence
    words: str
    focus: Span


def answer(question: str, readings: Sequence[Reading], others: Sequence[Reading] = ()) -> Answer:
    """Return the answer that the best reading gives.

    If the other article gives a different answer, return both, newest first; but to "why" and
    "how" only the best one. If the best sentence is not certain, further sentences are named: "See
    also [2]".

    Args:
        question: The standalone question.
        readings: The readings of the most promising sentences, the best first.
        others: The readings of an article of another day on the same subject; may be empty.
    """
    # Choose the articles to quote, and the further sentences to name.
    (first, *rest), agreeing = _article_answers(question, readings, others)
    further = [] if rest or agreeing else _further_sentences(first.quote, readings)
    # Number the citations in the order of the text.
    numbers = count(1)
    first_group = _citations([first.quote, *first.quote.copies, *agreeing], numbers)
    rest_groups = [_citations([older.quote], numbers) for older in rest]
    further_group = _citations(further, numbers)
    # Write a paragraph for each article, and a line for the further sentences.
    days_wanted = wants_time(question)
    most = LONGEST_EXCERPT_OF_TWO if rest else LONGEST_EXCERPT
    texts = [paragraph(first.words, first_group, first.focus, days_wanted=days_wanted, most=most)]
    for older, group in zip(rest, rest_groups, strict=True):
        text = paragraph(older.words, group, older.focus, days_wanted=days_wanted, most=most)
        texts.append(f"{earlier(older.quote.article)} {text}")
    if further:
        texts.append(f"See also {marked(further_group)}")
    citations = chain(first_group, *rest_groups, further_group)
    return Answer("\n\n".join(texts), tuple(citations), "answered", first.words)


def answering_quote(readings: Sequence[Reading]) -> Sentence:
    """Return the best sentence, with a neighbour if it is likely too and the pair is short."""
    best = readings[0]
    room = LONGEST_PAIR - len(best.sentence.text)
    likely = [
        reading.sentence
        for reading in readings[1:]
        if reading.odds >= SHARED_ODDS * best.odds and len(reading.sentence.text) <= room
    ]
    return one_quote(best.sentence, likely)


def _article_answers(
    question: str, readings: Sequence[Reading], others: Sequence[Reading]
) -> tuple[list[_ArticleAnswer], list[Sentence]]:
    """Return the answers to state, newest first, and the quote of an article that agrees."""
    best = _article_answer(question, readings)
    if not others:
        return [best], []
    other = _article_answer(question, others)
    newer, older = sorted((best, other), key=_day, reverse=True)
    if older.words and has_words(newer.quote.text, older.words):
        return [best], [other.quote]
    if wants_words(question) or is_judged(question):
        return [newer, older], []
    return [best], []


def _article_answer(question: str, readings: Sequence[Reading]) -> _ArticleAnswer:
    words = _words(readings[0], question) if wants_words(question) else ""
    return _ArticleAnswer(answering_quote(readings), words, readings[0].span)


def _day(stated: _ArticleAnswer) -> date:
    return stated.quote.article.published or date.min


def _citations(sentences: Sequence[Sentence], numbers: count[int]) -> list[Citation]:
    """Return the citations of sentences, each with the next number."""
    return [cite(next(numbers), sentence) for sentence in sentences]


def _further_sentences(quote: Sentence, readings: Sequence[Reading]) -> list[Sentence]:
    """Return sentences outside the quote that may answer instead; empty if the best is sure."""
    best = readings[0]
    if best.score >= SURE:
        return []
    likely = [
        reading.sentence for reading in readings[1:] if reading.odds >= SEE_ALSO_ODDS * best.odds
    ]
    return [sentence for sentence in likely if not quote.contains(sentence)][:SEE_ALSO]


def _words(reading: Reading, question: str) -> str:
    """Return a reading's answering words, as whole names if the question asks for people.

    Returns "" if

    - the reader is unsure about them, or they are many;
    - they say nothing new: "so", "no", or only words of the question;
    - the question asks for a number or a time, and they have neither.
    """
    text, first = reading.sentence.text, reading.sentence.start
    span = reading.span[0] - first, reading.span[1] - first
    names = whole_names(text, span) if wants_names(question) else None
    is_sure = reading.span_score >= (SUREST_NAMES if names else SUREST_WORDS)
    words = answering_words(text[slice(*(names or span))]) if is_sure else ""
    says_something = set(content_words(words)) - set(content_words(question))
    is_short = len(words.split()) <= LONGEST_WORDS
    return words if says_something and is_short and not lacks_kind(question, words) else ""
