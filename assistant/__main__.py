"""`python -m assistant`: ask one question, or converse, in a terminal."""

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
            help="What to ask; without one, a conversation begins. `models` lists what can answer here."
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            help="What answers: reader, gguf:PATH, ollama:NAME, openai:NAME …", metavar="NAME"
        ),
    ] = None,
    trace: Annotated[
        bool, typer.Option("--trace", help="Tell on stderr how each answer came about.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the answer as JSON, for scripts.")
    ] = False,
) -> None:
    """Ask a question of the indexed articles. ARTICLE_INDEX and ASSISTANT_MODEL name what is asked and what answers."""
    if trace:
        logging.basicConfig(format="%(relativeCreated)d ms  %(message)s", stream=sys.stderr)
        logging.getLogger("assistant").setLevel(logging.DEBUG)
    try:
        if question == ["models"]:
            _list_models(as_json)
        elif question:
            asked = " ".join(question)
            _show(open_default(model).ask(asked), as_json)
        else:
            _converse(open_default(model), as_json)
    except (AssistantError, ArticleIndexError) as error:
        _complain(error)
        sys.exit(1)


def _list_models(as_json: bool) -> None:
    """Print what can answer here and now."""
    models = usable_models()
    if as_json:
        out.print_json(json.dumps([asdict(model) for model in models]), highlight=False)
        return
    for model in models:
        out.print(Text(printable(f"{model.name}  ({model.why})")), soft_wrap=True)


def _converse(assistant: Assistant, as_json: bool) -> None:
    """Answer line after line until the input ends; each question knows the ones before it."""
    turns: list[Turn] = []
    if sys.stdin.isatty():
        err.print("Ask about the articles; an empty line ends the conversation.")
    while question := _next_question():
        try:
            answer = assistant.ask(question, turns)
        except AssistantError as error:
            _complain(error)
            continue
        turns.append(Turn(question, answer))
        _show(answer, as_json)


def _next_question() -> str:
    try:
        return input("> " if sys.stdin.isatty() else "").strip()
    except (EOFError, KeyboardInterrupt):
        return ""


def _show(answer: Answer, as_json: bool) -> None:
    if as_json:
        out.print_json(json.dumps(asdict(answer), default=str), ensure_ascii=False, highlight=False)
        return
    if answer.status == "quoted":
        out.print("The nearest sentences, quoted:", style="dim")
    # Lines are left whole: a terminal wraps them by itself, and a script finds what it looks for.
    out.print(Text(printable(answer.text)), soft_wrap=True)
    if answer.note:
        out.print(Text(printable(answer.note)), style="dim", soft_wrap=True)
    for citation in answer.citations:
        # What the text only names, or has a part of, stands here as the article has it.
        quote = on_one_line(citation.quote)
        rest = "" if quote in answer.text else f": {quote}"
        line = f"[{citation.number}] {describe(citation)}{rest}"
        out.print(Text(printable(line)), style="dim", soft_wrap=True)


def _complain(error: Exception) -> None:
    err.print(Text(printable(str(error))), soft_wrap=True)


if __name__ == "__main__":
    app()
