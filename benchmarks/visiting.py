"""The page and a Chroma server, started as people do, and a Chromium to visit the page."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from playwright.sync_api import Browser

_NAMES = ("chromium", "chromium-browser", "google-chrome")
ROOT = Path(__file__).parent.parent
PATIENCE = 60.0
"""Seconds that a server has to begin to answer."""
# Chromium itself asks for nothing.
_FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class NoChromiumError(RuntimeError):
    """This machine has no Chromium; the message says how to install one."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run a headless Chromium. Raises `NoChromiumError`."""
    with sync_playwright() as playwright:
        program = chromium_program(playwright.chromium.executable_path)
        browser = playwright.chromium.launch(executable_path=program, args=_FLAGS)
        yield browser
        browser.close()


def chromium_program(downloaded: str) -> str:
    """Return the path of a Chromium: one on the PATH, else Playwright's own, downloaded if missing.

    Args:
        downloaded: The path at which Playwright keeps its own Chromium.

    Raises:
        NoChromiumError: No Chromium is on the PATH, and the download failed.
    """
    if found := next(filter(None, map(shutil.which, _NAMES)), None):
        return found
    if not Path(downloaded).is_file():
        # Without the "headless shell", a second and smaller build that we do not use.
        command = [sys.executable, "-m", "playwright", "install", "chromium", "--no-shell"]
        subprocess.run(command, check=False, capture_output=True)  # noqa: S603
    if not Path(downloaded).is_file():
        raise NoChromiumError(
            "The browser tests need Chromium, and Playwright could not download one: install "
            "it, for "
            "example with `apt-get install chromium`, so that `chromium` is on the PATH."
        )
    return downloaded


@contextmanager
def starting(environment: Mapping[str, str], *options: str) -> Iterator[str]:
    """Start the page and yield its address at once, before it answers."""
    with running(environment, *options) as (address, _):
        yield address


@contextmanager
def running(environment: Mapping[str, str], *options: str) -> Iterator[tuple[str, int]]:
    """Start the page and yield its address and process id. Raises `RuntimeError` if it fails."""
    port = free_port()
    command = [sys.executable, "ui.py", "--port", str(port), *options]
    with subprocess.Popen(  # noqa: S603
        command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL
    ) as serving:
        try:
            yield f"http://127.0.0.1:{port}", serving.pid
            if serving.poll() is not None:
                raise RuntimeError("the page ended by itself; its error stands above")
        finally:
            serving.terminate()
    if serving.returncode:
        raise RuntimeError(
            f"the page ended with exit code {serving.returncode}; its error stands above"
        )


@contextmanager
def serve_page(environment: Mapping[str, str], *options: str) -> Iterator[str]:
    """Serve the page, and yield its address as soon as it answers."""
    with starting(environment, *options) as address:
        wait_for(address)
        yield address


def wait_for(address: str, path: str = "/health") -> None:
    """Wait until a server answers. Raises `TimeoutError` after a minute."""
    deadline = time.monotonic() + PATIENCE
    while not answers(f"{address}{path}"):
        if time.monotonic() > deadline:
            raise TimeoutError(f"nothing answered at {address} within a minute")
        time.sleep(0.05)


def answers(address: str) -> bool:
    """Return whether a server answers with status 200."""
    try:
        return httpx.get(address).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


@contextmanager
def chroma_server(folder: Path) -> Iterator[tuple[str, int]]:
    """Run a Chroma server on a folder; yield its address and process id once it answers."""
    port = free_port()
    command = [
        str(Path(sys.executable).with_name("chroma")),
        "run",
        "--path",
        str(folder),
        "--port",
        str(port),
    ]
    with subprocess.Popen(  # noqa: S603
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as serving:
        try:
            wait_for(f"http://localhost:{port}", "/api/v2/heartbeat")
            yield f"http://localhost:{port}", serving.pid
        finally:
            serving.terminate()


def megabytes(process: int) -> float:
    """Return the resident memory of a process."""
    for line in Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def free_port() -> int:
    """Return a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
