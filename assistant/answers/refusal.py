"""Answers for readings that do not answer: the nearest sentences, or a refusal. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.conversation import Answer
from assistant.quoting.quotes import cite
from assistant.quoting.wording import describe, language_name, quoted
from index.text.language import read_language

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from assistant.reader.reader import Reading


def nearest(readings: Sequence[Reading]) -> Iterator[Answer]:
    """Yield growing answers that quote the sentences of readings, one more each time."""
    citations = tuple(
        cite(number, reading.sentence) for number, reading in enumerate(readings, start=1)
    )
    texts = [
        quoted(citation, reading.span)
        for citation, reading in zip(citations, readings, strict=True)
    ]
    for shown in range(1, len(citations) + 1):
        yield Answer("\n\n".join(texts[:shown]), citations[:shown], "quoted")


def refusal(searched: str, question: str, readings: Sequence[Reading]) -> Answer:
    """Return a refusal with the nearest passage, if there is one.

    Args:
        searched: A sentence that says how many articles were searched.
        question: The standalone question.
        readings: The readings of the sentences found, the best first; may be empty.
    """
    if not readings:
        return Answer(searched, (), "refused")
    best = readings[0]
    citation = cite(1, best.sentence)
    passage = f"The nearest passage, in {describe(citation)}, is: {quoted(citation, best.span)}"
    parts = [searched, _language_hint(question, readings), passage]
    return Answer(" ".join(part for part in parts if part), (citation,), "refused")


def _language_hint(question: str, readings: Sequence[Reading]) -> str:
    """Return a hint to ask in the articles' language; "" for a question in it."""
    languages = {reading.sentence.article.language for reading in readings}
    asked_in = read_language(question)
    if not asked_in or None in languages or asked_in in languages:
        return ""
    names = " and ".join(sorted(language_name(code) for code in languages if code))
    return f"The nearest articles are in {names}; ask in that language."
