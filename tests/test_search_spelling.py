from __future__ import annotations

import pytest

from index import Article
from index.search.spelling import correct_spelling

TEXTS = ["The Kettle Choir rehearses in Westhaven. Greta Lindqvist sells tickets for the museum."]


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("who sells tikets for the musuem", "who sells tickets for the museum"),
        ("wich Ketle Choir", "which Kettle Choir"),
        ("when was it foundde", "when was it founded"),
        ("where is greta lindquist", "where is greta Lindqvist"),
        ("who runs the museum?", "who runs the museum?"),
        ("trucks and limousines in Westhaven", "trucks and limousines in Westhaven"),
        ("Xyzzyq", "Xyzzyq"),
        ("musuems", "museums"),
        ("", ""),
        ("谁经营这家工厂", "谁经营这家工厂"),
    ],
)
def test_a_slip_of_the_keys_is_mended_by_the_words_of_the_texts(asked, meant):
    """Words that are English, or near to none of the texts', stay."""
    assert correct_spelling(asked, TEXTS) == meant


def test_a_misspelt_question_finds_what_was_meant(new_index):
    """By its words too, not by its vector alone."""
    new_index.add(
        Article.from_text("Mill\n\nThe museum in the mill sells tickets.", "mill"),
        Article.from_text("Rain\n\nIt rained in the town, and the river rose by a metre.", "rain"),
    )
    right, wrong = (
        new_index.search(query, k=1)[0] for query in ("tickets museum", "tikets musuem")
    )
    assert right == wrong
