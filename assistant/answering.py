"""`Assistant`: the chain from a question to its answer, for `ask` and `stream` alike."""

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
"""Chunks that the reader reads by default."""
MOST_PASSAGES = 20
"""Chunks that it reads at most, and that a chat model reads by default."""
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
        article_ids: The articles to ask; all by default.
        most_passages: The number of chunks to retrieve.
        most_read: The number of them that the reader reads, the best first.
        writer: The chat model that writes the answer, unless the reader does.
        usage: The calls and tokens of the question so far.
        deadline: The end of the time for the question.
        passages: The chunks retrieved, the best first, with their articles.
        sentences: The sentences of the chunks that the reader reads.
        readings: The reader's readings of the sentences.
    """

    question: str
    article_ids: tuple[str, ...] | None
    most_passages: int
    most_read: int
    writer: ChatWriter | None
    usage: Usage
    deadline: Deadline
    passages: tuple[tuple[Article, SearchResult], ...] = ()
    sentences: tuple[Sentence, ...] = ()
    readings: Readings = NO_READINGS


class Assistant:
    """Answers questions about the articles of an index. Threads may share one.

    The chain is retrieve → split into sentences → read → answer, each step a LangChain runnable.
    In the chain, a chat model writes in the last step only. Outside it, it rewrites follow-ups
    and writes overviews. The reader judges its answer, and answers instead if the model fails.

    Attributes:
        index: The index to ask.
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
            limit: Seconds for a question, not counting the time of a chat model.

        Raises:
            UnknownModelError: There is no model of that name.
            ModelError: A package or a key for the model is missing.
        """
        # This import takes a second, and the page need not wait for it.
        from langchain_core.runnables import RunnableGenerator, RunnableLambda

        self.index = index
        self.reader = reader or Reader()
        self._writer = open_writer(model, index, patience)
        self._limit = limit
        self.model = self._writer.name if self._writer else DEFAULT_MODEL
        # Suggestions try many questions, so the reader answers them: it costs nothing.
        self._suggestions = Suggestions(index, self._ask_reader)
        self._chain: Runnable[Context, Answer] = (
            RunnableLambda(self._retrieve)
            | RunnableLambda(_split_sentences)
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
            articles: Ids of the articles to ask; all by default.
            passages: Chunks to read, 1 to 20; by default the number that suits the model.

        Raises:
            QuestionError: The question is empty or too long.
            TimeUpError: The answer took too long.
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
        """Yield the growing answer. `ask` takes the same arguments and returns the last value."""
        if passages is not None and not 1 <= passages <= MOST_PASSAGES:
            raise ValueError(f"passages is {passages}; ask for 1 to {MOST_PASSAGES} of them")
        article_ids = None if articles is None else tuple(articles)
        text, turns = _check_question(question), latest_turns(history)
        return self._stream(text, turns, article_ids, passages, self._writer)

    def load(self) -> None:
        """Load the models now rather than at the first question. Raises `ModelError`."""
        self.index.search("load", k=1)
        self.reader.load()
        if self._writer:
            self._writer.load()

    def suggestions(self, history: Sequence[Turn] = (), most: int = SUGGESTIONS) -> tuple[str, ...]:
        """Return suggested questions, each with an answer in the articles.

        Args:
            history: The turns so far, oldest first; empty for questions to begin with.
            most: The most suggestions.
        """
        return self._suggestions.after(history, most)

    def _ask_reader(self, question: str) -> Answer:
        """Return the reader's answer to a question about all articles."""
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
        """Yield the growing answer of a writer, or else of the reader."""
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
            context = Context(
                question=plan.question,
                article_ids=plan.article_ids,
                most_passages=passages or (MOST_PASSAGES if writer else PASSAGES),
                most_read=passages or PASSAGES,
                writer=writer,
                usage=usage,
                deadline=Deadline(self._limit),
            )
            answers = self._chain.stream(context)
        for answer in answers:
            yield replace(answer, model=answer.model or DEFAULT_MODEL)

    def _retrieve(self, context: Context) -> Context:
        """Search the index for passages, and correct the spelling of the question."""
        outcome = self.index.find(context.question, context.most_passages, context.article_ids)
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
        """Read the sentences with the question in mind."""
        question, sentences, embedder = context.question, context.sentences, self.index.embedder
        readings = read(question, sentences, self.reader, embedder, context.deadline)
        return replace(context, readings=readings)

    def _answer(self, contexts: Iterator[Context]) -> Iterator[Answer]:
        """Yield the growing answer. LangChain passes an iterator to a step that is a generator."""
        for context in contexts:
            passages = tuple(result for _, result in context.passages)
            for answer in self._answers(context):
                yield replace(answer, standalone=context.question, passages=passages)

    def _answers(self, context: Context) -> Iterator[Answer]:
        """Yield the growing answer of the chat model, or else of the reader."""
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


def _check_question(question: str) -> str:
    """Return a question without white space around it. Raises `QuestionError`."""
    question = question.strip()
    if not question:
        raise QuestionError("The question is empty; type one, such as: what is the article about?")
    if len(question) > LONGEST_QUESTION:
        raise QuestionError(
            f"The question has {len(question):,} characters, more than the {LONGEST_QUESTION:,} "
            "allowed; ask it more briefly."
        )
    return question


def _split_sentences(context: Context) -> Context:
    """Split the passages into sentences."""
    sentences = passage_sentences(context.passages[: context.most_read])
    context.deadline.check()
    return replace(context, sentences=tuple(sentences))
