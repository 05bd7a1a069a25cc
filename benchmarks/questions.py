"""`Question`: a question with its gold answers, read from SQuAD files and JSON Lines."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from index import Article, SourceError
from index.shipped import shipped_article

if TYPE_CHECKING:
    from pathlib import Path

    from assistant.quoting.sentences import Sentence


@dataclass(frozen=True, slots=True)
class Place:
    """A span of an article's text.

    Attributes:
        article_id: The article.
        start: Its first character.
        end: The character after its last.
    """

    article_id: str
    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start

    def overlap(self, other: Place) -> int:
        """Return the number of characters in both places."""
        shared = min(self.end, other.end) - max(self.start, other.start)
        return max(0, shared) if self.article_id == other.article_id else 0


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its gold answers; data/README.md explains the fields.

    Attributes:
        text: The question.
        golds: The places that answer it; empty if no article does.
        answers: Forms of the answer, one to be said.
        kind: The kind of question.
        turns: The earlier questions of its conversation, oldest first.
        also: Words that must all be said as well.
        never: Words that must not be said.
        id: Its name in the file.
        language: Its language, an ISO 639-1 code.
        verdict: "yes", "no" or "unknown", if it asks for one of them.
        must_say: Groups of forms, one form of each to be said.
        ordered: Whether the groups come in this order.
        computed: First forms of groups that no cited sentence says.
        missing: Words for a part without an answer.
        must_cite: Groups of places, one place of each to be cited.
    """

    text: str
    golds: tuple[Place, ...]
    answers: tuple[str, ...] = ()
    kind: str = ""
    turns: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    id: str = ""
    language: str = "en"
    verdict: str = ""
    must_say: tuple[tuple[str, ...], ...] = ()
    ordered: bool = False
    computed: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    must_cite: tuple[tuple[Place, ...], ...] = ()

    @property
    def answerable(self) -> bool:
        """Whether it has an answer; the record of an article may give it without a citation."""
        return bool(self.golds or self.must_say)


Counts = Callable[[Place, Place], bool]
Row = TypeVar("Row")


def read_questions(path: Path) -> tuple[list[Article], list[Question]]:
    """Return the articles and questions of a file. Raises `SourceError`.

    Args:
        path: A .jsonl file with a folder `articles` beside it, or a file in SQuAD format.
    """
    return _read_lines(path) if path.suffix == ".jsonl" else read_squad(path)


def read_squad(path: Path, limit: int | None = None) -> tuple[list[Article], list[Question]]:
    """Return the paragraphs of a SQuAD file as articles, and its questions. Raises `SourceError`.

    Args:
        path: The file.
        limit: The number of its articles to read; None is all.
    """
    articles: list[Article] = []
    questions: list[Question] = []
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))["data"][:limit]
        for number, entry in enumerate(entries, start=1):
            for part, paragraph in enumerate(entry["paragraphs"], start=1):
                # Titles repeat or are empty; two texts of one source are versions of one article.
                source = f"{entry.get('title') or 'Article'} {number}.{part}"
                article = Article.from_text(paragraph["context"], source=source)
                assert article.text == paragraph["context"], "answers are offsets"  # noqa: S101
                articles.append(article)
                asked = [qa for qa in paragraph["qas"] if qa["question"].strip()]
                questions += [_squad_question(qa, article) for qa in asked]
    except OSError as error:
        raise SourceError(
            f"{path} cannot be read ({error.strerror}); name a file in SQuAD format."
        ) from error
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise SourceError(
            f"{path} is not JSON in SQuAD format ({type(error).__name__}: {error}); name "
            "another file."
        ) from error
    if not any(question.golds for question in questions):
        raise SourceError(
            f"{path} holds no question with an answer; name another file in SQuAD format."
        )
    return articles, questions


def _squad_question(qa: dict[str, Any], article: Article) -> Question:
    """Return a question with the places of its answers; SQuAD 2 marks impossible questions."""
    answers = [] if qa.get("is_impossible") else qa["answers"]
    spans = [(answer["answer_start"], len(answer["text"])) for answer in answers]
    golds = tuple(Place(article.id, start, start + length) for start, length in spans if length)
    texts = tuple(article.text[gold.start : gold.end] for gold in golds)
    return Question(qa["question"], golds, texts)


def _read_lines(path: Path) -> tuple[list[Article], list[Question]]:
    """Return the shipped article with those beside a .jsonl file, and its questions."""
    articles = [shipped_article(), *read_articles(path)]
    return articles, read_rows(path, lambda row: _line_question(row, articles))


def read_articles(path: Path) -> list[Article]:
    """Return the articles in the folder `articles` beside a file. Raises `SourceError`."""
    try:
        files = sorted((path.parent / "articles").glob("*.txt"))
        return [Article.from_text(file.read_text("utf-8"), source=file.stem) for file in files]
    except OSError as error:
        raise SourceError(f"{error.filename} cannot be read ({error.strerror}).") from error


def read_rows(path: Path, convert: Callable[[dict[str, Any]], Row]) -> list[Row]:
    """Return each line of a .jsonl file, converted. Raises `SourceError`."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        return [convert(json.loads(line)) for line in lines if line.strip()]
    except OSError as error:
        raise SourceError(f"{error.filename} cannot be read ({error.strerror}).") from error
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise SourceError(
            f"{path} is not as data/README.md says ({type(error).__name__}: {error})."
        ) from error


def _line_question(row: dict[str, Any], articles: Sequence[Article]) -> Question:
    cited = row["must_cite"] if row["answerable"] else []
    if isinstance(cited, str):
        sentences = [cited, *row.get("or_cite", ())]
        groups = [tuple(find_sentence(sentence, articles) for sentence in sentences)]
    else:
        groups = [
            tuple(find_sentence(c["sentence"], articles, c["article"]) for c in group)
            for group in cited
        ]
    names = ("answers", "turns", "also", "never", "computed", "missing")
    words = {name: tuple(row.get(name, ())) for name in names}
    return Question(
        row["question"],
        golds=tuple(place for group in groups for place in group),
        kind=row["kind"],
        id=row.get("id", ""),
        language=row.get("language", "en"),
        verdict=row.get("verdict", ""),
        must_say=tuple(tuple(forms) for forms in row.get("must_say", ())),
        ordered=row.get("ordered", False),
        must_cite=tuple(groups),
        **words,
    )


def find_sentence(sentence: str, articles: Sequence[Article], source: str = "") -> Place:
    """Return the place of a sentence in one of the articles, or in the one from a source.

    Raises:
        ValueError: The sentence stands in no article, or in several.
    """
    among = [article for article in articles if source in ("", article.source)]
    starts = [(article.id, article.text.find(sentence)) for article in among]
    places = [Place(name, start, start + len(sentence)) for name, start in starts if start >= 0]
    if len(places) != 1:
        raise ValueError(f"{sentence!r} stands in {len(places)} articles")
    return places[0]


def place(sentence: Sentence) -> Place:
    """Return the place of a sentence."""
    return Place(sentence.article.id, sentence.start, sentence.end)


def covers(place: Place, gold: Place) -> bool:
    """Return whether a chunk or sentence has at least half of a gold answer."""
    return 2 * place.overlap(gold) >= len(gold)


def first_hit(places: Sequence[Place], question: Question, counts: Counts = covers) -> float:
    """Return the rank, from 0, of the first place that counts; infinity if no place does."""
    ranks = (
        rank
        for rank, candidate in enumerate(places)
        if any(counts(candidate, gold) for gold in question.golds)
    )
    return next(ranks, math.inf)
