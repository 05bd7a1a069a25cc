"""Handlers of a conversation's events on the page.

A handler takes the conversation from the browser and returns it changed. The server stores no
conversation, so those of two browsers cannot mix, and a restart loses nothing.
"""

from __future__ import annotations

import logging
import threading
from concurrent.futures import Future, wait
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from assistant import (
    Answer,
    Assistant,
    AssistantError,
    default_model,
    open_default,
    short_name,
    usable_models,
)
from assistant.page.chat_state import (
    ChatUpdate,
    StoredConversationError,
    StoredTurn,
    as_markdown,
    as_text,
    from_json,
    parse_passages,
)
from assistant.page.library import Library
from assistant.page.rendering import article_html, notice, passages_html
from index import ArticleIndexError, ArticleNotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from assistant.page.chat_state import AskOptions, StoredConversation
    from assistant.page.rendering import Span

LOADING = "Loading the models; your question is answered as soon as they are ready."
"""The first answer to a question that arrives before the models are loaded."""
FAILED = (
    "The program failed on this question, through no fault of yours; ask it again. The program's "
    "log has the details."
)
EXPECTED = (AssistantError, ArticleIndexError, StoredConversationError)
"""Errors whose message is written for the user of the page."""

_log = logging.getLogger(__name__)


class AssistantLoader:
    """Opens the default assistant in a thread while the page is already up."""

    def __init__(self, model: str | None = None) -> None:
        """Remember the name of the model, or of the default model. Opens nothing yet."""
        self.model = model or default_model()
        self._opened: Future[Assistant] = Future()
        self._start_once = threading.Lock()
        self._others: dict[str, Assistant] = {}
        self._opening = threading.Lock()

    def start(self) -> None:
        """Begin to load, unless loading has begun."""
        if self._start_once.acquire(blocking=False):  # Never released.
            threading.Thread(target=self._open, daemon=True).start()

    def state(self) -> str:
        """Return "loading", "ready" or "failed"."""
        if not self._opened.done():
            return "loading"
        return "failed" if self._opened.exception() else "ready"

    def is_over(self, within: float) -> bool:
        """Wait up to `within` seconds; return whether loading has ended, well or not."""
        self.start()
        return bool(wait([self._opened], within).done)

    def result(self) -> Assistant:
        """Wait for the assistant and return it. Raises the error that ended the loading."""
        self.start()
        return self._opened.result()

    def offered(self) -> list[str]:
        """Return the names of the models that a user can choose, the default first."""
        default = self.result().model
        usable = [model.name for model in usable_models() if not model.name.endswith("…")]
        return list(dict.fromkeys([default, *usable]))

    def assistant_for(self, model: str) -> Assistant:
        """Return the assistant for a model; for an unknown name, the default assistant."""
        default = self.result()
        if model in {"", default.model}:
            return default
        with self._opening:
            if model not in self._others:
                if model not in self.offered():
                    return default
                self._others[model] = Assistant(default.index, model, reader=default.reader)
            return self._others[model]

    def _open(self) -> None:
        try:
            opened = open_default(self.model)
            opened.load()
        except Exception as error:  # noqa: BLE001  # Raised again by `result`.
            self._opened.set_exception(error)
        else:
            self._opened.set_result(opened)


class ChatHandlers:
    """The events of a conversation. Positions count Gradio's messages, two for each turn."""

    def __init__(self, loader: AssistantLoader, allow_hosts: Sequence[str] = ()) -> None:
        """Answer with the loader's assistant; `allow_hosts` may be fetched although not public."""
        self._loader = loader
        self.library = Library(lambda: loader.result().index, allow_hosts)

    def default_model(self) -> str:
        """Return the name of the default model, which may not be open yet."""
        return short_name(self._loader.model)

    def models(self) -> list[str]:
        """Return the names of the models to choose from, the default first."""
        return self._loader.offered()

    def model(self, chosen: Any) -> str:
        """Open the chosen model and return its name. Raises `AssistantError`."""
        return self._loader.assistant_for(str(chosen or "")).model

    def ask(
        self, question: str, conversation: StoredConversation, options: AskOptions
    ) -> Iterator[ChatUpdate]:
        """Answer a question; the answer grows."""
        return self._ask(question, from_json(conversation.get("turns")), options)

    def ask_again(
        self,
        position: int,
        question: str | None,
        conversation: StoredConversation,
        options: AskOptions,
    ) -> Iterator[ChatUpdate]:
        """Ask the question at a position again; later turns are dropped.

        Args:
            position: The position of the message.
            question: The edited question; without it, the old one is repeated.
            conversation: The conversation from the browser.
            options: The user's choices.
        """
        before, old_question = _split(conversation, position)
        return self._ask(old_question if question is None else question, before, options)

    def undo(self, position: int, conversation: StoredConversation) -> ChatUpdate:
        """Take back the question at a position and all later turns."""
        before, question = _split(conversation, position)
        return ChatUpdate(before, self._cited_article(before), taken_back=question)

    def like(
        self,
        position: int,
        liked: bool | None,  # noqa: FBT001  # As Gradio gives it.
        conversation: StoredConversation,
    ) -> ChatUpdate:
        """Record the user's opinion of the answer at a position."""
        turns = list(from_json(conversation.get("turns")))
        if position // 2 < len(turns):
            turns[position // 2] = replace(turns[position // 2], liked=liked)
        return ChatUpdate(tuple(turns))

    def open(self, conversation: StoredConversation) -> ChatUpdate:
        """Show a conversation, with the article that its last answer cites."""
        turns = from_json(conversation.get("turns"))
        return ChatUpdate(turns, self._cited_article(turns))

    def suggest(self, conversation: StoredConversation) -> dict[str, Any]:
        """Suggest questions; "after" is the number of turns that they follow."""
        turns = from_json(conversation.get("turns"))
        questions = self._loader.result().suggestions([stored.turn for stored in turns])
        return {"after": len(turns), "questions": list(questions)}

    def newest_article(self) -> str:
        """Return the HTML of the newest article."""
        index = self._loader.result().index
        newest = index.entries()[:1]
        if not newest:
            return notice("The library is empty; open the Library tab and press Add articles.")
        return article_html(index.article(newest[0].id))

    def open_article(self, article_id: str, version: str | None, spans: Sequence[Span]) -> str:
        """Return the HTML of an article with marked spans.

        Args:
            article_id: The id of the article.
            version: The version to show, by default the current one.
            spans: The spans of its text to mark; the page scrolls to the first.
        """
        index = self._loader.result().index
        article = index.article(str(article_id), version and str(version))
        try:
            is_current = index.article(article.id).version == article.version
        except ArticleNotFoundError:
            is_current = False
        marked = [(int(start), int(end)) for start, end in spans]
        return article_html(article, marked, is_current=is_current)

    def read_passages(self, passages: list[dict[str, Any]]) -> str:
        """Return the HTML of the passages read for an answer."""
        index = self._loader.result().index
        return passages_html(
            (
                index.article(passage.article_id, passage.version),
                (passage.start, passage.end),
                passage.score,
            )
            for passage in parse_passages(passages)
        )

    def text_of(self, turn: dict[str, Any]) -> str:
        """Return an answer for the clipboard, with its sources."""
        return "\n\n".join(map(as_text, from_json([turn])))

    def markdown_of(self, title: str, turns: list[dict[str, Any]]) -> str:
        """Return a conversation as Markdown."""
        return as_markdown(str(title), from_json(turns))

    def _ask(
        self, question: str, before: tuple[StoredTurn, ...], options: AskOptions
    ) -> Iterator[ChatUpdate]:
        yield ChatUpdate(before, asked=question)
        for answer in self._answers(question, before, options):
            turns = (*before, StoredTurn.of(question, answer))
            yield ChatUpdate(turns, self._cited_article(turns))

    def _answers(
        self, question: str, before: Sequence[StoredTurn], options: AskOptions
    ) -> Iterator[Answer]:
        """Yield the growing answer; an error's message takes its place."""
        try:
            while not self._loader.is_over(within=0.5):
                yield Answer(LOADING, (), "answered")
            articles = self.library.in_language(options.language, options.articles)
            history = [stored.turn for stored in before]
            assistant = self._loader.assistant_for(options.model)
            yield from assistant.stream(question, history, articles, passages=options.passages)
        except EXPECTED as error:
            yield Answer(str(error), (), "refused")
        except Exception:  # noqa: BLE001  # A defect in one question must not stop the others.
            _log.exception("A question could not be answered.")
            yield Answer(FAILED, (), "refused")

    def _cited_article(self, turns: Sequence[StoredTurn]) -> str | None:
        """Return the HTML of the article that the last answer cites first.

        All citations of that article in the conversation are marked.
        """
        last_cited = turns[-1].answer.citations if turns else ()
        if not last_cited or not self._loader.is_over(within=0):
            return None
        first = last_cited[0]
        cited = [first, *(citation for turn in turns for citation in turn.answer.citations)]
        spans = [
            (citation.start, citation.end)
            for citation in cited
            if (citation.article_id, citation.version) == (first.article_id, first.version)
        ]
        try:
            return self.open_article(first.article_id, first.version, spans)
        except ArticleNotFoundError:
            return notice("The cited article was removed from the library.")


def _split(conversation: StoredConversation, position: int) -> tuple[tuple[StoredTurn, ...], str]:
    """Return the turns before a position, and the question at it."""
    turns = from_json(conversation.get("turns"))
    number = min(position // 2, len(turns))
    return turns[:number], turns[number].question if number < len(turns) else ""
