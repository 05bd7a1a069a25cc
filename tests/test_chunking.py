from __future__ import annotations

import random

import pytest

from index import Article
from index.chunking import CHUNK_CHARACTERS, chunk_article
from index.text.sentences import LONGEST_PIECE, TABLE_CHARACTERS, WINDOW, sentence_spans


def random_text(seed: int) -> str:
    """Return a text that repeats itself, with every kind of border and white space in it."""
    rng = random.Random(seed)
    parts = [
        "A word",
        "the same sentence.",
        "The same sentence.",
        " ",
        "\n",
        "\n\n",
        "\t",
        "\r\n",
        "”",
        "？",
        "é😀",
        "x" * 900,
    ]
    return "".join(rng.choice(parts) + rng.choice(["", " "]) for _ in range(400))


@pytest.mark.parametrize("seed", range(20))
def test_chunks_know_where_they_stand(seed):
    """Each chunk is the article's text at its offsets, in order; together they hold all but white space."""
    article = Article("id", "title", random_text(seed), "source")
    chunks = chunk_article(article)
    position = 0
    for number, chunk in enumerate(chunks):
        assert article.text[chunk.start : chunk.end] == chunk.text
        assert 0 < len(chunk.text) <= CHUNK_CHARACTERS
        assert article.text[position : chunk.start].strip() == ""
        assert chunk.id == f"id:{article.version}:{number}"
        assert chunk.version == article.version
        position = chunk.end
    assert article.text[position:].strip() == ""


def test_a_chunk_ends_with_a_sentence_where_it_can():
    """A paragraph too long for one chunk is cut between sentences, after the quotation mark that closes one."""
    text = "He said “It will rain tomorrow, and the day after.” " * 40
    chunks = chunk_article(Article("id", "title", text, "source"))
    assert len(chunks) > 1
    assert all(chunk.text.endswith("after.”") for chunk in chunks)


def test_an_id_with_colons_keeps_its_version():
    """The version of a chunk is read from its id, whatever the article's id holds."""
    article = Article("urn:article:1", "title", "It rained.", "source")
    assert chunk_article(article)[0].version == article.version


@pytest.mark.parametrize("seed", range(20))
def test_sentences_leave_nothing_out(seed):
    """Sentences do not overlap, come in order, and hold everything but white space."""
    text = random_text(seed)
    position = 0
    for start, end in sentence_spans(text):
        assert position <= start < end
        assert text[position:start].strip() == ""
        assert text[start:end] == text[start:end].strip()
        position = end
    assert text[position:].strip() == ""


def sentences(text: str, language: str | None = "en") -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text, language)]


def test_abbreviations_and_figures_end_no_sentence():
    """A full stop that belongs to a word or a number does not cut."""
    text = "Dr. Smith paid $3.5 million to Acme Inc. of Ohio. The U.S. Army said so."
    assert sentences(text) == [
        "Dr. Smith paid $3.5 million to Acme Inc. of Ohio.",
        "The U.S. Army said so.",
    ]


def test_a_long_quotation_is_split_into_its_sentences(article_path):
    """Each sentence of a quotation that goes on for several can be quoted by itself, with the mark that opens it."""
    found = sentences(article_path.read_text(encoding="utf-8"))
    assert "“The whole thing has been incredibly collaborative." in found
    assert "They invited commentary, they invited ideas, they enjoy collaboration." in found


def test_a_list_without_full_stops_is_cut_at_its_lines():
    """A table or menu is not one endless sentence."""
    text = "\n".join(f"Entry number {n} of a long list" for n in range(60))
    assert max(map(len, sentences(text))) <= TABLE_CHARACTERS


@pytest.mark.parametrize(
    ("piece", "end"),
    [("The mill, the town and the river, ", ","), ("mill ", "mill"), ("mill", "mill")],
)
def test_a_line_without_end_is_cut_at_a_mark_or_a_space(piece, end):
    """No sentence is longer than the greatest length; together the pieces are the line, but for the space between."""
    text = piece * 1_000
    found = sentences(text)
    assert max(map(len, found)) <= LONGEST_PIECE
    assert all(
        len(sentence) > LONGEST_PIECE // 2 and sentence.endswith(end) for sentence in found[:-1]
    )
    assert "".join(found).replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize("gap", [" ", "\n\n", "\n"])
def test_a_long_text_has_the_sentences_of_its_parts(gap):
    """A sentence is found whole wherever the window ends in which sentencex sees it."""
    told = [
        f"Sentence {number} is about the mill of Dr. Lind, who said “it is {number}”."
        for number in range(1_000)
    ]
    text = gap.join(told)
    assert len(text) > 5 * WINDOW
    assert sentences(text) == told
