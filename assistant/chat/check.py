"""A chat model's claim → the exact sentences behind it, or why it cannot stand: pure but for the embedder.

A claim stands when sentences of the passages say it: each number, day and name of it is in them, they share its words
or its meaning, and neither denies what the other asserts. What a sentence quotes or holds to be likely is not told as a
fact: unless the claim says so too, the sentence itself stands in its place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING

import numpy as np

from assistant.english.modality import denies, hedges
from assistant.english.numbers import MULTIPLES, in_digits, ordinal, value
from assistant.english.speech import QUOTED, SPEAKER, TELLING
from assistant.quoting.dates import day_in_words, relative_dates
from assistant.quoting.quotes import one_quote, speech_of
from assistant.quoting.wording import counted_from, on_one_line
from index.text.words import FUNCTION_WORDS, content_words, with_compounds_split

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from assistant.chat.judge import Judge
    from assistant.chat.prompts import Claim
    from assistant.quoting.sentences import Sentence
    from index.embedding.embedder import Embedder

MOST_QUOTES = 3
"""How many sentences one claim may rest on."""
LOOKED_AT = 6
"""How many sentences, those that share most words with a claim, are looked at for it."""
SHARED_WORDS = 0.5
"""The share of a claim's words that its sentences have, from which on they say it."""
LIKENESS = 0.85
"""The cosine of a claim and its best sentence from which on that says it in other words.

Less is no sign: of “Greta sold apples” and “Greta threw away apples” it is 0.80. The answers of a 1.5 B model to our
132 questions were checked with 0.6 too, by which one more of them was right.
"""
LONGEST_CLAIM = 600
"""Characters; more is no sentence."""

_WORD = re.compile(r"[^\W_]+(?:[’'][^\W_]+)*")
_ENDING = re.compile(r"[’'](?:s|re|ve|ll|d|m)$")
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of a claim: the text that is said, and the sentences that it rests on.

    Without sentences the claim is withdrawn, and `reason` says why. `is_quote`: the first of them stands in its place.
    """

    claim: Claim
    text: str = ""
    quotes: tuple[Sentence, ...] = ()
    reason: str = ""
    is_quote: bool = False

    @property
    def fate(self) -> str:
        """What a trace tells of it."""
        if not self.quotes:
            return f"withdrawn, {self.reason}"
        told = "its sentence stands instead" if self.is_quote else "kept"
        return f"{told}, by {[quote.text for quote in self.quotes]}"


def check(
    claim: Claim,
    question: str,
    passages: Mapping[int, Sequence[Sentence]],
    embedder: Embedder,
    judge: Judge,
) -> Checked:
    """Return what becomes of a claim about passages, whose sentences are given by the passages' numbers.

    A claim that names a wrong passage, or none, rests on the sentences of the others that say it. Sentences that the
    judge holds to answer the question say what it asks about, in whichever words.
    """
    if len(claim.text) > LONGEST_CLAIM:
        return Checked(claim, reason="it is too long for a sentence")
    every = [sentence for sentences in passages.values() for sentence in sentences]
    cited = [sentence for number in claim.numbers for sentence in passages.get(number, ())]
    written = _written(question, every)
    reason = "no passage says it"
    for pool in [cited, every] if cited else [every]:
        quotes = _behind(claim.text, question, pool, written)
        if not quotes:
            continue
        told = _with_days(claim.text, quotes)
        reason = _objection(told, quotes, written)
        if not reason and not (
            _is_said(told, question, quotes, every, is_answered=judge.answers(quotes))
            or _likeness(told, quotes, embedder) >= LIKENESS
        ):
            reason = "no passage says it"
        if not reason and _makes_a_fact(claim.text, quotes):
            return Checked(claim, quotes=quotes[:1], is_quote=True)
        if not reason:
            return Checked(claim, told, quotes)
    return Checked(claim, reason=reason)


def _objection(claim: str, quotes: Sequence[Sentence], written: frozenset[str]) -> str:
    """Return what a claim has otherwise than its sentences, "" when there is nothing."""
    together = " ".join(quote.text for quote in quotes)
    speakers, missing = _speakers(claim), _missing(claim, quotes, written)
    reason = ""
    if missing:
        reason = f"no passage beside the rest of it says {', '.join(sorted(missing))}"
    elif speakers and not speakers & _speakers(together):
        reason = "no passage says that these are the words of whom it names"
    elif denies(claim) != denies(_without_other_speech(claim, quotes)):
        reason = "it denies what the passage asserts, or the other way round"
    elif any(
        on_one_line(words).casefold() not in on_one_line(together).casefold()
        for words in QUOTED.findall(claim)
    ):
        reason = "it quotes what is not written so"
    return reason


def _without_other_speech(claim: str, quotes: Sequence[Sentence]) -> str:
    """Return the text of sentences without what somebody says in them that has no word of a claim."""
    stems = set(content_words(claim))
    text = " ".join(quote.text for quote in quotes)
    for speech in (speech for quote in quotes for speech in speech_of(quote)):
        if not stems & set(content_words(speech)):
            text = text.replace(speech, " ")
    return text


def _makes_a_fact(claim: str, quotes: Sequence[Sentence]) -> bool:
    """Return whether a claim tells as a fact what its sentences tell as somebody's words, or as likely."""
    if TELLING.matches(claim):
        return False
    stems = set(content_words(claim))
    spoken = {
        stem for quote in quotes for speech in speech_of(quote) for stem in content_words(speech)
    }
    is_borrowed = bool(spoken) and 2 * len(spoken & stems) >= len(stems)
    return is_borrowed or (hedges(quotes[0].text) and not hedges(claim))


def _is_said(
    claim: str,
    question: str,
    quotes: Sequence[Sentence],
    every: Sequence[Sentence],
    *,
    is_answered: bool,
) -> bool:
    """Return whether sentences have most of a claim's words, names and numbers not being counted.

    Words of the question are said where the sentences answer it; where that is not known, a bare "214" or a name
    has to stand beside them. Words that stand in their compounds are known as such by all sentences of the passages.
    """
    named = {
        stem
        for word in _WORD.findall(claim)
        if word != word.lower()
        for stem in content_words(word)
    }
    stems = {stem for stem in content_words(claim) if stem not in named and not stem.isdigit()}
    asked = set(content_words(question))
    if not stems and not is_answered:
        stems = asked
    texts = with_compounds_split(claim, [sentence.text for sentence in [*quotes, *every]])[
        : len(quotes)
    ]
    known = {stem for text in texts for stem in content_words(text)} | (
        asked if is_answered else set()
    )
    return len(stems & known) >= SHARED_WORDS * len(stems)


def _speakers(text: str) -> set[str]:
    """Return the last words of the names that stand beside a verb of speaking, in lower case."""
    return {(before or after).split()[-1].casefold() for before, after in SPEAKER.findall(text)}


def _behind(
    claim: str, question: str, pool: Sequence[Sentence], written: frozenset[str]
) -> tuple[Sentence, ...]:
    """Return the sentences of an article that have most of a claim's words, and all that must be in them, if they do.

    A number is no word: that another sentence has it as well means nothing. Of sentences that have as many of its
    words those come first that have more of the question's.
    """
    stems = {
        stem
        for word in _WORD.findall(claim)
        if not _is_number(word)
        for stem in content_words(word)
    }
    asked = set(content_words(question))
    known = [set(content_words(sentence.text)) for sentence in pool]
    overlaps = [
        (len(stems & words), len(asked & words), -number) for number, words in enumerate(known)
    ]
    # A bare number has no words of its own: it can only stand where the question's do.
    has_words = itemgetter(0) if stems else itemgetter(1)
    best = [
        pool[-number]
        for *_, number in sorted(filter(has_words, overlaps), reverse=True)[:LOOKED_AT]
    ]
    quotes: list[Sentence] = []
    missing: set[str] | None = None
    while best and len(quotes) < MOST_QUOTES and (missing is None or missing):
        rest = [
            (len(_missing(claim, [*quotes, each], written)), place)
            for place, each in enumerate(best)
        ]
        fewest, place = min(rest)
        if missing is not None and fewest >= len(missing):
            break
        # The sentence with most words comes first, unless another has more of what must be there.
        quotes.append(one_quote(best.pop(place)))
        best = [sentence for sentence in best if sentence.article.id == quotes[0].article.id]
        missing = _missing(claim, quotes, written)
    return tuple(quotes)


def _is_number(word: str) -> bool:
    return word[:1].isdigit() or _value(word) is not None


def _value(word: str) -> str | None:
    """Return the number that a word stands for in digits, "one" being left out: it is more often no number."""
    counted = ordinal(word) if value(word) is None else value(word)
    if counted is None:
        return MULTIPLES.get(word.casefold())
    return None if counted == 1 else str(counted)


def _missing(claim: str, quotes: Sequence[Sentence], written: frozenset[str]) -> set[str]:
    """Return the numbers, names and words of other scripts of a claim that its sentences and their articles lack."""
    known = " ".join(map(_known, quotes))
    folded = known.casefold()
    words = {_ENDING.sub("", word.casefold()) for word in _WORD.findall(known)}
    numbers = set(_NUMBER.findall(known)) | set(_NUMBER.findall(in_digits(known)))
    values = numbers | {counted for word in words if (counted := _value(word))}
    said = _without_workings(claim, quotes)
    missing = {number for number in _NUMBER.findall(said) if number not in numbers}
    is_counted_alike = set(_NUMBER.findall(in_digits(said))) <= numbers
    for found in _WORD.finditer(said):
        word, lower = found.group(), found.group().casefold()
        bare = _ENDING.sub("", lower)
        if counted := _value(word):
            if not (is_counted_alike or counted in values or lower in words):
                missing.add(word)
        elif bare in words or lower.isdigit():
            continue
        elif word != lower:
            begins = not said[: found.start()].strip(' "“‘(')
            if not (bare in FUNCTION_WORDS or (begins and lower in written)):
                missing.add(word)
        elif not word.isascii() and word.upper() == word and word not in folded:
            missing.add(
                word
            )  # A script without capitals tells no names: all of its words have to be there.
    return missing


def _known(quote: Sentence) -> str:
    article = quote.article
    day = day_in_words(article.published) if article.published else ""
    return on_one_line(f"{quote.text} {article.title} {article.site or article.source} {day}")


def _with_days(claim: str, quotes: Sequence[Sentence]) -> str:
    """Return a claim in which a day that its sentences tell as "tomorrow" stands with what it was counted from."""
    for quote in quotes:
        if not quote.article.published:
            continue
        working = counted_from(quote.article.published)
        for relative in relative_dates(on_one_line(quote.text), quote.article.published):
            told = f"{relative.expression} ({relative.meaning}; {working})"
            if relative.meaning in claim and relative.meaning not in quote.text:
                found = re.search(rf"(?:\b(?:on|in) )?{re.escape(relative.meaning)}", claim)
                return f"{claim[: found.start()]}{told}{claim[found.end() :]}" if found else claim
            if relative.expression in claim:
                return claim.replace(relative.expression, told, 1)
    return claim


def _without_workings(claim: str, quotes: Sequence[Sentence]) -> str:
    for quote in quotes:
        if quote.article.published:
            working = re.escape(f"; {counted_from(quote.article.published)})")
            claim = re.sub(rf"\([^()]*{working}", "", claim)
    return claim


def _written(question: str, every: Sequence[Sentence]) -> frozenset[str]:
    """Return the words that stand somewhere in lower case: with a capital they begin a sentence, and name nothing."""
    words = _WORD.findall(" ".join([question, *(sentence.text for sentence in every)]))
    return frozenset(word for word in words if word == word.lower())


def _likeness(claim: str, quotes: Sequence[Sentence], embedder: Embedder) -> float:
    vectors = np.array(embedder.embed_documents([claim, *(quote.text for quote in quotes)]))
    return float((vectors[1:] @ vectors[0]).max())
