"""The invariants of the questions and claims to measure by."""

from __future__ import annotations

import json
import re
from collections import Counter

import pytest
import Stemmer

from benchmarks.grading import has
from benchmarks.questions import read_questions
from benchmarks.visiting import ROOT
from index.ranking import FUNCTION_WORDS
from index.sentences import sentence_spans

DATA = ROOT / "benchmarks" / "data"
READING = DATA / "reading"
STEMMER = Stemmer.Stemmer("english")


def rows(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def articles(folder):
    files = sorted((folder / "articles").glob("*.txt"))
    return {file.stem: file.read_text(encoding="utf-8") for file in files}


def sentences(text, language="en"):
    return {text[start:end] for start, end in sentence_spans(text, language)}


def stems(text):
    words = re.findall(r"[^\W_]+", text.lower().replace("'s ", " "))
    return {STEMMER.stemWord(word) for word in words if word not in FUNCTION_WORDS}


@pytest.fixture(scope="module")
def questions():
    return rows(READING / "questions.jsonl")


@pytest.fixture(scope="module")
def claims():
    return rows(READING / "claims.jsonl")


@pytest.fixture(scope="module")
def reading():
    return {name: sentences(text) for name, text in articles(READING).items()}


def test_reading_has_as_many_questions_of_each_kind_as_its_readme_says(questions, reading):
    """200 questions, ten to each of twenty articles, and a third of those of yes or no without an answer."""
    assert Counter(row["kind"] for row in questions) == {
        "paraphrase": 60,
        "near-miss": 60,
        "yes/no": 30,
        "direct": 50,
    }
    verdicts = Counter(row["verdict"] for row in questions if row["kind"] == "yes/no")
    assert verdicts == {"yes": 10, "no": 10, "unknown": 10}
    assert Counter(row["article"] for row in questions) == dict.fromkeys(reading, 10)
    assert len(reading) == 20
    kinds = Counter(name.split("-")[0] for name in reading)
    assert set(kinds.values()) == {2}


def test_every_reading_article_has_250_to_700_words():
    """None is a note, none a report."""
    lengths = {name: len(text.split()) for name, text in articles(READING).items()}
    assert {name: length for name, length in lengths.items() if not 250 <= length <= 700} == {}


def test_no_two_rows_are_the_same(questions, claims):
    """Ids, questions and claims occur once."""
    for field, table in (("id", questions + claims), ("question", questions), ("claim", claims)):
        assert [value for value, times in Counter(row[field] for row in table).items() if times > 1] == []


def test_gold_sentences_are_whole_sentences_of_their_article(questions, claims, reading):
    """What answers, what tempts and what a claim cites stands there verbatim."""
    for row in questions:
        cited = [row["must_cite"] if row["answerable"] else row["near"], *row.get("or_cite", ())]
        assert set(cited) <= reading[row["article"]], row["id"]
    for row in claims:
        assert row["sentences"], row["id"]
        assert set(row["sentences"]) <= reading[row["article"]], row["id"]


def test_answers_stand_in_their_sentence(questions):
    """The first form of each answer is verbatim; a question has an answer or none, never half of one."""
    for row in questions:
        if row["kind"] == "yes/no":
            assert row["answerable"] == (row["verdict"] != "unknown"), row["id"]
        elif row["answerable"]:
            assert has(row["must_cite"], row["answers"][0]), row["id"]
        assert row["answerable"] == ("must_cite" in row) == ("near" not in row), row["id"]
        assert row["answerable"] == (row["kind"] != "near-miss") or row["kind"] == "yes/no", row["id"]


def test_paraphrases_share_no_content_word_with_their_sentence(questions):
    """Only words that say how a sentence is built are in both."""
    paraphrases = [row for row in questions if row["kind"] == "paraphrase"]
    shared = {row["id"]: stems(row["question"]) & stems(row["must_cite"]) for row in paraphrases}
    assert {row: words for row, words in shared.items() if words} == {}


def test_half_of_the_claims_are_right(claims, reading):
    """Ten right ones and ten wrong ones to an article."""
    right = Counter((row["article"], row["right"]) for row in claims)
    assert right == {(article, judged): 10 for article in reading for judged in (True, False)}


def test_reading_can_be_asked_as_the_other_questions_are():
    """The form of the other files is a part of its form."""
    texts, asked = read_questions(READING / "questions.jsonl")
    assert (len(texts), len(asked)) == (21, 200)
    assert sum(not question.golds for question in asked) == 70
