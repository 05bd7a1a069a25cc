"""`Assistant`: the retrieval chain, one code path for `ask` and `stream`."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain, zip_longest
from typing import TYPE_CHECKING

from assistant.claims import answer
from assistant.conversation import Answer
from assistant.errors import QuestionError
from assistant.followups import is_courtesy, standalone_question
from assistant.framing import plain_question
from assistant.grounding import cite, passage_sentences
from assistant.models import DEFAULT_MODEL, open_reader
from assistant.overview import alike, overview
from assistant.scope import limited
from assistant.suggestions import Suggestions
from assistant.wording import describe, language_name, quoted
from index.article import read_language
from index.errors import ArticleNotFoundError
from index.spelling import corrected

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from langchain_core.runnables import Runnable

    from assistant.conversation import Turn
    from assistant.grounding import Sentence
    from assistant.reader import Reading
    from index import Article, ArticleIndex, SearchResult

PASSAGES = 7
"""How many of the best chunks are read, unless a question says otherwise."""
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


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked and of which articles; `found` holds the passages that are read, once they are found."""

    question: str
    articles: tuple[str, ...] | None
    passages: int
    found: tuple[SearchResult, ...] = ()


@dataclass(frozen=True, slots=True)
class _Retrieved:
    asked: _Asked
    passages: tuple[tuple[Article, SearchResult], ...]


@dataclass(frozen=True, slots=True)
class _Split:
    asked: _Asked
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class _Chosen:
    """What was read: the readings of all sentences, and those of another article on the same subject, read alone."""

    asked: _Asked
    readings: tuple[Reading, ...]
    others: tuple[Reading, ...] = ()


class Assistant:
    """Answers questions from an index. Threads may share one.

    The chain is retrieve → split into sentences → choose → ground, each step a LangChain runnable.
    """

    def __init__(self, index: ArticleIndex, model: str = DEFAULT_MODEL) -> None:
        """Take an open index and the name of what answers. Raises `UnknownModelError`."""
        # A second's worth of imports, which the page need not wait for.
        from langchain_core.runnables import RunnableGenerator, RunnableLambda

        self.index = index
        self.model = model
        self._reader = open_reader(model)
        self._suggestions = Suggestions()
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
        passages: int = PASSAGES,
    ) -> Answer:
        """Return the answer to a question.

        `history` holds the earlier turns of the conversation, oldest first; `articles`, the ids of those that are
        asked, None being all; `passages` is how many of the best chunks are read, 1 to 20. Raises `QuestionError` for a
        question that is empty or too long, `ValueError` for another number of passages, and `WeightsError` when the
        reader's weights are damaged.
        """
        *_, last = self.stream(question, history, articles, passages=passages)
        return last

    def stream(
        self,
        question: str,
        history: Sequence[Turn] = (),
        articles: Iterable[str] | None = None,
        *,
        passages: int = PASSAGES,
    ) -> Iterator[Answer]:
        """Yield the answer as it grows; the last one is what `ask` returns, to which all else is alike."""
        question = _checked(question)
        if not 1 <= passages <= MOST_PASSAGES:
            raise ValueError(f"passages is {passages}; ask for 1 to {MOST_PASSAGES} of them to be read")
        among = None if articles is None else tuple(articles)
        if is_courtesy(question):
            yield Answer(NOTHING_ASKED, (), "refused")
        elif whole := overview(question, history, self.index, among):
            yield whole
        else:
            yield from self._chain.stream(self._asked(standalone_question(question, history), among, passages))

    def _asked(self, question: str, among: tuple[str, ...] | None, passages: int) -> _Asked:
        """Return what is asked, and of which articles: of those among the ids, the ones that the question allows."""
        if limit := limited(question, self.index.articles):
            question, within = limit
            among = within if among is None else tuple(id_ for id_ in within if id_ in among)
        return _Asked(plain_question(question), among, passages)

    def load(self) -> None:
        """Load the models now rather than at the first question."""
        self.index.search("load", k=1)
        self._reader.load()

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
                answerable = self._suggestions.of(self.index.article(article_id), self.ask)
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
        articles: dict[str, Article] = {}
        for article_id, version in {(result.chunk.article_id, result.chunk.version) for result in results}:
            with suppress(ArticleNotFoundError):  # It was removed since the search.
                articles[article_id] = self.index.article(article_id, version)
        passages = tuple(
            (articles[result.chunk.article_id], result) for result in results if result.chunk.article_id in articles
        )
        # The search has read it so as well, but does not tell.
        question = corrected(asked.question, [result.chunk.text for result in results])
        return _Retrieved(replace(asked, question=question, found=tuple(result for _, result in passages)), passages)

    def _choose(self, split: _Split) -> _Chosen:
        question, sentences, embedder = split.asked.question, split.sentences, self.index.embedder
        evidence = self._reader.evidence(question, sentences)
        readings = self._reader.weigh(question, sentences, evidence, embedder)
        limit = self._reader.calibration.answer_threshold
        if not readings or readings[0].score < limit:
            return _Chosen(split.asked, tuple(readings))
        article = readings[0].sentence.article
        for other in _of_another_day(article, sentences):
            mine = [number for number, sentence in enumerate(sentences) if sentence.article.id == other.id]
            # A logit of 0 is that of "none of these answers".
            if max(evidence[n].logit for n in mine) > 0 and alike(article, other, embedder):
                alone = self._reader.weigh(
                    question, [sentences[n] for n in mine], [evidence[n] for n in mine], embedder
                )
                if alone[0].score >= limit:
                    return _Chosen(split.asked, tuple(readings), tuple(alone))
        return _Chosen(split.asked, tuple(readings))

    def _ground(self, chosen: Iterator[_Chosen]) -> Iterator[Answer]:
        for choice in chosen:
            for said in self._said(choice):
                yield replace(said, standalone=choice.asked.question, passages=choice.asked.found)

    def _said(self, choice: _Chosen) -> Iterator[Answer]:
        limits = self._reader.calibration
        best = choice.readings[0].score if choice.readings else 0.0
        if best >= limits.answer_threshold:
            yield answer(choice.asked.question, choice.readings, choice.others)
        elif best >= limits.quote_threshold:
            yield from _nearest(choice)
        else:
            yield self._refusal(choice)

    def _refusal(self, chosen: _Chosen) -> Answer:
        """Say what was searched and name the nearest passage."""
        if not chosen.readings:
            return Answer(self._nothing_found(chosen.asked.articles), (), "refused")
        best = chosen.readings[0]
        nearest = cite(1, best.sentence)
        parts = [
            self._nothing_found(chosen.asked.articles),
            _language_hint(chosen),
            f"The nearest passage, in {describe(nearest)}, is: {quoted(nearest, best.span)}",
        ]
        return Answer(" ".join(part for part in parts if part), (nearest,), "refused")

    def _nothing_found(self, among: tuple[str, ...] | None) -> str:
        held = {article.id for article in self.index.articles()} if among else set()
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
    return _Split(retrieved.asked, tuple(passage_sentences(retrieved.passages)))


def _of_another_day(article: Article, sentences: Iterable[Sentence]) -> list[Article]:
    """Return the articles of some sentences that are dated, but not of the day of one that is."""
    found = {sentence.article.id: sentence.article for sentence in sentences}.values()
    return [other for other in found if article.published and other.published not in {None, article.published}]


def _nearest(chosen: _Chosen) -> Iterator[Answer]:
    """Yield the nearest sentences, one more each time."""
    nearest = chosen.readings[:QUOTES]
    citations = tuple(cite(number, reading.sentence) for number, reading in enumerate(nearest, start=1))
    texts = [quoted(citation, reading.span) for citation, reading in zip(citations, nearest, strict=True)]
    for shown in range(1, len(citations) + 1):
        yield Answer("\n\n".join(texts[:shown]), citations[:shown], "quoted")


def _language_hint(chosen: _Chosen) -> str:
    """Return a sentence for a question that is not in the language of any article that was found."""
    languages = {reading.sentence.article.language for reading in chosen.readings}
    asked = read_language(chosen.asked.question)
    if not asked or None in languages or asked in languages:
        return ""
    names = " and ".join(sorted(language_name(code) for code in languages if code))
    return f"The nearest articles are in {names}; ask in that language."
