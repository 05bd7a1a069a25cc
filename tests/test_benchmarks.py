"""The grader, on answers made up for it, and the questions of our own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from assistant import Answer
from assistant.quoting.quotes import cite
from assistant.quoting.sentences import Sentence
from assistant.quoting.wording import quoted
from benchmarks import models
from benchmarks.drawn import PASSAGES, Drawing
from benchmarks.grading import grade, unsupported
from benchmarks.outcomes import interval
from benchmarks.questions import Place, Question, read_questions
from benchmarks.ratios import Figure, draw, report
from benchmarks.scale import grow
from benchmarks.visiting import ROOT
from index import Article, SourceError
from index.chunking import chunk_article
from index.embedding.embedder import SentenceEmbedder
from index.shipped import shipped_article
from index.text.sentences import sentence_spans

OUR_QUESTIONS = ROOT / "benchmarks" / "data" / "questions.jsonl"
ARTICLE = Article.from_text(
    "Mill\n\nThe mill was built in 1868. Its head is Greta Lindqvist.", "The Herald"
)
QUESTION = Question(
    "Who leads the mill?",
    (Place(ARTICLE.id, ARTICLE.text.index("Greta"), len(ARTICLE.text) - 1),),
    ("Greta Lindqvist",),
    also=("head",),
    never=("Ida",),
)


def answer(sentence: int, words: str = "", status: str = "answered") -> Answer:
    """Return an answer that quotes a sentence of the article, counted from 0."""
    span = [span for span in sentence_spans(ARTICLE.text, "en") if span[0] > 0][sentence]
    citation = cite(1, Sentence(ARTICLE, *span, 0.5))
    return Answer(
        f"{words} — {quoted(citation)}" if words else quoted(citation), (citation,), status, words
    )


def beside(*arguments: str):
    """Run the command that sets models side by side."""
    app = typer.Typer()
    app.command()(models.main)
    return CliRunner().invoke(app, arguments)


def graded(given: Answer, question: Question = QUESTION):
    return grade(question, given, lambda _: ARTICLE.text)


def test_a_right_answer_is_a_hit():
    """Its words are the gold answer, its citation has it, and all that it says stands there."""
    grade = graded(answer(1, "Greta Lindqvist"))
    assert (grade.hit, grade.shown, grade.f1, grade.cited, grade.relevant, grade.verbatim) == (
        True,
        True,
        1,
        1,
        1,
        1,
    )
    assert not grade.unsupported


@pytest.mark.parametrize(
    "wrong",
    [
        answer(0, "1868"),
        answer(1, status="quoted"),
        answer(1, "Ida and Greta Lindqvist"),
        replace(answer(1), text="word " * 60 + quoted(answer(1).citations[0])),
    ],
    ids=["another sentence", "only quoted", "what must never be said", "too long"],
)
def test_a_wrong_answer_is_none(wrong):
    """Another sentence, a mere quote, words that must not be said, a text to search."""
    assert not graded(wrong).hit


def test_what_must_be_said_as_well_is_missed():
    """The older of two articles that disagree, or who said it."""
    assert not graded(answer(1), replace(QUESTION, also=("Herald",))).hit


def test_a_citation_that_is_not_in_the_article_is_seen():
    """Its offsets lead to other words."""
    given = answer(1)
    moved = replace(given.citations[0], start=given.citations[0].start + 1)
    assert graded(replace(given, citations=(moved,))).verbatim == 0


def test_what_no_citation_says_is_unsupported():
    """Numbers and names count; words that join do not, nor what a refusal says of its search."""
    given = answer(1)
    invented = replace(given, text=f"In 1999, Karl says, {given.text}")
    assert set(unsupported(invented)) == {"1999", "Karl"}
    assert unsupported(replace(invented, status="refused")) == ()


def test_an_interval_holds_its_mean():
    """95 % of the bootstrap's means of a fair coin lie around a half, and not on it."""
    low, high = interval([0.0, 1.0] * 100)
    assert 0.4 < low < 0.5 < high < 0.6


def test_our_questions_are_of_many_kinds():
    """Each kind has eight at least, and what must be cited stands in one article, or reading would fail."""
    articles, questions = read_questions(OUR_QUESTIONS)
    kinds = Counter(question.kind for question in questions)
    assert len(questions) >= 120
    assert len(kinds) == 12
    assert min(kinds.values()) >= 8
    assert {gold.article_id for question in questions for gold in question.golds} == {
        a.id for a in articles
    }


@pytest.mark.parametrize(
    "line", ["{", "[]", '{"question": "who?"}', '{"answerable": true, "must_cite": "xyz"}']
)
def test_a_file_that_cannot_be_read_is_named(tmp_path, line):
    """The error says which file it is, and what it should be like."""
    file = tmp_path / "own.jsonl"
    file.write_text(line)
    with pytest.raises(SourceError, match=r"own\.jsonl is not as"):
        read_questions(file)


def test_models_are_set_side_by_side(tmp_path):
    """A table and a picture of what two runs saved; what is no such file is named."""
    for name, model, right in (("one", "reader", True), ("two", "gguf:some", False)):
        asked = [
            {"right": right, "status": "answered", "model": model},
            {"right": True, "status": "answered", "model": "reader"},
        ]
        tables = {
            "Answering": {
                model: {"answer hit": 0.5, "citation precision": 0.25, "unsupported": 0.0}
            },
            "Milliseconds": {model: {"whole, p50": 4_000.0, "whole, p95": 9_000.0}},
            "Memory": {model: {"peak MB": 1_234.0}},
        }
        (tmp_path / f"{name}.json").write_text(json.dumps({"tables": tables, "asked": asked}))
    done = beside(
        str(tmp_path / "one.json"), str(tmp_path / "two.json"), "--plot", str(tmp_path / "both")
    )
    assert done.exit_code == 0, done.output
    told = {line.split()[0]: line.split()[1:] for line in done.output.splitlines() if line.split()}
    assert told["reader"] == [
        "1.000",
        "0.500",
        "0.250",
        "0.000",
        "1.000",
        "4,000",
        "9,000",
        "1,234",
    ]
    assert told["gguf:some"] == [
        "0.500",
        "0.500",
        "0.250",
        "0.000",
        "0.500",
        "4,000",
        "9,000",
        "1,234",
    ]
    assert {path.suffix for path in tmp_path.glob("both.*")} == {".png", ".svg"}
    (tmp_path / "two.json").write_text("{}")
    assert "two.json was not written by" in beside(str(tmp_path / "two.json")).output


@pytest.mark.slow
def test_no_answer_says_what_its_citations_do_not(tmp_path):
    """The promises hold over all our questions: verbatim, nothing unsupported, no injected words."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.answers",
        str(OUR_QUESTIONS),
        "--json",
        str(tmp_path / "out.json"),
    ]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=580
    )
    assert done.returncode == 0, done.stderr
    asked = json.loads((tmp_path / "out.json").read_text())["asked"]
    assert [
        each["question"]
        for each in asked
        if each["verbatim"] != each["cited"] or each["unsupported"]
    ] == []
    assert [
        each["question"] for each in asked if each["status"] == "answered" and each["wayward"]
    ] == []


def test_a_figure_is_held_against_its_yardstick_and_against_another_commit(tmp_path, capsys):
    """What is saved can be compared with; what is no such file is refused in one sentence."""
    kept = tmp_path / "before.json"
    report(
        "Before",
        [Figure("adding", 3.0, "s", "reading", 2.0), Figure("memory", 5.0, "MB")],
        kept,
        None,
    )
    report(
        "After",
        [Figure("adding", 1.0, "s", "reading", 2.0), Figure("memory", 6.0, "MB")],
        None,
        kept,
    )
    shown = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["adding", "1", "s", "reading", "2", "s", "0.500", "1.500"] in shown
    assert ["memory", "6", "MB"] in shown
    draw([kept], tmp_path / "drawn")
    assert "adding" in (tmp_path / "drawn.svg").read_text()
    assert (tmp_path / "drawn.png").exists()
    kept.write_text("[]")
    with pytest.raises(SourceError, match="name another"):
        report("After", [], None, kept)


def test_drawn_articles_have_as_many_passages_as_are_wanted_with_vectors_like_real_ones():
    """Each is another; its vector is near that of the passage it was drawn from, and of length 1."""
    passages = [chunk.text for chunk in chunk_article(shipped_article())]
    drawing = Drawing(passages, seed=1)
    (article,) = drawing.articles(PASSAGES)
    texts = [chunk.text for chunk in chunk_article(article)]
    assert len(set(texts)) == len(texts) == PASSAGES
    vectors = np.array(drawing.embed_documents(texts))
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1)
    real = np.array(SentenceEmbedder().embed_documents(passages))
    assert 0.7 < (vectors @ real.T).max(axis=1).mean() < 0.95


def test_an_index_grows_and_is_visited_in_its_folder_and_on_a_server(tmp_path):
    """All that is nearest is found among so few; each place has its figures, and the picture is drawn."""
    articles, _ = read_questions(OUR_QUESTIONS)
    passages = [chunk.text for article in articles for chunk in chunk_article(article)]
    questions = ["who runs The Defenders?", "when does it premiere?"]
    figures = grow(passages, questions, [200, 400], tmp_path / "drawn", tmp_path / "index")
    measured = {figure.name: figure.value for figure in figures}
    for place in ("folder", "server"):
        assert measured[f"400 chunks, {place}: recall of the nearest 10"] == 1
        assert measured[f"400 chunks, {place}: opening and the first search"] > 0
    assert all(value > 0 for value in measured.values())
    assert {path.suffix for path in tmp_path.glob("drawn.*")} == {".png", ".svg"}
    again = {figure.name for figure in grow(passages, questions, [400], folder=tmp_path / "index")}
    assert measured.keys() - again > {"400 chunks: added"}  # It was there.
