"""Retrieval on a file in SQuAD format: `python -m benchmarks.finding SQUAD_FILE`.

Beside it stands the retrieval of LangChain's tutorial, with the same embedding model. The index is
a temporary one. `python -m training.evaluate_reader` measures the steps after retrieval.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Sequence
from itertools import islice
from pathlib import Path  # noqa: TC003  # typer reads the annotations
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer
from rich.progress import track

from benchmarks.measuring import ERR, RememberingEmbedder, Rows, about, below, nearest, save, tell
from benchmarks.questions import Place, Question, first_hit, read_squad
from index import Article, ArticleIndex, ArticleIndexError, SourceError

if TYPE_CHECKING:
    from index.embedding.embedder import Embedder

RANKS = (1, 3, 5, 10, 20)
BUDGET = 3_000
"""Characters of the first results, to compare long chunks with short ones fairly."""
TUTORIAL = "LangChain tutorial, 1000/200"

Search = Callable[..., list[Place]]
"""Finds the best places for a question, in all articles or those with some ids."""


def cut(places: Sequence[Place], characters: int) -> list[Place]:
    """Return the first places within a number of characters, the last one cut."""
    kept: list[Place] = []
    for place in places:
        kept.append(Place(place.article_id, place.start, min(place.end, place.start + characters)))
        characters -= len(kept[-1])
    return kept


def tutorial_search(articles: Sequence[Article], embedder: Embedder) -> Search:
    """Return the search of LangChain's tutorial: its nearest chunks by cosine."""
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    splitter = RecursiveCharacterTextSplitter(
        chunk_size=1000, chunk_overlap=200, add_start_index=True
    )
    chunks = splitter.create_documents([a.text for a in articles], [{"id": a.id} for a in articles])
    starts = [chunk.metadata["start_index"] for chunk in chunks]
    places = [
        Place(c.metadata["id"], s, s + len(c.page_content))
        for c, s in zip(chunks, starts, strict=True)
    ]
    vectors = np.array(embedder.embed_documents([chunk.page_content for chunk in chunks]))

    def search(question: str, among: Collection[str] | None = None) -> list[Place]:
        ranked = (places[number] for number in nearest(vectors, embedder.embed_query(question)))
        return list(
            islice(
                (place for place in ranked if among is None or place.article_id in among),
                max(RANKS),
            )
        )

    return search


def retrieval(search: Search, questions: Sequence[Question]) -> dict[str, float]:
    """Return the recall of a search, the error of R@5, the results' length and the time."""
    ranks, ranks_in_budget, right_article, characters, milliseconds = [], [], [], [], []
    for question in track(questions, "Searching", console=ERR, transient=True):
        began = time.perf_counter()
        places = search(question.text)
        milliseconds.append((time.perf_counter() - began) * 1000)
        ranks.append(first_hit(places, question))
        ranks_in_budget.append(first_hit(cut(places, BUDGET), question))
        right_article.append(bool(places) and places[0].article_id == question.golds[0].article_id)
        characters += [len(place) for place in places]
    recall = {f"R@{k}": below(ranks, k) for k in RANKS}
    return recall | {
        "±R@5": math.sqrt(recall["R@5"] * (1 - recall["R@5"]) / len(questions)),
        f"in {BUDGET:,}": below(ranks_in_budget, math.inf),
        "article@1": float(np.mean(right_article)),
        "characters": float(np.mean(characters)),
        "p50 ms": float(np.percentile(milliseconds, 50)),
        "p95 ms": float(np.percentile(milliseconds, 95)),
    }


def index_search(index: ArticleIndex) -> Search:
    """Return the search of an index."""

    def search(question: str) -> list[Place]:
        chunks = [result.chunk for result in index.search(question, k=max(RANKS))]
        return [Place(chunk.article_id, chunk.start, chunk.end) for chunk in chunks]

    return search


def measure(
    index: ArticleIndex, articles: Sequence[Article], questions: Sequence[Question]
) -> dict[str, Rows]:
    """Return the tables of an index that holds the articles, by their titles."""
    searches = {"ours": index_search(index), TUTORIAL: tutorial_search(articles, index.embedder)}
    return {
        "Retrieving chunks": {
            name: retrieval(search, questions) for name, search in searches.items()
        }
    }


def main(
    squad_file: Annotated[Path, typer.Argument(help="A file in SQuAD format.", show_default=False)],
    limit: Annotated[
        int | None, typer.Option(min=1, help="Read only so many of its articles.")
    ] = None,
    json_path: Annotated[
        Path | None, typer.Option("--json", help="Write all figures there.", dir_okay=False)
    ] = None,
) -> None:
    """Measure retrieval on a file in SQuAD format."""
    try:
        articles, questions = read_squad(squad_file, limit)
        questions = [question for question in questions if question.golds]
        with (
            TemporaryDirectory() as folder,
            ArticleIndex.open(folder, RememberingEmbedder()) as index,
        ):
            if failed := index.add(*articles).failed:
                raise SourceError(f"{squad_file}: {failed[0][0]}: {failed[0][1]}.")
            tables = measure(index, articles, questions)
    except ArticleIndexError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    measured = about(squad_file, articles, questions)
    tell(measured, tables)
    if json_path:
        save(json_path, measured, tables)


if __name__ == "__main__":
    typer.run(main)
