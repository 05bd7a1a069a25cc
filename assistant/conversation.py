"""The nouns of a conversation: `Turn`, `Answer`, `Citation`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date  # noqa: TC003  # pydantic reads the types of a conversation kept as JSON.
from typing import TYPE_CHECKING, Literal

from index.search.ranking import SearchResult  # noqa: TC001  # The same.

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_TURNS = 50
"""The latest turns that are read to understand a question."""
MOST_PAST_CITATIONS = 20
"""Citations read of each of these turns."""
LONGEST_PAST_ANSWER = 10_000
"""Characters read of its answer."""
LONGEST_PAST_QUOTE = 2_000
"""Characters read of its question, of its answering words and of each quote."""

Status = Literal["answered", "quoted", "refused"]


@dataclass(frozen=True, slots=True)
class Citation:
    """The place of a quote: `text[start:end] == quote` in that version of the article, always.

    Attributes:
        number: The n of the mark [n] in the answer's text, from 1.
        article_id: The article.
        version: The version of the article.
        title: Its title.
        source: Its path or address.
        published: Its day, if it has one.
        start: The start of the quote in the article's text, in characters.
        end: The end of the quote.
        quote: The quote, verbatim.
        site: The name of the site or newspaper, if the article has one.
    """

    number: int
    article_id: str
    version: str
    title: str
    source: str
    published: date | None
    start: int
    end: int
    quote: str
    site: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The assistant's answer to a question.

    Attributes:
        text: The answer. A mark [n] stands for the citation with that number.
        citations: The citations, by their numbers.
        status: "answered" if the text answers, "quoted" if it quotes the nearest sentences,
            "refused" if the articles do not answer.
        words: The answering words alone; "" if a whole sentence answers, or nothing.
        standalone: The question as it was searched for, without need of the history; "" if there
            was no search.
        passages: The passages that were read, the best first.
        model: The name of the model that answers.
        note: A remark about the model, such as the reason why the reader answers instead.
        tokens: Tokens that a chat model has read and written; 0 if it reports no number.
    """

    text: str
    citations: tuple[Citation, ...]
    status: Status
    words: str = ""
    standalone: str = ""
    passages: tuple[SearchResult, ...] = ()
    model: str = ""
    note: str = ""
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class Turn:
    """One question of a conversation and its answer."""

    question: str
    answer: Answer


def latest_turns(history: Sequence[Turn]) -> list[Turn]:
    """Return the latest turns, shortened: a browser or program may send a history of any size."""
    return [
        Turn(turn.question[:LONGEST_PAST_QUOTE], _shorten(turn.answer))
        for turn in history[-MOST_TURNS:]
    ]


def _shorten(answer: Answer) -> Answer:
    """Return an answer within the limits above."""
    citations = [
        replace(citation, quote=citation.quote[:LONGEST_PAST_QUOTE])
        for citation in answer.citations[:MOST_PAST_CITATIONS]
    ]
    return replace(
        answer,
        text=answer.text[:LONGEST_PAST_ANSWER],
        words=answer.words[:LONGEST_PAST_QUOTE],
        citations=tuple(citations),
    )
