"""What is said → the exact sentence behind it: pure."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dateutil.parser import parse

from assistant.conversation import Citation
from assistant.english.speech import REFERRING_BACK, SPEAKING, SPOKEN
from assistant.instructions import is_instruction
from assistant.wording import on_one_line
from index.sentences import sentence_spans

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from index.article import Article
    from index.ranking import SearchResult
    from index.sentences import Span

LONGEST_DAY = 40
"""Characters: "Thursday, the 29th of September, 2016" has 37."""
SHORTEST_SPEECH = 4
"""Words."""
LONGEST_SPEECH = 400
"""Characters: how far from it, at most, the speaker of a sentence is looked for."""
_SENTENCE_BREAK = re.compile(r"[^\S\n]*\n?[^\S\n]*")
"""What stands between two sentences of a paragraph: white space with no empty line in it."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of an article, with the score of the passage it was found in, and its copies in other articles."""

    article: Article
    start: int
    end: int
    passage_score: float
    copies: tuple[Sentence, ...] = ()

    @property
    def text(self) -> str:
        """The sentence as it stands in the article."""
        return self.article.text[self.start : self.end]

    @property
    def is_heading(self) -> bool:
        """Whether it is the title of its article, where that begins, or nothing but the article's day."""
        before, text = self.article.text[: self.start].strip(), on_one_line(self.text)
        return (not before and text == self.article.title) or _is_day(text, self.article.published)

    def contains(self, other: Sentence) -> bool:
        """Return whether this sentence is the other, or several of which the other is one."""
        return self.article.id == other.article.id and self.start <= other.start and other.end <= self.end

    def leads_to(self, other: Sentence) -> bool:
        """Return whether nothing but white space stands between this sentence and the other, which comes after it."""
        return (
            self.article.id == other.article.id
            and self.end <= other.start
            and not self.article.text[self.end : other.start].strip()
        )


def passage_sentences(passages: Iterable[tuple[Article, SearchResult]]) -> list[Sentence]:
    """Return every sentence that reaches into one of the passages, whole and once, the best passage's first.

    A sentence that stands in two passages has the score of the better one. What another article repeats word for word
    is kept as a copy of its sentence. Left out are orders to a program, and the title and day of an article that has
    more to say: they stand beside each quote anyway.
    """
    alike: dict[str, dict[str, Sentence]] = {}
    for article, result in sorted(passages, key=lambda passage: -passage[1].score):
        for start, end in sentence_spans(article.text, article.language):
            inside = start < result.chunk.end and result.chunk.start < end
            if inside and not is_instruction(article.text, start, end):
                sentence = Sentence(article, start, end, result.score)
                alike.setdefault(sentence.text, {}).setdefault(article.id, sentence)
    sentences = [replace(first, copies=tuple(copies)) for first, *copies in map(dict.values, alike.values())]
    more = {sentence.article.id for sentence in sentences if not sentence.is_heading}
    return [s for s in sentences if not (s.is_heading and s.article.id in more)]


def _is_day(text: str, day: date | None) -> bool:
    """Return whether a text is a day and nothing else, however it is written."""
    if not day or len(text) > LONGEST_DAY or str(day.year) not in text:
        return False
    with suppress(ValueError, OverflowError):
        return bool(parse(text).date() == day)
    return False


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
    first = text.rfind("\n", 0, sentence.start) + 1
    last = text.find("\n", sentence.end)
    paragraph = text[first : last if last >= 0 else None]
    return [(first + found.start(), first + found.end()) for found in SPOKEN.finditer(paragraph)]


def _tells_speaker(text: str) -> bool:
    return SPEAKING.matches(SPOKEN.sub("", text))


def _with_one_more(sentence: Sentence, *, after: bool = False) -> Sentence | None:
    """Return a sentence with the one before it in its paragraph, or after it; None if there is none."""
    text, spans = sentence.article.text, sentence_spans(sentence.article.text, sentence.article.language)
    if after:
        other = min((span for span in spans if span[0] >= sentence.end), default=None)
    else:
        other = max((span for span in spans if span[1] <= sentence.start), default=None)
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
