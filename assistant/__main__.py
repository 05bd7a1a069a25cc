"""The shell: `python -m assistant` asks one question, or holds a conversation."""

from __future__ import annotations

import json
import logging
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from assistant import AssistantError, Turn, describe, on_one_line, open_default, usable_models
from index import ArticleIndexError, printable

if TYPE_CHECKING:
    from assistant import Answer, Assistant

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


@app.command()
def main(
    question: Annotated[
        list[str] | None,
        typer.Argument(
            help="The question; without one, a conversation begins. `models` lists the models."
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            help="The model that answers: reader, gguf:PATH, ollama:NAME, openai:NAME …",
            metavar="NAME",
        ),
    ] = None,
    trace: Annotated[
        bool, typer.Option("--trace", help="Print on stderr how each answer comes about.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the answer as JSON, for scripts.")
    ] = False,
) -> None:
    """Ask the indexed articles a question.

    ARTICLE_INDEX names the index, and ASSISTANT_MODEL the model.
    """
    if trace:
        logging.basicConfig(format="%(relativeCreated)d ms  %(message)s", stream=sys.stderr)
        logging.getLogger("assistant").setLevel(logging.DEBUG)
    try:
        if question == ["models"]:
            _print_models(as_json)
        elif question:
            text = " ".join(question)
            _print_answer(open_default(model).ask(text), as_json)
        else:
            _converse(open_default(model), as_json)
    except (AssistantError, ArticleIndexError) as error:
        _print_error(error)
        sys.exit(1)


def _print_models(as_json: bool) -> None:
    """Print the usable models."""
    models = usable_models()
    if as_json:
        out.print_json(json.dumps([asdict(model) for model in models]), highlight=False)
        return
    for model in models:
        out.print(Text(printable(f"{model.name}  ({model.why})")), soft_wrap=True)


def _converse(assistant: Assistant, as_json: bool) -> None:
    """Answer line after line until the input ends.

    The earlier lines are the history of each question.
    """
    turns: list[Turn] = []
    if sys.stdin.isatty():
        err.print("Ask about the articles; an empty line ends the conversation.")
    while question := _read_question():
        try:
            answer = assistant.ask(question, turns)
        except AssistantError as error:
            _print_error(error)
            continue
        turns.append(Turn(question, answer))
        _print_answer(answer, as_json)


def _read_question() -> str:
    """Return the next line of the input; "" at its end."""
    try:
        return input("> " if sys.stdin.isatty() else "").strip()
    except (EOFError, KeyboardInterrupt):
        return ""


def _print_answer(answer: Answer, as_json: bool) -> None:
    """Print an answer with its note and citations, or as JSON."""
    if as_json:
        dumped = json.dumps(asdict(answer), default=str)
        out.print_json(dumped, ensure_ascii=False, highlight=False)
        return
    if answer.status == "quoted":
        out.print("The nearest sentences, quoted:", style="dim")
    # Soft wrap keeps lines whole: the terminal wraps them, and a script can search them.
    out.print(Text(printable(answer.text)), soft_wrap=True)
    if answer.note:
        out.print(Text(printable(answer.note)), style="dim", soft_wrap=True)
    for citation in answer.citations:
        # Repeat no quote that the text already has.
        quote = on_one_line(citation.quote)
        rest = "" if quote in answer.text else f": {quote}"
        line = f"[{citation.number}] {describe(citation)}{rest}"
        out.print(Text(printable(line)), style="dim", soft_wrap=True)


def _print_error(error: Exception) -> None:
    err.print(Text(printable(str(error))), soft_wrap=True)


if __name__ == "__main__":
    app()
