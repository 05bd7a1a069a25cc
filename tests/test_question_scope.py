"""Questions that say which articles are to be asked."""

from __future__ import annotations

import pytest

from assistant import Assistant
from assistant.question.scope import without_limit
from index import Article

HERALD = Article.from_text(
    "Mill sold\n\nMay 3, 2021\n\nThe mill in Ostheim was sold for 6 million euros.", "The Herald"
)
COURIER = Article.from_text(
    "Mill sold\n\nMay 9, 2022\n\nThe mill in Ostheim was sold for 8 million euros.", "The Courier"
)
PAGE = Article.from_text("Mill sold\n\nThe mill in Ostheim is sold.", "www.mills.example")
POST = Article.from_text(
    "Mill sold\n\nThe mill is sold.", "https://post.example/1", site="The Morning Post"
)
ARTICLES = [HERALD, COURIER, PAGE, POST]


@pytest.mark.parametrize(
    ("question", "asked", "within"),
    [
        ("According to the Herald, who runs it?", "who runs it?", [HERALD]),
        ("who runs it according to The Courier?", "who runs it?", [COURIER]),
        ("who runs it according to www.mills.example?", "who runs it?", [PAGE]),
        ("who runs it according to the Morning Post?", "who runs it?", [POST]),
        ("Who ran it in articles from 2021?", "Who ran it?", [HERALD]),
        ("In news of 1999, who ran it?", "who ran it?", []),
    ],
)
def test_a_source_or_a_year_limits_what_is_asked(question, asked, within):
    """It is taken out of the question, in which it would be looked for."""
    assert without_limit(question, lambda: ARTICLES) == (
        asked,
        tuple(article.id for article in within),
    )


@pytest.mark.parametrize(
    "question",
    ["Who runs it?", "Who runs it according to Berg?", "Who ran it in 2021?", "according to ?", ""],
)
def test_other_questions_limit_nothing(question):
    """A speaker is no source, and a year of the story none of the article."""
    assert without_limit(question, lambda: ARTICLES) is None


def test_only_the_source_that_is_named_is_asked(new_index):
    """End to end: each of two articles that disagree, and a year of which there is none."""
    new_index.add(HERALD, COURIER)
    assistant = Assistant(new_index)
    question = "How much was the mill in Ostheim sold for according to {}?"
    for article, words in ((HERALD, "6 million euros"), (COURIER, "8 million euros")):
        answer = assistant.ask(question.format(article.source))
        assert answer.words == words
        assert {citation.article_id for citation in answer.citations} == {article.id}
    assert assistant.ask("Who sold the mill in articles from 1999?").status == "refused"
