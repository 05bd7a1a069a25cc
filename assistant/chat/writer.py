"""`ChatWriter`: an answer in a chat model's words, each sentence checked as it ends."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from assistant.chat.check import ClaimCheck
from assistant.chat.claims import (
    may_become_no_answer,
    parse_claims,
    parse_question,
    says_no_answer,
)
from assistant.chat.draft import Draft
from assistant.chat.judge import Judge
from assistant.chat.prompts import answering_messages, rewriting_messages
from assistant.chat.usage import Usage
from assistant.errors import ContextError, ModelError
from assistant.question.plan import is_judged
from assistant.quoting.sentences import passage_sentences
from index.chunking import chunk_article
from index.errors import ArticleNotFoundError
from index.search.ranking import SearchResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from assistant.chat.caller import Caller
    from assistant.chat.check import CheckedClaim
    from assistant.conversation import Answer, Turn
    from assistant.reader.reader import Calibration, Reading
    from index import Article, ArticleIndex

    Passages = Sequence[tuple[Article, SearchResult]]

LONG_ARTICLE = 100_000
"""Words assumed for an article whose length the index does not know."""

NO_JUDGE = Judge()
"""A judge without an opinion: any sentence may answer, no sentence surely does."""

_log = logging.getLogger(__package__)


class ChatWriter:
    """Writes answers about an index with a chat model. Threads may share it.

    Attributes:
        caller: The caller of the model.
        name: The name of the model.
    """

    def __init__(self, caller: Caller, index: ArticleIndex) -> None:
        """Write with a caller of the model about an index."""
        self.caller, self.name, self._index = caller, caller.name, index

    def load(self) -> None:
        """Load the weights of a model that runs in this process. Raises `ModelError`."""
        self.caller.load()

    def standalone(self, question: str, history: Sequence[Turn], usage: Usage) -> str:
        """Return a follow-up as a standalone question.

        Args:
            question: The follow-up.
            history: The earlier turns of the conversation, oldest first.
            usage: The cost of the question; a failure of the model is kept there.

        Returns:
            The question; "" if the model writes an unusable one.
        """
        if not history:
            return ""
        try:
            *_, text = self.caller.call(rewriting_messages(question, history), usage)
        except ModelError as error:
            usage.failure = str(error)
            return ""
        form = "follow-up %r was rewritten by %s (%d tokens): %r"
        _log.debug(form, question, self.name, usage.tokens, text)
        return parse_question(text, question, history)

    def about_article(self, overview: Answer) -> Iterator[Answer]:
        """Yield the model's growing overview of an article.

        Args:
            overview: The overview in the article's own sentences, in case the model fails.
        """
        first = overview.citations[0]
        article = self._index.article(first.article_id, first.version)
        passages = [(article, SearchResult(chunk, 1.0)) for chunk in chunk_article(article)]
        results = tuple(result for _, result in passages)
        question = overview.standalone
        for answer in self._answers(question, lambda: passages, lambda: iter([overview]), Usage()):
            yield replace(answer, standalone=question, passages=answer.passages or results)

    def judge(self, question: str, readings: Sequence[Reading], limits: Calibration) -> Judge:
        """Return the judge of an answer. It has no opinion on questions of yes or no."""
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
        """Yield the model's growing answer.

        Args:
            question: The standalone question.
            passages: The best passages for it, the best first.
            article_ids: The articles to ask; all by default.
            instead: Returns the reader's answer, in case no sentence of the model stands.
            usage: The cost of the question so far. A model that has failed is not called again.
            judge: Decides whether the cited sentences answer the question.
        """
        return self._answers(
            question, lambda: self.choose_passages(article_ids, passages), instead, usage, judge
        )

    def choose_passages(self, article_ids: Sequence[str] | None, best: Passages) -> Passages:
        """Return the passages for the prompt: all articles if they fit, else the best passages.

        All articles come in a fixed order, so that each prompt begins with the same text: servers
        cache it.

        Args:
            article_ids: The articles to ask; all by default.
            best: The best passages for the question, the best first.

        Raises:
            ModelError: The model cannot be loaded.
        """
        chosen = None if article_ids is None else set(article_ids)
        entries = [each for each in self._index.entries() if chosen is None or each.id in chosen]
        # Cut articles only if they may fit: each word has at least one token.
        if sum(entry.words or LONG_ARTICLE for entry in entries) < self.caller.budget():
            scores = {result.chunk.id: result.score for _, result in best}
            with suppress(ArticleNotFoundError):  # An article has been removed.
                every = self._all_passages(sorted(entry.id for entry in entries), scores)
                if len(self._fitting_passages(every)) == len(every):
                    return every
        return self._fitting_passages(best)

    def _all_passages(self, article_ids: Sequence[str], scores: dict[str, float]) -> Passages:
        """Return all passages of articles. Raises `ArticleNotFoundError`.

        Args:
            article_ids: The articles.
            scores: The scores of retrieved passages by the ids of their chunks; others have 0.
        """
        passages = []
        for article_id in article_ids:
            article = self._index.article(article_id)
            for chunk in chunk_article(article):
                score = scores.get(chunk.id, 0.0)
                passages.append((article, SearchResult(chunk, score)))
        return passages

    def _fitting_passages(self, passages: Passages) -> Passages:
        """Return the first passages that the model can read at once, at least one."""
        room = self.caller.budget()
        for number, (_, result) in enumerate(passages):
            room -= self.caller.count_tokens(result.chunk.text)
            if room < 0:
                return passages[: max(number, 1)]
        return passages

    def _answers(
        self,
        question: str,
        choose: Callable[[], Passages],
        instead: Callable[[], Iterator[Answer]],
        usage: Usage,
        judge: Judge = NO_JUDGE,
    ) -> Iterator[Answer]:
        """Yield the model's growing answer; if it fails, the reader's, with the reason in a note.

        Args:
            question: The standalone question.
            choose: Returns the passages for the prompt.
            instead: Returns the reader's answer.
            usage: The cost of the question so far.
            judge: Decides whether the cited sentences answer the question.
        """
        draft, failure = Draft(), usage.failure
        try:
            if not failure:
                for draft in self._drafts(question, choose(), usage, judge):
                    yield draft.answer(self.name)
        except ModelError as error:
            failure = str(error)
        if failure := failure or self._rejection(draft, judge):
            note = f"{failure}; the reader answers instead."
            # The name of a model keeps its small letter.
            if not failure.startswith(self.name):
                note = f"{note[:1].upper()}{note[1:]}"
            for answer in instead():
                yield replace(answer, note=note, tokens=usage.tokens)
        else:
            yield replace(draft.answer(self.name), tokens=usage.tokens)

    def _rejection(self, draft: Draft, judge: Judge) -> str:
        """Return the reason to reject a finished draft; "" to accept it."""
        if draft.kept_claims:
            return judge.objection([quote for claim in draft.kept_claims for quote in claim.quotes])
        if draft.is_refusal:
            return f"{self.name} finds no answer"
        return f"{self.name} wrote only sentences that no article supports"

    def _drafts(
        self, question: str, passages: Passages, usage: Usage, judge: Judge
    ) -> Iterator[Draft]:
        """Yield the growing draft. After a `ContextError`, try again with the better half."""
        try:
            yield from self._drafts_of(question, passages, usage, judge)
        except ContextError:
            if len(passages) == 1:
                raise
            _log.debug("%d passages are too long for %s", len(passages), self.name)
            best = sorted(passages, key=lambda passage: -passage[1].score)
            yield from self._drafts(question, best[: len(passages) // 2], usage, judge)

    def _drafts_of(
        self, question: str, passages: Passages, usage: Usage, judge: Judge
    ) -> Iterator[Draft]:
        """Yield the growing draft of one call. Raises `ModelError`."""
        places = [(article, result.chunk.start, result.chunk.end) for article, result in passages]
        messages = answering_messages(question, places)
        for role, content in messages:
            _log.debug("prompt, %s: %r", role, content)
        sentences = {n: passage_sentences([passage]) for n, passage in enumerate(passages, start=1)}
        claim_check = ClaimCheck(question, sentences, self._index.embedder, judge)
        checked: list[CheckedClaim] = []
        text = ""

        def grow(*, is_over: bool) -> Draft:
            """Return the draft of the text so far."""
            claims, beginning = parse_claims(text, is_over=is_over)
            # Check the new claims.
            for claim in claims[len(checked) :]:
                self.caller.check_time(usage)
                checked.append(claim_check.check(claim))
                numbers, summary = list(claim.numbers), checked[-1].summary
                _log.debug("claim %r, of passages %s: %s", claim.text, numbers, summary)
            return Draft(tuple(checked), beginning)

        for text in self.caller.call(messages, usage):
            if not may_become_no_answer(text):
                yield grow(is_over=False)
        _log.debug("raw text of %s: %r", self.name, text)
        counts = usage.calls, usage.tokens_in, usage.tokens_out, usage.seconds
        _log.debug("%d calls, %d + %d tokens, %.2f s", *counts)
        yield Draft(is_refusal=True) if says_no_answer(text) else grow(is_over=True)
