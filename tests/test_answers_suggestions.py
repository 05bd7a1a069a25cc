from __future__ import annotations

import pytest

from assistant import Assistant, Turn
from index import Article

MILL = Article.from_text(
    "Mill reopens\n\nMay 3, 2021\n\nGreta Lindqvist opened the old paper mill in Ostheim. The mill was built in 1911. "
    "“Nobody believed in it,” Lindqvist said. She wants to make paper there.",
    "herald",
)
CHOIR = Article.from_text(
    "Choir on tour\n\nMay 9, 2021\n\nThe choir of Dalby travels to Tallinn. “We sing for bread,” said Amira Haddad. "
    "Haddad leads the choir with a cane.",
    "courier",
)


@pytest.fixture
def clerk(new_index):
    """An assistant that knows two articles."""
    new_index.add(MILL, CHOIR)
    return Assistant(new_index)


def test_every_suggestion_is_answered(clerk):
    """By turns of the newest articles; asked, each is answered from the articles."""
    first = clerk.suggestions()
    assert "Choir on tour" in first[0]
    assert "Mill reopens" in first[1]
    assert len(first) == 4
    for question in first:
        assert clerk.ask(question).status == "answered", question


def test_following_suggestions_are_of_the_article_that_was_cited(clerk):
    """Not what was asked already, however it was typed, nor what the answers so far have shown."""
    asked = "WHO opened the old paper mill"
    turns = [Turn(asked, clerk.ask(asked))]
    following = clerk.suggestions(turns)
    assert following
    for question in following:
        citation = clerk.ask(question).citations[0]
        assert citation.article_id == MILL.id
        assert citation.start != turns[0].answer.citations[0].start
    turns.append(Turn(following[0], clerk.ask(following[0])))
    assert following[0] not in clerk.suggestions(turns)


def test_nothing_is_suggested_where_nothing_is_answered(clerk, new_index):
    """Neither over an empty index, nor after turns that cited nothing."""
    assert clerk.suggestions([Turn("thanks", clerk.ask("thanks"))]) == ()
    for article in (MILL, CHOIR):
        new_index.remove(article.id)
    assert clerk.suggestions() == ()


def test_suggestions_follow_a_change_of_the_article(clerk, new_index):
    """What an article no longer says is no longer suggested."""
    assert any("opened" in question for question in clerk.suggestions(most=10))
    new_index.add(
        Article.from_text(
            "Mill burns\n\nMay 4, 2021\n\nThe paper mill burned down on Monday.", "herald"
        )
    )
    assert not any("opened" in question for question in clerk.suggestions(most=10))
