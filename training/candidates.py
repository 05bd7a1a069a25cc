"""Questions from a SQuAD file, each with the sentences that search finds for it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from rich.progress import track

from assistant.answering import PASSAGES
from assistant.quoting.sentences import passage_sentences
from benchmarks.measuring import ERR
from benchmarks.questions import first_hit, place, read_squad
from index import ArticleIndex, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from assistant.quoting.sentences import Sentence
    from benchmarks.questions import Question
    from index import Article
    from index.embedding.embedder import Embedder


@dataclass(frozen=True, slots=True)
class Candidates:
    """A question with the sentences of its best chunks.

    Attributes:
        question: The question.
        sentences: The sentences in search order.
        left_out: The sentences found without the question's own article; empty without an article.
    """

    question: Question
    sentences: list[Sentence]
    left_out: list[Sentence]


@contextmanager
def opened(
    squad_file: Path, embedder: Embedder
) -> Iterator[tuple[ArticleIndex, list[Article], list[Question]]]:
    """Open a temporary index of a SQuAD file's articles.

    Yields:
        The index, the articles, and the questions that the articles answer.

    Raises:
        SourceError: The index rejected an article.
    """
    articles, questions = read_squad(squad_file)
    questions = [question for question in questions if question.golds]
    with TemporaryDirectory() as folder, ArticleIndex.open(folder, embedder) as index:
        if failed := index.add(*articles).failed:
            raise SourceError(f"{squad_file}: {failed[0][0]}: {failed[0][1]}.")
        yield index, articles, questions


def candidates(
    index: ArticleIndex, articles: Sequence[Article], questions: Sequence[Question]
) -> list[Candidates]:
    """Search for each question, as the assistant would.

    Args:
        index: The index of the articles.
        articles: The articles.
        questions: The questions to search for.

    Returns:
        The candidates of each question, in the order of the questions.
    """

    def search(question: str, article_ids: list[str] | None) -> list[Sentence]:
        results = index.search(question, PASSAGES, article_ids)
        by_id = {article.id: article for article in articles}
        return passage_sentences((by_id[result.chunk.article_id], result) for result in results)

    searched = []
    for question in track(questions, "Searching", console=ERR, transient=True):
        own = {gold.article_id for gold in question.golds}
        others = [article.id for article in articles if article.id not in own]
        left_out = search(question.text, others) if own else []
        searched.append(Candidates(question, search(question.text, None), left_out))
    return searched


def answers(sentence: Sentence, question: Question) -> bool:
    """Tell whether a sentence covers half of a gold answer."""
    return first_hit([place(sentence)], question) == 0
