"""Answers put together: `python -m benchmarks.composed` asks the questions of data/composed.

Prints a table of kinds for the assistant and for the chain of LangChain's tutorial. Conversations
are asked turn by turn. A question is right if its answer breaks none of the rules in parts.py.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import track

from assistant import Answer, Assistant
from assistant.chat.catalogue import DEFAULT_MODEL
from assistant.errors import AssistantError
from benchmarks.finding import TUTORIAL
from benchmarks.grading import words_in_lower_case
from benchmarks.measuring import ERR, Rows, about, bars, save, save_figure, share, tell
from benchmarks.parts import PartsGrade, grade_parts
from benchmarks.questions import Question, read_questions
from benchmarks.systems import Ask, asking, tutorial
from index import ArticleIndex, ArticleIndexError, SourceError
from index.embedding.embedder import SentenceEmbedder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assistant import Citation
    from index import Article

QUESTIONS = Path(__file__).parent / "data" / "composed" / "questions.jsonl"
PATIENCE = 300.0
"""Seconds that a chat model has for an answer."""


@dataclass(frozen=True, slots=True)
class ComposedAnswer:
    """A question, its answer and the grade."""

    question: Question
    answer: Answer
    grade: PartsGrade


def ask_all(
    ask: Ask, articles: Sequence[Article], questions: Sequence[Question], name: str
) -> list[ComposedAnswer]:
    """Return the graded answer of a system to each question."""
    texts = {(article.id, article.version): article.text for article in articles}
    known = words_in_lower_case(texts.values())

    def text_of(citation: Citation) -> str:
        return texts[citation.article_id, citation.version]

    answers = []
    for question in track(questions, f"Asking {name}", console=ERR, transient=True):
        *_, answer = ask(question, None)
        grade = grade_parts(question, answer, text_of, known)
        answers.append(ComposedAnswer(question, answer, grade))
    return answers


def by_kind(answers: Sequence[ComposedAnswer]) -> Rows:
    """Return the figures of each kind of question, and of all."""
    kinds: dict[str, list[ComposedAnswer]] = {}
    for one in answers:
        kinds.setdefault(one.question.kind, []).append(one)
    return {kind: figures(group) for kind, group in (kinds | {"all": list(answers)}).items()}


def figures(answers: Sequence[ComposedAnswer]) -> dict[str, float]:
    """Return the figures of some answers: shares, but for counts of questions and statements."""
    refused = [one for one in answers if one.grade.refused]
    unanswerable = [one for one in answers if not one.question.answerable]
    rightly = [one for one in refused if not one.question.answerable]
    verbatim = sum(one.grade.verbatim for one in answers)
    return {
        "questions": len(answers),
        "right": share([one.grade.right for one in answers]),
        "refused rightly": len(rightly),
        "unmade statements": sum(len(one.grade.unmade) for one in answers),
        "verbatim": verbatim / max(1, sum(one.grade.cited for one in answers)),
        "refusal precision": share([not one.question.answerable for one in refused]),
        "refusal recall": share([one.grade.refused for one in unanswerable]),
    }


def draw(tables: dict[str, Rows], path: Path) -> None:
    """Draw the share right of each kind, to a .png and a .svg file."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 4.2), layout="constrained")
    axes = figure.subplots()
    rows = {
        name: {kind: row["right"] for kind, row in table.items()} for name, table in tables.items()
    }
    bars(axes, rows, list(next(iter(rows.values()))), "%.2f")
    axes.set(ylim=(0, 1.1), ylabel="share of the questions right")
    axes.legend()
    save_figure(figure, path)


def main(
    model: Annotated[str, typer.Option(help="The model that answers.")] = DEFAULT_MODEL,
    json_path: Annotated[
        Path | None, typer.Option("--json", help="Write all figures there.")
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Draw .png and .svg files of this name.")
    ] = None,
) -> None:
    """Measure answers that are put together, by kind of question."""
    try:
        articles, questions = read_questions(QUESTIONS)
        with TemporaryDirectory() as folder, ArticleIndex.open(folder, SentenceEmbedder()) as index:
            if failed := index.add(*articles).failed:
                raise SourceError(f"{QUESTIONS}: {failed[0][0]}: {failed[0][1]}.")
            assistant = Assistant(index, model, patience=PATIENCE)
            systems = {
                assistant.model: asking(assistant),
                TUTORIAL: tutorial(articles, index.embedder),
            }
            answers = {
                name: ask_all(ask, articles, questions, name) for name, ask in systems.items()
            }
    except (ArticleIndexError, AssistantError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    tables = {name: by_kind(each) for name, each in answers.items()}
    measured = about(QUESTIONS, articles, questions)
    tell(measured, tables)
    if json_path:
        asked = {name: [_row(one) for one in each] for name, each in answers.items()}
        save(json_path, measured, tables, asked=asked)
    if plot:
        draw(tables, plot)


def _row(one: ComposedAnswer) -> dict[str, object]:
    return {
        "id": one.question.id,
        "question": one.question.text,
        "kind": one.question.kind,
        "right": one.grade.right,
        "answer": one.answer.text,
        **asdict(one.grade),
    }


if __name__ == "__main__":
    typer.run(main)
