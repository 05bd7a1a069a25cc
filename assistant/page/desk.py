"""What happens in a conversation on the page: each step is given it as the browser keeps it, and returns it anew.

Nothing of a conversation stays on the server, so that those of two browsers cannot mix, and none is lost with it.
"""

from __future__ import annotations

import logging
import threading
from concurrent.futures import Future, wait
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from assistant import (
    MOST_PASSAGES,
    PASSAGES,
    Answer,
    Assistant,
    AssistantError,
    default_model,
    open_default,
    short_name,
    usable_models,
)
from assistant.page.kept import Exchange, KeptError, as_markdown, as_text, from_json, to_json, to_passages
from assistant.page.library import Library
from assistant.page.rendering import article_html, notice, passages_html
from index import ArticleIndexError, ArticleNotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from assistant.page.rendering import Span

    Talk = dict[str, Any]
    """A conversation as the browser keeps it: its "id" there, and its "turns"."""

LOADING = "Loading the models; your question is answered as soon as they are ready."
"""What a question asked too early gets first."""
FAILED = "Something went wrong in this program, not in your question; ask it again. The program's log tells more."
EXPECTED = (AssistantError, ArticleIndexError, KeptError)
"""What says in words, to whoever is at the page, what is wrong."""

_log = logging.getLogger(__name__)


class Loading:
    """The default assistant, opened by a thread of its own while the page is up already."""

    def __init__(self, model: str | None = None) -> None:
        """Open nothing yet. `model` is what answers, if it is not the default."""
        self.model = model or default_model()
        self._opened: Future[Assistant] = Future()
        self._is_first = threading.Lock()
        self._others: dict[str, Assistant] = {}
        self._opening = threading.Lock()

    def start(self) -> None:
        """Begin to open the index and load the models, unless that has begun."""
        if self._is_first.acquire(blocking=False):
            threading.Thread(target=self._open, daemon=True).start()

    def state(self) -> str:
        """Return "loading", "ready" or "failed"."""
        if not self._opened.done():
            return "loading"
        return "failed" if self._opened.exception() else "ready"

    def is_over(self, within: float) -> bool:
        """Wait until opening has come to its end, well or not, for at most some seconds; return whether it has."""
        self.start()
        return bool(wait([self._opened], within).done)

    def result(self) -> Assistant:
        """Return the assistant, waiting for it. Raises what opening it raised."""
        self.start()
        return self._opened.result()

    def offered(self) -> list[str]:
        """Return the names of the models that a reader can choose from, the one that answers by itself first."""
        usual = self.result().model
        usable = [model.name for model in usable_models() if not model.name.endswith("…")]
        return list(dict.fromkeys([usual, *usable]))

    def answering(self, model: str) -> Assistant:
        """Return the assistant that a model answers for; of a name that is not offered, the usual one."""
        usual = self.result()
        if model in {"", usual.model}:
            return usual
        with self._opening:
            if model not in self._others:
                if model not in self.offered():
                    return usual
                self._others[model] = Assistant(usual.index, model, reader=usual.reader)
            return self._others[model]

    def _open(self) -> None:
        try:
            opened = open_default(self.model)
            opened.load()
        except Exception as error:  # noqa: BLE001  # whoever asks for the result gets it
            self._opened.set_exception(error)
        else:
            self._opened.set_result(opened)


@dataclass(frozen=True, slots=True)
class Wish:
    """How a question is to be answered: from which articles, in which language, by how many passages and which model.

    As many passages as suit the model are None.
    """

    among: Sequence[str] | None
    language: str
    passages: int | None
    model: str = ""

    @classmethod
    def of(cls, library: Any, language: Any, passages: Any, model: Any) -> Self:
        """Make it of what the page's library and settings hold, whatever that is."""
        among = library.get("among") if isinstance(library, dict) else None
        ids = [str(one) for one in among] if isinstance(among, list) else None
        count = min(max(int(passages), 1), MOST_PASSAGES) if isinstance(passages, (int, float)) else PASSAGES
        return cls(ids, str(language or ""), None if count == PASSAGES else count, str(model or ""))


@dataclass(frozen=True, slots=True)
class View:
    """What the page shows of a conversation: its exchanges, and the article beside it, None for the one there is.

    `asked` is a question that has no answer yet, `taken_back` one that is in the box again.
    """

    exchanges: tuple[Exchange, ...]
    article: str | None = None
    asked: str = ""
    taken_back: str | None = None

    def kept(self, talk: Talk) -> Talk:
        """Return the conversation as its browser is to keep it."""
        return {"id": str(talk.get("id", "")), "turns": to_json(self.exchanges)}


class Desk:
    """What the page does when something happens in a conversation. Positions are those of Gradio's chat messages."""

    def __init__(self, loading: Loading, allow_hosts: Sequence[str] = ()) -> None:
        """Answer by the assistant that is being opened; articles may come from `allow_hosts`, though not public."""
        self._loading = loading
        self.library = Library(lambda: loading.result().index, allow_hosts)

    def usual_model(self) -> str:
        """Return the name of what answers unless a reader chooses another, which may not be open yet."""
        return short_name(self._loading.model)

    def models(self) -> list[str]:
        """Return the names of what a reader can let answer, the usual one first."""
        return self._loading.offered()

    def model(self, chosen: Any) -> str:
        """Return the name of what answers when something was chosen. Raises `AssistantError` when it cannot."""
        return self._loading.answering(str(chosen or "")).model

    def ask(self, question: str, talk: Talk, wish: Wish) -> Iterator[View]:
        """Answer a question, the answer growing."""
        return self._ask(question, from_json(talk.get("turns")), wish)

    def ask_again(self, position: int, question: str | None, talk: Talk, wish: Wish) -> Iterator[View]:
        """Ask the question at a position anew, or another in its place; what came after it is forgotten."""
        before, taken = _split(talk, position)
        return self._ask(question if question is not None else taken, before, wish)

    def undo(self, position: int, talk: Talk) -> View:
        """Take back the question at a position, and all that came after it."""
        before, taken = _split(talk, position)
        return View(before, self._cited_article(before), taken_back=taken)

    def like(self, position: int, liked: bool | None, talk: Talk) -> View:  # noqa: FBT001  # As Gradio tells it.
        """Note what the reader thinks of the answer at a position."""
        exchanges = list(from_json(talk.get("turns")))
        if position // 2 < len(exchanges):
            exchanges[position // 2] = replace(exchanges[position // 2], liked=liked)
        return View(tuple(exchanges))

    def open(self, talk: Talk) -> View:
        """Show a conversation, and the article that its last answer cites."""
        exchanges = from_json(talk.get("turns"))
        return View(exchanges, self._cited_article(exchanges))

    def suggest(self, talk: Talk) -> dict[str, Any]:
        """Return questions to begin or to go on with, and after how many turns of the conversation."""
        exchanges = from_json(talk.get("turns"))
        questions = self._loading.result().suggestions([exchange.turn for exchange in exchanges])
        return {"after": len(exchanges), "questions": list(questions)}

    def newest_article(self) -> str:
        """Return the newest article."""
        index = self._loading.result().index
        newest = index.entries()[:1]
        return article_html(index.article(newest[0].id)) if newest else notice("There is no article yet; add one.")

    def open_article(self, article_id: str, version: str | None, spans: Sequence[Span]) -> str:
        """Return an article, some spans of its text marked, the first of them the one to look at."""
        index = self._loading.result().index
        article = index.article(str(article_id), version and str(version))
        try:
            is_current = index.article(article.id).version == article.version
        except ArticleNotFoundError:
            is_current = False
        return article_html(article, [(int(start), int(end)) for start, end in spans], is_current=is_current)

    def read_passages(self, passages: list[dict[str, Any]]) -> str:
        """Return the passages that were read for an answer."""
        index = self._loading.result().index
        return passages_html(
            (index.article(passage.article_id, passage.version), (passage.start, passage.end), passage.score)
            for passage in to_passages(passages)
        )

    def text_of(self, turn: dict[str, Any]) -> str:
        """Return an answer as it is copied, with its sources."""
        return "\n\n".join(map(as_text, from_json([turn])))

    def markdown_of(self, title: str, turns: list[dict[str, Any]]) -> str:
        """Return a conversation as Markdown."""
        return as_markdown(str(title), from_json(turns))

    def _ask(self, question: str, before: tuple[Exchange, ...], wish: Wish) -> Iterator[View]:
        yield View(before, asked=question)
        for answer in self._answers(question, before, wish):
            exchanges = (*before, Exchange.of(question, answer))
            yield View(exchanges, self._cited_article(exchanges))

    def _answers(self, question: str, before: Sequence[Exchange], wish: Wish) -> Iterator[Answer]:
        """Yield the answer as it grows; whatever goes wrong is told in its place."""
        try:
            while not self._loading.is_over(within=0.5):
                yield Answer(LOADING, (), "answered")
            among = self.library.in_language(wish.language, wish.among)
            turns = [exchange.turn for exchange in before]
            assistant = self._loading.answering(wish.model)
            yield from assistant.stream(question, turns, among, passages=wish.passages)
        except EXPECTED as error:
            yield Answer(str(error), (), "refused")
        except Exception:  # noqa: BLE001  # One question's defect is told to whoever asked, and leaves the others alone.
            _log.exception("A question could not be answered.")
            yield Answer(FAILED, (), "refused")

    def _cited_article(self, exchanges: Sequence[Exchange]) -> str | None:
        """Return the article that the last answer cites first, all that the conversation cites in it marked."""
        cited = exchanges[-1].answer.citations if exchanges else ()
        if not cited or not self._loading.is_over(within=0):
            return None
        first = cited[0]
        every = [first, *(citation for exchange in exchanges for citation in exchange.answer.citations)]
        same = [one for one in every if (one.article_id, one.version) == (first.article_id, first.version)]
        try:
            return self.open_article(first.article_id, first.version, [(one.start, one.end) for one in same])
        except ArticleNotFoundError:
            return notice("The article that is cited was removed from the library.")


def _split(talk: Talk, position: int) -> tuple[tuple[Exchange, ...], str]:
    """Return the exchanges before the one at a position, and its question."""
    exchanges = from_json(talk.get("turns"))
    number = min(position // 2, len(exchanges))
    return exchanges[:number], exchanges[number].question if number < len(exchanges) else ""
