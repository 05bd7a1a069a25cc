from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from index import Article, SourceError
from index.text.characters import printable
from index.text.language import read_language
from index.text.metadata import read_published, read_title


def test_the_shipped_article_is_read_as_its_publisher_gives_it(article_path):
    """The title, day and language come from the first lines of the text, which stays as it is."""
    text = article_path.read_bytes().decode()
    article = Article.from_text(text, "Collider")
    assert (
        article.title
        == "‘Jessica Jones’ Showrunner Melissa Rosenberg on Planning for Season 2 and ‘The Defenders’"
    )
    assert article.published == date(2016, 9, 29)
    assert article.language == "en"
    assert article.text == text


@pytest.mark.parametrize(
    "line",
    [
        "September 29, 2016",
        "Sept. 29, 2016",
        "29 September 2016",
        "By A. Writer | Published 29th September 2016 at 10:30",
        "2016-09-29T10:30:00Z",
        "29 de septiembre de 2016",
        "29. September 2016",
        "29 septembre 2016",
        "2016年9月29日",
    ],
)
def test_a_dateline_is_read(line):
    """A line among the first that is a date, in the forms of several languages, dates the article."""
    assert read_published(f"A headline\n\n{line}\n\nIt rained all day.") == date(2016, 9, 29)


@pytest.mark.parametrize(
    "text",
    [
        "A headline\n\nSeptember 29\n\nIt rained.",
        "A headline\n\nYesterday\n\nIt rained.",
        "A headline\n\n2016\n\nIt rained.",
        "The night of September 11, 2001\n\nIt rained.",
        "A headline\n\nOn September 29, 2016, two companies said that they would build a mill together in Ostheim.",
        "A headline\n\nSeptember 31, 2016\n\nIt rained.",
        "",
    ],
)
def test_a_date_is_never_guessed(text):
    """A part of a date, a date in the title or in prose, and a day that never was give no date."""
    assert read_published(text) is None


def test_front_matter_names_title_and_date():
    """A Markdown file's front matter comes before its first lines."""
    text = "---\ntitle: 'Rain in May'\ndate: 2021-05-03\n---\n# Another heading\n\nIt rained."
    assert read_title(text) == "Rain in May"
    assert read_published(text) == date(2021, 5, 3)


def test_prose_is_no_title():
    """A first line that is a paragraph is not taken for a title; the source stands in."""
    assert Article.from_text("It rained all day. " * 20, "rain.txt").title == "rain.txt"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Der Regen fiel den ganzen Tag auf die Dächer der Stadt, und niemand ging hinaus.", "de"),
        ("La lluvia cayó todo el día sobre los tejados de la ciudad y nadie salió de casa.", "es"),
        ("ok", None),
    ],
)
def test_the_language_is_told_only_where_it_can_be(text, language):
    """A sentence is enough; a word is not."""
    assert read_language(text) == language


def test_the_version_changes_with_what_the_article_says():
    """The same content has the same version, any other content another."""
    article = Article.from_text("It rained.", "rain.txt", title="Rain")
    assert article.version == Article.from_text("It rained.", "rain.txt", title="Rain").version
    assert article.version != Article.from_text("It poured.", "rain.txt", title="Rain").version
    assert article.version != Article.from_text("It rained.", "rain.txt", title="More rain").version


@pytest.mark.parametrize(
    "article",
    [
        Article("", "t", "text", "s"),
        Article("i", "t", " \n", "s"),
        Article("i", "t", "broken \ud800", "s"),
    ],
)
def test_an_article_that_cannot_be_kept_is_refused(article):
    """An id, text, and characters that can be written are needed."""
    with pytest.raises(SourceError, match=r"article|text"):
        article.check()


def test_a_terminal_is_not_steered():
    """Escape sequences and direction overrides of a text do not reach the terminal."""
    assert printable("a\x1b[31mb\x07c\u202ed\n\te") == "a\ufffd[31mb\ufffdc\ufffdd\n\te"


def test_an_author_and_a_site_make_another_version():
    """Who wrote a text and where is part of what an article says; without both its version is what it always was."""
    plain = Article("mill", "Mill opens", "It opened.", "mill")
    assert plain.version == "8d2ee7f62a9d1470"
    assert (
        len(
            {
                plain.version,
                *(replace(plain, **{field: "Greta"}).version for field in ("author", "site")),
            }
        )
        == 3
    )
