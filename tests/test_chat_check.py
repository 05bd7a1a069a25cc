"""A chat model's claim beside the sentence that it cites."""

from __future__ import annotations

import pytest

from assistant.chat.check import CheckedClaim, ClaimCheck
from assistant.chat.claims import Claim
from assistant.chat.judge import Judge
from assistant.quoting.sentences import Sentence
from index import Article


@pytest.fixture
def checked(embedder):
    """Checks a claim about an article of one sentence."""

    def of(claim: str, sentence: str) -> CheckedClaim:
        article = Article.from_text(f"News\n\n{sentence}", "herald", title="News", language="en")
        quote = Sentence(article, len(article.text) - len(sentence), len(article.text), 1.0)
        claim_check = ClaimCheck("What happened to it?", {1: [quote]}, embedder, Judge())
        return claim_check.check(Claim(claim, (1,)))

    return of


@pytest.mark.parametrize(
    ("claim", "sentence"),
    [
        ("35 people came to the mill.", "Thirty-five people came to the mill."),
        ("Two hundred and fifty people came to the mill.", "About 250 people came to the mill."),
        ("The second bridge in Norburg opened.", "The 2nd bridge in Norburg opened."),
        ("King Charles I lost the battle.", "King Charles I lost the battle."),
        ("The plan for the mill passed.", "The plan for the mill passed on Monday."),
        ("The mill burned.", "Not only the mill but also the barn burned."),
        ("The mill was sold at number 10.", "The mill was sold at No. 10."),
    ],
)
def test_a_claim_stands_that_its_sentence_says(checked, claim, sentence):
    """In whichever way numbers are written; names and nouns are no hedges, and "not only" no denial."""
    told = checked(claim, sentence)
    assert told.quotes
    assert not told.is_replaced


@pytest.mark.parametrize(
    ("claim", "sentence"),
    [
        ("The second bridge in Norburg opened.", "The third bridge in Norburg opened."),
        ("45 people came to the mill.", "Thirty-five people came to the mill."),
        ("Fifty people came to the mill.", "About 260 people came to the mill."),
        ("Berg opened the mill.", "Berg failed to open the mill."),
        ("The mill has a roof.", "The mill lacks a roof."),
    ],
)
def test_a_claim_is_withdrawn_that_its_sentence_does_not_say(checked, claim, sentence):
    """Another number, or the contrary."""
    assert not checked(claim, sentence).quotes


@pytest.mark.parametrize(
    ("claim", "sentence"),
    [
        ("The mill opens in May.", "Berg hopes to open the mill in May."),
        ("The mill opens in May.", "The mill may open in May."),
    ],
)
def test_a_sentence_stands_instead_of_a_claim_that_makes_it_sure(checked, claim, sentence):
    """What is hoped or possible is not told as a fact."""
    assert checked(claim, sentence).is_replaced
