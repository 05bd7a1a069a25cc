"""Systems to measure: the assistant, its search, and the chain of LangChain's tutorial."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from assistant import Answer, Turn
from assistant.answering import PASSAGES
from assistant.quoting.quotes import cite
from assistant.quoting.sentences import passage_sentences
from assistant.quoting.wording import quoted
from assistant.reader.reader import Reader
from benchmarks.finding import RANKS, tutorial_search
from benchmarks.questions import Place, Question, place
from index import Chunk, SearchResult

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assistant import Assistant
    from benchmarks.finding import Search
    from index import Article, ArticleIndex
    from index.embedding.embedder import Embedder

TUTORIAL_CHUNKS = 4

Ask = Callable[[Question, "list[str] | None"], Iterator[Answer]]
"""Yields growing answers to a question, from all articles or those with some ids."""


def asking(assistant: Assistant) -> Ask:
    """Ask the assistant turn by turn: it answers a question's earlier turns first."""

    def ask(question: Question, among: list[str] | None) -> Iterator[Answer]:
        history: list[Turn] = []
        for earlier in question.turns:
            history.append(Turn(earlier, assistant.ask(earlier, history, among)))
        return assistant.stream(question.text, history, among)

    return ask


def rereading_search(index: ArticleIndex) -> Search:
    """Return an index's search, its first chunks in the order of their best sentences."""
    reader = Reader()

    def search(question: str) -> list[Place]:
        results = index.search(question, k=max(RANKS))
        read = [(index.article(r.chunk.article_id, r.chunk.version), r) for r in results[:PASSAGES]]
        readings = reader.read(question, passage_sentences(read), index.embedder)
        scores = [(place(reading.sentence), reading.score) for reading in readings]
        places = [Place(r.chunk.article_id, r.chunk.start, r.chunk.end) for r in results]
        best = [
            max((score for at, score in scores if at.overlap(chunk)), default=0.0)
            for chunk in places[:PASSAGES]
        ]
        order = sorted(range(len(best)), key=lambda number: -best[number])
        return [*(places[number] for number in order), *places[PASSAGES:]]

    return search


def tutorial(articles: Sequence[Article], embedder: Embedder) -> Ask:
    """Return the tutorial's chain: the nearest sentence of the nearest chunks, to any question."""
    search = tutorial_search(articles, embedder)
    by_id = {article.id: article for article in articles}

    def ask(question: Question, among: list[str] | None) -> Iterator[Answer]:
        places = search(question.text, among)
        chunks = [
            Chunk(
                f"{p.article_id}:{by_id[p.article_id].version}:0", p.article_id, "", p.start, p.end
            )
            for p in places[:TUTORIAL_CHUNKS]
        ]
        sentences = passage_sentences(
            (by_id[chunk.article_id], SearchResult(chunk, 0.0)) for chunk in chunks
        )
        vectors = np.array(embedder.embed_documents([sentence.text for sentence in sentences]))
        nearest = cite(
            1, sentences[int((vectors @ np.array(embedder.embed_query(question.text))).argmax())]
        )
        yield Answer(quoted(nearest), (nearest,), "answered")

    return ask
