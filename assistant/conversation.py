"""The nouns of a conversation: `Turn`, `Answer`, `Citation`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date  # noqa: TC003  # pydantic reads the types where a conversation is kept as JSON.
from typing import TYPE_CHECKING, Literal

from index.search.ranking import SearchResult  # noqa: TC001  # The same.

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_TURNS, MOST_CITATIONS = 50, 20
"""How many turns before a question, the latest, and citations of each are read to understand it."""
LONGEST_ANSWER, LONGEST_QUOTE = 10_000, 2_000
"""Characters of an answer among them, and of a question or of a citation's quote."""

Status = Literal["answered", "quoted", "refused"]


@dataclass(frozen=True, slots=True)
class Citation:
    """Where an answer's words stand: in that version of the article `text[start:end] == quote`, always.

    `number` is the n of the [n] in the answer's text; `site` is the name of the site or paper, if the article gives it.
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
    """What the assistant says.

    `status` tells what it amounts to: "answered", the text answers; "quoted", it is the nearest sentences, which may or
    may not; "refused", the articles do not answer. [n] in the text stands for the citation with that number. `words`
    holds the answering words alone, where there are such: "" when a whole sentence or nothing answers. `standalone` is
    the question that was searched for and read with, a follow-up being written so that it needs no history: "" when
    nothing was searched. `passages` holds what was read, the best first. `model` is the name of what answered, `note`
    what there is to tell of that, such as why it is another than was asked, and `tokens` how many a chat model has read
    and written for the answer, as far as it tells.
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
    """Return the end of a conversation, as much as is read to understand a question.

    A conversation comes from a browser or program, which may send anything as one.
    """
    return [
        Turn(turn.question[:LONGEST_QUOTE], _shortened(turn.answer))
        for turn in history[-MOST_TURNS:]
    ]


def _shortened(answer: Answer) -> Answer:
    return replace(
        answer,
        text=answer.text[:LONGEST_ANSWER],
        words=answer.words[:LONGEST_QUOTE],
        citations=tuple(
            replace(citation, quote=citation.quote[:LONGEST_QUOTE])
            for citation in answer.citations[:MOST_CITATIONS]
        ),
    )
