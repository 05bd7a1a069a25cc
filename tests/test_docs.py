"""The README and the documents: their examples run, their links lead somewhere, their tables are complete."""

from __future__ import annotations

import importlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest
import typer
from conftest import GUARD, code_blocks
from typer.main import get_command

from assistant import Answer, Citation
from assistant.page.programs import Programs
from benchmarks.visiting import ROOT
from index import AddReport, ArticleIndex

DOCUMENTS = sorted(
    str(path.relative_to(ROOT))
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *ROOT.glob("assistant/**/*.md")]
)
PAGE = "http://127.0.0.1:7860"
"""The page's address in examples."""


def text_of(document):
    return (ROOT / document).read_text(encoding="utf-8")


def anchors(document):
    """Return the anchors that GitHub gives the headings of a document."""
    headings = re.findall(r"^#+ (.+)$", text_of(document), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def commands(document):
    """Return the (program, arguments) pairs of the Python commands in a document."""
    written = [line for block in code_blocks(document) for line in block.splitlines()]
    written += [
        " ".join(span.split())
        for span in re.findall(
            r"`([^`]+)`", re.sub(r"```.*?```", "", text_of(document), flags=re.DOTALL)
        )
    ]
    for line in written:
        for part in re.split(r"&&|[|<]|\s#\s", line):
            if found := re.match(
                r"\s*(?:\S*/)?python (?:-m (assistant|index|benchmarks\.\w+|training\.\w+)|ui\.py)\b(.*)",
                part,
            ):
                yield found[1] or "ui", [word for word in shlex.split(found[2]) if word != "…"]


def command_of(program, arguments):
    """Return the command line that a program has for some arguments, and those that it takes itself."""
    module = importlib.import_module(
        f"{program}.__main__" if program in {"assistant", "index"} else program
    )
    app = getattr(module, "app", None)
    if app is None:
        app = typer.Typer()
        app.command()(module.main)
    command = get_command(app)
    if hasattr(command, "commands") and arguments and not arguments[0].startswith("-"):
        return command.commands[arguments[0]], arguments[1:]
    return command, arguments


def table(document, heading):
    """Return the code in the first column of the table below a heading."""
    _, _, rest = text_of(document).partition(f"{heading}\n")
    rows = re.search(r"(?:^\|.*\n)+", rest, re.MULTILINE)[0]
    first = " ".join(row.split("|")[1] for row in rows.splitlines())
    return re.findall(r"`([^`]+)`", first)


def python_examples(document):
    return [block for block in code_blocks(document, "python") if PAGE not in block]


@pytest.mark.parametrize("document", ["README.md", "docs/python.md"])
def test_python_examples_run(run, environment, tmp_path, document):
    """Every Python block runs as written, one after the other, in a folder with the file that it names."""
    (tmp_path / "story.html").write_text(
        "<html><body><article><h1>Mill</h1>"
        + "<p>The paper mill in Ostheim opened on Monday, the town said.</p>" * 5
        + "</article></body></html>"
    )
    examples = python_examples(document)
    assert examples
    environment["PYTHONPATH"] = f"{ROOT}{os.pathsep}{GUARD}"
    done = run("-c", f"import os; os.chdir({str(tmp_path)!r})\n" + "\n".join(examples))
    assert done.returncode == 0, done.stderr
    assert "Marco Ramirez and Doug Petrie" in done.stdout
    if document == "docs/python.md":
        assert "Greta Lindqvist" in done.stdout


@pytest.mark.slow
def test_shell_examples_run(environment, tmp_path):
    """The commands of docs/shell.md that need neither network nor chat model run as written, one after the other."""
    place, clippings = tmp_path / "work", tmp_path / "home" / "clippings"
    place.mkdir()
    clippings.mkdir(parents=True)
    shutil.copy(ROOT / "tests" / "documents" / "printed.pdf", place / "story.pdf")
    for path in (place / "story.txt", clippings / "mill.txt"):
        path.write_text(
            f"The mill\n\nMay 3, 2021\n\nThe {path.stem} is about a paper mill in Ostheim."
        )
    lines = [line for block in code_blocks("docs/shell.md") for line in block.splitlines()]
    offline = [line for line in lines if not re.search(r"http|--model|watch", line)]
    assert len(offline) >= 14
    environment["PYTHONPATH"] = f"{ROOT}{os.pathsep}{GUARD}"
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    script = ["bash", "-euxc", "\n".join(offline)]
    done = subprocess.run(
        script, env=environment, cwd=place, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Marco Ramirez and Doug Petrie" in done.stdout
    for outcome in ("exported: ", "removed: The mill", "added: The mill", "rebuilt: "):
        assert outcome in done.stdout


@pytest.mark.parametrize("document", DOCUMENTS)
def test_commands_name_real_options(document):
    """Every command of ours in a document has the subcommands and options that it is written with."""
    for program, arguments in commands(document):
        command, own = command_of(program, arguments)
        context = command.context_class(command)
        command.make_parser(context).parse_args(own)


def test_documents_show_commands():
    """The check of commands has something to check in each document that shows some."""
    shown = {document: len(list(commands(document))) for document in DOCUMENTS}
    for document in (
        "README.md",
        "docs/shell.md",
        "docs/models.md",
        "docs/measurements.md",
        "docs/page.md",
    ):
        assert shown[document] >= 2, document


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document):
    """Each relative link and picture names a file that is there, and a heading that is in it."""
    for link in re.findall(r"\]\(([^)\s]+)\)", text_of(document)):
        if link.startswith(("http://", "https://")):
            continue
        name, _, anchor = link.partition("#")
        target = ((ROOT / document).parent / name).resolve() if name else ROOT / document
        assert target.exists(), link
        assert not anchor or anchor in anchors(target.relative_to(ROOT)), link


def test_the_readme_is_short():
    """At most 900 words outside its commands: the rest is in docs/."""
    assert len(re.sub(r"```.*?```", "", text_of("README.md"), flags=re.DOTALL).split()) <= 900


def test_the_readme_has_the_two_commands():
    """One line starts the page, and exactly one runs the tests: `.ci/run` looks for it."""
    lines = text_of("README.md").splitlines()
    start = "python3 -m venv .venv && . .venv/bin/activate && pip install -c constraints.txt -e . && python ui.py"
    assert start in lines
    assert len([line for line in lines if re.search(r"^python3 -m venv .*pytest$", line)]) == 1


def test_settings_lists_all_variables_and_options():
    """docs/settings.md has our environment variables, and the page's options with their defaults."""
    sources = [ROOT / "ui.py", *ROOT.glob("assistant/**/*.py"), *ROOT.glob("index/**/*.py")]
    named = {
        name
        for path in sources
        for name in re.findall(r"\"(A(?:RTICLE|SSISTANT)_[A-Z_]+)\"", path.read_text("utf-8"))
    }
    assert set(table("docs/settings.md", "## Environment variables")) == named
    options = {
        option.opts[0]: option.default
        for option in get_command(importlib.import_module("ui").app).params
    }
    rows = re.findall(
        r"^\| `(--[\w-]+)` \|.*\| (.+) \|$", text_of("docs/settings.md"), re.MULTILINE
    )
    assert {name for name, _ in rows} == set(options)
    for name, default in rows:
        if default.startswith("`") and name != "--model":
            assert default == f"`{options[name]}`"


def test_programs_lists_all_functions():
    """docs/programs.md has the functions that the page offers to programs, with their arguments."""
    functions = {one.__name__: one for one in Programs(lambda: None).functions()}
    assert table("docs/programs.md", "There are five functions:\n") == list(functions)
    rows = re.findall(r"^\| `(\w+)` \|(.*?)\|", text_of("docs/programs.md"), re.MULTILINE)
    for name, arguments in rows:
        code = functions[name].__code__
        assert re.findall(r"`(\w+)`", arguments) == list(code.co_varnames[1 : code.co_argcount]), (
            name
        )


def test_python_lists_all_fields_and_methods():
    """docs/python.md names each field of answers, citations and reports, and each method of an index."""
    assert table("docs/python.md", "An `Answer` has these fields:\n") == [
        *(
            "text",
            "status",
            "words",
            "citations",
            "standalone",
            "passages",
            "model",
            "note",
            "tokens",
        )
    ]
    text = text_of("docs/python.md")
    for kind in (Answer, Citation, AddReport):
        for field in fields(kind):
            assert f"`{field.name}`" in text, field.name
    for name in vars(ArticleIndex):
        if not name.startswith("_") and callable(getattr(ArticleIndex, name)):
            assert re.search(rf"`(?:ArticleIndex\.)?{name}\(", text) or name == "add_shipped", name


def test_models_lists_all_extras():
    """docs/models.md says for each provider of the project's own extras how to install it."""
    project = tomllib.loads(text_of("pyproject.toml"))["project"]
    extras = set(project["optional-dependencies"]) - {"gemma", "test", "training"}
    assert set(re.findall(r"'\.\[(\w+)\]'", text_of("docs/models.md"))) == extras


def test_architecture_names_every_folder():
    """docs/architecture.md has each folder of the two packages, and no file that is not there."""
    text = text_of("docs/architecture.md")
    for package in ("index", "assistant"):
        for folder in (ROOT / package).iterdir():
            if list(folder.glob("*.py")) and folder.name != "__pycache__":
                assert f"**`{folder.name}/`**" in text, folder
    present = {path.name for path in ROOT.rglob("*.py") if ".venv" not in path.parts}
    assert {Path(name).name for name in re.findall(r"`([\w/]+\.py)`", text)} <= present


def test_contributing_runs_tests_that_are_there():
    """The markers and test files that CONTRIBUTING.md names exist."""
    markers = tomllib.loads(text_of("pyproject.toml"))["tool"]["pytest"]["ini_options"]["markers"]
    text = text_of("CONTRIBUTING.md")
    chosen = {
        word
        for written in re.findall(r"-m \"([^\"]+)\"", text)
        for word in re.findall(r"\b(?!not\b|and\b)\w+", written)
    }
    assert chosen
    assert chosen <= {marker.partition(":")[0] for marker in markers}
    for path in re.findall(r"pytest (tests/\w+\.py)", text):
        assert (ROOT / path).is_file(), path
