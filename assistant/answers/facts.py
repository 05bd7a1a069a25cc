"""Readings that answer → what is said: the words that answer with the sentence they stand in. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import chain, count
from typing import TYPE_CHECKING

from assistant.conversation import Answer
from assistant.question.kinds import lacks_kind, wants_time
from assistant.question.plan import is_judged, wants_names, wants_words
from assistant.quoting.people import whole_names
from assistant.quoting.quotes import cite, one_quote
from assistant.quoting.wording import MOST_TOLD, MOST_TOLD_OF_TWO, answering_words, earlier, has_words, marked, told
from index.text.words import content_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assistant.quoting.sentences import Sentence
    from assistant.reader.reader import Reading
    from index.text.sentences import Span

SHARED_ODDS = 1 / 8
"""How likely, against the best sentence, one right beside it must be to answer, for both to be quoted as one."""
LONGEST_QUOTE = 400
"""Characters of both together: about three lines, which are read at a glance."""
SURE = 0.9
"""The probability that a sentence answers from which on it is told alone; below, the next ones are named as well."""
SEE_ALSO = 2
"""How many of them at most."""
SEE_ALSO_ODDS = 1 / 32
"""How likely one of them must be to answer, against the best sentence."""
LONGEST_WORDS = 20
"""Words: more of a sentence are no answer beside it, but the sentence itself."""
SUREST_WORDS = 0.4
"""The probability that a reading's words must have to be the answer; else its whole sentence is."""
SUREST_NAMES = 0.1
"""The same for names, which are taken whole: the reader knows better where they stand than where they begin and end."""


def answer(question: str, readings: Sequence[Reading], others: Sequence[Reading] = ()) -> Answer:
    """Return what the best of the readings says, the best first.

    `others` are those of an article of another day on the same subject: where it answers otherwise what wants words, or
    a question of yes or no, both are told, the newer first. Where the best is not sure, the next are named.
    """
    claims, agreeing = [_claim(question, readings)], []
    if others:
        both = [*claims, _claim(question, others)]
        newer, older = sorted(both, key=lambda claim: claim.quote.article.published or date.min, reverse=True)
        if older.words and has_words(newer.quote.text, older.words):
            agreeing = [both[1].quote]
        elif wants_words(question) or is_judged(question):
            claims = [newer, older]
    named = [] if len(claims) > 1 or agreeing else _next_ones(claims[0].quote, readings)
    first, *rest = claims
    numbers = count(1)
    groups = [[first.quote, *first.quote.copies, *agreeing], *([claim.quote] for claim in rest), named]
    cited = [[cite(next(numbers), quote) for quote in group] for group in groups]
    tell = partial(told, days_wanted=wants_time(question), most=MOST_TOLD_OF_TWO if rest else MOST_TOLD)
    texts = [tell(first.words, cited[0], first.focus)]
    texts += [
        f"{earlier(claim.quote.article)} {tell(claim.words, citations, claim.focus)}"
        for claim, citations in zip(rest, cited[1:], strict=False)
    ]
    if named:
        texts.append(f"See also {marked(cited[-1])}")
    return Answer("\n\n".join(texts), tuple(chain.from_iterable(cited)), "answered", first.words)


def answering_quote(readings: Sequence[Reading]) -> Sentence:
    """Return the best sentence with the one beside it that shares the answer, if there is one and both are short."""
    best = readings[0]
    room = LONGEST_QUOTE - len(best.sentence.text)
    shares = [r.sentence for r in readings[1:] if r.odds >= SHARED_ODDS * best.odds and len(r.sentence.text) <= room]
    return one_quote(best.sentence, shares)


@dataclass(frozen=True, slots=True)
class _Claim:
    """A sentence that answers, or two, and the words of it that do: "" where words cannot answer.

    `focus` holds the characters of the article that matter most in the sentence.
    """

    quote: Sentence
    words: str
    focus: Span


def _claim(question: str, readings: Sequence[Reading]) -> _Claim:
    words = _words(readings[0], question) if wants_words(question) else ""
    return _Claim(answering_quote(readings), words, readings[0].span)


def _next_ones(quote: Sentence, readings: Sequence[Reading]) -> list[Sentence]:
    """Return the sentences after the best that may well answer instead, unless that is sure, and stands not in them."""
    best = readings[0]
    if best.score >= SURE:
        return []
    likely = [reading.sentence for reading in readings[1:] if reading.odds >= SEE_ALSO_ODDS * best.odds]
    return [sentence for sentence in likely if not quote.contains(sentence)][:SEE_ALSO]


def _words(reading: Reading, question: str) -> str:
    """Return a reading's answering words, which are whole names where the question asks for people.

    There are none ("") where the reader is unsure or they are many, where they are only such as "so" or "no" or words
    of the question, or where they hold no number or time though one is asked for.
    """
    text, first = reading.sentence.text, reading.sentence.start
    span = reading.span[0] - first, reading.span[1] - first
    names = whole_names(text, span) if wants_names(question) else None
    sure = reading.span_score >= (SUREST_NAMES if names else SUREST_WORDS)
    words = answering_words(text[slice(*(names or span))]) if sure else ""
    says_something = set(content_words(words)) - set(content_words(question))
    return words if says_something and len(words.split()) <= LONGEST_WORDS and not lacks_kind(question, words) else ""
