"""The functions that programs call, by the page's API and as MCP tools."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from assistant import MOST_PASSAGES, QuestionError, Turn
from assistant.page.library import AddingError, pasted, web_address

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from assistant import Assistant

_HISTORY = TypeAdapter(list[Turn])


class Programs:
    """The named functions. They check their arguments; an error's message is for the caller.

    MCP clients show the docstrings to their models.
    """

    def __init__(
        self, open_assistant: Callable[[], Assistant], allow_hosts: Sequence[str] = ()
    ) -> None:
        """Use the assistant from `open_assistant`; `allow_hosts` may be fetched if not public."""
        self._open, self._allow_hosts = open_assistant, tuple(allow_hosts)

    def functions(self) -> tuple[Callable[..., Any], ...]:
        """Return the functions; their own names are the API's."""
        return self.ask, self.search, self.articles, self.add, self.remove

    def ask(
        self,
        question: str,
        history: list[dict[str, Any]] | None = None,
        articles: list[str] | None = None,
        passages: int | None = None,
    ) -> dict[str, Any]:
        """Answer a question from the articles, with the exact sentences behind the answer.

        Args:
            question: The question in words.
            history: Earlier turns, oldest first: objects with a "question" and its "answer".
            articles: The ids of the articles to ask; all of them when left out.
            passages: The number of passages to read, 1 to 20; left out, the model's own.

        Returns:
            The answer. Its "status" is "answered"; or "quoted" if its "text" is only the nearest
            sentences, which may or may not answer; or "refused" if the articles do not answer.
            [n] in the text is the citation with the number n in "citations"; its "quote" is the
            exact sentence.
        """
        try:
            turns = _HISTORY.validate_python(history or [])
        except ValidationError as error:
            raise QuestionError(
                'Each turn of history wants a "question" and its "answer".'
            ) from error
        answer = self._open().ask(
            str(question),
            turns,
            articles,
            passages=None if passages is None else _bounded(passages),
        )
        value: dict[str, Any] = TypeAdapter(type(answer)).dump_python(answer, mode="json")
        return value

    def search(self, query: str, count: int = 5) -> list[dict[str, Any]]:
        """Find the passages of the articles that match a query best, the best first.

        Args:
            query: The words to look for.
            count: The number of passages to return, 1 to 20.

        Returns:
            For each passage its "text", its "score" from 0 to 1, and its "article", an id.
        """
        index = self._open().index
        results = index.search(str(query), _bounded(count))
        return [
            {
                "text": result.chunk.text,
                "score": round(result.score, 3),
                "article": result.chunk.article_id,
                "start": result.chunk.start,
                "end": result.chunk.end,
            }
            for result in results
        ]

    def articles(self) -> list[dict[str, Any]]:
        """List the articles of the library, the newest first.

        Returns:
            For each article its "id", "title", "source", "published" day, "language" and length.
        """
        entries = self._open().index.entries()
        return [
            asdict(entry) | {"published": _iso(entry.published), "added": _iso(entry.added)}
            for entry in entries
        ]

    def add(self, address: str = "", text: str = "") -> dict[str, Any]:
        """Add a web page, feed or sitemap by its address, or a text.

        Args:
            address: A web address that begins with https:// or http://.
            text: The text of an article, its title as the first line; instead of an address.

        Returns:
            The ids of "added", "updated" and "unchanged" articles; under "failed", pairs of a
            source and a reason.
        """
        if bool(address) == bool(text):
            raise AddingError("Give either the address of a page or the text of an article.")
        source = web_address(str(address)) if address else pasted(str(text))
        return asdict(self._open().index.add(source, allow_hosts=self._allow_hosts))

    def remove(self, article_id: str) -> dict[str, Any]:
        """Remove an article.

        Args:
            article_id: The id of the article, from the list of articles.

        Returns:
            The "removed" id.
        """
        self._open().index.remove(str(article_id))
        return {"removed": article_id}


def _iso(moment: Any) -> str | None:
    return moment.isoformat() if moment else None


def _bounded(count: Any) -> int:
    """Return a number of passages. Raises `QuestionError` unless it is from 1 to 20."""
    if not isinstance(count, (int, float)) or not 1 <= count <= MOST_PASSAGES:
        raise QuestionError(f"Ask for 1 to {MOST_PASSAGES} passages, not {str(count)[:20]}.")
    return int(count)
