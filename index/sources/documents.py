"""DOCX, EPUB and e-mail files become `Article`s."""

from __future__ import annotations

import email
import email.policy
import io
import posixpath
import re
import zipfile
from contextlib import contextmanager
from datetime import date
from email.utils import parseaddr
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from lxml import etree

from index.article import Article
from index.errors import SourceError
from index.sources.markup import parse_html, without_control
from index.text.metadata import read_title

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from email.message import EmailMessage
    from pathlib import Path

LARGEST_UNPACKED = 200_000_000
"""Bytes of all that a packed file holds."""
MOST_PARTS = 10_000
CELLS = " | "
"""Stands between the cells of a table's row."""
_BLOCKS = frozenset(
    "address article aside blockquote body br dd div dl dt figcaption figure footer h1 h2 h3 h4 h5 h6 header hr li "
    "main ol p pre section table tr ul".split()
)
_CELLS = frozenset({"td", "th"})
_UNREAD = frozenset("head nav script style template title".split())
_OLD_WORD = b"\xd0\xcf\x11\xe0"
_WHO_IS_QUOTED = re.compile(r"^[^\n>]*:\n+(?=>)", re.MULTILINE)
_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_NAMESPACES = {
    "w": "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    "mc": "http://schemas.openxmlformats.org/markup-compatibility/2006",
    "c": "urn:oasis:names:tc:opendocument:xmlns:container",
    "opf": "http://www.idpf.org/2007/opf",
    "dc": "http://purl.org/dc/elements/1.1/",
}

_WORDS = etree.XPath(".//w:t[not(ancestor::mc:Fallback)] | .//w:tab | .//w:br | .//w:p", namespaces=_NAMESPACES)


def read_docx(data: bytes, path: Path, source: str) -> Article:
    """Read the paragraphs and tables of a Word file, as they stand with all changes accepted. Raises `SourceError`."""
    if data.startswith(_OLD_WORD):
        raise SourceError("the file is locked by a password or of an old Word; save it as .docx without a password")
    with _damage("Word"):
        import docx

        _check_size(data)
        document = docx.Document(io.BytesIO(data))
        blocks = list(_blocks(document))
        title, author = document.core_properties.title, document.core_properties.author
    headings = (text for style, text in blocks if style in {"Title", "Heading 1"})
    text = _text(text for _, text in blocks)
    if not text:
        raise SourceError("the Word file holds no text; add one with text in it")
    return Article.from_text(
        text, source, title=title or next(headings, None) or read_title(text) or path.stem, author=author or None
    )


def read_epub(data: bytes, path: Path, source: str) -> Article:
    """Read the chapters of an EPUB book in their order, with what its package says of it. Raises `SourceError`."""
    with _damage("EPUB"), zipfile.ZipFile(io.BytesIO(data)) as archive:
        _check_size(data)
        place = _xml(archive, "META-INF/container.xml").xpath("string(//c:rootfile/@full-path)", namespaces=_NAMESPACES)
        package = _xml(archive, place)
        chapters = [posixpath.normpath(posixpath.join(posixpath.dirname(place), name)) for name in _spine(package)]
        if not set(chapters).isdisjoint(_locked(archive)):
            raise SourceError("the book is locked by its shop (DRM); add one without")
        text = "\n\n".join(filter(None, (_html_text(archive.read(name)) for name in chapters)))
        title, author, day, language = (_told(package, key) for key in ("title", "creator", "date", "language"))
    if not text:
        raise SourceError("the book holds no text; add one with text in it")
    return Article.from_text(
        text,
        source,
        title=title or read_title(text) or path.stem,
        author=author,
        published=_day(day),
        language=(language or "")[:2].lower() or None,
    )


def read_email(data: bytes, path: Path, source: str) -> Article:
    """Read what a message says itself, without what it quotes and encloses; its subject is the title."""
    with _damage("e-mail"):
        message = email.message_from_bytes(data, policy=email.policy.default)
        text = _said(message)
        subject, sender = (without_control(str(message.get(key, ""))) for key in ("subject", "from"))
        sent = message["date"].datetime if message["date"] else None
    if not text:
        raise SourceError("the message says nothing itself; add what it encloses or quotes")
    name, address = parseaddr(sender)
    return Article.from_text(
        text, source, title=subject.strip() or path.stem, author=name or address or None, published=sent and sent.date()
    )


@contextmanager
def _damage(kind: str) -> Iterator[None]:
    """Turn what a damaged file does to the libraries that read it into one sentence."""
    try:
        yield
    except SourceError:
        raise
    except Exception as error:  # What they raise on a damaged file is not documented, and is much.
        raise SourceError(f"the {kind} file is damaged; open it in its program and save it anew") from error


def _check_size(data: bytes) -> None:
    """Refuse a file that unpacks to more than an article can be: zipfile reads no more than what a part declares."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = archive.infolist()
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > LARGEST_UNPACKED:
        raise SourceError(f"the file unpacks to more than {LARGEST_UNPACKED // 1_000_000} MB; split it into articles")


def _text(paragraphs: Iterable[str]) -> str:
    clean = (" ".join(without_control(paragraph).split()) for paragraph in paragraphs)
    return "\n\n".join(paragraph for paragraph in clean if paragraph)


def _blocks(document: Any) -> Iterator[tuple[str, str]]:
    """Yield the paragraphs of a Word file with the names of their styles; the rows of a table are paragraphs too."""
    # python-docx's own text of a paragraph leaves out what a tracked change has inserted.
    for block in document.iter_inner_content():
        if hasattr(block, "rows"):
            for row in block.rows:
                cells = (_words(cell._tc) for cell in row.cells)  # noqa: SLF001
                yield "", CELLS.join(dict.fromkeys(filter(None, cells)))
        else:
            yield block.style.name if block.style else "", _words(block._p)  # noqa: SLF001


def _words(element: Any) -> str:
    """Return the text of a part of a document: that of its w:t, which what was deleted does not have."""
    found = _WORDS(element)
    return "".join(part.text or "" if part.tag.endswith("}t") else " " for part in found).strip()


def _xml(archive: zipfile.ZipFile, name: str) -> Any:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    return etree.fromstring(archive.read(name), parser)


def _spine(package: Any) -> list[str]:
    """Return the names of a book's chapters, as its package has them, in reading order."""
    places = {
        item.get("id"): item.get("href", "") for item in package.iterfind(".//opf:manifest/opf:item", _NAMESPACES)
    }
    order = (item.get("idref") for item in package.iterfind(".//opf:spine/opf:itemref", _NAMESPACES))
    return [unquote(places[idref]) for idref in order if idref in places]


def _locked(archive: zipfile.ZipFile) -> set[str]:
    if "META-INF/encryption.xml" not in archive.namelist():
        return set()
    return {unquote(str(name)) for name in _xml(archive, "META-INF/encryption.xml").xpath("//@URI")}


def _told(package: Any, key: str) -> str | None:
    """Return what the package of a book says first under a key of Dublin Core."""
    text = package.findtext(f".//dc:{key}", namespaces=_NAMESPACES)
    return " ".join((text or "").split()) or None


def _day(text: str | None) -> date | None:
    found = _DAY.match(text or "")
    try:
        return date(*map(int, found.groups())) if found else None
    except ValueError:
        return None


def _html_text(data: bytes, charset: str | None = None) -> str:
    """Return the text of a page with a paragraph for each of its blocks."""
    tree = parse_html(data, charset)
    pieces: list[str] = []
    unread = 0
    for event, element in etree.iterwalk(tree, events=("start", "end")):
        is_start = event == "start"
        unread += (1 if is_start else -1) * (element.tag in _UNREAD)
        is_next_cell = is_start and element.tag in _CELLS and element.getprevious() is not None
        pieces.append("\n" if element.tag in _BLOCKS else CELLS if is_next_cell else "")
        text = element.text if is_start else element.tail
        pieces.append("" if unread else re.sub(r"\s+", " ", text or ""))
    return _text("".join(pieces).split("\n"))


def _said(message: EmailMessage) -> str:
    body = message.get_body(("plain", "html"))
    if body is None:
        return ""
    content: str = body.get_content()
    if body.get_content_subtype() == "html":
        return _html_text(content.encode(), "utf-8")
    own, _, _ = content.replace("\r\n", "\n").partition("\n-- \n")
    own = _WHO_IS_QUOTED.sub("", own)
    lines = ("" if line.startswith(">") else line.strip() for line in own.splitlines())
    return _text("\n".join(lines).split("\n\n"))
