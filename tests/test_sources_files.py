from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from index import Article, SourceError, read_file
from index.sources.files import LARGEST_FILE, expand

PAGE = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Mill opens - The Ostheim Herald</title>
<meta property="og:title" content="Mill opens in Ostheim">
<meta property="article:published_time" content="2021-05-03T09:00:00+02:00"></head><body>
<nav><a href="/">Home</a> <a href="/sport">Sport</a></nav>
<article><h1>Mill opens in Ostheim</h1>
<p>The paper mill in Ostheim opened on Monday after four years of building, the town said in a statement.</p>
<p>Its director, Greta Lindqvist, told the guests that the mill would employ three hundred people by autumn.</p>
<p>The river had been moved twice to make room for it, and the old bridge was taken down stone by stone.</p></article>
<footer>Accept our cookies. Copyright 2026.</footer><div class="comments"><p>First comment!</p></div></body></html>"""


def test_plain_text_stays_as_it_is(tmp_path):
    """A text file's own characters, line ends and spaces are the article's."""
    text = "A title\r\n\r\n  It rained.\tAll day. \u00a0é😀\n"
    path = tmp_path / "rain.txt"
    path.write_bytes(text.encode())
    article = read_file(path)
    assert article.text == text
    assert article.source == str(path)
    assert article.title == "A title"


def test_a_byte_order_mark_is_not_text(tmp_path):
    """The mark that some editors put first is no character of the article."""
    path = tmp_path / "rain.txt"
    path.write_bytes("It rained.".encode("utf-8-sig"))
    assert read_file(path).text == "It rained."


def test_a_web_page_gives_its_article_alone(tmp_path):
    """Main text, title and date come from the page; its menu, footer and comments do not."""
    path = tmp_path / "page.html"
    path.write_text(PAGE, encoding="utf-8")
    article = read_file(path)
    assert article.title == "Mill opens in Ostheim"
    assert article.published == date(2021, 5, 3)
    assert "Greta Lindqvist" in article.text
    assert not any(word in article.text for word in ("Sport", "cookies", "First comment"))


def test_a_fragment_of_a_page_is_read(tmp_path):
    """What a page was cut down to, without its outer tags, still gives its text."""
    path = tmp_path / "fragment.html"
    path.write_text("<h1>Bridge</h1><p>The bridge was opened by Anna Smith.</p>")
    assert "The bridge was opened by Anna Smith." in read_file(path).text


def test_a_page_without_a_date_has_none(tmp_path):
    """The date of a page that names none is not taken from its copyright line, nor from the clock."""
    path = tmp_path / "page.html"
    path.write_text(
        PAGE.replace(
            '<meta property="article:published_time" content="2021-05-03T09:00:00+02:00">', ""
        )
    )
    assert read_file(path).published is None


def test_two_spellings_of_a_path_are_one_source(tmp_path):
    """The id of an article does not depend on how its path was written."""
    (tmp_path / "a.txt").write_text("It rained.")
    assert read_file(tmp_path / "a.txt").id == read_file(tmp_path / "x" / ".." / "a.txt").id


def test_a_folder_gives_all_its_articles(tmp_path):
    """Articles in folders below it are found, hidden ones and other files are not."""
    for name in ("b.md", "a.txt", "sub/c.HTML", ".hidden.txt", ".git/d.txt", "picture.png"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("It rained.")
    assert [Path(str(found)).name for found in expand(tmp_path)] == ["a.txt", "b.md", "c.HTML"]


def test_an_article_is_its_own_source():
    """An `Article` value goes through unchanged."""
    article = Article.from_text("It rained.", "rain")
    assert list(expand(article)) == [article]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("empty.txt", b"", "empty"),
        ("blank.txt", b" \n\t\n", "empty"),
        ("binary.txt", bytes(range(256)), "binary"),
        ("picture.txt", b"\x89PNG\r\n\x1a\n\x00\x00\x00", "binary"),
        ("zeros.txt", b"abc\x00def", "binary"),
        ("utf16.txt", "It rained all day.".encode("utf-16"), "UTF-16"),
        (
            "latin1.txt",
            "Der Regen fällt über die Dächer von Köln.".encode("latin-1"),
            "another encoding",
        ),
        ("notext.html", b"<html><body><script>1</script></body></html>", "no article text"),
        ("nothtml.html", b"\x00\x01\x02\x03", "no article text"),
        ("story.odt", b"PK", r"\(\.odt\) cannot be read; save it as \.txt, \.md, \.html, \.pdf"),
        ("addresses.txt", b"https://example.org/a\nhttps://example.org/b\n", "lists web addresses"),
        ("data.xml", b"<data><x>1</x></data>", "not a feed or sitemap"),
        (
            "feed.rss",
            b"<rss version='2.0'><channel><title>Empty</title></channel></rss>",
            "not a feed or sitemap",
        ),
        ("noending", b"It rained.", r"\(no extension\) cannot be read"),
    ],
)
def test_a_bad_file_is_refused_in_one_sentence(tmp_path, name, content, reason):
    """Each says what is wrong with the file and what to do about it."""
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(SourceError, match=reason) as caught:
        read_file(path)
    assert "\n" not in str(caught.value)
    assert "; " in str(caught.value)


def test_a_giant_file_is_refused_unread(tmp_path):
    """A file beyond the limit is not read into memory."""
    path = tmp_path / "giant.txt"
    with path.open("wb") as file:
        file.truncate(LARGEST_FILE + 1)
    with pytest.raises(SourceError, match="larger than 20 MB"):
        read_file(path)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("/no/such/file.txt", "no such file"),
        ("", "path is empty"),
        ("bad\x00name.txt", "cannot be opened"),
        ("x" * 5000, "cannot be opened"),
    ],
)
def test_a_source_that_is_not_there_is_refused(source, reason):
    """The reason and the way out are in the sentence."""
    with pytest.raises(SourceError, match=reason):
        list(expand(source))


def test_a_folder_without_articles_is_refused(tmp_path):
    """It says which files it looks for."""
    (tmp_path / "picture.png").write_bytes(b"x")
    with pytest.raises(SourceError, match=r"put \.txt, \.md, .* files into it"):
        list(expand(tmp_path))
