from __future__ import annotations

import pytest

from assistant import Answer, Citation, Turn
from assistant.question.followups import is_courtesy, standalone_question


def turns(*asked: str | tuple[str, str]) -> list[Turn]:
    """Return the turns of some questions, each perhaps with the words that answered it."""
    pairs = [(each, "") if isinstance(each, str) else each for each in asked]
    return [Turn(question, Answer("", (), "answered", words)) for question, words in pairs]


@pytest.mark.parametrize(
    ("earlier", "question", "meant"),
    [
        (["Who runs The Old Mill?"], "and when does it open?", "and when does The Old Mill open?"),
        (["who runs the old mill"], "when was it built", "when was the old mill built"),
        (
            ["What is the price of a ticket for the museum?"],
            "and its owner?",
            "and the museum’s owner?",
        ),
        (
            ["How long is the bridge in Norburg?"],
            "what does it cost?",
            "what does the bridge in Norburg cost?",
        ),
        (
            [("Who runs the mill?", "Greta Lindqvist")],
            "where was she born?",
            "where was Greta Lindqvist born?",
        ),
        (
            [("Who runs the mill?", "Greta Lindqvist")],
            "what is her plan?",
            "what is Greta Lindqvist’s plan?",
        ),
        (
            [("Who runs it?", "Ida Berg and Nils Ek")],
            "who are they?",
            "who are Ida Berg and Nils Ek?",
        ),
        (
            ["Who leads the choir?", "how many singers has it?"],
            "where is it from?",
            "where is the choir from?",
        ),
        (
            ["How long is the tram line in Berghem?"],
            "and how many stops?",
            "and how many stops (the tram line in Berghem)?",
        ),
        (["When does the mill open?"], "no, I meant the museum", "When does the museum open?"),
        (["When does Ida Berg arrive?"], "i meant Nils Ek", "When does Nils Ek arrive?"),
        (
            ["Who is the head of The Old Mill?"],
            "and of the Museum?",
            "Who is the head of the Museum?",
        ),
        (["When does Ida Berg arrive?"], "what about Nils Ek?", "When does Nils Ek arrive?"),
        (["When does Ida Berg arrive?"], "And Nils Ek?", "When does Nils Ek arrive?"),
        (["Who runs it?"], "and in Ostheim?", "Who runs it (Ostheim)?"),
        (["Who runs the mill?"], "and why?", "and why (the mill)?"),
        (["Who runs the mill?", "and when?"], "and why?", "and why (the mill)?"),
        (
            ["Where is the old town hall?"],
            "when was it built?",
            "when was the old town hall built?",
        ),
        (["When was the mill built?"], "who owns it?", "who owns the mill?"),
        (
            ["Has the bridge in Norburg opened?"],
            "what did it cost?",
            "what did the bridge in Norburg cost?",
        ),
        (
            ["When did the old paper mill close its doors?"],
            "who owns it?",
            "who owns the old paper mill?",
        ),
        (
            ["Where is the river ferry moored?"],
            "what does it cost?",
            "what does the river ferry cost?",
        ),
        (["Did the CEO of Acme resign?"], "why did he?", "why did the CEO of Acme resign?"),
        (["Did the CEO of Acme resign?"], "when was she born?", "when was the CEO of Acme born?"),
        (
            ["Does Ida Berg live in the old town?"],
            "where was she born?",
            "where was Ida Berg born?",
        ),
        (["Did the CEO of Acme resign?"], "Why?", "why did the CEO of Acme resign?"),
        (["When did the mill close?"], "and why?", "why did the mill close?"),
        (
            ["In which year was the mill sold?", "when was it built?"],
            "where?",
            "where was the mill built?",
        ),
        (
            [("Who runs the mill?", "Greta Lindqvist")],
            "since when?",
            "since when Greta Lindqvist runs the mill?",
        ),
        (["Did the mill close?"], "why not?", "why did the mill close?"),
        (["What was the score?"], "and then?", "and then (the score)?"),
        (["Where is the tram?"], "How about the bus?", "Where is the bus?"),
        (["Where is the tram?", "tell me more"], "what does it cost?", "what does the tram cost?"),
        (["Where is the tram?", "who are you?"], "what does it cost?", "what does the tram cost?"),
    ],
)
def test_a_followup_is_read_with_what_was_before(earlier, question, meant):
    """A pronoun, a correction, a question that breaks off: each takes what it lacks from the turns before."""
    assert standalone_question(question, turns(*earlier)) == meant


@pytest.mark.parametrize(
    "question",
    [
        "Who is the mayor?",
        "What did Ida Berg say about her plan?",
        "How many people died in storm Freya?",
        "and who is Nils Ek?",
        "tell me more",
        "Go on!",
        "what did I ask first?",
        "What was my last question?",
        "who are you?",
        "Are you a bot?",
    ],
)
def test_a_question_of_its_own_stands_alone(question):
    """A change of topic takes nothing along, nor does a pronoun that the question itself explains."""
    assert standalone_question(question, turns("Who runs the mill?")) == question
    assert standalone_question(question, []) == question


def test_thanks_are_left_out_and_are_no_question():
    """What is asked after them is; they alone ask nothing."""
    assert (
        standalone_question("Thanks! And who is the mayor?", turns("Who runs it?"))
        == "And who is the mayor?"
    )
    assert [
        is_courtesy(said) for said in ("thanks", "Hello!", "ok, thank you so much", "nice mills?")
    ] == [1, 1, 1, 0]


@pytest.mark.parametrize(
    "question", ["it", "they they they", "no, I meant", "and", "?", "☃ it ☃", "its " * 300]
)
def test_odd_questions_break_nothing(question):
    """Whatever is typed comes out as some question."""
    assert standalone_question(question, turns("", "Who runs the mill?")).strip()


def test_names_in_lower_case_are_known_from_what_was_quoted():
    """Who types "jessica jones" means a name, and "she" is whom it names."""
    quote = "Ida Berg opened the Old Mill in Ostheim."
    citation = Citation(1, "id", "v", "Mill", "source", None, 0, len(quote), quote)
    history = [Turn("who opened the old mill", Answer(quote, (citation,), "answered", "Ida Berg"))]
    assert standalone_question("when was ida berg born", history) == "when was Ida Berg born"
    assert standalone_question("what else is in ostheim", history) == "what else is in Ostheim"
    history.append(Turn("where does ida berg live", Answer("", (), "refused")))
    assert standalone_question("and when did she leave?", history) == "and when did Ida Berg leave?"
