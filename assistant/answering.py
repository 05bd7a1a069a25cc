"""`Assistant`: the retrieval chain, one code path for `ask` and `stream`."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from assistant.answers import (
    ANSWER_SECONDS,
    NO_READINGS,
    Deadline,
    Readings,
    Suggestions,
    about_talk,
    answer_by_reader,
    overview,
    read,
)
from assistant.chat import DEFAULT_MODEL, PATIENCE, Usage, open_writer
from assistant.conversation import Answer, latest_turns
from assistant.errors import QuestionError
from assistant.question import is_courtesy, plan_question
from assistant.quoting.sentences import passage_sentences
from assistant.reader import Reader
from index import ArticleNotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from langchain_core.language_models.chat_models import BaseChatModel
    from langchain_core.runnables import Runnable

    from assistant.chat.writer import ChatWriter
    from assistant.conversation import Turn
    from assistant.quoting.sentences import Sentence
    from index import Article, ArticleIndex, SearchResult

PASSAGES = 7
"""Chunks that the reader reads, unless the caller says otherwise."""
MOST_PASSAGES = 20
SUGGESTIONS = 4
"""Questions suggested at most."""
LONGEST_QUESTION = 2_000
"""Characters; the embedding model reads about the first thousand."""
NOTHING_ASKED = "Ask a question, and I look for the answer in the articles."

_log = logging.getLogger(__package__)


@dataclass(frozen=True, slots=True)
class Context:
    """A question on its way to its answer. Each step of the chain fills in its own fields.

    Attributes:
        question: The standalone question; after retrieval with its spelling corrected.
        article_ids: The articles to ask; None is all.
        retrieved: The number of chunks to retrieve.
        read: The number of them that the reader reads, the best first.
        writer: The chat model that writes the answer; None leaves it to the reader.
        usage: The calls and tokens that the question has cost.
        deadline: The end of the time for the question.
        passages: The chunks retrieved, the best first, with their articles.
        sentences: The sentences of the chunks that the reader reads.
        readings: The reader's readings of the sentences.
    """

    question: str
    article_ids: tuple[str, ...] | None
    retrieved: int
    read: int
    writer: ChatWriter | None
    usage: Usage
    deadline: Deadline
    passages: tuple[tuple[Article, SearchResult], ...] = ()
    sentences: tuple[Sentence, ...] = ()
    readings: Readings = NO_READINGS


class Assistant:
    """Answers questions about the articles of an index. Threads may share one.

    The chain is retrieve → split into sentences → read → answer, each step a LangChain runnable.
    A chat model writes in the last step only: the reader has read before it, judges its answer,
    and answers where it fails.

    Attributes:
        index: The index that is asked.
        reader: The reader; assistants can share it.
        model: The name of the model that answers.
    """

    def __init__(
        self,
        index: ArticleIndex,
        model: str | BaseChatModel = DEFAULT_MODEL,
        *,
        patience: float = PATIENCE,
        reader: Reader | None = None,
        limit: float = ANSWER_SECONDS,
    ) -> None:
        """Take an open index and a model.

        Args:
            index: The index to ask.
            model: "reader", a LangChain chat model, or the name of one: `gguf:PATH`,
                `ollama:NAME`, `openai:NAME` and others known to LangChain.
            patience: Seconds that a chat model has to begin its answer, and between two words.
            reader: The reader of another assistant, to share its weights.
            limit: Seconds for a question, besides the time of a chat model.

        Raises:
            UnknownModelError: There is no model of that name.
            ModelError: A package or a key for the model is missing.
        """
        # One second of imports that the page need not wait for.
        from langchain_core.runnables import RunnableGenerator, RunnableLambda

        self.index = index
        self.reader = reader or Reader()
        self._writer = open_writer(model, index, patience)
        self._limit = limit
        self.model = self._writer.name if self._writer else DEFAULT_MODEL
        # Suggestions try many questions: the reader answers these at no cost.
        self._suggestions = Suggestions(index, self._ask_reader)
        self._chain: Runnable[Context, Answer] = (
            RunnableLambda(self._retrieve)
            | RunnableLambda(_split)
            | RunnableLambda(self._read)
            | RunnableGenerator(self._answer)
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

        Args:
            question: The question, at most 2,000 characters.
            history: The earlier turns of the conversation, oldest first.
            articles: Ids of the articles to ask; None is all.
            passages: Chunks to read, 1 to 20; None is the number that suits the model.

        Raises:
            QuestionError: The question is empty or too long.
            TimeUpError: The answer takes too long.
            ValueError: `passages` is out of range.
            WeightsError: The reader's weights are missing or damaged.
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
        """Yield the growing answer. Arguments are those of `ask`, which returns the last one."""
        if passages is not None and not 1 <= passages <= MOST_PASSAGES:
            raise ValueError(f"passages is {passages}; ask for 1 to {MOST_PASSAGES} of them")
        article_ids = None if articles is None else tuple(articles)
        return self._stream(
            _checked(question), latest_turns(history), article_ids, passages, self._writer
        )

    def load(self) -> None:
        """Load the models now rather than at the first question. Raises `ModelError`."""
        self.index.search("load", k=1)
        self.reader.load()
        if self._writer:
            self._writer.load()

    def suggestions(self, history: Sequence[Turn] = (), most: int = SUGGESTIONS) -> tuple[str, ...]:
        """Return questions to begin with, or to go on with, all of which have an answer."""
        return self._suggestions.after(history, most)

    def _ask_reader(self, question: str) -> Answer:
        *_, last = self._stream(question, (), None, None, None)
        return last

    def _stream(
        self,
        question: str,
        history: Sequence[Turn],
        article_ids: tuple[str, ...] | None,
        passages: int | None,
        writer: ChatWriter | None,
    ) -> Iterator[Answer]:
        if is_courtesy(question):
            answers = iter([Answer(NOTHING_ASKED, (), "refused")])
        elif reply := about_talk(question, history, self.index, article_ids):
            answers = iter([reply])
        elif whole := overview(question, history, self.index, article_ids and set(article_ids)):
            answers = writer.about_article(whole) if writer else iter([whole])
        else:
            usage = Usage()
            rewrite = partial(writer.standalone, usage=usage) if writer else None
            plan = plan_question(question, history, self.index.entries, article_ids, rewrite)
            retrieved = passages or (MOST_PASSAGES if writer else PASSAGES)
            context = Context(
                plan.question,
                plan.article_ids,
                retrieved,
                passages or PASSAGES,
                writer,
                usage,
                Deadline(self._limit),
            )
            answers = self._chain.stream(context)
        for answer in answers:
            yield replace(answer, model=answer.model or DEFAULT_MODEL)

    def _retrieve(self, context: Context) -> Context:
        outcome = self.index.find(context.question, context.retrieved, context.article_ids)
        _log.debug("standalone question: %s", outcome.query)
        articles: dict[str, Article] = {}
        passages: list[tuple[Article, SearchResult]] = []
        for number, result in enumerate(outcome.results, start=1):
            chunk = result.chunk
            _log.debug(
                "passage %d, score %.3f, of %s: %r", number, result.score, chunk.id, chunk.text
            )
            with suppress(ArticleNotFoundError):  # It was removed after the search.
                if chunk.article_id not in articles:
                    articles[chunk.article_id] = self.index.article(chunk.article_id, chunk.version)
                passages.append((articles[chunk.article_id], result))
        context.deadline.check()
        return replace(context, question=outcome.query, passages=tuple(passages))

    def _read(self, context: Context) -> Context:
        readings = read(
            context.question,
            context.sentences,
            self.reader,
            self.index.embedder,
            context.deadline,
        )
        return replace(context, readings=readings)

    def _answer(self, contexts: Iterator[Context]) -> Iterator[Answer]:
        for context in contexts:
            passages = tuple(result for _, result in context.passages)
            for answer in self._answers(context):
                yield replace(answer, standalone=context.question, passages=passages)

    def _answers(self, context: Context) -> Iterator[Answer]:
        question, limits = context.question, self.reader.calibration
        by_reader = partial(
            answer_by_reader, question, context.readings, limits, self.index, context.article_ids
        )
        if not (context.writer and context.passages):
            return by_reader()
        return context.writer.answer(
            question,
            context.passages,
            context.article_ids,
            instead=by_reader,
            usage=context.usage,
            judge=context.writer.judge(question, context.readings.every, limits),
        )


def _checked(question: str) -> str:
    question = question.strip()
    if not question:
        raise QuestionError("The question is empty; type one, such as: what is the article about?")
    if len(question) > LONGEST_QUESTION:
        raise QuestionError(
            f"The question has {len(question):,} characters, at most {LONGEST_QUESTION:,} are "
            "allowed; ask it more briefly."
        )
    return question


def _split(context: Context) -> Context:
    sentences = passage_sentences(context.passages[: context.read])
    context.deadline.check()
    return replace(context, sentences=tuple(sentences))
