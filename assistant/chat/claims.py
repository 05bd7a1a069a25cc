"""A chat model's reply as plain text and as claims; pure.

The reply is data. Its markup becomes plain text, and each of its sentences becomes one claim with
the numbers of the passages that it cites.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.chat.prompts import LONGEST_TURN, NO_ANSWER, UNSEEN
from assistant.quoting.wording import on_one_line
from index.text.sentences import sentence_spans

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assistant.conversation import Turn

MOST_CLAIMS = 40
"""Sentences read of a reply. The rules ask for three."""

_THOUGHT = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|$)", re.IGNORECASE | re.DOTALL)
"""Thoughts of a reasoning model: "<think>Who runs it?</think>"."""
_LINK = re.compile(r"!?\[([^\[\]]*)\]\((?:[^()]|\([^()]*\))*\)")
"""A Markdown link or image: "[the mill](https://example.org/a_(b))"."""
_HIDDEN = re.compile(r"<(script|style)\b.*?(?:</\1>|$)", re.IGNORECASE | re.DOTALL)
"""An element without visible text: "<script>alert(1)</script>"."""
_TAG = re.compile(r"</?[a-z!][^<>]*>?", re.IGNORECASE)
"""A tag or comment of HTML, perhaps cut off: "<b>", "</b>", "<img src=x"."""
_EMPHASIS = re.compile(r"\*+|`+|(?<!\w)_+|(?<!_)_++(?!\w)|~~")
"""Markdown's marks around words, as in "**mill**" and "_mill_", but not in "mill_owner"."""
_BULLET = r"(?:[-•>#]+|\d{1,2}[.)])\s++"
_LINE_START = re.compile(rf"(\A|(?<=\S)[^\S\n]*\n)\s*+(?:{_BULLET}(?<=\n))*{_BULLET}")
"""A bullet, heading or quote mark with the line break before it: "\\n- ", "\\n## ", "\\n1. ".

The match starts at the last visible character, so that white space is scanned once.
"""

_MARKS = r"\[\s*\d{1,4}(?:\s*[,;]\s*\d{1,4})*\s*\]"
_CITATION_MARK = re.compile(_MARKS)
"""The number of a passage, or several: "[2]", "[1, 3]"."""
_MARKS_AFTER = re.compile(rf"([.!?…][”\"’')]*)((?:\s*{_MARKS})+)")
"""Marks after the full stop of their sentence: "It opened. [2]"."""
_PASSAGE_NUMBER = re.compile(r"\d+")
_LOOSE_PUNCTUATION = re.compile(r"\s+([.,;:!?])")
"""White space that a removed mark leaves before punctuation: "It opened ."."""

_YES_OR_NO = re.compile(
    r"^(?:yes|no|ja|nein|oui|non|s[ií]|sim|não)(?:[.,;:!–—]+\s*|$)(?!\d)", re.IGNORECASE
)
"""A yes or no that stands apart: "No, the town …", but not "No child pays" or "No. 10"."""
_FINISHED = re.compile(r"[.!?…。！？][”\"’')\]]*\s*$")
"""The end of a finished sentence: "It opened.”"."""
_QUESTION_LABEL = re.compile(r"^(?:last |rewritten )?question: ?", re.IGNORECASE)
"""A label that models repeat from the prompt: "Rewritten question: Who runs it?"."""
_REPLY_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence of a model's reply.

    Attributes:
        text: The sentence, on one line, without its marks.
        numbers: The numbers of the passages that it cites, from 1.
    """

    text: str
    numbers: tuple[int, ...]


def parse_claims(text: str, *, is_over: bool) -> tuple[list[Claim], str]:
    """Return the finished claims of a reply, and the beginning of the next one.

    Args:
        text: The reply so far.
        is_over: Whether the model has ended its reply.

    >>> parse_claims("The mill opened. [1, 3] Now the mi", is_over=False)
    ([Claim(text='The mill opened.', numbers=(1, 3))], 'Now the mi')
    """
    plain = plain_text(text)
    pieces = [plain[start:end] for start, end in sentence_spans(plain)[:MOST_CLAIMS]]
    # Hold the last sentence back: its next word, or its mark, may still come.
    beginning = ""
    if not is_over and pieces:
        beginning = pieces.pop()
        without_marks = _CITATION_MARK.sub("", beginning)
        if not _FINISHED.search(without_marks):
            beginning = without_marks
    claims = [_claim(piece) for piece in pieces]
    return [claim for claim in claims if re.search(r"\w", claim.text)], on_one_line(beginning)


def _claim(sentence: str) -> Claim:
    """Return the claim of a plain sentence: its marks become numbers."""
    text = on_one_line(_CITATION_MARK.sub(" ", sentence))
    text = _without_yes_or_no(_LOOSE_PUNCTUATION.sub(r"\1", text))
    marks = _CITATION_MARK.findall(sentence)
    return Claim(text, tuple(int(n) for mark in marks for n in _PASSAGE_NUMBER.findall(mark)))


def _without_yes_or_no(sentence: str) -> str:
    """Return a sentence without the "Yes," before it.

    No sentence of an article says "yes", but one may say the rest.

    >>> _without_yes_or_no("No, the town voted against it."), _without_yes_or_no("No child pays.")
    ('The town voted against it.', 'No child pays.')
    """
    rest = _YES_OR_NO.sub("", sentence)
    return sentence if rest == sentence else rest[:1].upper() + rest[1:]


def plain_text(text: str) -> str:
    """Return a reply without thoughts and markup, with each mark before its full stop.

    >>> plain_text("<think>Hm.</think>- **Greta** runs [it](https://example.org). [1]")
    'Greta runs it [1].'
    """
    text = UNSEEN.sub("", text)
    # HTML and thoughts.
    text = _TAG.sub(" ", _HIDDEN.sub(" ", _THOUGHT.sub(" ", text)))
    # Links: "[1](https://example.org)" stays a mark.
    text = _LINK.sub(lambda link: f"[{link[1]}]" if link[1].isdigit() else link[1], text)
    # Markdown.
    text = _LINE_START.sub(r"\1", _EMPHASIS.sub("", text))
    return _MARKS_AFTER.sub(lambda match: f" {match[2].strip()}{match[1]}", text)


def says_no_answer(text: str) -> bool:
    """Return whether a reply says that the passages do not answer.

    >>> says_no_answer("NOT IN THE PASSAGES."), says_no_answer("It opened in May [1].")
    (True, False)
    """
    return NO_ANSWER.lower() in on_one_line(text).lower()


def may_become_no_answer(text: str) -> bool:
    """Return whether an unfinished reply may still become the words of `NO_ANSWER`.

    >>> may_become_no_answer("Not in"), may_become_no_answer("Not now")
    (True, False)
    """
    beginning, refusal = plain_text(text).strip().lower(), NO_ANSWER.lower()
    return refusal.startswith(beginning) or beginning.startswith(refusal)


def parse_question(text: str, question: str, history: Sequence[Turn]) -> str:
    """Return the standalone question of a reply, on one line; "" if it is unusable.

    It is unusable if it is empty or long, or if it has a name or number that the conversation
    lacks: the model has invented it.

    Args:
        text: The reply to `rewriting_messages`.
        question: The follow-up.
        history: The earlier turns of the conversation.
    """
    written = _QUESTION_LABEL.sub("", on_one_line(plain_text(text)).strip('"“” '))
    if not re.search(r"\w", written) or len(written) > LONGEST_TURN:
        return ""
    turns = (f"{turn.question} {turn.answer.text}" for turn in history)
    spoken = set(_REPLY_WORD.findall(" ".join([question, *turns]).casefold()))
    # The first word has its capital from the sentence.
    for word in _REPLY_WORD.findall(written)[1:]:
        is_name_or_number = word != word.lower() or word.isdigit()
        if is_name_or_number and word.casefold() not in spoken:
            return ""
    return written
