from __future__ import annotations

import random
import re
import time
import zipfile
from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest

from index import SourceError, read_file

DOCUMENTS = Path(__file__).parent / "documents"
TITLE = "The ferry at Hollins Reach sails again"
CONTROL = set(map(chr, [*range(9), 11, *range(14, 32)]))
ACROSS_A_PAGE = '"A ferry is a road," said Ekblad, "and nobody pays to walk on a road."'
STORIES = ["columns.pdf", "printed.pdf", "story.docx", "story.epub", "story.eml"]


def plain(text: str) -> str:
    return text.translate(str.maketrans("“”’", '""\''))


@pytest.mark.parametrize("name", ["columns.pdf", "printed.pdf", "story.docx", "story.epub"])
def test_a_document_gives_its_story(name):
    """Title, day and whole sentences come out, wherever lines and pages break; paragraphs stay apart."""
    article = read_file(DOCUMENTS / name)
    assert article.title == TITLE
    assert article.published == date(2022, 3, 14)
    assert article.language == "en"
    paragraphs = plain(article.text).split("\n\n")
    assert "What it cost" in paragraphs
    assert any(ACROSS_A_PAGE in paragraph for paragraph in paragraphs)
    assert any(
        "among them the mayor, Tomas Ekblad, who had called the repair" in part
        for part in paragraphs
    )


@pytest.mark.parametrize("name", ["columns.pdf", "printed.pdf"])
def test_headers_footers_and_page_numbers_are_no_text(name):
    """What stands at the edge of each page is left out, though its number and place change."""
    text = read_file(DOCUMENTS / name).text
    assert not any(
        edge in text for edge in ("SOUND COURIER", "Page 1", "localhost", "1/2", "AM", "PM")
    )


def test_words_that_a_line_broke_are_whole():
    """A hyphen that the line put in goes, one that belongs to the word stays."""
    text = read_file(DOCUMENTS / "columns.pdf").text
    for word in ("passengers", "discussed", "expected", "forty-one", "well-known"):
        assert re.search(rf"\b{word}\b", text)


def test_a_title_that_names_a_file_is_none():
    """What a word processor puts down for a title gives way to the first line."""
    assert b"Microsoft Word" in (DOCUMENTS / "columns.pdf").read_bytes()
    assert read_file(DOCUMENTS / "columns.pdf").title == TITLE


@pytest.mark.parametrize("name", ["story.docx", "story.epub"])
def test_a_table_gives_its_rows(name):
    """Each row is a line of its own, its cells apart."""
    article = read_file(DOCUMENTS / name)
    assert "Rudder | 340,000 | Brandholm" in article.text.split("\n\n")
    assert article.author == "Ines Vardal"


def test_a_word_file_is_read_with_its_changes_accepted(tmp_path):
    """What a tracked change inserted is text, what it deleted is not."""
    path = tmp_path / "changed.docx"
    with zipfile.ZipFile(DOCUMENTS / "story.docx") as story, zipfile.ZipFile(path, "w") as changed:
        for part in story.namelist():
            data = story.read(part)
            if part == "word/document.xml":
                change = (
                    b'<w:p><w:ins w:id="1" w:author="x"><w:r><w:t>A new sentence.</w:t></w:r></w:ins>'
                    b'<w:del w:id="2" w:author="x"><w:r><w:delText>An old one.</w:delText></w:r></w:del></w:p>'
                )
                assert data.count(b"<w:body>") == 1
                data = data.replace(b"<w:body>", b"<w:body>" + change)
            changed.writestr(part, data)
    text = read_file(path).text
    assert "A new sentence." in text
    assert "An old one." not in text


def test_a_message_gives_what_it_says_itself():
    """Subject, sender and the sender's own day are read; what it quotes, signs and encloses is not."""
    article = read_file(DOCUMENTS / "story.eml")
    assert article.title == "Die Fähre fährt wieder – endlich"
    assert article.author == "Jörg Ütrecht"
    assert article.published == date(2022, 3, 14)
    assert article.text == (
        "Die Fähre von Hollins Reach fährt seit Samstag wieder. Die Reparatur kostete 2,3 Millionen Kronen."
        "\n\nDer Bürgermeister war an Bord."
    )


def test_a_message_in_html_gives_its_text(tmp_path):
    """Blocks become paragraphs; styles and scripts are left out."""
    path = tmp_path / "letter.eml"
    html = "<style>p {color: red}</style><p>The <b>ferry</b> sails.</p><script>alert(1)</script><div>It is old.</div>"
    path.write_text(
        f"Subject: Ferry\nContent-Type: text/html; charset=utf-8\n\n<html><body>{html}</body></html>"
    )
    assert read_file(path).text == "The ferry sails.\n\nIt is old."


def test_a_message_is_read_in_the_encoding_of_its_header(tmp_path):
    """What the page in it says of itself no longer holds once the message is decoded."""
    path = tmp_path / "letter.eml"
    html = '<html><head><meta charset="iso-8859-1"></head><body><p>Die Fähre.</p></body></html>'
    path.write_text(
        f"Subject: Ferry\nContent-Type: text/html; charset=utf-8\n\n{html}", encoding="utf-8"
    )
    assert read_file(path).text == "Die Fähre."


def test_a_pdf_that_may_only_not_be_printed_is_read():
    """A lock without a password keeps nobody from reading."""
    assert (
        read_file(DOCUMENTS / "unprintable.pdf").text == read_file(DOCUMENTS / "columns.pdf").text
    )


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("locked.pdf", "locked by a password"),
        ("pictures.pdf", r"pictures of pages but no text; run text recognition"),
    ],
)
def test_a_pdf_without_text_to_read_is_refused(name, reason):
    """It says why, and what would help."""
    with pytest.raises(SourceError, match=reason):
        read_file(DOCUMENTS / name)


def book(
    path: Path,
    chapter: str | bytes = "<p>It sails.</p>",
    href: str = "one.xhtml",
    **parts: str | bytes,
) -> Path:
    container = (
        '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="OPS/book.opf"/></rootfiles></container>'
    )
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
        "<dc:title>Ferry</dc:title><dc:date>2022-13-77</dc:date></metadata>"
        f'<manifest><item id="a" href="{href}"/></manifest><spine><itemref idref="a"/></spine></package>'
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("META-INF/container.xml", container)
        archive.writestr("OPS/book.opf", package)
        archive.writestr("OPS/one.xhtml", chapter)
        for name, data in parts.items():
            archive.writestr(name.replace("__", "/"), data)
    return path


def test_a_book_without_a_proper_day_has_none(tmp_path):
    """A date that is no day is not made one."""
    article = read_file(book(tmp_path / "a.epub"))
    assert (article.title, article.text, article.published) == ("Ferry", "It sails.", None)


@pytest.mark.parametrize("codec", ["utf-8", "utf-16"])
def test_a_chapter_is_read_in_its_own_encoding(tmp_path, codec):
    """A book's chapters may be in UTF-16 as well."""
    chapter = (
        f'<?xml version="1.0" encoding="{codec}"?><html><body><p>Die Fähre fährt.</p></body></html>'
    )
    assert (
        read_file(book(tmp_path / "a.epub", chapter=chapter.encode(codec))).text
        == "Die Fähre fährt."
    )


@pytest.mark.parametrize("ending", [".docx", ".epub"])
def test_a_zip_bomb_is_refused_unpacked(tmp_path, ending):
    """A small file that unpacks to a giant one is refused by what it declares, in no time."""
    path = tmp_path / f"bomb{ending}"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(3):
            archive.writestr(f"word/{number}.xml", b"0" * 100_000_000)
    begun = time.monotonic()
    with pytest.raises(SourceError, match="unpacks to more than 200 MB"):
        read_file(path)
    assert time.monotonic() - begun < 2


def test_a_bomb_that_lies_about_its_size_is_damaged(tmp_path):
    """A part that unpacks to more than it declares is not read past what it declares."""
    path = book(tmp_path / "liar.epub", chapter=b"<p>" + b"0" * 50_000_000 + b"</p>")
    data = bytearray(path.read_bytes())
    true, claimed = (50_000_007).to_bytes(4, "little"), (1_000).to_bytes(4, "little")
    assert data.count(true) == 2
    path.write_bytes(bytes(data).replace(true, claimed))
    with pytest.raises(SourceError, match="damaged"):
        read_file(path)


def test_entities_and_paths_of_a_book_lead_nowhere(tmp_path):
    """Neither an entity that multiplies nor a name outside the file is followed."""
    secret = tmp_path / "secret.xhtml"
    secret.write_text("<p>secret</p>")
    with pytest.raises(SourceError):
        read_file(book(tmp_path / "path.epub", href=f"../../../..{secret}"))
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "ha"}">' for n in range(9))
    bomb = f'<!DOCTYPE p [{entities}<!ENTITY file SYSTEM "{secret.as_uri()}">]><p>Ferry &e8; &file;</p>'
    text = read_file(book(tmp_path / "bomb.epub", chapter=bomb)).text
    assert "secret" not in text
    assert len(text) < 2_000


def test_a_book_that_its_shop_has_locked_is_refused(tmp_path):
    """The reason is named, not "damaged"."""
    lock = '<encryption><CipherReference URI="OPS/one.xhtml"/></encryption>'
    with pytest.raises(SourceError, match="DRM"):
        read_file(book(tmp_path / "locked.epub", **{"META-INF__encryption.xml": lock}))


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("old.docx", b"\xd0\xcf\x11\xe0" + bytes(100), "from an old version of Word"),
        ("page.docx", b"<html>It sails.</html>", "Word file is damaged"),
        ("page.epub", b"<html>It sails.</html>", "EPUB file is damaged"),
        ("page.pdf", b"<html>It sails.</html>", "PDF file is damaged"),
        ("silent.eml", b"Subject: Nothing\n\n> what you said\n", "no text of its own"),
        (
            "klingon.eml",
            b"Content-Type: text/plain; charset=klingon\n\nIt sails.\n",
            "e-mail file is damaged",
        ),
        (
            "deep.eml",
            b"".join(
                b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n)
                for n in range(3000)
            ),
            "e-mail file is damaged",
        ),
    ],
)
def test_what_is_no_document_is_refused(tmp_path, name, data, reason):
    """One sentence says what is wrong and what to do."""
    (tmp_path / name).write_bytes(data)
    with pytest.raises(SourceError, match=reason) as caught:
        read_file(tmp_path / name)
    assert "; " in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", STORIES)
def test_whatever_damage_a_document_has_it_is_an_article_or_an_error(tmp_path, name):
    """Cut short, bytes changed, parts doubled: nothing else is raised, no control character gets through."""
    draw = random.Random(20_220_314)
    whole = (DOCUMENTS / name).read_bytes()
    path = tmp_path / name
    for _ in range(40):
        data = bytearray(whole)
        for _ in range(draw.choice([1, 5, 50])):
            data[draw.randrange(len(data))] = draw.randrange(256)
        if draw.random() < 0.3:
            del data[draw.randrange(len(data)) :]
        path.write_bytes(data)
        with suppress(SourceError):
            assert not set(read_file(path).text) & CONTROL


def test_an_uploaded_document_is_named_by_its_own_name():
    """Its source is what the caller says, not a path."""
    assert read_file(DOCUMENTS / "story.docx", source="ferry.docx").source == "ferry.docx"
