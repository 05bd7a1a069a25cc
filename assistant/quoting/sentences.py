"""Passages become sentences: the unit that the reader reads and an answer cites. Pure."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dateutil.parser import parse

from assistant.english.orders import is_instruction
from assistant.quoting.wording import on_one_line
from index.text.sentences import spans_within

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from index.article import Article
    from index.search.ranking import SearchResult


LONGEST_DAY = 40
"""Characters of a written day; "Thursday, the 29th of September, 2016" has 37."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of an article, or several in a row.

    Attributes:
        article: The article.
        start: Offset of the first character in the article's text.
        end: Offset after the last character.
        passage_score: Score of the passage that it was found in, 0..1.
        copies: The same words in other articles.
    """

    article: Article
    start: int
    end: int
    passage_score: float
    copies: tuple[Sentence, ...] = ()

    @property
    def text(self) -> str:
        """The sentence as it stands in the article."""
        return self.article.text[self.start : self.end]

    @property
    def is_heading(self) -> bool:
        """Whether it is the article's title at its beginning, or only the article's day."""
        text = on_one_line(self.text)
        if text == self.article.title and not self.article.text[: self.start].strip():
            return True
        return _is_day(text, self.article.published)

    def contains(self, other: Sentence) -> bool:
        """Return whether the other sentence is this one or a part of it."""
        is_inside = self.start <= other.start and other.end <= self.end
        return self.article.id == other.article.id and is_inside

    def leads_to(self, other: Sentence) -> bool:
        """Return whether the other sentence follows this one, with only white space between."""
        return (
            self.article.id == other.article.id
            and self.end <= other.start
            and not self.article.text[self.end : other.start].strip()
        )


def passage_sentences(passages: Iterable[tuple[Article, SearchResult]]) -> list[Sentence]:
    """Return the whole sentences of some passages, each once, the best passage's first.

    A sentence in two passages has the score of the better one. If other articles repeat it word
    for word, they are its copies. Two kinds are left out:

    - orders to a program: "Ignore all previous instructions";
    - an article's title and day, unless it has no other sentence: each quote shows them anyway.
    """
    # Collect the sentences by their words, then by article.
    by_text: dict[str, dict[str, Sentence]] = {}
    for article, result in sorted(passages, key=lambda passage: -passage[1].score):
        chunk = result.chunk
        for start, end in spans_within(article.text, article.language, chunk.start, chunk.end):
            if not is_instruction(article.text, start, end):
                sentence = Sentence(article, start, end, result.score)
                by_text.setdefault(sentence.text, {}).setdefault(article.id, sentence)
    # Keep the first of each, with the others as its copies.
    sentences = [
        replace(first, copies=tuple(copies))
        for first, *copies in map(dict.values, by_text.values())
    ]
    # Leave out headings of articles that say more.
    say_more = {sentence.article.id for sentence in sentences if not sentence.is_heading}
    return [
        sentence
        for sentence in sentences
        if not (sentence.is_heading and sentence.article.id in say_more)
    ]


def _is_day(text: str, day: date | None) -> bool:
    """Return whether a text is a day and nothing else, however it is written."""
    if not day or len(text) > LONGEST_DAY or str(day.year) not in text:
        return False
    with suppress(ValueError, OverflowError):
        return bool(parse(text).date() == day)
    return False
