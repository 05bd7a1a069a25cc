from __future__ import annotations

import numpy as np
import pytest

from index import Chunk
from index.search.ranking import lexical_scores, rank, relevance
from index.text.words import content_words

TEXTS = [
    "The mill in Ostheim makes paper.",
    "The mayor of Ostheim resigned.",
    "Rain fell on the hills.",
]


def test_a_rare_word_counts_for_more():
    """The text with the word that only it holds comes before the one with the word that others hold as well."""
    scores = lexical_scores("paper Ostheim", TEXTS)
    assert scores[0] > scores[1] > scores[2] == 0


def test_scores_have_one_scale():
    """Every score lies between 0 and 1, and a text that carries all of a query's words has more than half."""
    assert lexical_scores("rain", ["rain rain rain rain rain rain"])[0] > 0.5
    assert np.all(
        (lexical_scores("paper Ostheim rain", TEXTS) >= 0) & (lexical_scores("paper", TEXTS) <= 1)
    )


@pytest.mark.parametrize("query", ["", "who is it?", "?!", "   "])
def test_a_query_without_content_finds_no_words(query):
    """Function words and punctuation score nothing, and divide nothing by zero."""
    assert lexical_scores(query, TEXTS).tolist() == [0, 0, 0]
    assert relevance(query, TEXTS, [1.0, 0.5, -0.5], 0.5).tolist() == [0.5, 0.25, 0]


def test_inflections_are_one_word():
    """Words are compared by their stems, in lower case."""
    assert content_words("Showrunners RUNNING the shows") == content_words("showrunner run show")


def test_ranking_weighs_words_and_meaning():
    """The best chunk has both; an exact word beats a slightly higher cosine."""
    chunks = [Chunk(f"a:v:{n}", "a", text, 0, len(text)) for n, text in enumerate(TEXTS)]
    results = rank("paper mill", chunks, [0.3, 0.35, 0.1], k=2)
    assert [result.chunk for result in results] == chunks[:2]
    assert 1 >= results[0].score > results[1].score >= 0


def test_nothing_to_rank_is_no_result():
    """An empty list of candidates gives an empty list."""
    assert rank("paper", [], [], k=5) == []


@pytest.mark.parametrize("query", ["Wem gehören die alten Häuser am Fluss?", "Häuser"])
def test_words_are_stemmed_as_in_their_language(query):
    """That of the query, or of the nearest chunk where the query does not tell: English would not see the Haus."""
    texts = [
        "Das alte Haus am Fluss gehört seit einem Jahr der Stadt Norburg, die es verkaufen möchte.",
        "Die Brücke über den Fluss kostet achtzehn Millionen Euro und wird im Herbst des Jahres eröffnet.",
    ]
    chunks = [Chunk(f"a:v:{n}", "a", text, 0, len(text)) for n, text in enumerate(texts)]
    (best,) = rank(query, chunks, [0.3, 0.31], k=1)
    assert best.chunk.text == texts[0]
    assert not set(content_words("Häuser")) & set(content_words("Haus"))
    assert content_words("Häuser", "xx") == content_words("Häuser")
