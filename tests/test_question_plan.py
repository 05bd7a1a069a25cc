from __future__ import annotations

import pytest

from assistant.question.plan import OverviewWanted, overview_wanted, wants_words

ABOUT, PEOPLE = OverviewWanted("about"), OverviewWanted("people")


@pytest.mark.parametrize(
    "question",
    [
        "Who left?",
        "how many left",
        "How old is it?",
        "when did they leave",
        "what did he eat",
        "¿Quién es?",
        "Will Smith acted in what?",
        "May Day is when?",
        "Will Smith was born in which year?",
        "Mark May sold how many?",
    ],
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
        "Did they say what happened?",
        "Has Will Smith left?",
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
        ("What are the main takeaways?", ABOUT),
        ("what are the key points of the article?", ABOUT),
        ("Can you give me a short summary, please?", ABOUT),
        ("sum it up in two sentences", ABOUT),
        ("What does the article say?", ABOUT),
        ("What happens in the story?", ABOUT),
        ("Tell me what the article is about", ABOUT),
        ("What is the harbour report about?", OverviewWanted("about", frozenset({"harbour"}))),
        ("in short, what is it about?", ABOUT),
        ("tell me about this article", ABOUT),
        ("tell me about it", None),
        ("describe the mill", None),
        ("What does the message say?", None),
        ("What did the headline writer say?", None),
        ("When was the report published?", None),
        ("What is the subject of the dispute?", None),
        ("What topic did they need?", None),
        ("Which point did she make?", None),
        ("What news did he bring to the story teller?", None),
        ("Who wrote the article about dragons?", None),
        ("What happened in the harbour?", None),
        ("List everyone mentioned in the article", PEOPLE),
        ("Which people appear in this article?", PEOPLE),
        ("name all the people", PEOPLE),
        ("Who are the people in the story?", PEOPLE),
        ("give me all the names mentioned", PEOPLE),
        ("Which people does the article “Mill” name?", OverviewWanted("people", title="Mill")),
        ("Who is in the article?", PEOPLE),
        ("Whom does the story mention?", PEOPLE),
        ("Who is in the boat?", None),
        ("Which names did she give?", None),
        ("Who appears in the film?", None),
        ("Who is named in the lawsuit?", None),
        ("How many people are mentioned in the article?", None),
        ("name all the people who died", None),
        ("How many people live there?", None),
    ],
)
def test_questions_about_an_article_as_a_whole_are_known(question, wanted):
    """They are told from questions about what stands in it, and by which words they name the article."""
    assert overview_wanted(question) == wanted
