"""`ChatWriter`: an answer in a chat model's words, each sentence checked as it ends."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from assistant.chat.check import check
from assistant.chat.judge import Judge
from assistant.chat.prompts import (
    NO_ANSWER,
    answering_messages,
    claims,
    plain_text,
    rewriting_messages,
    rewritten,
    says_no_answer,
)
from assistant.chat.usage import Usage
from assistant.conversation import Answer, Citation
from assistant.errors import ContextError, ModelError
from assistant.question.plan import is_judged
from assistant.quoting.quotes import cite
from assistant.quoting.sentences import passage_sentences
from assistant.quoting.wording import marked, quoted
from index.chunking import chunk_article
from index.errors import ArticleNotFoundError
from index.search.ranking import SearchResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from assistant.chat.caller import Caller
    from assistant.chat.check import Checked
    from assistant.conversation import Turn
    from assistant.quoting.sentences import Sentence
    from assistant.reader.reader import Calibration, Reading
    from index import Article, ArticleIndex

    Passages = Sequence[tuple[Article, SearchResult]]

LONG_ARTICLE = 100_000
"""Words assumed for an article whose length the index does not know."""

NO_JUDGE = Judge()
"""A judge without an opinion: any sentence may answer, no sentence surely does."""

_log = logging.getLogger(__package__)


@dataclass(frozen=True, slots=True)
class Draft:
    """A model's answer in progress.

    Attributes:
        checked: The sentences written so far, checked.
        at_work: The beginning of the next sentence.
        is_refusal: Whether the model says that the passages do not answer.
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
        """The number of sentences that do not stand."""
        return sum(not one.quotes for one in self.checked)

    def answer(self, name: str) -> Answer:
        """Return the answer so far: a paragraph for each sentence, with the marks of its citations."""
        cited: dict[tuple[str, int, int], Citation] = {}
        paragraphs = []
        for one in self.said:
            citations = [_cited(quote, cited) for quote in one.quotes]
            paragraphs.append(
                quoted(citations[0]) if one.is_quote else f"{one.text} {marked(citations)}"
            )
        if self.at_work:
            paragraphs.append(self.at_work)
        return Answer(
            "\n\n".join(paragraphs),
            tuple(cited.values()),
            "answered",
            model=name,
            note=self._note(name),
        )

    def _note(self, name: str) -> str:
        if not self.withdrawn:
            return ""
        count = "A sentence" if self.withdrawn == 1 else f"{self.withdrawn} sentences"
        return f"{count} of {name} {'was' if self.withdrawn == 1 else 'were'} withdrawn: the passages do not say so."


def _cited(quote: Sentence, cited: dict[tuple[str, int, int], Citation]) -> Citation:
    place = quote.article.id, quote.start, quote.end
    return cited.setdefault(place, cite(len(cited) + 1, quote))


class ChatWriter:
    """Writes answers about an index with a chat model. Threads may share it."""

    def __init__(self, caller: Caller, index: ArticleIndex) -> None:
        """Write with a caller of the model."""
        self.caller, self.name, self._index = caller, caller.name, index

    def load(self) -> None:
        """Load the weights of a model that runs in this process. Raises `ModelError`."""
        self.caller.load()

    def standalone(self, question: str, history: Sequence[Turn], usage: Usage) -> str:
        """Return a follow-up as a standalone question; "" if the model makes none."""
        if not history:
            return ""
        try:
            *_, text = self.caller.call(rewriting_messages(question, history), usage)
        except ModelError as error:
            usage.failure = str(error)
            return ""
        _log.debug(
            "follow-up %r was rewritten by %s (%d tokens): %r",
            question,
            self.name,
            usage.tokens,
            text,
        )
        return rewritten(text, question, history)

    def about_article(self, overview: Answer) -> Iterator[Answer]:
        """Yield the growing overview of an article by the model.

        Args:
            overview: The overview in the article's own sentences, for when the model fails.
        """
        first = overview.citations[0]
        article = self._index.article(first.article_id, first.version)
        passages = [(article, SearchResult(chunk, 1.0)) for chunk in chunk_article(article)]
        results = tuple(result for _, result in passages)
        question = overview.standalone
        for answer in self._answers(question, lambda: passages, lambda: iter([overview]), Usage()):
            yield replace(answer, standalone=question, passages=answer.passages or results)

    def judge(self, question: str, readings: Sequence[Reading], limits: Calibration) -> Judge:
        """Return the judge of an answer; it has no say in questions answered by yes or no."""
        return Judge(question, () if is_judged(question) else readings, limits)

    def answer(  # noqa: PLR0913  # The parts of a question that was read.
        self,
        question: str,
        passages: Passages,
        article_ids: Sequence[str] | None,
        *,
        instead: Callable[[], Iterator[Answer]],
        usage: Usage,
        judge: Judge,
    ) -> Iterator[Answer]:
        """Yield the growing answer of the model.

        Args:
            question: The standalone question.
            passages: The best passages for it, the best first.
            article_ids: The articles that are asked; None is all.
            instead: Returns the reader's answer, for when the model gives none that stands.
            usage: The cost of the question so far. A model that has failed is not asked again.
            judge: Decides whether the cited sentences answer the question.
        """
        return self._answers(
            question, lambda: self.to_read(article_ids, passages), instead, usage, judge
        )

    def to_read(self, article_ids: Sequence[str] | None, best: Passages) -> Passages:
        """Return the passages for the prompt. Raises `ModelError`.

        These are all articles if the model can read them at once, else the best passages. All
        articles come in a fixed order, so that each prompt begins with the same text: servers
        cache it.
        """
        asked = None if article_ids is None else set(article_ids)
        entries = [entry for entry in self._index.entries() if asked is None or entry.id in asked]
        if sum(entry.words or LONG_ARTICLE for entry in entries) < self.caller.budget():
            scores = {result.chunk.id: result.score for _, result in best}
            with suppress(ArticleNotFoundError):  # An article has been removed.
                every = []
                for article_id in sorted(entry.id for entry in entries):
                    article = self._index.article(article_id)
                    for chunk in chunk_article(article):
                        score = scores.get(chunk.id, 0.0)
                        every.append((article, SearchResult(chunk, score)))
                if len(self._fitting(every)) == len(every):
                    return every
        return self._fitting(best)

    def _answers(
        self,
        question: str,
        to_read: Callable[[], Passages],
        instead: Callable[[], Iterator[Answer]],
        usage: Usage,
        judge: Judge = NO_JUDGE,
    ) -> Iterator[Answer]:
        """Yield the growing answer; if none stands, the reader's answer with the reason."""
        draft, failure = Draft(), usage.failure
        try:
            if not failure:
                for draft in self._retried(question, to_read(), usage, judge):
                    yield draft.answer(self.name)
        except ModelError as error:
            failure = str(error)
        if draft.said and not failure:
            failure = judge.objection([quote for one in draft.said for quote in one.quotes])
        if draft.said and not failure:
            yield replace(draft.answer(self.name), tokens=usage.tokens)
            return
        if not failure and draft.is_refusal:
            failure = f"{self.name} finds no answer"
        elif not failure:
            failure = f"{self.name} wrote only sentences that no article supports"
        begins = failure if failure.startswith(self.name) else f"{failure[:1].upper()}{failure[1:]}"
        note = f"{begins}; the reader answers instead."
        for answer in instead():
            yield replace(answer, note=note, tokens=usage.tokens)

    def _fitting(self, passages: Passages) -> Passages:
        """Return the first passages that the model can read at once."""
        room = self.caller.budget()
        for number, (_, result) in enumerate(passages):
            room -= self.caller.tokens(result.chunk.text)
            if room < 0:
                return passages[: max(number, 1)]
        return passages

    def _retried(
        self, question: str, passages: Passages, usage: Usage, judge: Judge
    ) -> Iterator[Draft]:
        """Yield the growing answer; after a `ContextError` try again with the better half."""
        try:
            yield from self._drafts(question, passages, usage, judge)
        except ContextError:
            if len(passages) == 1:
                raise
            _log.debug("%d passages are too long for %s", len(passages), self.name)
            best = sorted(passages, key=lambda passage: -passage[1].score)
            yield from self._retried(question, best[: len(passages) // 2], usage, judge)

    def _drafts(
        self, question: str, passages: Passages, usage: Usage, judge: Judge
    ) -> Iterator[Draft]:
        places = [(article, result.chunk.start, result.chunk.end) for article, result in passages]
        messages = answering_messages(question, places)
        for role, content in messages:
            _log.debug("prompt, %s: %r", role, content)
        sentences = {
            number: passage_sentences([passage]) for number, passage in enumerate(passages, start=1)
        }
        checked: list[Checked] = []
        text = ""

        def grown(*, is_over: bool) -> Draft:
            found, at_work = claims(text, is_over=is_over)
            for claim in found[len(checked) :]:
                self.caller.check_time(usage)
                one = check(claim, question, sentences, self._index.embedder, judge)
                _log.debug(
                    "claim %r, of passages %s: %s", claim.text, list(claim.numbers), one.fate
                )
                checked.append(one)
            return Draft(tuple(checked), at_work)

        for text in self.caller.call(messages, usage):
            if not _may_refuse(text):
                yield grown(is_over=False)
        _log.debug("raw text of %s: %r", self.name, text)
        _log.debug(
            "%d calls, %d + %d tokens, %.2f s",
            usage.calls,
            usage.tokens_in,
            usage.tokens_out,
            usage.seconds,
        )
        yield Draft(is_refusal=True) if says_no_answer(text) else grown(is_over=True)


def _may_refuse(text: str) -> bool:
    """Return whether a text may still grow into the words of a refusal."""
    begun = plain_text(text).strip().lower()
    return NO_ANSWER.lower().startswith(begun) or begun.startswith(NO_ANSWER.lower())
