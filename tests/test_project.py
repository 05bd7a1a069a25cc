"""The project as a whole: its public names, its start, its packages and its network guard."""

from __future__ import annotations

import re
import socket
import statistics
import tomllib
from itertools import chain

import pytest

import assistant
import assistant.page
import index
from benchmarks.page import answer_times, best_start, open_page
from benchmarks.visiting import ROOT, starting


def test_the_public_names_of_index():
    """The public names are a contract."""
    assert index.__all__ == [
        "FILE_ENDINGS",
        "AddProgress",
        "AddReport",
        "Article",
        "ArticleIndex",
        "ArticleIndexError",
        "ArticleNotFoundError",
        "CheckReport",
        "Chunk",
        "EmbedderMismatchError",
        "Entry",
        "IndexInUseError",
        "NotAnIndexError",
        "Problem",
        "Removed",
        "SearchResult",
        "SourceError",
        "SourceGoneError",
        "StoreError",
        "add",
        "default_embedder",
        "open_default",
        "printable",
        "read_file",
        "rebuild_default",
        "shipped_questions",
    ]
    assert all(hasattr(index, name) for name in index.__all__)


def test_the_public_names_of_assistant():
    """The public names are a contract."""
    assert assistant.__all__ == [
        "DEFAULT_MODEL",
        "MOST_PASSAGES",
        "PASSAGES",
        "Answer",
        "Assistant",
        "AssistantError",
        "Citation",
        "ModelError",
        "QuestionError",
        "TimeUpError",
        "Turn",
        "UnknownModelError",
        "UsableModel",
        "WeightsError",
        "ask",
        "day_in_words",
        "default_model",
        "describe",
        "language_name",
        "on_one_line",
        "open_default",
        "short_name",
        "usable_models",
    ]
    assert all(hasattr(assistant, name) for name in assistant.__all__)


def test_importing_is_light(run):
    """Importing the packages and the page loads none of the heavy libraries."""
    heavy = {
        "torch",
        "sentence_transformers",
        "chromadb",
        "gradio",
        "trafilatura",
        "langchain_chroma",
    }
    heavy |= {"scipy", "httpx", "pypdf", "docx", "feedparser", "watchfiles"}
    done = run("-c", f"import sys, index, assistant, ui; print(*set(sys.modules) & {heavy})")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""


@pytest.mark.parametrize(
    "attempt",
    ["socket.create_connection(('192.0.2.1', 80), 1)", "socket.getaddrinfo('example.org', 80)"],
)
def test_the_network_guard_holds(run, environment, tmp_path, monkeypatch, attempt):
    """What would leave the machine is refused and written down, in the tests and in the programs that they start."""
    environment["NETWORK_LOG"] = str(tmp_path / "program.log")
    done = run("-c", f"import socket; {attempt}")
    assert "the network is cut off" in done.stderr
    assert (tmp_path / "program.log").read_text()
    monkeypatch.setenv("NETWORK_LOG", str(tmp_path / "tests.log"))
    with pytest.raises(ConnectionRefusedError, match="the network is cut off"):
        eval(attempt, {"socket": socket})  # noqa: S307  # the expressions above
    assert (tmp_path / "tests.log").read_text()


def test_every_package_is_pinned():
    """Each package that the project names has its exact version in constraints.txt."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [
        *project["dependencies"],
        *chain.from_iterable(project["optional-dependencies"].values()),
    ]
    named = {re.split(r"[\[<>=]", one)[0].lower().replace("_", "-") for one in wanted} - {
        project["name"]
    }
    pinned = {
        line.split("==")[0]
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if "==" in line
    }
    assert named
    assert named <= pinned


@pytest.mark.browser
@pytest.mark.slow
def test_the_page_is_soon_there_and_soon_answers(browser, environment):
    """It can be typed into within Gradio's import and two seconds; half of the answers begin within 1.5 seconds."""
    imported, typable = best_start(browser, environment, starts=3)
    assert typable - imported <= 2
    with starting(environment) as address:
        first, _ = answer_times(open_page(browser, address), rounds=2)
    assert statistics.median(first) <= 1500
