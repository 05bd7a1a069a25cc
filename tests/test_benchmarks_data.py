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
from index import Article
from index.text.words import FUNCTION_WORDS

DATA = ROOT / "benchmarks" / "data"
READING = DATA / "reading"
COMPOSED = DATA / "composed"
STEMMER = Stemmer.Stemmer("english")


def rows(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def articles(folder):
    files = sorted((folder / "articles").glob("*.txt"))
    return {file.stem: file.read_text(encoding="utf-8") for file in files}


def stands_whole(sentence, text):
    """Return whether a sentence or a line stands in a text, once and from its first word to its last."""
    at = text.find(sentence)
    before, after = text[at - 1 : at], text[at + len(sentence) :][:1]
    ends = sentence[-1] in ".!?”»\"'" or after in {"", "\n"}
    return (
        text.count(sentence) == 1 and "\n" not in sentence and f"{before}{after}".isspace() and ends
    )


def citations(row):
    near = [row["near"]] if "near" in row else []
    return [citation for group in row.get("must_cite", ()) for citation in group] + near


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
    return articles(READING)


@pytest.fixture(scope="module")
def composed():
    return articles(COMPOSED)


@pytest.fixture(scope="module")
def composed_questions():
    return rows(COMPOSED / "questions.jsonl")


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


def test_every_reading_article_has_250_to_700_words(reading):
    """Each is as long as an article in a paper."""
    lengths = {name: len(text.split()) for name, text in reading.items()}
    assert {name: length for name, length in lengths.items() if not 250 <= length <= 700} == {}


def test_no_two_rows_are_the_same(questions, claims):
    """Ids, questions and claims occur once."""
    for field, table in (("id", questions + claims), ("question", questions), ("claim", claims)):
        assert [
            value for value, times in Counter(row[field] for row in table).items() if times > 1
        ] == []


def test_gold_sentences_are_whole_sentences_of_their_article(questions, claims, reading):
    """What answers, what tempts and what a claim cites stands there verbatim."""
    for row in questions:
        cited = [row["must_cite"] if row["answerable"] else row["near"], *row.get("or_cite", ())]
        assert all(stands_whole(sentence, reading[row["article"]]) for sentence in cited), row["id"]
    for row in claims:
        assert row["sentences"], row["id"]
        assert all(
            stands_whole(sentence, reading[row["article"]]) for sentence in row["sentences"]
        ), row["id"]


def test_answers_stand_in_their_sentence(questions):
    """The first form of each answer is verbatim; a question has an answer or none, never half of one."""
    for row in questions:
        if row["kind"] == "yes/no":
            assert row["answerable"] == (row["verdict"] != "unknown"), row["id"]
        elif row["answerable"]:
            assert has(row["must_cite"], row["answers"][0]), row["id"]
        assert row["answerable"] == ("must_cite" in row) == ("near" not in row), row["id"]
        assert row["answerable"] == (row["kind"] != "near-miss") or row["kind"] == "yes/no", row[
            "id"
        ]


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


def test_composed_has_as_many_questions_of_each_kind_as_its_readme_says(
    composed_questions, composed
):
    """240 questions, at least 16 of each kind and 40 follow-ups, about every one of the articles."""
    kinds = Counter(row["kind"] for row in composed_questions)
    assert (len(composed), len(composed_questions), len(kinds)) == (24, 240, 12)
    assert kinds.pop("follow-up") == 40
    assert min(kinds.values()) >= 16
    assert sum(not row["answerable"] for row in composed_questions) == 27
    cited = {citation["article"] for row in composed_questions for citation in citations(row)}
    assert cited == set(composed)


def test_composed_articles_are_in_four_languages(composed):
    """Five are not in English, and their questions are asked in their language."""
    languages = Counter(Article.from_text(text, name).language for name, text in composed.items())
    assert languages == {"en": 19, "de": 2, "es": 2, "fr": 1}


def test_no_two_composed_questions_are_the_same(composed_questions):
    """Ids occur once, and so do questions with what was asked before them."""
    ids = Counter(row["id"] for row in composed_questions)
    asked = Counter((row["question"], *row.get("turns", ())) for row in composed_questions)
    assert [value for value, times in (ids + asked).items() if times > 1] == []


def test_composed_gold_sentences_stand_in_their_article(composed_questions, composed):
    """What is to be cited, and what tempts, stands there verbatim, once, as a whole sentence or line."""
    for row in composed_questions:
        for citation in citations(row):
            assert stands_whole(citation["sentence"], composed[citation["article"]]), row["id"]


def test_what_is_to_be_said_is_cited_or_computed(composed_questions):
    """One form of each group stands in a sentence that is to be cited, unless the row says that it is computed."""
    for row in composed_questions:
        cited = " ".join(citation["sentence"] for citation in citations(row))
        groups = row.get("must_say", [])
        assert row["answerable"] == ("must_say" in row) == ("must_cite" in row), row["id"]
        unsaid = [forms for forms in groups if not any(has(cited, form) for form in forms)]
        assert [forms[0] for forms in unsaid] == row.get("computed", []), row["id"]
        assert not any(has(cited, word) for word in row.get("never", ()) if row["answerable"]), row[
            "id"
        ]


def test_answerable_composed_questions_have_something_to_check(composed_questions):
    """A question that is answered has a verdict or words to say; one with an unknown verdict is not answerable."""
    for row in composed_questions:
        assert row.get("verdict") or row.get("must_say") or not row["answerable"], row["id"]
        assert row["answerable"] == (row.get("verdict") != "unknown") or "verdict" not in row, row[
            "id"
        ]


def test_conversations_grow_by_a_turn_at_a_time(composed_questions):
    """Each follow-up has the turns of the one before it, and that one's question."""
    followups = [row for row in composed_questions if row["kind"] == "follow-up"]
    before = {row["id"]: [*row["turns"], row["question"]] for row in followups}
    for row in followups:
        talk, turn = row["id"].rsplit("-", 1)
        assert len(row["turns"]) == int(turn), row["id"]
        assert row["turns"] == before.get(f"{talk}-{int(turn) - 1}", row["turns"]), row["id"]
