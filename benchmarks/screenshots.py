"""Pictures of the page for the README.

    python -m benchmarks.screenshots docs

Writes chat.png (a conversation with a citation open), library.png, dark.png and phone.png into the
folder.
"""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from benchmarks.visiting import chromium, serve_page
from index import ArticleIndex, read_file

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ARTICLES = Path(__file__).parent / "data" / "articles"
NAMES = ("mill-museum", "choir-tour", "tram-vote")
QUESTION = "who runs The Defenders?"


def main(
    folder: Annotated[
        Path, typer.Argument(help="The folder for the pictures.", show_default=False)
    ],
) -> None:
    """Take the pictures, of the shipped article and three invented ones."""
    with TemporaryDirectory() as place, chromium() as browser:
        environment = {**os.environ, "ARTICLE_INDEX": str(Path(place) / "index")}
        with ArticleIndex.open(environment["ARTICLE_INDEX"]) as index:
            index.add_shipped()
            index.add(
                *(read_file(ARTICLES / f"{name}.txt", source=f"{name}.txt") for name in NAMES)
            )
        with serve_page(environment) as address:
            page = _conversation(browser, address, 1280, 800, "light")
            page.locator("button.citation").first.hover()
            page.screenshot(path=folder / "chat.png")
            page.mouse.move(0, 0)
            page.get_by_role("tab", name="Library").click()
            page.locator("#library tbody tr").first.wait_for()
            page.wait_for_timeout(500)
            page.screenshot(path=folder / "library.png")
            _conversation(browser, address, 1280, 800, "dark").screenshot(path=folder / "dark.png")
            _conversation(browser, address, 390, 844, "light").screenshot(path=folder / "phone.png")


def _conversation(
    browser: Browser, address: str, width: int, height: int, colours: Literal["light", "dark"]
) -> Page:
    """Ask two questions in a window, and return the page with the answers."""
    page = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=colours
    ).new_page()
    page.goto(address)
    for turn, question in enumerate((QUESTION, "and when does it premiere?"), start=1):
        page.get_by_label("Question", exact=True).fill(question)
        page.get_by_label("Question", exact=True).press("Enter")
        page.locator(f"#conversation #cite-{turn - 1}-1").wait_for(timeout=60_000)
        page.locator("#question .submit-button").wait_for()
    page.locator("#suggestions button").first.wait_for(timeout=60_000)
    page.wait_for_timeout(1000)
    return page


if __name__ == "__main__":
    typer.run(main)
