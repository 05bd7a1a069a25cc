"""Passages and a question → an answer in a chat model's words, each sentence checked when it ends."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from assistant.checking import check
from assistant.conversation import Answer, Citation
from assistant.errors import ContextError, ModelError
from assistant.grounding import cite, passage_sentences
from assistant.judging import Judge
from assistant.prompts import (
    NO_ANSWER,
    answering_messages,
    claims,
    plain_text,
    rewriting_messages,
    rewritten,
    says_no_answer,
)
from assistant.wording import marked, quoted
from index.chunking import chunk_article
from index.errors import ArticleNotFoundError
from index.ranking import SearchResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from assistant.calling import Caller
    from assistant.checking import Checked
    from assistant.conversation import Turn
    from assistant.grounding import Sentence
    from assistant.models import Spent
    from index import Article, ArticleIndex

    Passages = Sequence[tuple[Article, SearchResult]]

LONG_ARTICLE = 100_000
"""Words that an article is taken to have of which the index does not know how many."""

NO_JUDGE = Judge()
"""Takes any sentence for one that may answer, and none for one that surely does."""

_log = logging.getLogger(__package__)


@dataclass(frozen=True, slots=True)
class Draft:
    """How far a model's answer is: what became of the sentences that it has written, and the words of the next one.

    `is_refusal` tells that the model holds that the passages do not answer.
    """

    checked: tuple[Checked, ...] = ()
    at_work: str = ""
    is_refusal: bool = False

    @property
    def said(self) -> tuple[Checked, ...]:
        """The sentences that stand, each once."""
        kept = {(one.text or one.quotes[0].text): one for one in self.checked if one.quotes}
        return tuple(kept.values())

    @property
    def withdrawn(self) -> int:
        """How many do not."""
        return sum(not one.quotes for one in self.checked)

    def answer(self, name: str) -> Answer:
        """Return what is said by now: a paragraph for each sentence, with the marks of what it rests on."""
        cited: dict[tuple[str, int, int], Citation] = {}
        paragraphs = []
        for one in self.said:
            citations = [_cited(quote, cited) for quote in one.quotes]
            paragraphs.append(quoted(citations[0]) if one.is_quote else f"{one.text} {marked(citations)}")
        if self.at_work:
            paragraphs.append(self.at_work)
        return Answer("\n\n".join(paragraphs), tuple(cited.values()), "answered", model=name, note=self._note(name))

    def _note(self, name: str) -> str:
        if not self.withdrawn:
            return ""
        count = "A sentence" if self.withdrawn == 1 else f"{self.withdrawn} sentences"
        return f"{count} of {name} {'was' if self.withdrawn == 1 else 'were'} withdrawn: the passages do not say so."


def _cited(quote: Sentence, cited: dict[tuple[str, int, int], Citation]) -> Citation:
    place = quote.article.id, quote.start, quote.end
    return cited.setdefault(place, cite(len(cited) + 1, quote))


class Writer:
    """Writes answers from an index by a chat model. Threads may share it."""

    def __init__(self, caller: Caller, index: ArticleIndex) -> None:
        """Write by what calls the model."""
        self.caller, self.name, self._index = caller, caller.name, index

    def load(self) -> None:
        """Load the weights of a model that runs in this process. Raises `ModelError`."""
        self.caller.load()

    def standalone(self, question: str, history: Sequence[Turn], spent: Spent) -> str:
        """Return a follow-up as a question that needs no history, "" if the model makes none. Raises `ModelError`."""
        *_, text = self.caller.call(rewriting_messages(question, history), spent)
        _log.debug("follow-up %r was rewritten by %s (%d tokens): %r", question, self.name, spent.tokens, text)
        return rewritten(text, question, history)

    def to_read(self, among: Sequence[str] | None, best: Passages) -> Passages:
        """Return what the model is given: all articles that are asked if it can read them at once, else the best.

        All of them stand in an order of their own, so that the next question begins with the same text, which a server
        need not read again. Raises `ModelError`.
        """
        chosen = None if among is None else set(among)
        entries = [entry for entry in self._index.entries() if chosen is None or entry.id in chosen]
        if sum(entry.words or LONG_ARTICLE for entry in entries) < self.caller.budget():
            scores = {result.chunk.id: result.score for _, result in best}
            with suppress(ArticleNotFoundError):  # One was removed meanwhile.
                every = [
                    (article, SearchResult(chunk, scores.get(chunk.id, 0.0)))
                    for article in [self._index.article(id_) for id_ in sorted(entry.id for entry in entries)]
                    for chunk in chunk_article(article)
                ]
                if len(self._fitting(every)) == len(every):
                    return every
        return self._fitting(best)

    def answers(
        self,
        question: str,
        to_read: Callable[[], Passages],
        instead: Callable[[], Iterator[Answer]],
        spent: Spent,
        judge: Judge = NO_JUDGE,
    ) -> Iterator[Answer]:
        """Yield the answer as it grows; where the model gives none, what there is instead, and why.

        `spent` is what the question has cost already; a model that failed then is not asked again. `judge` tells
        whether the sentences that the answer rests on do answer.
        """
        draft, failure = Draft(), spent.failure
        try:
            if not failure:
                for draft in self._retried(question, to_read(), spent, judge):
                    yield draft.answer(self.name)
        except ModelError as error:
            failure = str(error)
        if draft.said and not failure:
            failure = judge.objection([quote for one in draft.said for quote in one.quotes])
        if draft.said and not failure:
            yield replace(draft.answer(self.name), tokens=spent.tokens)
            return
        if not failure:
            failure = f"{self.name} finds no answer" if draft.is_refusal else f"{self.name} wrote what no article says"
        begins = failure if failure.startswith(self.name) else f"{failure[:1].upper()}{failure[1:]}"
        for said in instead():
            yield replace(said, note=f"{begins}; the reader answers instead.", tokens=spent.tokens)

    def _fitting(self, passages: Passages) -> Passages:
        """Return the first of some passages, as many as the model can read at once."""
        room = self.caller.budget()
        for number, (_, result) in enumerate(passages):
            room -= self.caller.tokens(result.chunk.text)
            if room < 0:
                return passages[: max(number, 1)]
        return passages

    def _retried(self, question: str, passages: Passages, spent: Spent, judge: Judge) -> Iterator[Draft]:
        """Yield the answer as it grows; a model that can read less than was thought is given the better half."""
        try:
            yield from self._drafts(question, passages, spent, judge)
        except ContextError:
            if len(passages) == 1:
                raise
            _log.debug("%d passages are too long for %s", len(passages), self.name)
            best = sorted(passages, key=lambda passage: -passage[1].score)
            yield from self._retried(question, best[: len(passages) // 2], spent, judge)

    def _drafts(self, question: str, passages: Passages, spent: Spent, judge: Judge) -> Iterator[Draft]:
        messages = answering_messages(question, [(article, r.chunk.start, r.chunk.end) for article, r in passages])
        for speaker, told in messages:
            _log.debug("prompt, %s: %r", speaker, told)
        sentences = {number: passage_sentences([passage]) for number, passage in enumerate(passages, start=1)}
        checked: list[Checked] = []
        text = ""

        def grown(*, is_over: bool) -> Draft:
            found, at_work = claims(text, is_over=is_over)
            for claim in found[len(checked) :]:
                self.caller.check_time(spent)
                one = check(claim, question, sentences, self._index.embedder, judge)
                _log.debug("claim %r, of passages %s: %s", claim.text, list(claim.numbers), one.fate)
                checked.append(one)
            return Draft(tuple(checked), at_work)

        for text in self.caller.call(messages, spent):
            if not _may_refuse(text):
                yield grown(is_over=False)
        _log.debug("raw text of %s: %r", self.name, text)
        _log.debug("%d calls, %d + %d tokens, %.2f s", spent.calls, spent.tokens_in, spent.tokens_out, spent.seconds)
        yield Draft(is_refusal=True) if says_no_answer(text) else grown(is_over=True)


def _may_refuse(text: str) -> bool:
    """Return whether the beginning of a text may still become the words by which a model refuses."""
    begun = plain_text(text).strip().lower()
    return NO_ANSWER.lower().startswith(begun) or begun.startswith(NO_ANSWER.lower())
