"""Speed of the page in a real Chromium: until it takes a question, and until it answers.

    python -m benchmarks.page

Prints the time from `python ui.py` to a box that takes a question, beside the import of gradio, and
from Enter to an answer's first words, models loaded, for questions on the shipped article.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer

from benchmarks.measuring import rendered
from benchmarks.visiting import chromium, starting, wait_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from playwright.sync_api import Browser, Page

QUESTIONS = (
    "who runs The Defenders?",
    "When does The Defenders premiere?",
    "When will Jessica Jones return?",
    "What does Rosenberg say about the other showrunners?",
    "what is the capital of France?",
)


def main(
    starts: Annotated[int, typer.Option(help="Starts of the page; the best counts.")] = 3,
    rounds: Annotated[int, typer.Option(help="Times that each question is asked.")] = 6,
) -> None:
    """Start the page some times, then ask it some questions."""
    with TemporaryDirectory() as folder, chromium() as browser:
        environment = {**os.environ, "ARTICLE_INDEX": str(Path(folder) / "index")}
        imported, typable = best_start(browser, environment, starts)
        with starting(environment) as address:
            first, whole = answer_times(open_page(browser, address), rounds)
    taken = {
        "importing gradio": imported,
        "from start to a box that can be typed into": typable,
        "beyond the import": typable - imported,
    }
    start = {name: {"best": 1000 * seconds} for name, seconds in taken.items()}
    answers = {
        f"from Enter to {name}": {
            f"p{percent}": float(np.percentile(times, percent)) for percent in (50, 95)
        }
        for name, times in (("first words", first), ("the whole answer", whole))
    }
    typer.echo(rendered("Starting, milliseconds", start))
    typer.echo(rendered("Answering, milliseconds", answers))


def best_start(
    browser: Browser, environment: Mapping[str, str], starts: int
) -> tuple[float, float]:
    """Return the seconds to import Gradio, and right after it to a page that can be typed into.

    Of several starts the one with the least difference counts.
    """
    pairs = []
    for _ in range(starts):
        begun = time.perf_counter()
        subprocess.run([sys.executable, "-c", "import gradio"], check=True)
        imported, begun = time.perf_counter() - begun, time.perf_counter()
        with starting(environment) as address:
            page = open_page(browser, address)
            pairs.append((imported, time.perf_counter() - begun))
            page.context.close()
    return min(pairs, key=lambda pair: pair[1] - pair[0])


def open_page(browser: Browser, address: str) -> Page:
    """Open the page as soon as it answers, and type into its box."""
    page = browser.new_context().new_page()
    wait_for(address)
    page.goto(address, wait_until="commit")
    page.get_by_label("Question", exact=True).fill("w")
    return page


def answer_times(page: Page, rounds: int) -> tuple[list[float], list[float]]:
    """Return the milliseconds to each answer's first words and end, without the first round."""
    first, whole = [], []
    for turn, question in enumerate(QUESTIONS * (rounds + 1)):
        box = page.get_by_label("Question", exact=True)
        box.fill(question)
        begun = time.perf_counter()
        box.press("Enter")
        said = (
            "turn => document.querySelectorAll('[data-testid=bot] .prose')[turn]?.innerText.trim()"
        )
        page.wait_for_function(said, arg=turn, timeout=60_000)
        begins = time.perf_counter()
        page.wait_for_function(
            f"turn => document.body.dataset.turns == turn + 1 && ({said})(turn)", arg=turn
        )
        page.locator("#question .submit-button").wait_for(timeout=60_000)
        if turn >= len(QUESTIONS):
            first.append((begins - begun) * 1000)
            whole.append((time.perf_counter() - begun) * 1000)
        page.wait_for_timeout(1500)  # Suggestions come now.
    return first, whole


if __name__ == "__main__":
    typer.run(main)
