"""Readings of which none answers → what is said instead: the nearest sentences, or a refusal. Pure."""

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
    """Yield the nearest sentences, one more each time."""
    citations = tuple(cite(number, reading.sentence) for number, reading in enumerate(readings, start=1))
    texts = [quoted(citation, reading.span) for citation, reading in zip(citations, readings, strict=True)]
    for shown in range(1, len(citations) + 1):
        yield Answer("\n\n".join(texts[:shown]), citations[:shown], "quoted")


def refusal(searched: str, question: str, readings: Sequence[Reading]) -> Answer:
    """Return what says that nothing answers a question: what was `searched`, in a sentence, and the nearest passage."""
    if not readings:
        return Answer(searched, (), "refused")
    best = readings[0]
    citation = cite(1, best.sentence)
    passage = f"The nearest passage, in {describe(citation)}, is: {quoted(citation, best.span)}"
    parts = [searched, _language_hint(question, readings), passage]
    return Answer(" ".join(part for part in parts if part), (citation,), "refused")


def _language_hint(question: str, readings: Sequence[Reading]) -> str:
    """Return a sentence for a question that is not in the language of any article that was found."""
    languages = {reading.sentence.article.language for reading in readings}
    asked = read_language(question)
    if not asked or None in languages or asked in languages:
        return ""
    names = " and ".join(sorted(language_name(code) for code in languages if code))
    return f"The nearest articles are in {names}; ask in that language."
