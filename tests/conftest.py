"""What the tests share: the real embedding model, indexes in new folders, and a network that ends at this machine."""

from __future__ import annotations

import os
import runpy
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import httpx
import pytest

from index import ArticleIndex
from index.embedding import SentenceEmbedder

if TYPE_CHECKING:
    from collections.abc import Iterator

collect_ignore = ["documents/make.py"]  # It needs what only the making of the documents does.
ROOT = Path(__file__).parent.parent
GUARD = Path(__file__).parent / "guard"
NETWORK_LOG = Path(tempfile.mkdtemp()) / "network.log"

os.environ["NETWORK_LOG"] = str(NETWORK_LOG)
runpy.run_path(str(GUARD / "sitecustomize.py"))


class CountingEmbedder:
    """The real model, perhaps by another name, with a count of the passages that it was given."""

    def __init__(self, real: SentenceEmbedder, name: str | None = None) -> None:
        self.real, self.name, self.dimension, self.passages = real, name or real.name, real.dimension, 0

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        self.passages += len(texts)
        return self.real.embed_documents(texts)

    def embed_query(self, text: str) -> list[float]:
        return self.real.embed_query(text)


class Run(Protocol):
    """Runs a Python program of this project and returns what it printed and its exit code."""

    def __call__(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run `python ARGUMENTS…` in the environment of the fixture that gives this."""


@pytest.fixture(scope="session", autouse=True)
def _nothing_left_the_machine() -> Iterator[None]:
    """After all tests neither they nor the programs that they started have asked for another host."""
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
    """A real Chroma server on a folder of its own, started once."""
    port = free_port()
    folder = tmp_path_factory.mktemp("chroma")
    command = [str(Path(sys.executable).with_name("chroma")), "run", "--path", str(folder), "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        address = f"http://localhost:{port}"
        deadline = time.monotonic() + 60
        while not _answers(f"{address}/api/v2/heartbeat"):
            assert running.poll() is None, "the Chroma server ended before it answered"
            assert time.monotonic() < deadline, "the Chroma server did not answer within a minute"
            time.sleep(0.05)
        yield address
        running.terminate()


@pytest.fixture
def chroma_server(_running_chroma: str) -> Iterator[str]:
    """The address of a Chroma server that holds nothing, for one test."""
    yield _running_chroma
    collections = f"{_running_chroma}/api/v2/tenants/default_tenant/databases/default_database/collections"
    for collection in httpx.get(collections).json():
        assert httpx.delete(f"{collections}/{collection['name']}").is_success


@pytest.fixture(scope="session")
def article_path() -> Path:
    """The file of the shipped article."""
    return Path(str(files("index"))) / "data" / "jessica-jones-season-2.txt"


@pytest.fixture(scope="session")
def begun_index(tmp_path_factory: pytest.TempPathFactory, embedder: SentenceEmbedder) -> Path:
    """A default index as it is after its first opening; to be copied, not used."""
    folder = tmp_path_factory.mktemp("begun") / "index"
    with ArticleIndex.open(folder, embedder) as index:
        index.add_shipped()
    return folder


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The environment of a newcomer: a home and an index folder with nothing in them, and no network."""
    return newcomer(tmp_path)


@pytest.fixture
def begun(environment: dict[str, str], begun_index: Path) -> None:
    """Makes the newcomer somebody who has used the program before."""
    shutil.copytree(begun_index, environment["ARTICLE_INDEX"])


@pytest.fixture
def run(environment: dict[str, str]) -> Run:
    """Run programs in that environment."""

    def run_python(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        command = [sys.executable, *arguments]
        return subprocess.run(
            command, env=environment, cwd=ROOT, input=stdin, capture_output=True, text=True, timeout=120, check=False
        )

    return run_python


@contextmanager
def serve_page(environment: dict[str, str]) -> Iterator[str]:
    """Serve the page in some environment, and give its address as soon as it answers HTTP."""
    port = free_port()
    command = [sys.executable, "ui.py", "--port", str(port)]
    address = f"http://127.0.0.1:{port}"
    with subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL) as serving:
        try:
            deadline = time.monotonic() + 60
            while not _answers(address):
                assert serving.poll() is None, "the page ended before it answered"
                assert time.monotonic() < deadline, "the page did not answer within a minute"
                time.sleep(0.05)
            yield address
        finally:
            serving.terminate()


def _answers(address: str) -> bool:
    try:
        return httpx.get(address).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def newcomer(folder: Path) -> dict[str, str]:
    """Return the environment of somebody whose home and index are in a folder, empty as yet, and who has no network."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("ARTICLE_", "ASSISTANT_"))}
    return kept | {
        "HOME": str(folder / "home"),
        "ARTICLE_INDEX": str(folder / "default-index"),
        "PYTHONPATH": str(GUARD),
    }


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
