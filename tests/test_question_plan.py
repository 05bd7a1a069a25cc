from __future__ import annotations

import pytest

from assistant.question.plan import OverviewWanted, overview_wanted, wants_words

ABOUT, PEOPLE = OverviewWanted("about"), OverviewWanted("people")


@pytest.mark.parametrize(
    "question", ["Who left?", "how many left", "How old is it?", "when did they leave", "what did he eat", "¿Quién es?"]
)
def test_words_can_answer_most_questions(question):
    """Who, what, when, where, how many: a few words of the sentence are the answer."""
    assert wants_words(question)


@pytest.mark.parametrize(
    "question",
    [
        "Did they leave?",
        "isn't it late",
        "Why did they leave?",
        "and why?",
        "How did it end",
        "how come he left",
        "Who left? And why?",
        "What did he say about it?",
        "and what does Berg think of them",
    ],
)
def test_a_sentence_answers_why_and_how_and_yes_or_no(question):
    """A span cut out of a reason, a manner or a statement would be broken."""
    assert not wants_words(question)


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("what is this about?", ABOUT),
        ("What's the article about", ABOUT),
        ("summarise it", ABOUT),
        ("TL;DR", ABOUT),
        ("give me the main points", ABOUT),
        ("when was it published?", ABOUT),
        ("Summarize the mill article", OverviewWanted("about", frozenset({"mill"}))),
        ("list the people named", PEOPLE),
        ("who is mentioned in the article?", PEOPLE),
        ("who runs the mill?", None),
        ("what does she say?", None),
        ("What is the mill about?", None),
        ("what is his name?", None),
        ("who are they?", None),
        ("?", None),
    ],
)
def test_questions_about_an_article_as_a_whole_are_known(question, wanted):
    """They are told from questions about what stands in it, and by which words they name the article."""
    assert overview_wanted(question) == wanted
