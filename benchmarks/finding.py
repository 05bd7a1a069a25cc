"""What is found, chosen and refused, on a file in SQuAD format: `python benchmarks/finding.py SQUAD_FILE`.

Beside it stands the retrieval of LangChain's tutorial, with the same embedding model. The index is a temporary one.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path  # noqa: TC003  # typer reads the annotations
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from assistant.answering import PASSAGES
from assistant.grounding import passage_sentences
from assistant.reader import QUOTE_THRESHOLD, NearestReader
from index import Article, ArticleIndex, ArticleIndexError, SourceError
from index.embedding import SentenceEmbedder

if TYPE_CHECKING:
    from assistant.reader import Reading
    from index.embedding import Embedder

RANKS = (1, 3, 5, 10, 20)
BUDGET = 3_000
"""Characters: what they hold compares rankings of long and of short chunks fairly."""
THRESHOLDS = (0.15, 0.20, 0.25, 0.30, 0.35)
TUTORIAL = "LangChain tutorial, 1000/200"

Rows = dict[str, dict[str, float]]
"""A table: its rows' names, and in each row its columns' names with shares of 0..1, characters or milliseconds."""
ERR = Console(stderr=True)


@dataclass(frozen=True, slots=True)
class Place:
    """Some characters of an article: the first, and the one after the last."""

    article_id: str
    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start

    def overlap(self, other: Place) -> int:
        """Return how many characters are in both."""
        shared = min(self.end, other.end) - max(self.start, other.start)
        return max(0, shared) if self.article_id == other.article_id else 0


@dataclass(frozen=True, slots=True)
class Question:
    """A question and the places that answer it, all in one article."""

    text: str
    golds: tuple[Place, ...]


Search = Callable[[str], list[Place]]
Counts = Callable[[Place, Place], bool]


class RememberingEmbedder(SentenceEmbedder):
    """Embeds a text once, however often it is read; a question, whose time is taken, each time."""

    def __init__(self) -> None:
        """Take the built-in model."""
        super().__init__()
        self._known: dict[str, Any] = {}

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return a unit vector for each text."""
        if new := [text for text in dict.fromkeys(texts) if text not in self._known]:
            self._known.update(zip(new, np.array(super().embed_documents(new), dtype=np.float32), strict=True))
        return [self._known[text].tolist() for text in texts]


def read_squad(path: Path, limit: int | None) -> tuple[list[Article], list[Question]]:
    """Return each paragraph as an article, and the answerable questions. Raises `SourceError`."""
    articles: list[Article] = []
    questions: list[Question] = []
    try:
        for number, entry in enumerate(json.loads(path.read_text(encoding="utf-8"))["data"][:limit], start=1):
            for part, paragraph in enumerate(entry["paragraphs"], start=1):
                # Titles repeat or are empty, and two texts of one source would be versions of one article.
                source = f"{entry.get('title') or 'Article'} {number}.{part}"
                article = Article.from_text(paragraph["context"], source=source)
                assert article.text == paragraph["context"], "answers are counted in the context"  # noqa: S101
                articles.append(article)
                asked = [(qa["question"], _golds(qa, article.id)) for qa in paragraph["qas"]]
                questions += [Question(text, golds) for text, golds in asked if text.strip() and golds]
    except OSError as error:
        raise SourceError(f"{path} cannot be read ({error.strerror}); name a file in SQuAD format.") from error
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise SourceError(
            f"{path} is not JSON in SQuAD format ({type(error).__name__}: {error}); name another file."
        ) from error
    if not questions:
        raise SourceError(f"{path} holds no question with an answer; name another file in SQuAD format.")
    return articles, questions


def _golds(qa: dict[str, Any], article_id: str) -> tuple[Place, ...]:
    """Return the places of the answers; SQuAD 2 marks the questions that have none."""
    spans = [] if qa.get("is_impossible") else [(a["answer_start"], len(a["text"])) for a in qa["answers"]]
    return tuple(Place(article_id, start, start + length) for start, length in spans if length)


def covers(chunk: Place, gold: Place) -> bool:
    """Return whether a chunk has at least half of an answer."""
    return 2 * chunk.overlap(gold) >= len(gold)


def meets(sentence: Place, gold: Place) -> bool:
    """Return whether a sentence and an answer share at least half of the shorter of the two."""
    return 2 * sentence.overlap(gold) >= min(len(sentence), len(gold))


def first_hit(places: Sequence[Place], question: Question, counts: Counts) -> float:
    """Return the rank, from 0, of the first place that counts for one of the answers; infinity for none."""
    return next((rank for rank, p in enumerate(places) if any(counts(p, gold) for gold in question.golds)), math.inf)


def cut(places: Sequence[Place], characters: int) -> list[Place]:
    """Return the first places that fill so many characters, the last one cut."""
    kept: list[Place] = []
    for place in places:
        kept.append(Place(place.article_id, place.start, min(place.end, place.start + characters)))
        characters -= len(kept[-1])
    return kept


def below(values: Sequence[float], limit: float) -> float:
    """Return the share of the values that are less than a limit; 0 of none."""
    return float(np.mean(np.array(values) < limit)) if values else 0.0


def nearest(vectors: Any, query: list[float]) -> list[int]:
    """Return the numbers of the unit vectors, the nearest to the query by cosine first."""
    return [int(number) for number in np.argsort(-(vectors @ np.array(query)), kind="stable")]


def tutorial_search(articles: Sequence[Article], embedder: Embedder) -> Search:
    """Return the search of LangChain's tutorial: its chunks, the nearest by cosine."""
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200, add_start_index=True)
    chunks = splitter.create_documents([a.text for a in articles], [{"id": a.id} for a in articles])
    starts = [chunk.metadata["start_index"] for chunk in chunks]
    places = [Place(c.metadata["id"], s, s + len(c.page_content)) for c, s in zip(chunks, starts, strict=True)]
    vectors = np.array(embedder.embed_documents([chunk.page_content for chunk in chunks]))
    return lambda question: [places[i] for i in nearest(vectors, embedder.embed_query(question))[: max(RANKS)]]


def retrieval(search: Search, questions: Sequence[Question]) -> dict[str, float]:
    """Return what a search finds, the standard error of R@5, how long its results are and how long it takes."""
    ranks, ranks_in_budget, characters, milliseconds = [], [], [], []
    for question in track(questions, "Searching", console=ERR, transient=True):
        began = time.perf_counter()
        places = search(question.text)
        milliseconds.append((time.perf_counter() - began) * 1000)
        ranks.append(first_hit(places, question, covers))
        ranks_in_budget.append(first_hit(cut(places, BUDGET), question, covers))
        characters += [len(place) for place in places]
    recall = {f"R@{k}": below(ranks, k) for k in RANKS}
    return recall | {
        "±R@5": math.sqrt(recall["R@5"] * (1 - recall["R@5"]) / len(questions)),
        f"in {BUDGET:,}": below(ranks_in_budget, math.inf),
        "characters": float(np.mean(characters)),
        "p50 ms": float(np.percentile(milliseconds, 50)),
        "p95 ms": float(np.percentile(milliseconds, 95)),
    }


def read(index: ArticleIndex, question: str, among: list[str] | None = None) -> list[Reading]:
    """Return what the assistant's reader makes of a question, all articles being searched or those of some ids."""
    results = index.search(question, PASSAGES, among)
    passages = ((index.article(result.chunk.article_id, result.chunk.version), result) for result in results)
    return NearestReader(index.embedder).read(question, passage_sentences(passages))


def choose(index: ArticleIndex, question: Question) -> tuple[float, float, float]:
    """Return the rank of the first sentence that counts, by the reader and by cosine alone, and the best score."""
    readings = read(index, question.text)
    places = [Place(r.sentence.article.id, r.sentence.start, r.sentence.end) for r in readings]
    vectors = np.array(index.embedder.embed_documents([reading.sentence.text for reading in readings]))
    by_cosine = [places[i] for i in nearest(vectors, index.embedder.embed_query(question.text))]
    return first_hit(places, question, meets), first_hit(by_cosine, question, meets), readings[0].score


def choosing(ranks: Sequence[float]) -> dict[str, float]:
    """Return how often the sentence that counts comes first, or among two, where there is one to choose."""
    reachable = [rank for rank in ranks if rank < math.inf]
    return {"first": below(reachable, 1), "within two": below(reachable, 2), "questions": len(reachable)}


def measure(index: ArticleIndex, articles: Sequence[Article], questions: Sequence[Question]) -> dict[str, Rows]:
    """Return the tables of an index that holds the articles, by their titles."""
    from sklearn.metrics import roc_auc_score  # type: ignore[import-untyped]

    def our_search(question: str) -> list[Place]:
        chunks = [result.chunk for result in index.search(question, k=max(RANKS))]
        return [Place(chunk.article_id, chunk.start, chunk.end) for chunk in chunks]

    searches = {"ours": our_search, TUTORIAL: tutorial_search(articles, index.embedder)}
    retrieving = {name: retrieval(search, questions) for name, search in searches.items()}
    choices, left_out = [], []
    for question in track(questions, "Reading", console=ERR, transient=True):
        choices.append(choose(index, question))
        others = [article.id for article in articles if article.id != question.golds[0].article_id]
        left_out.append(max((reading.score for reading in read(index, question.text, others)), default=0.0))
    by_reader, by_cosine, scores = zip(*choices, strict=True)
    auc = roc_auc_score([1] * len(scores) + [0] * len(left_out), [*scores, *left_out])
    return {
        "Retrieving chunks": retrieving,
        f"Choosing a sentence of {PASSAGES} chunks": {"ours": choosing(by_reader), "cosine alone": choosing(by_cosine)},
        "Answerable against left out": {"the best sentence's score": {"ROC AUC": float(auc)}},
        "Share refused": {
            f"below {t:.2f}{' = QUOTE_THRESHOLD' * (t == QUOTE_THRESHOLD)}": {
                "of answerable": below(scores, t),
                "of left out": below(left_out, t),
            }
            for t in sorted({*THRESHOLDS, QUOTE_THRESHOLD})
        },
    }


def _rendered(title: str, rows: Rows) -> str:
    """Return a table as text, which is the same for a terminal and a file."""
    table = Table("", title=title, title_justify="left", box=None, header_style="bold")
    for column in next(iter(rows.values())):
        table.add_column(column, justify="right")
    for name, row in rows.items():
        # What is above 1 is no share: characters, milliseconds or a count.
        table.add_row(name, *(f"{value:.3f}" if value <= 1 else f"{value:,.0f}" for value in row.values()))
    console = Console(width=120, highlight=False)
    with console.capture() as captured:
        console.print(table)
    return captured.get()


def main(
    squad_file: Annotated[Path, typer.Argument(help="A file in SQuAD format.", show_default=False)],
    limit: Annotated[int | None, typer.Option(min=1, help="Read only so many of its articles.")] = None,
    json_path: Annotated[Path | None, typer.Option("--json", help="Write all figures there.", dir_okay=False)] = None,
) -> None:
    """Measure retrieval, the choosing of sentences and refusing on a file in SQuAD format."""
    try:
        articles, questions = read_squad(squad_file, limit)
        with TemporaryDirectory() as folder, ArticleIndex.open(folder, RememberingEmbedder()) as index:
            if failed := index.add(*articles).failed:
                raise SourceError(f"{squad_file}: {failed[0][0]}: {failed[0][1]}.")
            tables = measure(index, articles, questions)
    except ArticleIndexError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    about = {
        "file": squad_file.name,
        "articles": len(articles),
        "questions": len(questions),
        "day": date.today().isoformat(),  # noqa: DTZ011  # the day where it ran
        **{package: version(package) for package in ("chromadb", "sentence-transformers", "torch")},
    }
    typer.echo(", ".join(f"{key} {value}" for key, value in about.items()) + "\n")
    typer.echo("\n".join(_rendered(title, rows) for title, rows in tables.items()))
    if json_path:
        json_path.write_text(json.dumps({**about, "tables": tables}, indent=2, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
