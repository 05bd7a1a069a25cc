"""Sentences become quotes that make sense alone, and citations. Pure."""

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
"""Words of direct speech, at least; fewer are a title or a nickname."""
LONGEST_SPEECH = 400
"""Characters of a quote that is extended to reach its speaker, at most."""
LONGEST_PARAGRAPH = 10_000
"""Characters before and after a sentence that are searched for its paragraph's quotation marks."""
_SENTENCE_BREAK = re.compile(r"[^\S\n]*+(?:\n[^\S\n]*+)?")
"""White space between two sentences of a paragraph: without an empty line."""


def one_quote(best: Sentence, others: Iterable[Sentence] = ()) -> Sentence:
    """Return the best sentence with those that it needs, as one.

    - The first of `others` right beside it is added.
    - Direct speech is extended to the sentence that names its speaker.
    - A sentence that begins with a word such as "they" gets the one before it: "They invited
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
    return _with_sentence_before(quote) or quote


def speech_of(sentence: Sentence) -> list[str]:
    """Return the parts of a sentence in quotation marks, if they have at least four words.

    The quotation marks may stand in other sentences of its paragraph.
    """
    text = sentence.article.text
    parts = [
        text[max(start, sentence.start) : min(end, sentence.end)]
        for start, end in _speeches(sentence)
    ]
    return [part for part in parts if len(part.split()) >= SHORTEST_SPEECH]


def cite(number: int, sentence: Sentence) -> Citation:
    """Return the citation of a sentence: verbatim, cut from the article's own text."""
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


def _with_speaker(quote: Sentence) -> Sentence:
    """Return direct speech extended to its speaker; other sentences as they are.

    The sentences before it in its paragraph are tried first, then the one after it.
    """
    if not _is_spoken(quote):
        return quote
    longer = _with_sentence_before(quote)
    while longer and len(longer.text) <= LONGEST_SPEECH:
        if _names_speaker(longer.text):
            return longer
        longer = _with_sentence_before(longer)
    after = _with_sentence_after(quote)
    return after if after and _names_speaker(after.text) else quote


def _is_spoken(sentence: Sentence) -> bool:
    """Return whether a sentence is all inside the quotation marks of its paragraph."""
    return any(
        start <= sentence.start and sentence.end <= end for start, end in _speeches(sentence)
    )


def _speeches(sentence: Sentence) -> list[Span]:
    """Return the offsets of all direct speech in the paragraph of a sentence."""
    text = sentence.article.text
    earliest = max(0, sentence.start - LONGEST_PARAGRAPH)
    latest = sentence.end + LONGEST_PARAGRAPH
    first = max(earliest, text.rfind("\n", earliest, sentence.start) + 1)
    last = text.find("\n", sentence.end, latest)
    paragraph = text[first : last if last >= 0 else latest]
    return [(first + match.start(), first + match.end()) for match in SPOKEN.finditer(paragraph)]


def _names_speaker(text: str) -> bool:
    """Return whether a verb of speaking stands outside the quotation marks."""
    return SPEAKING.matches(SPOKEN.sub("", text))


def _with_sentence_before(sentence: Sentence) -> Sentence | None:
    """Return a sentence with the one before it in its paragraph, if there is one."""
    spans = sentence_spans(sentence.article.text, sentence.article.language)
    place = bisect_right(spans, sentence.start, key=itemgetter(1)) - 1
    if place < 0 or not _is_one_paragraph(sentence, spans[place][1], sentence.start):
        return None
    return replace(sentence, start=spans[place][0])


def _with_sentence_after(sentence: Sentence) -> Sentence | None:
    """Return a sentence with the one after it in its paragraph, if there is one."""
    spans = sentence_spans(sentence.article.text, sentence.article.language)
    place = bisect_left(spans, sentence.end, key=itemgetter(0))
    if place == len(spans) or not _is_one_paragraph(sentence, sentence.end, spans[place][0]):
        return None
    return replace(sentence, end=spans[place][1])


def _is_one_paragraph(sentence: Sentence, end: int, start: int) -> bool:
    """Return whether no empty line separates two sentences, `end` to `start`."""
    return bool(_SENTENCE_BREAK.fullmatch(sentence.article.text, end, start))
