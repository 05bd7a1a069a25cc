"""A conversation as the browser keeps it, and as it is copied and exported: pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from pydantic import TypeAdapter, ValidationError

from assistant import Answer, Turn, describe, on_one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from index import SearchResult

MOST_EXCHANGES = 500
"""How many questions one conversation may hold."""


@dataclass(frozen=True, slots=True)
class Passage:
    """Where a passage stands that was read for an answer, and its score; its text stays in the index."""

    article_id: str
    version: str
    start: int
    end: int
    score: float

    @classmethod
    def of(cls, result: SearchResult) -> Self:
        """Make it of a search's result."""
        chunk = result.chunk
        return cls(chunk.article_id, chunk.version, chunk.start, chunk.end, round(result.score, 3))


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question and its answer; `liked` is what the reader thinks of it, None for nothing."""

    question: str
    answer: Answer
    passages: tuple[Passage, ...] = ()
    liked: bool | None = None

    @classmethod
    def of(cls, question: str, answer: Answer) -> Self:
        """Make it of a question and what the assistant says."""
        return cls(question, replace(answer, passages=()), tuple(map(Passage.of, answer.passages)))

    @property
    def turn(self) -> Turn:
        """What the assistant wants to know of it for the next question."""
        return Turn(self.question, self.answer)


_EXCHANGES = TypeAdapter(tuple[Exchange, ...])
_PASSAGES = TypeAdapter(list[Passage])


class KeptError(ValueError):
    """What a browser sent is no conversation."""


def to_json(exchanges: Sequence[Exchange]) -> list[dict[str, Any]]:
    """Return a conversation as the browser keeps it."""
    kept: list[dict[str, Any]] = _EXCHANGES.dump_python(tuple(exchanges), mode="json")
    return kept


def from_json(kept: Any) -> tuple[Exchange, ...]:
    """Return the conversation that a browser has kept. Raises `KeptError` for anything else."""
    try:
        exchanges = _EXCHANGES.validate_python(kept or ())
    except ValidationError as error:
        raise KeptError("This is no conversation of this page; begin a new one.") from error
    if len(exchanges) > MOST_EXCHANGES:
        raise KeptError(f"A conversation can have {MOST_EXCHANGES} questions; begin a new one.")
    return exchanges


def to_passages(kept: Any) -> list[Passage]:
    """Return the places of the passages of one answer. Raises `KeptError` for anything else."""
    try:
        return _PASSAGES.validate_python(kept)
    except ValidationError as error:
        raise KeptError("These are no passages of an answer.") from error


def as_text(exchange: Exchange) -> str:
    """Return an answer as it is copied: its text, and under it where each citation is from."""
    sources = [f"[{citation.number}] {describe(citation)}" for citation in exchange.answer.citations]
    return "\n\n".join(part for part in (exchange.answer.text, "\n".join(sources)) if part)


def as_markdown(title: str, exchanges: Sequence[Exchange]) -> str:
    """Return a conversation as a Markdown document: questions as headings, answers, and the sentences they rest on."""
    parts = [f"# {_literal(title)}"]
    for exchange in exchanges:
        parts += [f"## {_literal(exchange.question)}", *map(_literal, exchange.answer.text.split("\n\n"))]
        parts += [
            f"> {_literal(citation.quote)}\n>\n> — \\[{citation.number}\\] {_literal(describe(citation))}"
            for citation in exchange.answer.citations
        ]
    return "\n\n".join(parts) + "\n"


def _literal(text: str) -> str:
    """Return a text on one line that Markdown reads no markup into."""
    return "".join(f"\\{mark}" if mark in "\\`*_{}[]<>#|~!&$" else mark for mark in on_one_line(text))
