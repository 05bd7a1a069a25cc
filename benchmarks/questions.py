"""Questions with the places that answer them, from a file in SQuAD format or in JSON Lines (data/README.md)."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from index import Article, SourceError
from index.shipped import shipped_article

if TYPE_CHECKING:
    from pathlib import Path

    from assistant.quoting.sentences import Sentence


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
    """A question and the places that answer it, all in one article; without any, no article answers it.

    `answers` are words of which one is to be said, `also` words that are all to be said as well, `never` words that are
    not; `turns` are the questions asked before it, the oldest first.
    """

    text: str
    golds: tuple[Place, ...]
    answers: tuple[str, ...] = ()
    kind: str = ""
    turns: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    never: tuple[str, ...] = ()


Counts = Callable[[Place, Place], bool]


def read_questions(path: Path) -> tuple[list[Article], list[Question]]:
    """Return the articles and the questions of a file: JSON Lines by its ending, else SQuAD. Raises `SourceError`."""
    return _read_lines(path) if path.suffix == ".jsonl" else read_squad(path)


def read_squad(path: Path, limit: int | None = None) -> tuple[list[Article], list[Question]]:
    """Return each paragraph as an article, and the questions. Raises `SourceError`."""
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
                questions += [_squad_question(qa, article) for qa in paragraph["qas"] if qa["question"].strip()]
    except OSError as error:
        raise SourceError(f"{path} cannot be read ({error.strerror}); name a file in SQuAD format.") from error
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise SourceError(
            f"{path} is not JSON in SQuAD format ({type(error).__name__}: {error}); name another file."
        ) from error
    if not any(question.golds for question in questions):
        raise SourceError(f"{path} holds no question with an answer; name another file in SQuAD format.")
    return articles, questions


def _squad_question(qa: dict[str, Any], article: Article) -> Question:
    """Return a question with the places of its answers; SQuAD 2 marks those that have none."""
    spans = [] if qa.get("is_impossible") else [(a["answer_start"], len(a["text"])) for a in qa["answers"]]
    golds = tuple(Place(article.id, start, start + length) for start, length in spans if length)
    return Question(qa["question"], golds, tuple(article.text[gold.start : gold.end] for gold in golds))


def _read_lines(path: Path) -> tuple[list[Article], list[Question]]:
    """Return the shipped article and those in the folder `articles` beside the file, and the questions about them."""
    try:
        files = sorted((path.parent / "articles").glob("*.txt"))
        articles = [shipped_article()]
        articles += [Article.from_text(file.read_text(encoding="utf-8"), source=file.stem) for file in files]
        lines = path.read_text(encoding="utf-8").splitlines()
        questions = [_line_question(json.loads(line), articles) for line in lines if line.strip()]
    except OSError as error:
        raise SourceError(f"{error.filename} cannot be read ({error.strerror}).") from error
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise SourceError(f"{path} is not as data/README.md says ({type(error).__name__}: {error}).") from error
    return articles, questions


def _line_question(held: dict[str, Any], articles: Sequence[Article]) -> Question:
    golds = []
    if held["answerable"]:
        cited = held["must_cite"]
        golds = [Place(a.id, at, at + len(cited)) for a in articles if (at := a.text.find(cited)) >= 0]
        if len(golds) != 1:
            raise ValueError(f"{cited!r} stands in {len(golds)} articles")
    also = {name: tuple(held.get(name, ())) for name in ("answers", "turns", "also", "never")}
    return Question(held["question"], tuple(golds), kind=held["kind"], **also)


def place(sentence: Sentence) -> Place:
    """Return where a sentence stands."""
    return Place(sentence.article.id, sentence.start, sentence.end)


def covers(place: Place, gold: Place) -> bool:
    """Return whether a chunk or a sentence has at least half of an answer."""
    return 2 * place.overlap(gold) >= len(gold)


def first_hit(places: Sequence[Place], question: Question, counts: Counts = covers) -> float:
    """Return the rank, from 0, of the first place that counts for one of the answers; infinity for none."""
    return next((rank for rank, p in enumerate(places) if any(counts(p, gold) for gold in question.golds)), math.inf)
