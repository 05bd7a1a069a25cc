"""Passages become sentences: the unit that the reader reads and an answer cites; pure."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dateutil.parser import parse

from assistant.english.instructions import is_instruction
from assistant.quoting.wording import on_one_line
from index.text.sentences import spans_within

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from index.article import Article
    from index.search.ranking import SearchResult


LONGEST_DAY = 40
"""Characters: "Thursday, the 29th of September, 2016" has 37."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of an article, with the score of the passage it was found in, and its copies in other articles."""

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
        """Whether it is the title of its article, where that begins, or nothing but the article's day."""
        text = on_one_line(self.text)
        if text == self.article.title and not self.article.text[: self.start].strip():
            return True
        return _is_day(text, self.article.published)

    def contains(self, other: Sentence) -> bool:
        """Return whether this sentence is the other, or several of which the other is one."""
        return self.article.id == other.article.id and self.start <= other.start and other.end <= self.end

    def leads_to(self, other: Sentence) -> bool:
        """Return whether nothing but white space stands between this sentence and the other, which comes after it."""
        return (
            self.article.id == other.article.id
            and self.end <= other.start
            and not self.article.text[self.end : other.start].strip()
        )


def passage_sentences(passages: Iterable[tuple[Article, SearchResult]]) -> list[Sentence]:
    """Return every sentence that reaches into one of the passages, whole and once, the best passage's first.

    A sentence that stands in two passages has the score of the better one. What another article repeats word for word
    is kept as a copy of its sentence. Left out are orders to a program, and the title and day of an article that has
    more to say: they stand beside each quote anyway.
    """
    alike: dict[str, dict[str, Sentence]] = {}
    for article, result in sorted(passages, key=lambda passage: -passage[1].score):
        chunk = result.chunk
        for start, end in spans_within(article.text, article.language, chunk.start, chunk.end):
            if not is_instruction(article.text, start, end):
                sentence = Sentence(article, start, end, result.score)
                alike.setdefault(sentence.text, {}).setdefault(article.id, sentence)
    sentences = [replace(first, copies=tuple(copies)) for first, *copies in map(dict.values, alike.values())]
    more = {sentence.article.id for sentence in sentences if not sentence.is_heading}
    return [s for s in sentences if not (s.is_heading and s.article.id in more)]


def _is_day(text: str, day: date | None) -> bool:
    """Return whether a text is a day and nothing else, however it is written."""
    if not day or len(text) > LONGEST_DAY or str(day.year) not in text:
        return False
    with suppress(ValueError, OverflowError):
        return bool(parse(text).date() == day)
    return False
