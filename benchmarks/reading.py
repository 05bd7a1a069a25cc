"""Understanding: `python -m benchmarks.reading` asks the questions of data/reading.

Prints for each kind of question the shares right, shown and not answered, then the precision of
bold words, and the fate of right and wrong claims. `--weights FOLDER` names a reader's weights;
each folder is a column.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import track

from assistant import Answer, Assistant
from assistant.errors import AssistantError
from assistant.reader.reader import WEIGHTS, Reader
from benchmarks.claims import checked, fates, read_claims
from benchmarks.grading import MOST_WORDS, Grade, grade, has, tokens
from benchmarks.measuring import ERR, Rows, about, bars, save, save_figure, share, tell
from benchmarks.questions import Question, read_questions
from benchmarks.verdicts import denies, verdict_of
from index import ArticleIndex, ArticleIndexError, SourceError
from index.embedding.embedder import SentenceEmbedder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from assistant import Citation
    from benchmarks.claims import CitedClaim
    from index import Article

DATA = Path(__file__).parent / "data" / "reading"
LONGEST_BOLD = 8
"""Words that bold words may have beyond a gold answer."""


@dataclass(frozen=True, slots=True)
class ReadAnswer:
    """A question, its answer and the grade.

    Attributes:
        question: The question.
        answer: The answer.
        grade: Its grade by the common rules.
    """

    question: Question
    answer: Answer
    grade: Grade

    @property
    def refused(self) -> bool:
        """Whether it gives no answer, or says that the article does not."""
        return not self.grade.answered or (not self.answer.words and denies(self.answer.text))

    @property
    def is_right(self) -> bool:
        """Whether it answers rightly, or rightly does not.

        An answer by yes or no begins with the right one and cites the sentence for it.
        """
        if not self.question.golds:
            return self.refused
        if not self.question.verdict:
            return self.grade.hit
        short = len(self.answer.text.split()) <= MOST_WORDS
        verdict = verdict_of(self.answer.text, self.question.language)
        is_shown = self.grade.answered and self.grade.shown
        return short and is_shown and verdict == self.question.verdict

    @property
    def bold_is_right(self) -> bool:
        """Whether the bold words are the answer."""
        if self.question.verdict:
            return verdict_of(self.answer.words, self.question.language) == self.question.verdict
        return any(is_answer(self.answer.words, gold) for gold in self.question.answers)


def is_answer(words: str, gold: str) -> bool:
    """Return whether bold words are a gold answer: all of it and little more, or most of it.

    >>> is_answer("about 90,000 litres", "90,000"), is_answer("5 June 1990", "6 June 1990")
    (True, False)
    """
    said, wanted = tokens(words), tokens(gold)
    has_all = has(words, gold) and len(said) <= len(wanted) + LONGEST_BOLD
    has_numbers = {w for w in wanted if w.isdigit()} <= set(said)
    return has_all or (has(gold, words) and 2 * len(said) >= len(wanted) and has_numbers)


def ask_all(
    ask: Callable[[str], Answer], articles: Sequence[Article], questions: Sequence[Question]
) -> list[ReadAnswer]:
    """Return the graded answer to each question."""
    texts = {(article.id, article.version): article.text for article in articles}

    def text_of(citation: Citation) -> str:
        return texts[citation.article_id, citation.version]

    answers = []
    for question in track(questions, "Asking", console=ERR, transient=True):
        answer = ask(question.text)
        answers.append(ReadAnswer(question, answer, grade(question, answer, text_of)))
    return answers


def by_kind(answers: Sequence[ReadAnswer]) -> Rows:
    """Return for each kind of question the shares right, shown and not answered."""
    kinds: dict[str, list[ReadAnswer]] = {}
    for one in answers:
        kinds.setdefault(one.question.kind, []).append(one)
    return {
        kind: {
            "questions": len(group),
            "right": share([one.is_right for one in group]),
            "shown": share([one.grade.shown for one in group if one.question.golds]),
            "not answered": share([one.refused for one in group]),
        }
        for kind, group in (kinds | {"all": list(answers)}).items()
    }


def bold(answers: Sequence[ReadAnswer]) -> dict[str, float]:
    """Return the precision of bold words in answered answers, and their number."""
    shown = [one for one in answers if one.grade.answered and one.answer.words]
    return {"right": share([one.bold_is_right for one in shown]), "answers": len(shown)}


def beside(tables: dict[str, dict[str, Rows]]) -> dict[str, Rows]:
    """Return one table for each figure, with a column for each reader.

    Args:
        tables: By the reader's name, and by title.
    """
    joined: dict[str, Rows] = {}
    for reader, titles in tables.items():
        for title, rows in titles.items():
            for row, figures in rows.items():
                for figure, value in figures.items():
                    table = joined.setdefault(f"{title}: {figure}", {})
                    table.setdefault(row, {})[reader] = value
    return joined


def measure(
    assistant: Assistant,
    articles: Sequence[Article],
    questions: Sequence[Question],
    claims: Sequence[CitedClaim],
) -> tuple[dict[str, Rows], list[dict[str, Any]]]:
    """Return an assistant's tables by title, and all its answers and claims."""
    answers = ask_all(assistant.ask, articles, questions)
    outcomes = [checked(claim, assistant.index.embedder) for claim in claims]
    tables = {
        "Questions": by_kind(answers),
        "Bold words": {"all": bold(answers)},
        "Claims": {"all": fates(claims, outcomes)},
    }
    asked = [
        {"id": one.question.id, "question": one.question.text, "kind": one.question.kind}
        | {"right": one.is_right, "answer": one.answer.text, "words": one.answer.words}
        | asdict(one.grade)
        for one in answers
    ]
    asked += [
        {"id": claim.id, "claim": claim.text, "right": claim.right, "summary": outcome.summary}
        for claim, outcome in zip(claims, outcomes, strict=True)
    ]
    return tables, asked


def draw(tables: dict[str, dict[str, Rows]], path: Path) -> None:
    """Draw right answers by kind, bold words and claims, to a .png and a .svg file."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.2), layout="constrained")
    axes = figure.subplots()
    rows: Rows = {}
    for reader, titles in tables.items():
        rows[reader] = {kind: row["right"] for kind, row in titles["Questions"].items()}
        rows[reader]["bold"] = titles["Bold words"]["all"]["right"]
        rows[reader] |= {
            f"{name} claims": titles["Claims"]["all"][name]
            for name in ("wrong standing", "right withdrawn")
        }
    bars(axes, rows, list(next(iter(rows.values()))), "%.2f")
    axes.set(ylim=(0, 1.1), ylabel="share right; of claims, share")
    axes.legend()
    save_figure(figure, path)


def reader_names(folders: Sequence[Path]) -> dict[str, Path]:
    """Return folders of weights by the shortest endings of their paths that differ."""
    for parts in range(1, max(len(folder.parts) for folder in folders) + 1):
        names = {"/".join(folder.parts[-parts:]): folder for folder in folders}
        if len(names) == len(set(folders)):
            break
    return names


def main(
    weights: Annotated[
        list[Path] | None, typer.Option(help="A folder of a reader's weights; repeatable.")
    ] = None,
    json_path: Annotated[
        Path | None, typer.Option("--json", help="Write all figures there.")
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Draw .png and .svg files of this name.")
    ] = None,
) -> None:
    """Measure how well the reader understands articles."""
    questions_path = DATA / "questions.jsonl"
    readers = reader_names([folder.resolve() for folder in weights or [WEIGHTS]])
    tables: dict[str, dict[str, Rows]] = {}
    asked: dict[str, Any] = {}
    try:
        articles, questions = read_questions(questions_path)
        claims = read_claims(DATA / "claims.jsonl")
        with TemporaryDirectory() as folder, ArticleIndex.open(folder, SentenceEmbedder()) as index:
            if failed := index.add(*articles).failed:
                raise SourceError(f"{questions_path}: {failed[0][0]}: {failed[0][1]}.")
            for name, place in readers.items():
                assistant = Assistant(index, reader=Reader(place))
                tables[name], asked[name] = measure(assistant, articles, questions, claims)
    except (ArticleIndexError, AssistantError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    measured = about(questions_path, articles, questions)
    tell(measured, beside(tables))
    if json_path:
        save(json_path, measured, beside(tables), asked=asked)
    if plot:
        draw(tables, plot)


if __name__ == "__main__":
    typer.run(main)
