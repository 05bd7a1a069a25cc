"""Readings that answer → what is said: the words that answer with the sentence they stand in. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from assistant.conversation import Answer
from assistant.grounding import cite, one_quote
from assistant.kinds import lacks_kind, wants_time
from assistant.names import whole_names
from assistant.questions import wants_names, wants_words
from assistant.wording import answering_words, earlier, has_words, told
from index.ranking import content_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assistant.grounding import Sentence
    from assistant.reader import Reading

SHARED_ODDS = 1 / 8
"""How likely, against the best sentence, one right beside it must be to answer, for both to be quoted as one."""
LONGEST_QUOTE = 400
"""Characters of both together: about three lines, which are read at a glance."""
SUREST_WORDS = 0.3
"""The probability that a reading's words must have to be the answer; else its whole sentence is."""
SUREST_NAMES = 0.1
"""The same for names, which are taken whole: the reader knows better where they stand than where they begin and end."""


def answer(question: str, readings: Sequence[Reading], others: Sequence[Reading] = ()) -> Answer:
    """Return what the best of the readings says, the best first.

    `others` are those of an article of another day on the same subject: where it answers in other words, both are told,
    the newer first.
    """
    claims = [_claim(question, readings)]
    if others:
        both = [*claims, _claim(question, others)]
        newer, older = sorted(both, key=lambda claim: claim.quote.article.published or date.min, reverse=True)
        if newer.words and older.words and not has_words(newer.quote.text, older.words):
            claims = [newer, older]
    citations = tuple(cite(number, claim.quote) for number, claim in enumerate(claims, start=1))
    days_wanted = wants_time(question)
    texts = [
        told(claim.words, citation, days_wanted=days_wanted) for claim, citation in zip(claims, citations, strict=True)
    ]
    texts[1:] = [f"{earlier(citation)} {text}" for citation, text in zip(citations[1:], texts[1:], strict=True)]
    return Answer("\n\n".join(texts), citations, "answered", claims[0].words)


def answering_quote(readings: Sequence[Reading]) -> Sentence:
    """Return the best sentence with the one beside it that shares the answer, if there is one and both are short."""
    best = readings[0]
    room = LONGEST_QUOTE - len(best.sentence.text)
    shares = [r.sentence for r in readings[1:] if r.odds >= SHARED_ODDS * best.odds and len(r.sentence.text) <= room]
    return one_quote(best.sentence, shares)


@dataclass(frozen=True, slots=True)
class _Claim:
    """A sentence that answers, or two, and the words of it that do: "" where words cannot answer."""

    quote: Sentence
    words: str


def _claim(question: str, readings: Sequence[Reading]) -> _Claim:
    return _Claim(answering_quote(readings), _words(readings[0], question) if wants_words(question) else "")


def _words(reading: Reading, question: str) -> str:
    """Return a reading's answering words, which are whole names where the question asks for people.

    There are none ("") where the reader is unsure, where they are only such as "so" or "no", or where they hold no
    number or time though one is asked for.
    """
    text, first = reading.sentence.text, reading.sentence.start
    span = reading.span[0] - first, reading.span[1] - first
    names = whole_names(text, span) if wants_names(question) else None
    sure = reading.span_score >= (SUREST_NAMES if names else SUREST_WORDS)
    words = answering_words(text[slice(*(names or span))]) if sure else ""
    return words if content_words(words) and not lacks_kind(question, words) else ""
