"""The graders of composed answers, of reading and of claims, on answers made up for them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assistant import Answer
from assistant.quoting.quotes import cite
from assistant.quoting.sentences import Sentence
from benchmarks.claims import checked, fates, read_claims
from benchmarks.composed import QUESTIONS, ask_all, by_kind
from benchmarks.grading import grade
from benchmarks.parts import grade_parts
from benchmarks.questions import Place, Question, read_questions
from benchmarks.reading import DATA, ReadAnswer, beside, bold, reader_names
from benchmarks.reading import by_kind as reading_by_kind
from index import Article
from index.embedding.embedder import SentenceEmbedder

ARTICLE = Article.from_text(
    "Mill\n\nThe mill was built in 1868. Its head is Greta Lindqvist, 71. Ida Brook is 17.\n\n"
    "| Cart | 4 | 15 |\n\nNobody was hurt.",
    "The Herald",
)
BUILT = "The mill was built in 1868."
HEAD = "Its head is Greta Lindqvist, 71."
IDA = "Ida Brook is 17."
ROW = "| Cart | 4 | 15 |"
HURT = "Nobody was hurt."


def at(sentence):
    start = ARTICLE.text.index(sentence)
    return Place(ARTICLE.id, start, start + len(sentence))


def question(*sentences, **fields):
    groups = tuple((at(sentence),) for sentence in sentences)
    golds = tuple(place for group in groups for place in group)
    return Question("Who, and when?", golds, must_cite=groups, **fields)


def answer(text, *sentences, status="answered", words=""):
    citations = tuple(
        cite(number, Sentence(ARTICLE, at(sentence).start, at(sentence).end, 1.0))
        for number, sentence in enumerate(sentences, start=1)
    )
    return Answer(text, citations, status, words)


def faults(asked, given):
    return grade_parts(asked, given, lambda _: ARTICLE.text).faults


PARTS = question(BUILT, HEAD, must_say=(("1868",), ("Greta Lindqvist", "Lindqvist")), ordered=True)
RIGHT = answer("In 1868. [1] Lindqvist. [2]", BUILT, HEAD)
UNKNOWN = Question("Was it sold?", (), verdict="unknown", never=("1868",))


def test_an_answer_with_all_its_parts_is_right():
    """Its parts are said in order, cited, and said by the citations."""
    assert faults(PARTS, RIGHT) == ()


@pytest.mark.parametrize(
    ("asked", "given", "fault"),
    [
        (PARTS, replace(RIGHT, status="quoted"), "not answered"),
        (PARTS, replace(RIGHT, text=RIGHT.text + " and" * 90), "too long"),
        (PARTS, replace(RIGHT, text="In 1868. [1] [2]"), "not said"),
        (PARTS, replace(RIGHT, text="Lindqvist. [2] In 1868. [1]"), "order"),
        (PARTS, replace(RIGHT, citations=RIGHT.citations[:1]), "not cited"),
        (PARTS, replace(RIGHT, text=f"In 1999, {RIGHT.text}"), "unmade"),
        (replace(PARTS, never=("in",)), RIGHT, "never"),
        (replace(PARTS, missing=("cost",)), RIGHT, "missing part"),
        (replace(PARTS, language="de"), replace(RIGHT, text=f"See {RIGHT.text}"), "language"),
        (question(HURT, verdict="no"), answer(f"“{HURT}” [1]", HURT), "verdict"),
        (question(HURT, verdict="no"), answer(f"Yes: “{HURT}” [1]", HURT), "unmade"),
        (
            question(ROW, kind="table", must_say=(("15",),)),
            answer(f"“{ROW}” [1]", ROW),
            "not said",
        ),
        (UNKNOWN, answer("Yes: “The mill was built in 1868.” [1]", BUILT), "not refused"),
        (UNKNOWN, answer("The article does not say; built in 1868. [1]", BUILT), "never"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_rule_has_an_answer_that_breaks_it(asked, given, fault):
    """The grade names the broken rule."""
    assert fault in faults(asked, given)


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        (question(HURT, verdict="no"), answer(f"No: “{HURT}” [1]", HURT)),
        (question(ROW, kind="table", must_say=(("15",),)), answer(f"Cart: 15 — “{ROW}” [1]", ROW)),
        (
            replace(PARTS, missing=("cost",)),
            replace(RIGHT, text=f"{RIGHT.text} The article does not say what it cost."),
        ),
        (
            question(HEAD, IDA, must_say=(("71",), ("17",))),
            answer("Greta Lindqvist, by 54 years: 71 [1] and 17 [2]", HEAD, IDA),
        ),
        (UNKNOWN, answer("The article does not say.")),
        (UNKNOWN, answer("No answer was found. Nearest: 1868.", status="refused")),
    ],
    ids=["no", "a cell", "a missing part", "a difference", "not said", "a refusal"],
)
def test_right_answers_of_each_form_are_right(asked, given):
    """A verdict first, a cell beside its row, a part without an answer, arithmetic, a refusal."""
    assert faults(asked, given) == ()


def test_a_citation_that_is_not_verbatim_is_a_fault():
    """Its offsets lead to other words."""
    moved = replace(RIGHT.citations[0], start=RIGHT.citations[0].start + 1)
    assert "not verbatim" in faults(PARTS, replace(RIGHT, citations=(moved, RIGHT.citations[1])))


def test_an_answer_that_cites_the_whole_article_is_wrong():
    """A citation has little more than the sentence that answers."""
    article = Article.from_text(f"{ARTICLE.text}\n\n{'It rained. ' * 60}", "Long")
    whole = cite(1, Sentence(article, 0, len(article.text), 1.0))
    place = Place(article.id, article.text.index(BUILT), article.text.index(BUILT) + len(BUILT))
    asked = Question("When?", (place,), must_say=(("1868",),), must_cite=((place,),))
    grade = grade_parts(asked, Answer("1868 [1]", (whole,), "answered"), lambda _: article.text)
    assert grade.faults == ("not cited",)


@pytest.fixture(scope="module")
def composed():
    return read_questions(QUESTIONS)


def perfect(articles):
    """Return a stand-in that gives each gold answer."""
    by_id = {article.id: article for article in articles}
    verdicts = {"en": ("Yes", "No"), "de": ("Ja", "Nein"), "es": ("Sí", "No"), "fr": ("Oui", "Non")}

    def ask(question, _among):
        if not question.answerable:
            yield Answer("The articles do not answer.", (), "refused")
            return
        firsts = [group[0] for group in question.must_cite]
        citations = tuple(
            cite(number, Sentence(by_id[place.article_id], place.start, place.end, 1.0))
            for number, place in enumerate(dict.fromkeys(firsts), start=1)
        )
        said = [group[0] for group in question.must_say]
        if question.verdict:
            said.insert(0, verdicts[question.language][question.verdict == "no"])
        missing = [f"The article does not say: {words}." for words in question.missing]
        marks = " ".join(f"[{citation.number}]" for citation in citations)
        yield Answer(" ".join([". ".join(said) + ".", *missing, marks]), citations, "answered")

    return ask


def mute(_question, _among):
    yield Answer("", (), "refused")


def quoting_all(articles):
    """Return a stand-in that quotes the whole article."""
    by_id = {article.id: article for article in articles}

    def ask(question, _among):
        name = question.golds[0].article_id if question.golds else articles[0].id
        article = by_id[name]
        citation = cite(1, Sentence(article, 0, len(article.text), 1.0))
        yield Answer(f"“{article.text}” [1]", (citation,), "answered")

    return ask


def test_a_perfect_stand_in_is_right_in_all(composed):
    """Every gold answer passes its own rules."""
    articles, questions = composed
    answers = ask_all(perfect(articles), articles, questions, "perfect")
    assert [(one.question.id, one.grade) for one in answers if not one.grade.right] == []
    row = by_kind(answers)["all"]
    assert (row["right"], row["verbatim"], row["refused rightly"]) == (1, 1, 27)
    assert (row["refusal precision"], row["refusal recall"], row["unmade statements"]) == (1, 1, 0)


def test_a_mute_stand_in_is_right_only_where_no_answer_is(composed):
    """Refusing all is right for the 27 of 240 without an answer, and precise for them alone."""
    articles, questions = composed
    row = by_kind(ask_all(mute, articles, questions, "mute"))["all"]
    assert row["right"] == row["refusal precision"] == 27 / 240
    assert row["refusal recall"] == 1


def test_a_stand_in_that_quotes_whole_articles_is_never_right(composed):
    """An answer is no text to search."""
    articles, questions = composed
    row = by_kind(ask_all(quoting_all(articles), articles, questions, "all"))["all"]
    assert row["right"] == row["refusal recall"] == 0


def read(asked, given):
    return ReadAnswer(asked, given, grade(asked, given, lambda _: ARTICLE.text))


def test_reading_counts_right_answers_refusals_and_bold_words():
    """A yes or no is right by its verdict and sentence; bold words are right only as an answer."""
    direct = Question("Who?", (at(HEAD),), ("Greta Lindqvist",), "direct")
    denied = Question("Hurt?", (at(HURT),), (), "yes/no", verdict="no")
    near = Question("Who was the head?", (), (), "near-miss")
    bold_name = answer(f"Greta Lindqvist — “{HEAD}” [1]", HEAD, words="Greta Lindqvist")
    bold_other = answer(f"Ida Brook — “{IDA}” [1]", IDA, words="Ida Brook")
    answers = [
        read(direct, bold_name),
        read(direct, bold_other),
        read(denied, answer(f"No: “{HURT}” [1]", HURT)),
        read(denied, answer(f"“{HURT}” [1]", HURT)),
        read(near, answer(f"“{HEAD}” [1]", HEAD, status="quoted")),
        read(near, bold_name),
    ]
    assert [one.is_right for one in answers] == [True, False, True, False, True, False]
    assert bold(answers) == {"right": 1 / 3, "answers": 3}
    rows = reading_by_kind(answers)
    assert rows["near-miss"]["not answered"] == rows["yes/no"]["right"] == 0.5
    assert rows["yes/no"]["shown"] == 1


def test_claims_stand_or_are_withdrawn_as_the_assistant_decides():
    """A claim in the words of its sentence stands; another number is withdrawn."""
    every = read_claims(DATA / "claims.jsonl")
    assert len(every) == 400
    right = replace(every[0], text=every[0].sentences[0].text, right=True)
    wrong = replace(every[0], text="The lido opened in 1777.", right=False)
    embedder = SentenceEmbedder()
    shares = fates([right, wrong], [checked(each, embedder) for each in (right, wrong)])
    assert (shares["right standing"], shares["right withdrawn"]) == (1, 0)
    assert (shares["wrong standing"], shares["wrong withdrawn"]) == (0, 1)


def test_readers_stand_side_by_side(tmp_path):
    """Each folder of weights is a column, named by the ending of its path that differs."""
    names = reader_names([tmp_path / "old" / "weights", tmp_path / "new" / "weights"])
    assert list(names) == ["old/weights", "new/weights"]
    assert list(reader_names([tmp_path / "weights"])) == ["weights"]
    tables = {name: {"Claims": {"all": {"standing": 0.5}}} for name in names}
    expected = {"Claims: standing": {"all": {"old/weights": 0.5, "new/weights": 0.5}}}
    assert beside(tables) == expected
