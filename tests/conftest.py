"""Shared fixtures: the real embedding model, new indexes, a browser, and a network guard."""

from __future__ import annotations

import os
import re
import runpy
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from weakref import WeakKeyDictionary

import httpx
import pytest

from benchmarks.visiting import ROOT, NoChromiumError, chromium, serve_page
from benchmarks.visiting import chroma_server as chroma_server_on
from index import ArticleIndex
from index.embedding.embedder import SentenceEmbedder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Literal

    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request

    Look = tuple[int, int, Literal["light", "dark"]]
    """A browser window's width and height in pixels, and its colour scheme."""

collect_ignore = ["documents/make.py"]  # It needs packages that only making the documents needs.
GUARD = Path(__file__).parent / "guard"
_WAITING: WeakKeyDictionary[Page, set[Request]] = WeakKeyDictionary()
"""The pending requests of each visitor's page."""
STREAM_LEFT = "Unexpected error Connection errored out."
"""Gradio's client logs this if a page is left, for each event that got its result early."""
IDLE = 40.0
"""Seconds; longer than loading the models, or any answer, takes."""
NETWORK_LOG = Path(tempfile.mkdtemp()) / "network.log"

os.environ["NETWORK_LOG"] = str(NETWORK_LOG)
# Without this, gradio_client reports its use to its maker.
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
runpy.run_path(str(GUARD / "sitecustomize.py"))


class CountingEmbedder:
    """The real model, perhaps under another name, with a count of embedded passages."""

    def __init__(self, real: SentenceEmbedder, name: str | None = None) -> None:
        self.real, self.name, self.dimension, self.passages = (
            real,
            name or real.name,
            real.dimension,
            0,
        )

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        self.passages += len(texts)
        return self.real.embed_documents(texts)

    def embed_query(self, text: str) -> list[float]:
        return self.real.embed_query(text)


class Run(Protocol):
    """Runs a Python program of this project and returns its output and exit code."""

    def __call__(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run `python ARGUMENTS…` in the fixture's environment."""


@pytest.fixture(scope="session", autouse=True)
def _nothing_left_the_machine() -> Iterator[None]:
    """Fail if a test, or a program that it started, connected to another host."""
    yield
    assert not NETWORK_LOG.exists(), NETWORK_LOG.read_text()


@pytest.fixture(scope="session")
def embedder() -> SentenceEmbedder:
    """The real embedding model, loaded once."""
    return SentenceEmbedder()


@pytest.fixture
def new_index(tmp_path: Path, embedder: SentenceEmbedder) -> Iterator[ArticleIndex]:
    """An empty index in a folder of its own."""
    with ArticleIndex.open(tmp_path / "index", embedder) as index:
        yield index


@pytest.fixture(scope="session")
def _running_chroma(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Chroma server on its own folder, started once."""
    with chroma_server_on(tmp_path_factory.mktemp("chroma")) as (address, _):
        yield address


@pytest.fixture
def chroma_server(_running_chroma: str) -> Iterator[str]:
    """The address of an empty Chroma server, for one test."""
    yield _running_chroma
    collections = (
        f"{_running_chroma}/api/v2/tenants/default_tenant/databases/default_database/collections"
    )
    for collection in httpx.get(collections).json():
        assert httpx.delete(f"{collections}/{collection['name']}").is_success


@pytest.fixture(scope="session")
def article_path() -> Path:
    """The path of the shipped article."""
    return Path(str(files("index"))) / "data" / "jessica-jones-season-2.txt"


@pytest.fixture(scope="session")
def begun_index(tmp_path_factory: pytest.TempPathFactory, embedder: SentenceEmbedder) -> Path:
    """A default index after its first opening; copy it before use."""
    folder = tmp_path_factory.mktemp("begun") / "index"
    with ArticleIndex.open(folder, embedder) as index:
        index.add_shipped()
    return folder


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A newcomer's environment: an empty home, an empty index folder, and no network."""
    return newcomer(tmp_path)


@pytest.fixture
def begun(environment: dict[str, str], begun_index: Path) -> None:
    """Give the newcomer an index, as after a first use of the program."""
    shutil.copytree(begun_index, environment["ARTICLE_INDEX"])


@pytest.fixture
def run(environment: dict[str, str]) -> Run:
    """Run programs in the newcomer's environment."""

    def run_python(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        command = [sys.executable, *arguments]
        return subprocess.run(
            command,
            env=environment,
            cwd=ROOT,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run_python


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A Chromium, started once: from the PATH, else Playwright's own."""
    with ExitStack() as stack:
        try:
            running = stack.enter_context(chromium())
        except NoChromiumError as error:
            raise pytest.fail.Exception(str(error), pytrace=False) from None
        yield running


@pytest.fixture
def serve() -> Iterator[Callable[..., str]]:
    """Serve pages with `serve_page` until the end of the test.

    Request this fixture before `visit`, so that the server outlives the visits.
    """
    with ExitStack() as running:
        yield lambda environment, *options: running.enter_context(serve_page(environment, *options))


class Visit(Protocol):
    """Opens the page for a new visitor, in a window with a given look."""

    def __call__(self, address: str, look: Look = (1280, 800, "light")) -> Page:
        """Open the page at an address and return it, ready for typing."""


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """Open pages; at the end, fail if one contacted another host or had a script error."""
    contexts: list[BrowserContext] = []
    foreign: list[str] = []
    errors: list[str] = []

    def open_page(address: str, look: Look = (1280, 800, "light")) -> Page:
        width, height, colours = look
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=colours
        )
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        contexts.append(context)
        page = context.new_page()
        waiting: set[Request] = set()
        _WAITING[page] = waiting

        def begin(request: Request) -> None:
            waiting.add(request)
            if not _is_local(request.url):
                foreign.append(request.url)

        def end(request: Request) -> None:
            waiting.discard(request)

        page.on("request", begin)
        page.on("requestfinished", end)
        page.on("requestfailed", end)
        page.on(
            "console", lambda message: errors.append(message.text) if _is_error(message) else None
        )
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on(
            "dialog",
            lambda dialog: (errors.append(f"a dialog: {dialog.message}"), dialog.dismiss()),
        )
        page.goto(address)
        page.get_by_label("Question", exact=True).wait_for()
        return page

    open_page.errors = errors  # type: ignore[attr-defined]  # For the test that causes some.
    yield open_page
    for context in contexts:
        context.close()
    assert foreign == []
    assert errors == []


def settle(page: Page) -> None:
    """Wait until a page has no pending request for half a second.

    Gradio's stream of results can stay open after the last result. If the results of two events
    arrive before the answer to the second request, the client opens the stream again for that
    event. So the wait ends if only such streams are pending for `IDLE` seconds.
    """
    deadline = time.monotonic() + 60
    known: set[Request] = set()
    quiet, changed = 0, time.monotonic()
    while quiet < 5:
        now, waiting = (
            time.monotonic(),
            {each for each in _WAITING[page] if "heartbeat" not in each.url},
        )
        assert now < deadline, [each.url for each in waiting]
        if waiting != known:
            known, changed = waiting, now
        elif now - changed > IDLE and all("/queue/data" in each.url for each in waiting):
            return
        quiet = 0 if waiting else quiet + 1
        page.wait_for_timeout(100)


def _is_error(message: ConsoleMessage) -> bool:
    """Tell whether a message is an error, other than Gradio's aborted stream on leaving a page."""
    return message.type == "error" and not message.text.startswith(("AbortError", STREAM_LEFT))


def _is_local(url: str) -> bool:
    return url.startswith(("http://127.0.0.1", "ws://127.0.0.1", "data:", "blob:"))


def code_blocks(document: str, language: str = "") -> list[str]:
    """Return a document's code blocks in a language, by default the blocks without a language."""
    text = (ROOT / document).read_text(encoding="utf-8")
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return [code for marked, code in blocks if marked == language]


def newcomer(folder: Path) -> dict[str, str]:
    """Return an environment with a home and an index in a folder, and without a network."""
    ours = ("ARTICLE_", "ASSISTANT_", "GRADIO_", "HF_")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
    return kept | {
        "HOME": str(folder / "home"),
        "ARTICLE_INDEX": str(folder / "default-index"),
        "PYTHONPATH": str(GUARD),
    }
