from __future__ import annotations

import json
import re
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from benchmarks.visiting import ROOT
from index import Article, ArticleIndex
from index.shipped import shipped_article

SHOWRUNNERS = "Marco Ramirez and Doug Petrie"


def failure(done):
    """Return the one sentence of a program that failed as it should: on stderr, with exit code 1, without a trace."""
    assert done.returncode == 1, done
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr.strip()


def test_a_newcomer_asks_at_once(run):
    """With nothing set up and no network, the shell answers from the shipped article and names its source."""
    done = run("-m", "assistant", "who runs The Defenders?")
    assert done.returncode == 0, done.stderr
    assert SHOWRUNNERS in done.stdout
    assert "(Collider, 29 September 2016)" in done.stdout
    assert done.stderr == ""


@pytest.mark.usefixtures("begun")
def test_answers_come_as_json_for_scripts(run):
    """The whole answer, its citations and what was read with their offsets, and words without marks around them."""
    done = run("-m", "assistant", "--json", "who", "runs", "The", "Defenders?")
    answer = json.loads(done.stdout)
    assert answer["status"] == "answered"
    assert answer["words"] == "Marco Ramirez and Doug Petrie"
    text = shipped_article().text
    for citation in answer["citations"]:
        assert text[citation["start"] : citation["end"]] == citation["quote"]
        assert citation["published"] == "2016-09-29"
    assert answer["standalone"] == "who runs The Defenders?"
    for passage in answer["passages"]:
        chunk = passage["chunk"]
        assert text[chunk["start"] : chunk["end"]] == chunk["text"]
        assert 0 <= passage["score"] <= 1


@pytest.mark.usefixtures("begun")
def test_a_conversation_reads_questions_until_the_input_ends(run):
    """Each line is a question that knows the ones before; a bad one does not end the conversation."""
    done = run("-m", "assistant", stdin=f"who runs The Defenders?\n{'x' * 3000}\nwho are they?\n")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{SHOWRUNNERS} — ")
    assert done.stdout.count(f"showrunners {SHOWRUNNERS}") == 2
    assert "more briefly" in done.stderr


@pytest.mark.usefixtures("begun")
def test_articles_go_in_and_out_by_the_shell(run, environment, tmp_path):
    """What is added with the page closed is listed, shown, answered from and removed."""
    path = tmp_path / "mill.txt"
    path.write_text(
        "The mill opens\n\nMay 3, 2021\n\nThe director of the paper mill is Greta Lindqvist."
    )
    added = json.loads(run("-m", "index", "add", "--json", str(path)).stdout)
    (article_id,) = added["added"]
    environment["COLUMNS"] = "200"
    listed = run("-m", "index", "list").stdout
    assert "The mill opens" in listed
    assert "Jessica Jones" in listed
    assert "Greta Lindqvist" in run("-m", "index", "show", article_id[:6]).stdout
    assert (
        "Greta Lindqvist" in run("-m", "assistant", "who is the director of the paper mill?").stdout
    )
    assert "removed: The mill opens" in run("-m", "index", "remove", str(path)).stdout
    assert [
        article["title"] for article in json.loads(run("-m", "index", "list", "--json").stdout)
    ] == [shipped_article().title]


@pytest.mark.usefixtures("begun")
def test_bad_files_are_named_and_the_others_added(run, tmp_path):
    """Exit code 1, a sentence for each failure on stderr, and on stdout what went in."""
    names = {
        "good.txt": b"Good\n\nThe bridge is green.",
        "empty.txt": b"",
        "binary.txt": bytes(range(256)),
        "utf16.txt": "It rained.".encode("utf-16"),
        "latin1.txt": "Köln fällt über die Dächer".encode("latin-1"),
        "page.html": b"<html></html>",
    }
    for name, content in names.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "nothing").mkdir()
    sources = [str(tmp_path / name) for name in (*names, "nothing", "missing.txt")]
    done = run("-m", "index", "add", *sources)
    assert done.returncode == 1
    assert done.stdout.startswith("added: Good (")
    assert "Traceback" not in done.stderr
    for source in sources[1:]:
        assert f"failed: {source}: " in done.stderr
    assert done.stderr.count("\n") == len(sources) - 1


@pytest.mark.usefixtures("begun")
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["-m", "assistant", " "], "The question is empty"),
        (["-m", "index", "remove", "nothing"], "No article has the id or source 'nothing'"),
        (["-m", "index", "show", ""], "No article has the id or source ''"),
    ],
)
def test_mistakes_get_one_sentence(run, arguments, sentence):
    """What is wrong stands on stderr, and the exit code is 1."""
    assert sentence in failure(run(*arguments))


@pytest.mark.parametrize("module", ["assistant", "index"])
def test_a_place_that_is_no_index_gets_one_sentence(run, environment, tmp_path, module):
    """The same for both shells: the folder is named, and what to do."""
    (tmp_path / "thesis.doc").write_text("mine")
    environment["ARTICLE_INDEX"] = str(tmp_path)
    arguments = {"assistant": ["who runs The Defenders?"], "index": ["list"]}[module]
    assert f"{tmp_path} is not an index" in failure(run("-m", module, *arguments))


def test_an_index_in_use_gets_one_sentence(run, environment, embedder):
    """The shell says who has the index open."""
    with ArticleIndex.open(environment["ARTICLE_INDEX"], embedder):
        assert "is open in process" in failure(run("-m", "index", "list"))


@pytest.mark.usefixtures("begun")
def test_an_unknown_model_gets_one_sentence(run, environment):
    """The sentence lists what can be used here."""
    environment["ASSISTANT_MODEL"] = "nothing"
    assert "Usable here now: reader; also gguf:PATH" in failure(run("-m", "assistant", "who?"))


@pytest.mark.slow
@pytest.mark.usefixtures("begun")
def test_another_embedder_is_refused_and_rebuild_brings_it_in(run, environment, tmp_path):
    """The error prints the command; the command, run as printed, mends it."""
    assert run("-m", "index", "list").returncode == 0
    from index.embedding.minilm import builtin_model_folder

    environment["ARTICLE_EMBEDDER"] = str(builtin_model_folder())
    assert "python -m index rebuild" in failure(run("-m", "index", "list"))
    assert "rebuilt: 1 articles" in run("-m", "index", "rebuild").stdout
    assert SHOWRUNNERS in run("-m", "assistant", "who runs The Defenders?").stdout


def test_a_terminal_is_not_steered_by_an_article(run, environment, embedder):
    """Escape sequences in a title do not reach the screen, and rich's own markup is only text."""
    with ArticleIndex.open(environment["ARTICLE_INDEX"], embedder) as index:
        index.add(Article.from_text("Evil \x1b]0;owned\x07 title [bold]\n\nIt rained.", "rain"))
    for arguments in (["list"], ["list", "--json"], ["show", "rain"]):
        done = run("-m", "index", *arguments)
        assert done.returncode == 0, done.stderr
        assert "\x1b]0" not in done.stdout + done.stderr
        assert "[bold]" in done.stdout


@pytest.mark.usefixtures("begun")
def test_an_index_is_checked_moved_and_read_again_by_the_shell(run, environment, tmp_path):
    """`check`, `export`, `import`, `refresh --prune` and the standard input each say in a line what they did."""
    path = tmp_path / "mill.txt"
    path.write_text("The mill opens\n\nThe director of the paper mill is Greta Lindqvist.")
    assert run("-m", "index", "add", str(path)).stdout.startswith("added: The mill opens (")
    added = run("-m", "index", "add", "-", stdin="Bridge\n\nThe bridge is green.")
    assert added.stdout.startswith("added: Bridge ("), added.stderr
    assert re.fullmatch(r"3 articles, \d+ chunks: 0 problems\n", run("-m", "index", "check").stdout)
    assert (
        "exported: 3 articles to" in run("-m", "index", "export", str(tmp_path / "all.zip")).stdout
    )
    assert "exists already" in failure(run("-m", "index", "export", str(tmp_path / "all.zip")))
    path.unlink()
    assert "no such file" in failure(run("-m", "index", "refresh"))
    assert "removed: The mill opens (" in run("-m", "index", "refresh", "--prune").stdout
    environment["ARTICLE_INDEX"] = str(tmp_path / "other")
    imported = run("-m", "index", "import", str(tmp_path / "all.zip")).stdout
    assert imported.count("added: ") == 2
    assert imported.count("unchanged: ") == 1
    assert "cannot be read" in failure(run("-m", "index", "import", str(tmp_path / "mill.txt")))


@pytest.mark.usefixtures("begun")
def test_stopping_an_add_keeps_what_was_added(environment, tmp_path):
    """Ctrl+C ends it in one sentence, with exit code 130; the index is sound, and the same command goes on."""
    for number in range(300):
        lines = (f"Bridge {number} has arch {n} of {n * number} stones.\n\n" * 6 for n in range(20))
        (tmp_path / f"{number}.txt").write_text("".join(lines))
    command = [sys.executable, "-m", "index", "add", str(tmp_path)]
    with subprocess.Popen(
        command, env=environment, cwd=ROOT, stderr=subprocess.PIPE, text=True
    ) as adding:
        folder = Path(environment["ARTICLE_INDEX"])
        wait_until(lambda: stored_articles(folder) > 5)
        adding.send_signal(signal.SIGINT)
        stderr = adding.communicate(timeout=60)[1]
    assert adding.returncode == 130
    assert stderr.startswith("Stopped.")
    assert stderr.count("\n") == 1
    with ArticleIndex.open(folder) as index:
        assert 5 < index.count() < 301
        assert index.check().problems == ()


def stored_articles(folder):
    query = (
        "SELECT COUNT(*) FROM embedding_metadata WHERE key = 'state' AND string_value = 'current'"
    )
    with closing(sqlite3.connect(f"file:{folder}/chroma.sqlite3?mode=ro", uri=True)) as database:
        return database.execute(query).fetchone()[0]


def wait_until(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)
