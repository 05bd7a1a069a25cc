"""What the measurements share: questions of a file in SQuAD format with their places, what counts as found, tables."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console
from rich.table import Table

from index import Article, SourceError
from index.embedding import SentenceEmbedder

if TYPE_CHECKING:
    from pathlib import Path

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

    def forget(self) -> None:
        """Embed each text anew from now on, as where time is taken."""
        self._known.clear()


def read_squad(path: Path, limit: int | None = None) -> tuple[list[Article], list[Question]]:
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


def covers(place: Place, gold: Place) -> bool:
    """Return whether a chunk or a sentence has at least half of an answer."""
    return 2 * place.overlap(gold) >= len(gold)


def first_hit(places: Sequence[Place], question: Question, counts: Counts = covers) -> float:
    """Return the rank, from 0, of the first place that counts for one of the answers; infinity for none."""
    return next((rank for rank, p in enumerate(places) if any(counts(p, gold) for gold in question.golds)), math.inf)


def below(values: Sequence[float], limit: float) -> float:
    """Return the share of the values that are less than a limit; 0 of none."""
    return float(np.mean(np.array(values) < limit)) if values else 0.0


def nearest(vectors: Any, query: list[float]) -> list[int]:
    """Return the numbers of the unit vectors, the nearest to the query by cosine first."""
    return [int(number) for number in np.argsort(-(vectors @ np.array(query)), kind="stable")]


def about(path: Path, articles: Sequence[Article], questions: Sequence[Question]) -> dict[str, Any]:
    """Return what was measured on, when, and with which versions."""
    return {
        "file": path.name,
        "articles": len(articles),
        "questions": len(questions),
        "day": date.today().isoformat(),  # noqa: DTZ011  # the day where it ran
        **{package: version(package) for package in ("chromadb", "sentence-transformers", "torch")},
    }


def rendered(title: str, rows: Rows) -> str:
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
