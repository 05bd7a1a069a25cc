"""Variants of questions and sentences: carelessly typed questions, echoes and shadows.

An echo repeats a question without answering it. A shadow is an answering sentence without the
answer's words.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from assistant.reader.network import EncodedSentence
from index.text.words import content_words

if TYPE_CHECKING:
    import random

ECHOES = (
    "{}",
    "{}",
    "this article looks at {}.",
    "it is not known {}.",
    "there has been much talk of {}.",
    "we wished to learn more about {}.",
    "{}: an overview",
    "many have asked about {}.",
)
WITHOUT_MARK, IN_HASTE = 0.35, 0.25
"""Shares of worn questions without a question mark, or without small words; the rest get a typo."""
SHORTEST_SLIP = 5
"""The fewest letters of a word that gets a typo."""
UNHEARD_OF = 0.5
"""The share of a question's content tokens that `unheard_of` replaces."""
FIRST_WORD_TOKEN = 2_000
"""Earlier tokens of the vocabulary are reserved, or single characters."""

WORD = re.compile(r"\w+")
_ASKING = re.compile(
    r"^\W*(?:(?:in|on|at|for|to|of|from|by|with) )?"
    r"(?:what|which|who|whom|whose|when|where|why|how)\b"
    r"(?: (?:many|much|long|often|old|far))?\s*"
    r"(?:(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would)\b)?\s*",
    re.IGNORECASE,
)
_LEFT_OUT_IN_HASTE = re.compile(
    r"\b(?:a|an|the|is|are|was|were|did|does|do|of|to|in|has|have|had|been)\b\s*", re.IGNORECASE
)


def echo(question: str, generator: random.Random) -> str:
    """Return a sentence or heading that repeats a question without answering it.

    "What is the mill's age?" may become "this article looks at the mill's age."
    """
    rest = _ASKING.sub("", question).rstrip(" ?") or question
    return generator.choice(ECHOES).format(rest)


def worn(question: str, generator: random.Random) -> str:
    """Return a carelessly typed question: without its mark, in telegraph style, or with a typo."""
    how = generator.random()
    if how < WITHOUT_MARK:
        return question.rstrip(" ?")
    if how < WITHOUT_MARK + IN_HASTE:
        return _LEFT_OUT_IN_HASTE.sub("", question).rstrip(" ?") or question
    longer = [word for word in WORD.finditer(question) if len(word.group()) >= SHORTEST_SLIP]
    if not longer:
        return question
    word = generator.choice(longer)
    at = word.start() + generator.randrange(1, len(word.group()) - 1)
    slips = (
        question[:at] + question[at + 1 :],
        question[:at] + question[at] + question[at:],
        question[:at] + question[at + 1] + question[at] + question[at + 2 :],
    )
    return generator.choice(slips)


def unheard_of(
    question: str, tokens: EncodedSentence, vocabulary: int, generator: random.Random
) -> dict[int, int]:
    """Draw random replacements for some content tokens of a question.

    Args:
        question: The question.
        tokens: The encoded question.
        vocabulary: The size of the tokenizer's vocabulary.
        generator: Makes the choices.

    Returns:
        Replacement tokens by the replaced tokens.
    """
    content = [word.span() for word in WORD.finditer(question) if content_words(word.group())]
    inside = {
        token
        for token, (start, end) in zip(tokens.ids, tokens.offsets, strict=True)
        if any(begin <= start and end <= stop for begin, stop in content)
    }
    words = range(FIRST_WORD_TOKEN, vocabulary)
    return {
        token: generator.choice(words)
        for token in sorted(inside)
        if generator.random() < UNHEARD_OF
    }


def without_span(sentence: EncodedSentence, span: tuple[int, int]) -> EncodedSentence:
    """Return a sentence without the tokens of a span.

    The first token stays if the span covers the whole sentence.
    """
    first, last = span
    return EncodedSentence(
        (sentence.ids[:first] + sentence.ids[last + 1 :]) or sentence.ids[:1],
        (sentence.offsets[:first] + sentence.offsets[last + 1 :]) or sentence.offsets[:1],
    )


def in_other_tokens(sentence: EncodedSentence, others: dict[int, int]) -> EncodedSentence:
    """Return a sentence with some tokens replaced."""
    ids = tuple(others.get(token, token) for token in sentence.ids)
    return EncodedSentence(ids, sentence.offsets)
