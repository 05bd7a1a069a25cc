"""The state of a conversation: stored in the browser, shown by the page, exported. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from pydantic import TypeAdapter, ValidationError

from assistant import MOST_PASSAGES, PASSAGES, Answer, Turn, describe, on_one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from index import SearchResult

    StoredConversation = dict[str, Any]
    """A conversation as the browser stores it: its "id" and its "turns"."""

MOST_TURNS = 500
"""Questions in one conversation."""


@dataclass(frozen=True, slots=True)
class StoredPassage:
    """A passage read for an answer, without its text.

    Attributes:
        article_id: The article of the passage.
        version: The version of the article.
        start: The first character of the passage in the article's text.
        end: The character after the last one.
        score: The score of the search result, from 0 to 1.
    """

    article_id: str
    version: str
    start: int
    end: int
    score: float

    @classmethod
    def of(cls, result: SearchResult) -> Self:
        """Convert a search result."""
        chunk = result.chunk
        score = round(result.score, 3)
        return cls(chunk.article_id, chunk.version, chunk.start, chunk.end, score)


@dataclass(frozen=True, slots=True)
class StoredTurn:
    """A question with its answer and the reader's opinion.

    Attributes:
        question: The question as it was asked.
        answer: The answer, without its passages.
        passages: The passages read for the answer.
        liked: True for a like, False for a dislike, unset without an opinion.
    """

    question: str
    answer: Answer
    passages: tuple[StoredPassage, ...] = ()
    liked: bool | None = None

    @classmethod
    def of(cls, question: str, answer: Answer) -> Self:
        """Convert a question and the assistant's answer."""
        passages = tuple(map(StoredPassage.of, answer.passages))
        return cls(question, replace(answer, passages=()), passages)

    @property
    def turn(self) -> Turn:
        """The assistant's own form, for the history of the next question."""
        return Turn(self.question, self.answer)


@dataclass(frozen=True, slots=True)
class AskOptions:
    """The reader's choices for a question.

    Attributes:
        articles: The ids of the articles to ask; unset for all of them.
        language: The code of the language that the articles must have; "" is any.
        passages: The number of passages to read; unset for the model's own number.
        model: The name of the model; "" is the default.
    """

    articles: Sequence[str] | None
    language: str
    passages: int | None
    model: str = ""

    @classmethod
    def of(cls, library: Any, language: Any, passages: Any, model: Any) -> Self:
        """Convert the values of the page's components, whatever a browser sends."""
        chosen = library.get("articles") if isinstance(library, dict) else None
        articles = [str(article_id) for article_id in chosen] if isinstance(chosen, list) else None
        count = PASSAGES
        if isinstance(passages, (int, float)):
            count = min(max(int(passages), 1), MOST_PASSAGES)
        passages = None if count == PASSAGES else count
        return cls(articles, str(language or ""), passages, str(model or ""))


@dataclass(frozen=True, slots=True)
class ChatUpdate:
    """The new state of the conversation and of the article beside it.

    Attributes:
        turns: The turns of the conversation.
        article: The HTML of the article pane; unset leaves the pane as it is.
        asked: A question that has no answer yet.
        taken_back: A question that returns to the question box.
    """

    turns: tuple[StoredTurn, ...]
    article: str | None = None
    asked: str = ""
    taken_back: str | None = None

    def stored(self, conversation: StoredConversation) -> StoredConversation:
        """Return the conversation for the browser to store."""
        return {"id": str(conversation.get("id", "")), "turns": to_json(self.turns)}


_STORED_TURNS = TypeAdapter(tuple[StoredTurn, ...])
_STORED_PASSAGES = TypeAdapter(list[StoredPassage])


class StoredConversationError(ValueError):
    """A browser sent JSON that is not a conversation of this page."""


def to_json(turns: Sequence[StoredTurn]) -> list[dict[str, Any]]:
    """Return a conversation as JSON for the browser."""
    stored: list[dict[str, Any]] = _STORED_TURNS.dump_python(tuple(turns), mode="json")
    return stored


def from_json(stored: Any) -> tuple[StoredTurn, ...]:
    """Parse a conversation from the browser.

    Raises:
        StoredConversationError: The JSON is not a conversation, or it is too long.
    """
    try:
        turns = _STORED_TURNS.validate_python(stored or ())
    except ValidationError as error:
        raise StoredConversationError(
            "This conversation is damaged and cannot be opened; press New conversation."
        ) from error
    if len(turns) > MOST_TURNS:
        raise StoredConversationError(
            f"A conversation can have {MOST_TURNS} questions; press New conversation."
        )
    return turns


def parse_passages(stored: Any) -> list[StoredPassage]:
    """Parse the passages of one answer.

    Raises:
        StoredConversationError: The JSON is not a list of passages.
    """
    try:
        return _STORED_PASSAGES.validate_python(stored)
    except ValidationError as error:
        raise StoredConversationError("The passages of this answer are damaged.") from error


def as_text(turn: StoredTurn) -> str:
    """Return an answer for the clipboard, with its sources below."""
    sources = [f"[{citation.number}] {describe(citation)}" for citation in turn.answer.citations]
    return "\n\n".join(part for part in (turn.answer.text, "\n".join(sources)) if part)


def as_markdown(title: str, turns: Sequence[StoredTurn]) -> str:
    """Return a conversation as a Markdown document.

    Questions are headings; each answer is followed by its quotes and their sources.
    """
    parts = [f"# {_literal(title)}"]
    for turn in turns:
        parts.append(f"## {_literal(turn.question)}")
        parts += map(_literal, turn.answer.text.split("\n\n"))
        for citation in turn.answer.citations:
            source = f"\\[{citation.number}\\] {_literal(describe(citation))}"
            parts.append(f"> {_literal(citation.quote)}\n>\n> — {source}")
    return "\n\n".join(parts) + "\n"


def _literal(text: str) -> str:
    """Return a text on one line, its Markdown escaped."""
    markup = "\\`*_{}[]<>#|~!&$"
    return "".join(f"\\{mark}" if mark in markup else mark for mark in on_one_line(text))
