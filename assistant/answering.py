"""`Assistant`: the retrieval chain, one code path for `ask` and `stream`."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, zip_longest
from typing import TYPE_CHECKING

from assistant.claims import answer
from assistant.conversation import Answer
from assistant.errors import ModelError, QuestionError
from assistant.followups import is_courtesy, needs_history, standalone_question
from assistant.framing import plain_question
from assistant.grounding import passage_sentences
from assistant.judging import Judge
from assistant.models import DEFAULT_MODEL, PATIENCE, Spent, open_writer
from assistant.overview import alike, overview
from assistant.questions import is_judged
from assistant.reader import Reader
from assistant.refusing import nearest, refusal
from assistant.scope import limited
from assistant.suggestions import Suggestions
from assistant.talk import about_talk
from index.chunking import chunk_article
from index.errors import ArticleNotFoundError
from index.ranking import SearchResult
from index.spelling import corrected

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from langchain_core.language_models.chat_models import BaseChatModel
    from langchain_core.runnables import Runnable

    from assistant.conversation import Turn
    from assistant.grounding import Sentence
    from assistant.reader import Reading
    from assistant.writing import Writer
    from index import Article, ArticleIndex

PASSAGES = 7
"""How many of the best chunks the reader reads, unless a question says otherwise."""
MOST_PASSAGES = 20
QUOTES = 2
"""How many of the nearest sentences are quoted where none of them answers."""
SUGGESTIONS = 4
"""How many questions to begin with, or to go on with, are named at most."""
ARTICLES_SUGGESTED = 3
"""How many articles, the newest, questions to begin with are of."""
EMPTY = "There is no article to search: the index is empty. Add one on the page, or with: python -m index add PATH"
NOTHING_ASKED = "Ask a question, and I look for the answer in the articles."
NONE_ASKED = "None of the articles to be asked is in the index; `python -m index list` shows what it holds."
LONGEST_QUESTION = 2_000
"""Characters; the embedding model reads no more than about the first thousand."""

_log = logging.getLogger(__package__)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked and of which articles; of so many `passages` as are found the reader reads the first `read`."""

    question: str
    articles: tuple[str, ...] | None
    passages: int
    read: int
    spent: Spent


@dataclass(frozen=True, slots=True)
class _Retrieved:
    asked: _Asked
    passages: tuple[tuple[Article, SearchResult], ...]


@dataclass(frozen=True, slots=True)
class _Split:
    asked: _Asked
    passages: tuple[tuple[Article, SearchResult], ...]
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class _Chosen:
    """What was read: the readings of all sentences, and those of another article on the same subject, read alone."""

    asked: _Asked
    passages: tuple[tuple[Article, SearchResult], ...]
    readings: tuple[Reading, ...]
    others: tuple[Reading, ...] = ()


class Assistant:
    """Answers questions from an index. Threads may share one.

    The chain is retrieve → split into sentences → choose → ground, each step a LangChain runnable. A chat model writes
    in its last step; the reader has chosen before it, judges what it writes, and answers where it fails.
    """

    def __init__(
        self,
        index: ArticleIndex,
        model: str | BaseChatModel = DEFAULT_MODEL,
        *,
        patience: float = PATIENCE,
        reader: Reader | None = None,
    ) -> None:
        """Take an open index and what answers: "reader", or a chat model of LangChain's or by its name.

        Such names are `gguf:PATH`, `ollama:NAME`, `openai:NAME` and others that LangChain knows. `patience` is how many
        seconds it has to begin its answer, and to go on with it; `reader` is another assistant's, to share. Raises
        `UnknownModelError`, and `ModelError` when what it needs is not installed or no key is set.
        """
        # A second's worth of imports, which the page need not wait for.
        from langchain_core.runnables import RunnableGenerator, RunnableLambda

        self.index = index
        self.reader = reader or Reader()
        self._writer = open_writer(model, index, patience)
        self.model = self._writer.name if self._writer else DEFAULT_MODEL
        self._suggestions = Suggestions()
        # Many questions are tried before some are suggested: that costs nothing, whatever else answers.
        self._by_reader = Assistant(index, reader=self.reader) if self._writer else self
        self._chain: Runnable[_Asked, Answer] = (
            RunnableLambda(self._retrieve)
            | RunnableLambda(_split)
            | RunnableLambda(self._choose)
            | RunnableGenerator(self._ground)
        )

    def ask(
        self,
        question: str,
        history: Sequence[Turn] = (),
        articles: Iterable[str] | None = None,
        *,
        passages: int | None = None,
    ) -> Answer:
        """Return the answer to a question.

        `history` holds the earlier turns of the conversation, oldest first; `articles`, the ids of those that are
        asked, None being all; `passages` is how many of the best chunks are read, 1 to 20, None being as many as suit
        what answers. Raises `QuestionError` for a question that is empty or too long, `ValueError` for another number
        of passages, and `WeightsError` when the reader's weights are damaged.
        """
        *_, last = self.stream(question, history, articles, passages=passages)
        return last

    def stream(
        self,
        question: str,
        history: Sequence[Turn] = (),
        articles: Iterable[str] | None = None,
        *,
        passages: int | None = None,
    ) -> Iterator[Answer]:
        """Yield the answer as it grows; the last one is what `ask` returns, to which all else is alike."""
        for said in self._answers(_checked(question), history, articles, passages):
            yield replace(said, model=said.model or DEFAULT_MODEL)

    def _answers(
        self, question: str, history: Sequence[Turn], articles: Iterable[str] | None, passages: int | None
    ) -> Iterator[Answer]:
        if passages is not None and not 1 <= passages <= MOST_PASSAGES:
            raise ValueError(f"passages is {passages}; ask for 1 to {MOST_PASSAGES} of them to be read")
        among = None if articles is None else tuple(articles)
        if is_courtesy(question):
            yield Answer(NOTHING_ASKED, (), "refused")
        elif said := about_talk(question, history, self.index, among):
            yield said
        elif whole := overview(question, history, self.index, among):
            yield from self._whole(self._writer, whole) if self._writer else [whole]
        else:
            yield from self._chain.stream(self._asked(question, history, among, passages))

    def _whole(self, writer: Writer, whole: Answer) -> Iterator[Answer]:
        """Yield what a chat model says of an article as a whole, whose own sentences are the answer without it."""
        first = whole.citations[0]
        article = self.index.article(first.article_id, first.version)
        passages = [(article, SearchResult(chunk, 1.0)) for chunk in chunk_article(article)]
        found = tuple(result for _, result in passages)
        for said in writer.answers(whole.standalone, lambda: passages, lambda: iter([whole]), Spent()):
            yield replace(said, standalone=whole.standalone, passages=said.passages or found)

    def _asked(
        self, question: str, history: Sequence[Turn], among: tuple[str, ...] | None, passages: int | None
    ) -> _Asked:
        """Return what is asked, and of which articles: of those among the ids, the ones that the question allows."""
        spent = Spent()
        question = self._standalone(question, history, spent)
        if limit := limited(question, self.index.entries):
            question, within = limit
            among = within if among is None else tuple(id_ for id_ in within if id_ in among)
        found = passages or (MOST_PASSAGES if self._writer else PASSAGES)
        return _Asked(plain_question(question), among, found, passages or PASSAGES, spent)

    def _standalone(self, question: str, history: Sequence[Turn], spent: Spent) -> str:
        """Return a question that needs no history: by the chat model where it may need one, else by grammar."""
        if self._writer and history and needs_history(question):
            try:
                if written := self._writer.standalone(question, history, spent):
                    return written
            except ModelError as error:
                spent.failure = str(error)
        return standalone_question(question, history)

    def load(self) -> None:
        """Load the models now rather than at the first question. Raises `ModelError`."""
        self.index.search("load", k=1)
        self.reader.load()
        if self._writer:
            self._writer.load()

    def suggestions(self, history: Sequence[Turn] = (), most: int = SUGGESTIONS) -> tuple[str, ...]:
        """Return questions to begin with, or to go on with after some turns: only such as are answered.

        They are of the newest articles by turns, or of the article that was cited last, without what was asked or cited
        already. Each was answered once, from the sentence that it was made of; that is remembered for each article.
        """
        cited = [citation for turn in history for citation in turn.answer.citations]
        if history and not cited:
            return ()
        asked = {_words_of(turn.question) for turn in history}
        told = {(citation.article_id, citation.start) for citation in cited}
        newest = [entry.id for entry in self.index.entries()[:ARTICLES_SUGGESTED]]
        of_each = []
        for article_id in [cited[-1].article_id] if cited else newest:
            with suppress(ArticleNotFoundError):  # It was removed meanwhile.
                answerable = self._suggestions.of(self.index.article(article_id), self._by_reader.ask)
                of_each.append(
                    [
                        question
                        for question, first in answerable.items()
                        if _words_of(question) not in asked and (article_id, first.start) not in told
                    ]
                )
        by_turns = chain.from_iterable(zip_longest(*of_each))
        return tuple(question for question in by_turns if question)[:most]

    def _retrieve(self, asked: _Asked) -> _Retrieved:
        results = self.index.search(asked.question, asked.passages, asked.articles)
        _log.debug("standalone question: %s", asked.question)
        for number, result in enumerate(results, start=1):
            _log.debug("passage %d, score %.3f, of %s: %r", number, result.score, result.chunk.id, result.chunk.text)
        articles: dict[str, Article] = {}
        for article_id, version in {(result.chunk.article_id, result.chunk.version) for result in results}:
            with suppress(ArticleNotFoundError):  # It was removed since the search.
                articles[article_id] = self.index.article(article_id, version)
        passages = tuple(
            (articles[result.chunk.article_id], result) for result in results if result.chunk.article_id in articles
        )
        # The search has read it so as well, but does not tell.
        question = corrected(asked.question, [result.chunk.text for result in results])
        return _Retrieved(replace(asked, question=question), passages)

    def _choose(self, split: _Split) -> _Chosen:
        question, sentences, embedder = split.asked.question, split.sentences, self.index.embedder
        evidence = self.reader.evidence(question, sentences)
        readings = tuple(self.reader.weigh(question, sentences, evidence, embedder))
        for reading in readings:
            _log.debug("read, score %.3f: %r", reading.score, reading.sentence.text)
        limit = self.reader.calibration.answer_threshold
        if not readings or readings[0].score < limit:
            return _Chosen(split.asked, split.passages, readings)
        article = readings[0].sentence.article
        for other in _of_another_day(article, sentences):
            mine = [number for number, sentence in enumerate(sentences) if sentence.article.id == other.id]
            # A logit of 0 is that of "none of these answers".
            if max(evidence[n].logit for n in mine) > 0 and alike(article, other, embedder):
                alone = self.reader.weigh(question, [sentences[n] for n in mine], [evidence[n] for n in mine], embedder)
                if alone[0].score >= limit:
                    return _Chosen(split.asked, split.passages, readings, tuple(alone))
        return _Chosen(split.asked, split.passages, readings)

    def _ground(self, chosen: Iterator[_Chosen]) -> Iterator[Answer]:
        for choice in chosen:
            asked, said = choice.asked, partial(self._said, choice)
            if self._writer and choice.passages:
                to_read = partial(self._writer.to_read, asked.articles, choice.passages)
                # Whether yes or no is right, the reader cannot tell.
                readings = () if is_judged(asked.question) else choice.readings
                judge = Judge(asked.question, readings, self.reader.calibration)
                said = partial(self._writer.answers, asked.question, to_read, said, asked.spent, judge)
            for told in said():
                yield replace(told, standalone=asked.question, passages=tuple(result for _, result in choice.passages))

    def _said(self, choice: _Chosen) -> Iterator[Answer]:
        limits = self.reader.calibration
        best = choice.readings[0].score if choice.readings else 0.0
        if best >= limits.answer_threshold:
            yield answer(choice.asked.question, choice.readings, choice.others)
        elif best >= limits.quote_threshold:
            yield from nearest(choice.readings[:QUOTES])
        else:
            yield refusal(self._nothing_found(choice.asked.articles), choice.asked.question, choice.readings)

    def _nothing_found(self, among: tuple[str, ...] | None) -> str:
        held = {entry.id for entry in self.index.entries()} if among else set()
        count = self.index.count() if among is None else len(held & set(among))
        if count:
            return f"I searched {count} article{'s' if count != 1 else ''} and found no answer."
        return EMPTY if among is None else NONE_ASKED


def _checked(question: str) -> str:
    question = question.strip()
    if not question:
        raise QuestionError("The question is empty; type one, such as: what is the article about?")
    if len(question) > LONGEST_QUESTION:
        raise QuestionError(
            f"The question has {len(question):,} characters and can have {LONGEST_QUESTION:,}; ask it more briefly."
        )
    return question


def _words_of(question: str) -> str:
    return " ".join(question.casefold().rstrip("?").split())


def _split(retrieved: _Retrieved) -> _Split:
    read = retrieved.passages[: retrieved.asked.read]
    return _Split(retrieved.asked, retrieved.passages, tuple(passage_sentences(read)))


def _of_another_day(article: Article, sentences: Iterable[Sentence]) -> list[Article]:
    """Return the articles of some sentences that are dated, but not of the day of one that is."""
    found = {sentence.article.id: sentence.article for sentence in sentences}.values()
    return [other for other in found if article.published and other.published not in {None, article.published}]
