"""The sentences that support a claim, and the words of it that they lack; pure."""

from __future__ import annotations

import re
from operator import itemgetter
from typing import TYPE_CHECKING

from assistant.english.numbers import MULTIPLES, in_digits, ordinal, value
from assistant.quoting.dates import day_in_words, relative_dates
from assistant.quoting.quotes import one_quote
from assistant.quoting.wording import counted_from, on_one_line
from index.text.words import FUNCTION_WORDS, content_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assistant.quoting.sentences import Sentence

MOST_QUOTES = 3
"""Sentences that one claim may rest on."""
MOST_CANDIDATES = 6
"""Sentences considered for a claim: those that share most words with it."""

CLAIM_WORD = re.compile(r"[^\W_]+(?:[’'][^\W_]+)*")
"""A word, with its apostrophes: "Berg's", "27", "O’Neil"."""
_SHORT_ENDING = re.compile(r"[’'](?:s|re|ve|ll|d|m)$")
"""A genitive or a short verb: the "'s" of "Berg's", the "'ll" of "she'll"."""
_WRITTEN_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
"""A number in digits: "27,534", "1.82:1"."""
_OPENING_MARKS = ' "“‘('
"""Characters before the first word of a claim."""


def supporting_quotes(
    claim: str, question: str, sentences: Sequence[Sentence], lower_case: frozenset[str]
) -> tuple[Sentence, ...]:
    """Return the sentences of one article that best support a claim.

    It is empty if no sentence shares a word with the claim. The first sentence is the one with the
    fewest missing words, of equal ones the one with most words of the claim. Each further sentence
    has words that the earlier ones lack.

    Args:
        claim: The text of the claim.
        question: The standalone question.
        sentences: The sentences to choose from.
        lower_case: The words that the passages have in lower case.
    """
    candidates = _candidates(claim, question, sentences)
    quotes: list[Sentence] = []
    missing: set[str] | None = None
    while candidates and len(quotes) < MOST_QUOTES and (missing is None or missing):
        # Find the candidate that leaves the fewest words missing.
        counts = [
            (len(missing_words(claim, [*quotes, candidate], lower_case)), place)
            for place, candidate in enumerate(candidates)
        ]
        fewest, place = min(counts)
        if missing is not None and fewest >= len(missing):
            break
        # Add it, and go on with its article only.
        quotes.append(one_quote(candidates.pop(place)))
        article_id = quotes[0].article.id
        candidates = [each for each in candidates if each.article.id == article_id]
        missing = missing_words(claim, quotes, lower_case)
    return tuple(quotes)


def _candidates(claim: str, question: str, sentences: Sequence[Sentence]) -> list[Sentence]:
    """Return the sentences that share most words with a claim, the best first.

    Numbers do not count as words: an unrelated sentence may have the same. Ties go to the sentence
    with more words of the question.
    """
    words = (word for word in CLAIM_WORD.findall(claim) if not _is_number(word))
    stems = {stem for word in words for stem in content_words(word)}
    asked = set(content_words(question))
    overlaps = []
    for number, sentence in enumerate(sentences):
        own = set(content_words(sentence.text))
        overlaps.append((len(stems & own), len(asked & own), -number))
    # A claim that is a bare number has no words, so the words of the question decide.
    has_words = itemgetter(0) if stems else itemgetter(1)
    ranked = sorted(filter(has_words, overlaps), reverse=True)
    return [sentences[-number] for *_, number in ranked[:MOST_CANDIDATES]]


def missing_words(claim: str, quotes: Sequence[Sentence], lower_case: frozenset[str]) -> set[str]:
    """Return the numbers and names of a claim that its sentences lack.

    The titles, sites and days of their articles count as well.

    Args:
        claim: The text of the claim.
        quotes: The sentences behind it.
        lower_case: The words that the passages have in lower case. With a capital at the start of
            a claim such a word is no name.
    """
    # Collect the words and numbers of the sentences, and of their articles' titles and days.
    known = " ".join(map(_with_source, quotes))
    folded = known.casefold()
    words = {_SHORT_ENDING.sub("", word.casefold()) for word in CLAIM_WORD.findall(known)}
    numbers = set(_WRITTEN_NUMBER.findall(known)) | set(_WRITTEN_NUMBER.findall(in_digits(known)))
    values = numbers | {number for word in words if (number := _number_of(word))}
    # Numbers in digits must be there as they are.
    claim = _without_workings(claim, quotes)
    missing = {number for number in _WRITTEN_NUMBER.findall(claim) if number not in numbers}
    # "Two hundred" may be there as "200".
    has_all_values = set(_WRITTEN_NUMBER.findall(in_digits(claim))) <= numbers
    for match in CLAIM_WORD.finditer(claim):
        word, lower = match.group(), match.group().casefold()
        bare = _SHORT_ENDING.sub("", lower)
        if number := _number_of(word):
            is_known = has_all_values or number in values or lower in words
        elif bare in words or lower.isdigit():
            is_known = True
        elif word != lower:
            # "The", and "Apples" at the start of a claim, are no names.
            is_first = not claim[: match.start()].strip(_OPENING_MARKS)
            is_known = bare in FUNCTION_WORDS or (is_first and lower in lower_case)
        else:
            # A script without capitals marks no names, so all of its words count: "格蕾塔".
            has_no_case = not word.isascii() and word.upper() == word
            is_known = not has_no_case or word in folded
        if not is_known:
            missing.add(word)
    return missing


def _is_number(word: str) -> bool:
    return word[:1].isdigit() or _number_of(word) is not None


def _number_of(word: str) -> str | None:
    """Return a number word in digits, except "one", which is more often a pronoun.

    >>> _number_of("thirty"), _number_of("second"), _number_of("one"), _number_of("mill")
    ('30', '2', None, None)
    """
    number = ordinal(word) if value(word) is None else value(word)
    if number is None:
        return MULTIPLES.get(word.casefold())
    return None if number == 1 else str(number)


def _with_source(quote: Sentence) -> str:
    """Return a sentence with its article's title, site and day."""
    article = quote.article
    day = day_in_words(article.published) if article.published else ""
    return on_one_line(f"{quote.text} {article.title} {article.site or article.source} {day}")


def with_workings(claim: str, quotes: Sequence[Sentence]) -> str:
    """Return a claim with the working of a relative day, such as "tomorrow".

    "The market opens on 4 May 2021." becomes "The market opens tomorrow (4 May 2021; the article is
    of 3 May 2021)." if the sentence behind it says "tomorrow".
    """
    for quote in quotes:
        if not quote.article.published:
            continue
        working = counted_from(quote.article.published)
        for day in relative_dates(on_one_line(quote.text), quote.article.published):
            worded = f"{day.expression} ({day.meaning}; {working})"
            if day.meaning in claim and day.meaning not in quote.text:
                match = re.search(rf"(?:\b(?:on|in) )?{re.escape(day.meaning)}", claim)
                return f"{claim[: match.start()]}{worded}{claim[match.end() :]}" if match else claim
            if day.expression in claim:
                return claim.replace(day.expression, worded, 1)
    return claim


def _without_workings(claim: str, quotes: Sequence[Sentence]) -> str:
    """Return a claim without the workings that `with_workings` has added."""
    for quote in quotes:
        if quote.article.published:
            working = re.escape(f"; {counted_from(quote.article.published)})")
            claim = re.sub(rf"\([^()]*{working}", "", claim)
    return claim
