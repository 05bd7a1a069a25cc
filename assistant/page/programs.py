"""What programs ask of the page's server, by its API and as MCP tools: named functions of plain values."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from assistant import MOST_PASSAGES, QuestionError, Turn
from assistant.page.library import AddingError, pasted, web_address

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from assistant import Assistant

_TURNS = TypeAdapter(list[Turn])


class Programs:
    """The functions that programs call. What they are given is checked; an error's message is meant for the caller.

    Their docstrings are what an MCP client is shown.
    """

    def __init__(self, open_assistant: Callable[[], Assistant], allow_hosts: Sequence[str] = ()) -> None:
        """Serve the assistant that `open_assistant` returns; `allow_hosts` are fetched from though not public."""
        self._open, self._allow_hosts = open_assistant, tuple(allow_hosts)

    def functions(self) -> tuple[Callable[..., Any], ...]:
        """Return the functions, each under its name."""
        return self.ask, self.search, self.articles, self.add, self.remove

    def ask(
        self,
        question: str,
        history: list[dict[str, Any]] | None = None,
        articles: list[str] | None = None,
        passages: int | None = None,
    ) -> dict[str, Any]:
        """Answer a question from the articles, with the exact sentences that the answer rests on.

        Args:
            question: What to ask, in words.
            history: The turns before this one, oldest first: objects with a "question" and the "answer" it was given.
            articles: The ids of the articles to ask; all of them when left out.
            passages: How many of the best passages are read, 1 to 20; as many as suit the model when left out.

        Returns:
            The answer. Its "status" is "answered", "quoted" when its "text" is the nearest sentences, which may or may
            not answer, or "refused" when the articles do not answer. [n] in the text stands for the one of its
            "citations" with that number, which has the exact sentence as "quote".
        """
        try:
            turns = _TURNS.validate_python(history or [])
        except ValidationError as error:
            raise QuestionError('Each turn of history wants a "question" and the "answer" that was given.') from error
        answer = self._open().ask(
            str(question), turns, articles, passages=None if passages is None else _bounded(passages)
        )
        return TypeAdapter(type(answer)).dump_python(answer, mode="json")  # type: ignore[no-any-return]

    def search(self, query: str, count: int = 5) -> list[dict[str, Any]]:
        """Find the passages of the articles that fit a query best, the best first.

        Args:
            query: What to look for, in words.
            count: How many passages to return, 1 to 20.

        Returns:
            For each passage its "text", its "score" from 0 to 1, and the id of the "article" that it stands in.
        """
        index = self._open().index
        found = index.search(str(query), _bounded(count))
        return [
            {
                "text": result.chunk.text,
                "score": round(result.score, 3),
                "article": result.chunk.article_id,
                "start": result.chunk.start,
                "end": result.chunk.end,
            }
            for result in found
        ]

    def articles(self) -> list[dict[str, Any]]:
        """List the articles that can be asked, the newest first.

        Returns:
            For each article its "id", "title", "source", "published" day, "language" and length.
        """
        entries = self._open().index.entries()
        return [asdict(entry) | {"published": _iso(entry.published), "added": _iso(entry.added)} for entry in entries]

    def add(self, address: str = "", text: str = "") -> dict[str, Any]:
        """Add an article: a web page, feed or sitemap by its address, or a text.

        Args:
            address: A web address that begins with https:// or http://.
            text: The text of an article, its title as the first line. Give either this or an address.

        Returns:
            The ids of what was "added", "updated" or "unchanged", and pairs of what "failed" and why.
        """
        if bool(address) == bool(text):
            raise AddingError("Give either the address of a page or the text of an article.")
        source = web_address(str(address)) if address else pasted(str(text))
        return asdict(self._open().index.add(source, allow_hosts=self._allow_hosts))

    def remove(self, article_id: str) -> dict[str, Any]:
        """Remove an article.

        Args:
            article_id: The id of the article, as the list of articles tells it.

        Returns:
            The "removed" id.
        """
        self._open().index.remove(str(article_id))
        return {"removed": article_id}


def _iso(moment: Any) -> str | None:
    return moment.isoformat() if moment else None


def _bounded(count: Any) -> int:
    """Return a number of passages. Raises `QuestionError` for what is none from 1 to 20."""
    if not isinstance(count, (int, float)) or not 1 <= count <= MOST_PASSAGES:
        raise QuestionError(f"Ask for 1 to {MOST_PASSAGES} passages, not {str(count)[:20]}.")
    return int(count)
