"""Limits on the articles that a question is asked of: "in articles of 2016". Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.english.asking import LIMIT
from index.text.words import content_words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from index import Article, Entry


def without_limit(
    question: str, articles: Callable[[], Sequence[Article | Entry]]
) -> tuple[str, tuple[str, ...]] | None:
    """Return a question without its limit, and the ids of the articles within the limit.

    Return nothing for a question without a limit. "According to Lindqvist" is a limit only if she
    is the source or site of an article; otherwise she is a speaker.

    Args:
        question: The standalone question.
        articles: Returns the articles of the index; called only if the question may have a limit.
    """
    match = LIMIT.search(question)
    if not match:
        return None
    # "in articles of 2016"
    if match["year"]:
        year = int(match["year"])
        within = [each for each in articles() if each.published and each.published.year == year]
    # "according to The Herald"
    else:
        source = set(content_words(match["source"]))
        within = [each for each in articles() if source and source <= _source_words(each)]
        if not within:
            return None
    rest = f"{question[: match.start()]} {question[match.end() :]}".strip()
    return rest.replace(" ?", "?"), tuple(article.id for article in within)


def _source_words(article: Article | Entry) -> set[str]:
    """Return the content words of an article's site and source."""
    return set(content_words(f"{article.site or ''} {article.source}"))
