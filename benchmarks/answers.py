"""Retrieval, answers, citations and refusals: `python -m benchmarks.answers FILE`.

Every question is asked of all articles, and once more with its own article left out, to be refused.
`--baseline` adds the chain of LangChain's tutorial (MiniLM's cosine, chunks of 1000/200 characters,
the four nearest). It has no model to write, and quotes the sentence nearest to the question.
`--compare` adds the figures of earlier runs.
"""

from __future__ import annotations

import json
import resource
from dataclasses import asdict
from pathlib import Path  # typer reads the annotations
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from assistant import Answer, Assistant, Turn
from assistant.chat.catalogue import DEFAULT_MODEL
from assistant.errors import AssistantError
from assistant.question.followups import standalone_question
from assistant.question.framing import plain_question
from benchmarks.finding import TUTORIAL, index_search, retrieval, tutorial_search
from benchmarks.measuring import Rows, about, bars, save, save_figure, tell
from benchmarks.outcomes import Outcome, answering, by_kind, hurrying, outcomes, refusing
from benchmarks.questions import Question, read_questions
from benchmarks.systems import asking, rereading_search, tutorial
from index import ArticleIndex, ArticleIndexError, SourceError
from index.embedding.embedder import SentenceEmbedder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from index import Article

PATIENCE = 300.0
"""Seconds that a chat model has for an answer."""
SHOWN_IN_PLOT = (
    "R@1",
    "R@5",
    "in 3,000",
    "answer hit",
    "quoted hit",
    "refusal recall",
    "wrong refusals",
)


def measure(
    assistant: Assistant,
    articles: Sequence[Article],
    questions: Sequence[Question],
    *,
    baseline: bool,
    once: bool,
) -> tuple[dict[str, Rows], list[Outcome]]:
    """Return the tables by title, and the assistant's outcomes."""
    index = assistant.index
    answerable = [question for question in questions if question.golds]
    mine = outcomes(asking(assistant), articles, questions, assistant.model, once=once)
    found = {assistant.model: mine}
    alone = [Question(_standalone(question), question.golds) for question in answerable]
    finding = {
        assistant.model: retrieval(rereading_search(index), alone),
        "index alone": retrieval(index_search(index), alone),
    }
    if baseline:
        found[TUTORIAL] = outcomes(
            tutorial(articles, index.embedder), articles, questions, TUTORIAL, once=once
        )
        finding[TUTORIAL] = retrieval(tutorial_search(articles, index.embedder), answerable)
    tables = {
        "Finding": finding,
        "Answering": {name: answering(rows) for name, rows in found.items()},
        "Refusing": {name: refusing(rows) for name, rows in found.items()},
        "Milliseconds": {name: hurrying(rows) for name, rows in found.items()},
    }
    if any(question.kind for question in questions):
        tables["Right, by kind"] = {name: by_kind(rows) for name, rows in found.items()}
    return tables, mine


def _standalone(question: Question) -> str:
    """Return the question as the assistant searches for it, without earlier answers."""
    nothing = Answer("", (), "refused")
    return plain_question(
        standalone_question(question.text, [Turn(earlier, nothing) for earlier in question.turns])
    )


def merged(tables: dict[str, Rows], compare: Sequence[Path]) -> dict[str, Rows]:
    """Return the tables with the rows of earlier runs added. Raises `SourceError`."""
    both = {title: dict(rows) for title, rows in tables.items()}
    for path in compare:
        try:
            earlier: dict[str, Rows] = json.loads(path.read_text(encoding="utf-8"))["tables"]
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise SourceError(
                f"{path} was not written by --json ({error}); name another file."
            ) from error
        for title, rows in earlier.items():
            both.setdefault(title, {}).update(
                {f"{name} ({path.stem})": row for name, row in rows.items()}
            )
    return both


def draw(tables: dict[str, Rows], path: Path) -> None:
    """Draw the main figures as bars, to a .png and a .svg file."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4.2), layout="constrained")
    axes = figure.subplots()
    rows: Rows = {}
    for table in tables.values():
        for name in tables["Answering"]:
            rows.setdefault(name, {}).update(table.get(name, {}))
    bars(axes, rows, SHOWN_IN_PLOT, "%.2f")
    axes.set(ylim=(0, 1.05), ylabel="share of the questions")
    axes.legend()
    save_figure(figure, path)


JsonPath = Annotated[
    Path | None, typer.Option("--json", help="Write all figures there.", dir_okay=False)
]
PlotPath = Annotated[
    Path | None, typer.Option(help="Draw .png and .svg files of this name.", dir_okay=False)
]
Compare = Annotated[
    list[Path] | None, typer.Option(help="Add figures that --json wrote.", dir_okay=False)
]


def main(
    file: Annotated[
        Path, typer.Argument(help="A file in SQuAD format, or .jsonl.", show_default=False)
    ],
    model: Annotated[str, typer.Option(help="The model that answers.")] = DEFAULT_MODEL,
    every: Annotated[int, typer.Option(help="Ask only every n-th question.", min=1)] = 1,
    once: Annotated[bool, typer.Option("--once", help="Ask each question once.")] = False,
    baseline: Annotated[bool, typer.Option("--baseline", help="Run the tutorial's chain.")] = False,
    compare: Compare = None,
    json_path: JsonPath = None,
    plot: PlotPath = None,
) -> None:
    """Measure retrieval, answers and refusals on the questions of a file."""
    try:
        articles, questions = read_questions(file)
        questions = questions[::every]
        with TemporaryDirectory() as folder, ArticleIndex.open(folder, SentenceEmbedder()) as index:
            assistant = Assistant(index, model, patience=PATIENCE)
            if failed := index.add(*articles).failed:
                raise SourceError(f"{file}: {failed[0][0]}: {failed[0][1]}.")
            assistant.load()
            tables, found = measure(assistant, articles, questions, baseline=baseline, once=once)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # Linux gives kilobytes.
        tables["Memory"] = {assistant.model: {"peak MB": peak}}
        shown = merged(tables, compare or ())
    except (ArticleIndexError, AssistantError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    measured = about(file, articles, questions)
    tell(measured, shown)
    if json_path:
        save(json_path, measured, tables, asked=[_row(outcome) for outcome in found])
    if plot:
        draw(shown, plot)


def _row(outcome: Outcome) -> dict[str, object]:
    return {
        "question": outcome.question.text,
        "kind": outcome.question.kind,
        "right": outcome.is_right,
        "answer": outcome.answer.text,
        "model": outcome.answer.model,
        "note": outcome.answer.note,
        **asdict(outcome.grade),
    }


if __name__ == "__main__":
    typer.run(main)
