"""What is said → the exact sentence behind it: pure."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import replace
from operator import itemgetter
from typing import TYPE_CHECKING

from assistant.conversation import Citation
from assistant.english.speech import REFERRING_BACK, SPEAKING, SPOKEN
from index.text.sentences import sentence_spans

if TYPE_CHECKING:
    from collections.abc import Iterable

    from assistant.quoting.sentences import Sentence
    from index.text.sentences import Span

SHORTEST_SPEECH = 4
"""Words."""
LONGEST_SPEECH = 400
"""Characters: how far from it, at most, the speaker of a sentence is looked for."""
LONGEST_PARAGRAPH = 10_000
"""Characters before and after a sentence in which quotation marks of its paragraph are looked for."""
_SENTENCE_BREAK = re.compile(r"[^\S\n]*+(?:\n[^\S\n]*+)?")
"""What stands between two sentences of a paragraph: white space with no empty line in it."""


def one_quote(best: Sentence, others: Iterable[Sentence] = ()) -> Sentence:
    """Return the sentences that belong together with the best one, as one.

    These are the first of the others that stands right beside it, those from which on its speaker is named, if it is
    direct speech, and the one before it in its paragraph, if it begins with a word that refers back: "They invited
    ideas." alone does not say who did.
    """
    quote = best
    for other in others:
        if best.leads_to(other):
            quote = replace(best, end=other.end)
            break
        if other.leads_to(best):
            quote = replace(best, start=other.start)
            break
    with_speaker = _with_speaker(quote)
    if with_speaker != quote or not REFERRING_BACK.opens(quote.text):
        return with_speaker
    return _with_one_more(quote) or quote


def _with_speaker(quote: Sentence) -> Sentence:
    """Return a sentence of direct speech with those around it in its paragraph that tell who speaks, if any does."""
    if not _is_spoken(quote):
        return quote
    longer = _with_one_more(quote)
    while longer and len(longer.text) <= LONGEST_SPEECH:
        if _tells_speaker(longer.text):
            return longer
        longer = _with_one_more(longer)
    after = _with_one_more(quote, after=True)
    return after if after and _tells_speaker(after.text) else quote


def _is_spoken(sentence: Sentence) -> bool:
    """Return whether nothing of a sentence stands outside the quotation marks of its paragraph."""
    return any(start <= sentence.start and sentence.end <= end for start, end in _speeches(sentence))


def speech_of(sentence: Sentence) -> list[str]:
    """Return what of a sentence stands in quotation marks, of which some may be before or after it in its paragraph.

    A word or three are a title, or what somebody calls something, but no speech.
    """
    text = sentence.article.text
    spoken = [text[max(start, sentence.start) : min(end, sentence.end)] for start, end in _speeches(sentence)]
    return [speech for speech in spoken if len(speech.split()) >= SHORTEST_SPEECH]


def _speeches(sentence: Sentence) -> list[Span]:
    """Return the offsets of all direct speech in the paragraph of a sentence."""
    text = sentence.article.text
    earliest, latest = max(0, sentence.start - LONGEST_PARAGRAPH), sentence.end + LONGEST_PARAGRAPH
    first = max(earliest, text.rfind("\n", earliest, sentence.start) + 1)
    last = text.find("\n", sentence.end, latest)
    paragraph = text[first : last if last >= 0 else latest]
    return [(first + found.start(), first + found.end()) for found in SPOKEN.finditer(paragraph)]


def _tells_speaker(text: str) -> bool:
    return SPEAKING.matches(SPOKEN.sub("", text))


def _with_one_more(sentence: Sentence, *, after: bool = False) -> Sentence | None:
    """Return a sentence with the one before it in its paragraph, or after it; None if there is none."""
    text, spans = sentence.article.text, sentence_spans(sentence.article.text, sentence.article.language)
    if after:
        place = bisect_left(spans, sentence.end, key=itemgetter(0))
    else:
        place = bisect_right(spans, sentence.start, key=itemgetter(1)) - 1
    other = spans[place] if 0 <= place < len(spans) else None
    if not other or not _SENTENCE_BREAK.fullmatch(text, min(sentence.end, other[1]), max(sentence.start, other[0])):
        return None
    return replace(sentence, start=min(sentence.start, other[0]), end=max(sentence.end, other[1]))


def cite(number: int, sentence: Sentence) -> Citation:
    """Return the citation of a sentence: verbatim, for it is cut from the article's own text."""
    article = sentence.article
    return Citation(
        number=number,
        article_id=article.id,
        version=article.version,
        title=article.title,
        source=article.source,
        site=article.site,
        published=article.published,
        start=sentence.start,
        end=sentence.end,
        quote=sentence.text,
    )
