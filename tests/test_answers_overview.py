from __future__ import annotations

import pytest

from assistant import Assistant, Turn
from index import Article

MILL = """The mill is saved

3 May 2021

The paper mill in Ostheim will not be torn down, the town council decided on Monday after a long debate.

“We all learnt to swim below that wheel,” said Greta Lindqvist, who has led the campaign to save the mill. Lindqvist is
a teacher. The council will pay for a new roof, and a museum of paper making is to open in the mill next spring.

It rained. Nobody went home."""

HARBOUR = """The harbour is dredged

4 June 2020

The harbour of Westhaven is too shallow for the new ferries, and the town will have it dredged this summer.

The work is to take six weeks, during which the ferries stop at the old pier of the fishing fleet."""


@pytest.fixture
def assistant(new_index):
    """An assistant over two articles, that of the mill being the newer."""
    new_index.add(Article.from_text(MILL, "The Herald"), Article.from_text(HARBOUR, "The Gazette"))
    return Assistant(new_index)


def check(assistant, answer):
    """Assert that what is answered stands in one article, verbatim, in the order of its text."""
    assert answer.status == "answered"
    for citation in answer.citations:
        article = assistant.index.article(citation.article_id, citation.version)
        assert article.text[citation.start : citation.end] == citation.quote
        assert f"[{citation.number}]" in answer.text
    assert len({citation.article_id for citation in answer.citations}) == 1


@pytest.mark.parametrize(
    "question", ["what is this about?", "summarise it", "What's the article about"]
)
def test_an_article_is_summed_up_in_its_own_sentences(assistant, question):
    """Title, source and day, and its most central sentences; without a context, those of the newest article."""
    answer = assistant.ask(question)
    check(assistant, answer)
    assert answer.text.startswith("“The mill is saved” (The Herald, 3 May 2021):")
    assert 2 <= len(answer.citations) <= 3
    assert [citation.start for citation in answer.citations] == sorted(
        citation.start for citation in answer.citations
    )
    assert not any("rained" in citation.quote for citation in answer.citations)


def test_the_article_that_is_talked_of_is_summed_up(assistant):
    """The one that the last answer cited is meant, not the newest."""
    history = [
        Turn(
            "how long is the harbour dredged?",
            assistant.ask("how long does dredging the harbour take?"),
        )
    ]
    assert assistant.ask("summarise it", history).citations[0].title == "The harbour is dredged"


def test_an_article_is_named_by_words_of_its_title(assistant):
    """A summary of something that is no article's title is no summary of an article."""
    assert (
        assistant.ask("summarise the harbour article").citations[0].title
        == "The harbour is dredged"
    )
    assert "dragons" not in assistant.ask("summarise the article about dragons").text


def test_the_people_named_are_listed_with_their_sentences(assistant):
    """Each name has the sentence that names it first."""
    answer = assistant.ask("list the people named")
    check(assistant, answer)
    assert answer.text == "Greta Lindqvist [1]"
    assert "Greta Lindqvist" in answer.citations[0].quote


def test_an_empty_index_has_no_overview(new_index):
    """It says that it is empty."""
    assert "empty" in Assistant(new_index).ask("what is this about?").text


def test_the_shortest_article_has_an_overview(new_index):
    """Two words are their own summary."""
    new_index.add(Article.from_text("It rained.", "rain"))
    answer = Assistant(new_index).ask("summarise it")
    assert [citation.quote for citation in answer.citations] == ["It rained."]


def test_an_article_is_named_by_its_title_in_quotation_marks(assistant):
    """The whole title, in whatever quotation marks, or its beginning; words that are no title are no overview."""
    for asked in (
        "What is “The harbour is dredged” about?",
        'what\'s "the harbour…" about',
        "What is “The h…” about?",
    ):
        check(assistant, assistant.ask(asked))
        assert assistant.ask(asked).citations[0].title == "The harbour is dredged"
    assert not assistant.ask("What is “harbour” about?").text.startswith(
        "“The harbour is dredged” ("
    )


@pytest.mark.parametrize("question", ["what is this about?", "list the people named"])
def test_an_overview_tells_which_article_was_meant(assistant, question):
    """Its standalone question names the article, and means the same without what was said before."""
    asked = "What is “The mill is saved” about?"
    answer = assistant.ask(question, [Turn(asked, assistant.ask(asked))])
    assert "“The mill is saved”" in answer.standalone
    assert assistant.ask(answer.standalone).citations == answer.citations
