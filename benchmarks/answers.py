"""Retrieval, answers, citations and refusals: `python -m benchmarks.answers FILE`.

Every question is asked of all articles, and once more with its own article left out, to be refused.
`--baseline` adds the chain of LangChain's tutorial (MiniLM's cosine, chunks of 1000/200 characters,
the four nearest). It has no model to write, and quotes the sentence nearest to the question.
`--compare` adds the figures of earlier runs.
"""

from __future__ import annotations

import json
import math
import resource
import time
from dataclasses import asdict, dataclass
from pathlib import Path  # noqa: TC003  # typer reads the annotations
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer
from rich.progress import track

from assistant import Answer, Assistant, Turn
from assistant.chat.catalogue import DEFAULT_MODEL
from assistant.errors import AssistantError
from assistant.question.followups import standalone_question
from assistant.question.framing import plain_question
from benchmarks.finding import TUTORIAL, index_search, retrieval, tutorial_search
from benchmarks.grading import Grade, grade
from benchmarks.measuring import ERR, Rows, about, bars, save, save_figure, tell
from benchmarks.questions import Question, read_questions
from benchmarks.systems import Ask, asking, rereading_search, tutorial
from index import ArticleIndex, ArticleIndexError, SourceError
from index.embedding.embedder import SentenceEmbedder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from assistant import Citation
    from index import Article

PATIENCE = 300.0
"""Seconds that a chat model has for an answer."""
DRAWS = 1_000
"""Bootstrap samples for a 95 % interval."""
SHOWN_IN_PLOT = (
    "R@1",
    "R@5",
    "in 3,000",
    "answer hit",
    "quoted hit",
    "refusal recall",
    "wrong refusals",
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A question, its answer and the grades.

    Attributes:
        question: The question.
        answer: The answer from all articles.
        grade: Its grade.
        left_out: The grade of the answer without the question's own article, if asked.
        first_words: Milliseconds to the first words.
        whole: Milliseconds to the whole answer.
    """

    question: Question
    answer: Answer
    grade: Grade
    left_out: Grade | None
    first_words: float
    whole: float

    @property
    def is_right(self) -> bool:
        """Whether the answer is right, or rightly refused."""
        return (
            self.grade.hit
            if self.question.golds
            else not (self.grade.answered or self.grade.wayward)
        )


def outcomes(
    ask: Ask,
    articles: Sequence[Article],
    questions: Sequence[Question],
    name: str,
    *,
    once: bool = False,
) -> list[Outcome]:
    """Return the graded answer to every question.

    Args:
        ask: The system to ask.
        articles: All articles.
        questions: The questions.
        name: The system's name, for the progress bar.
        once: Whether to leave out the second round without a question's own article.
    """
    texts = {(article.id, article.version): article.text for article in articles}

    def text_of(citation: Citation) -> str:
        return texts[citation.article_id, citation.version]

    found = []
    for question in track(questions, f"Asking {name}", console=ERR, transient=True):
        answer, first_words, whole = _timed(ask(question, None))
        left_out = None
        if question.golds and not once:
            others = [
                article.id for article in articles if article.id != question.golds[0].article_id
            ]
            *_, without = ask(question, others)
            left_out = grade(question, without, text_of)
        found.append(
            Outcome(
                question, answer, grade(question, answer, text_of), left_out, first_words, whole
            )
        )
    return found


def _timed(growing: Iterator[Answer]) -> tuple[Answer, float, float]:
    """Return the last answer, and the milliseconds to the first and the last."""
    began = time.perf_counter()
    answer = next(growing)
    first = time.perf_counter()
    for answer in growing:  # noqa: B007  # the last one counts
        pass
    return answer, (first - began) * 1000, (time.perf_counter() - began) * 1000


def answering(found: Sequence[Outcome]) -> dict[str, float]:
    """Return the quality of the answers to answerable questions."""
    grades = [outcome.grade for outcome in found if outcome.question.golds]
    hits = [float(each.hit) for each in grades]
    low, high = interval(hits)
    shown = [each for each in grades if each.status != "refused"]
    every = [outcome.grade for outcome in found]
    return {
        "answer hit": mean(hits),
        "from": low,
        "to": high,
        "quoted hit": mean([each.shown for each in grades]),
        "F1": mean([each.f1 * each.answered for each in grades]),
        "citation precision": sum(each.relevant for each in shown)
        / max(1, sum(each.cited for each in shown)),
        "verbatim": sum(each.verbatim for each in every)
        / max(1, sum(each.cited for each in every)),
        "unsupported": mean([bool(each.unsupported) for each in every]),
    }


def refusing(found: Sequence[Outcome]) -> dict[str, float]:
    """Return the precision and recall of refusals.

    The nearest sentences, shown as such, are a refusal.
    """
    answerable = [outcome.grade.answered for outcome in found if outcome.question.golds]
    marked = [outcome.grade.answered for outcome in found if not outcome.question.golds]
    left_out = [outcome.left_out.answered for outcome in found if outcome.left_out]
    left_out_recall = 1 - mean(left_out) if left_out else math.nan
    rightly = len(left_out) + len(marked) - sum(left_out) - sum(marked)
    wrongly = len(answerable) - sum(answerable)
    return {
        "refusal recall": left_out_recall,
        "of those marked": 1 - mean(marked) if marked else math.nan,
        "refusal precision": rightly / max(1, rightly + wrongly),
        "wrong refusals": 1 - mean(answerable),
    }


def hurrying(found: Sequence[Outcome]) -> dict[str, float]:
    """Return the milliseconds to the first words and to the whole answer."""
    return {
        f"{name}, p{percent}": float(np.percentile(taken, percent))
        for name, taken in (
            ("first words", [o.first_words for o in found]),
            ("whole", [o.whole for o in found]),
        )
        for percent in (50, 95)
    }


def by_kind(found: Sequence[Outcome]) -> dict[str, float]:
    """Return the share of right answers for each kind of question, and for all."""
    kinds = dict.fromkeys(outcome.question.kind for outcome in found)
    shares = {kind: mean([o.is_right for o in found if o.question.kind == kind]) for kind in kinds}
    return shares | {"all": mean([outcome.is_right for outcome in found])}


def mean(values: Sequence[float]) -> float:
    """Return the mean of values; 0 without values."""
    return float(np.mean(values)) if len(values) else 0.0


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Return the 95 % interval of the mean by bootstrap (Efron, 1979)."""
    drawn = np.random.default_rng(1).choice(values, (DRAWS, len(values))).mean(axis=1)
    low, high = np.percentile(drawn, (2.5, 97.5))
    return float(low), float(high)


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


def main(
    file: Annotated[
        Path, typer.Argument(help="A file in SQuAD format, or .jsonl.", show_default=False)
    ],
    model: Annotated[str, typer.Option(help="The model that answers.")] = DEFAULT_MODEL,
    every: Annotated[
        int,
        typer.Option(help="Ask only every n-th question.", min=1),
    ] = 1,
    once: Annotated[
        bool, typer.Option("--once", help="Ask each question once, not also without its article.")
    ] = False,
    baseline: Annotated[
        bool, typer.Option("--baseline", help="Run the tutorial's chain as well.")
    ] = False,
    compare: Annotated[
        list[Path] | None, typer.Option(help="Add figures that --json wrote.", dir_okay=False)
    ] = None,
    json_path: Annotated[
        Path | None, typer.Option("--json", help="Write all figures there.", dir_okay=False)
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Draw .png and .svg files of this name.", dir_okay=False)
    ] = None,
) -> None:
    """Measure finding, answering and refusing on the questions of a file."""
    try:
        articles, questions = read_questions(file)
        questions = questions[::every]
        with TemporaryDirectory() as folder, ArticleIndex.open(folder, SentenceEmbedder()) as index:
            assistant = Assistant(index, model, patience=PATIENCE)
            if failed := index.add(*articles).failed:
                raise SourceError(f"{file}: {failed[0][0]}: {failed[0][1]}.")
            assistant.load()
            tables, found = measure(assistant, articles, questions, baseline=baseline, once=once)
            # Linux tells it in kilobytes.
            tables["Memory"] = {
                assistant.model: {
                    "peak MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
                }
            }
            shown = merged(tables, compare or ())
    except (ArticleIndexError, AssistantError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    measured = about(file, articles, questions)
    tell(measured, shown)
    if json_path:
        asked = [
            {"question": o.question.text, "kind": o.question.kind, "right": o.is_right}
            | {"answer": o.answer.text, "model": o.answer.model, "note": o.answer.note}
            | asdict(o.grade)
            for o in found
        ]
        save(json_path, measured, tables, asked=asked)
    if plot:
        draw(shown, plot)


if __name__ == "__main__":
    typer.run(main)
