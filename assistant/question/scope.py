"""A question that limits which articles are asked ("according to The Herald", "in articles of 2016") → those: pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.english.asking import LIMIT
from index.text.words import content_words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from index import Article, Entry


def limited(question: str, articles: Callable[[], Sequence[Article | Entry]]) -> tuple[str, tuple[str, ...]] | None:
    """Return a question without its limit, and the ids of the articles within it; None if it has none.

    `articles` is called only for a question that may have one. Who is no article's source or site ("according to
    Lindqvist") is a speaker: what such a question wants, the articles tell.
    """
    found = LIMIT.search(question)
    if not found:
        return None
    if found["year"]:
        within = [a for a in articles() if a.published and a.published.year == int(found["year"])]
    else:
        named = set(content_words(found["source"]))
        within = [a for a in articles() if named and named <= set(content_words(f"{a.site or ''} {a.source}"))]
        if not within:
            return None
    rest = f"{question[: found.start()]} {question[found.end() :]}".strip()
    return rest.replace(" ?", "?"), tuple(article.id for article in within)
