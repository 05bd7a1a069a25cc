"""What holds for the project as a whole: who imports whom, and what is public."""

from __future__ import annotations

import ast
import re
import socket
import statistics
import sys
import tomllib
from itertools import chain
from typing import TYPE_CHECKING

import pytest

from benchmarks.page import answer_times, best_start, open_page
from benchmarks.visiting import ROOT, starting

if TYPE_CHECKING:
    from pathlib import Path

import assistant
import assistant.page
import index

EDGES = ("ui.py", "assistant/__main__.py", "index/__main__.py")


def imports(path: Path) -> set[tuple[str, str]]:
    """Return the (module, name) pairs that a file imports, wherever in it; the name is "" for a plain import."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {(alias.name, "") for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {(node.module or "", alias.name) for alias in node.names}
    return found


def test_index_knows_nothing_of_the_assistant():
    """Imports go from `assistant` to `index`, never back, and neither knows the page."""
    for path in (ROOT / "index").rglob("*.py"):
        assert not {module for module, _ in imports(path) if module.split(".")[0] in ("assistant", "ui")}, path
    for path in (ROOT / "assistant").rglob("*.py"):
        assert "ui" not in {module.split(".")[0] for module, _ in imports(path)}, path
    for path in (ROOT / "assistant").rglob("*.py"):
        if path.parent.name == "page":
            continue
        assert not {module for module, _ in imports(path) if module.startswith("assistant.page")}, path


def test_the_parts_of_the_page_use_public_names_only():
    """They import from the packages below them what these export, and Gradio is left to ui.py."""
    for path in (ROOT / "assistant" / "page").glob("*.py"):
        modules = {module for module, _ in imports(path)}
        assert "gradio" not in {module.split(".")[0] for module in modules}, path
        ours = {module for module in modules if module.split(".")[0] in ("assistant", "index")}
        assert all(module in ("assistant", "index") or module.startswith("assistant.page.") for module in ours), path
        for module, name in imports(path):
            if module in ("assistant", "index"):
                assert name in ("", *sys.modules[module].__all__), f"{path} imports {name}"


@pytest.mark.parametrize("name", EDGES)
def test_the_edges_use_public_names_only(name):
    """The page and the shells import from the two packages only what these export."""
    for module, imported in imports(ROOT / name):
        package = module.split(".")[0]
        if package in ("assistant", "index"):
            assert module in (package, "assistant.page"), f"{name} imports {module}"
            assert imported in ("", *sys.modules[module].__all__), f"{name} imports {imported}"
    tree = ast.parse((ROOT / name).read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id in ("assistant", "index")
        ):
            module = sys.modules[node.value.id]
            assert node.attr in module.__all__ or not hasattr(module, node.attr), (
                f"{name} uses {node.value.id}.{node.attr}"
            )


def test_one_module_speaks_to_each_library():
    """sentence-transformers and Chroma are spoken to where the README's map says."""
    speaks = {
        package: {
            path.name for path in ROOT.glob("[ai]*/**/*.py") if package in {m.split(".")[0] for m, _ in imports(path)}
        }
        for package in ("sentence_transformers", "chromadb", "langchain_chroma", "gradio")
    }
    assert speaks == {
        "sentence_transformers": {"embedder.py"},
        "chromadb": {
            "connection.py",
            "damage.py",
            "locks.py",
            "registry.py",
            "searcher.py",
            "store.py",
            "writer.py",
        },
        "langchain_chroma": {"searcher.py"},
        "gradio": set(),
    }


def test_the_public_names_of_index():
    """What others may import stays; a change here is a change of the contract."""
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
    """What others may import stays; a change here is a change of the contract."""
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
    heavy = {"torch", "sentence_transformers", "chromadb", "gradio", "trafilatura", "langchain_chroma"}
    heavy |= {"scipy", "httpx", "pypdf", "docx", "feedparser", "watchfiles"}
    done = run("-c", f"import sys, index, assistant, ui; print(*set(sys.modules) & {heavy})")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""


@pytest.mark.parametrize(
    "attempt", ["socket.create_connection(('192.0.2.1', 80), 1)", "socket.getaddrinfo('example.org', 80)"]
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
    wanted = [*project["dependencies"], *chain.from_iterable(project["optional-dependencies"].values())]
    named = {re.split(r"[\[<>=]", one)[0].lower().replace("_", "-") for one in wanted} - {project["name"]}
    pinned = {line.split("==")[0] for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line}
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
