"""Read EPUB and e-mail files, with functions for all document formats."""

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

from index.article import LONGEST_TEXT, Article
from index.errors import SourceError
from index.sources.markup import parse_html, without_control
from index.text.metadata import read_title

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from email.message import EmailMessage
    from pathlib import Path

LARGEST_UNPACKED = 200_000_000
"""Bytes of all parts of a zip-based file, unpacked."""
LARGEST_XML = 30_000_000
"""Bytes of one part with XML or HTML. A parsed part takes many times as much memory."""
LONGEST_HEADER = 2_000
"""Characters of an e-mail's header field; the rest is cut off.

The parser's time and memory grow with the square of a field's length.
"""
MOST_PARTS = 10_000
"""Parts of a zip-based file."""
CELL_SEPARATOR = " | "
"""Text between two cells of a table row."""

# HTML elements that begin and end a paragraph.
_BLOCK_TAGS = frozenset(
    "address article aside blockquote body br dd div dl dt figcaption figure footer h1 h2 h3 h4 h5 "
    "h6 header hr li main ol p pre section table tr ul".split()
)
_CELL_TAGS = frozenset({"td", "th"})
# HTML elements whose text is not part of the document.
_SKIPPED_TAGS = frozenset("head nav script style template title".split())
# The name of a part with XML or HTML: "word/document.xml", "OPS/one.xhtml", "OPS/book.opf"
_XML_NAME = re.compile(r"\.(?:xml|rels|opf|ncx|x?html?)$", re.IGNORECASE)
# The line above a quotation in an e-mail: "On Monday, Ida wrote:\n" before "> Hello".
_ATTRIBUTION = re.compile(r"^[^\n>]*:\n+(?=>)", re.MULTILINE)
# The line between a message and its signature.
_SIGNATURE_LINE = "\n-- \n"
# The day at the start of a date: "2016-09-29" in "2016-09-29T10:30:00Z".
_ISO_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_NAMESPACES = {
    "c": "urn:oasis:names:tc:opendocument:xmlns:container",
    "opf": "http://www.idpf.org/2007/opf",
    "dc": "http://purl.org/dc/elements/1.1/",
}


def read_epub(data: bytes, path: Path, source: str) -> Article:
    """Read the chapters of an EPUB book in reading order.

    The book's package gives the title, the author, the day and the language. Raises
    `SourceError`.
    """
    with damage_as_source_error("EPUB"), zipfile.ZipFile(io.BytesIO(data)) as archive:
        check_parts(data)
        # The container names the package, and the package lists the chapters.
        container = _parse_part(archive, "META-INF/container.xml")
        place = container.xpath("string(//c:rootfile/@full-path)", namespaces=_NAMESPACES)
        package = _parse_part(archive, place)
        folder = posixpath.dirname(place)
        chapters = [
            posixpath.normpath(posixpath.join(folder, name)) for name in _chapter_names(package)
        ]
        if not set(chapters).isdisjoint(_encrypted_parts(archive)):
            raise SourceError("the book is copy-protected (DRM); add a copy without protection")
        text = _chapter_texts(archive, chapters)
        title, author, day, language = (
            _dublin_core(package, key) for key in ("title", "creator", "date", "language")
        )
    if not text:
        raise SourceError("the book has no text; add a book that has text")
    return Article.from_text(
        text,
        source,
        title=title or read_title(text) or path.stem,
        author=author,
        published=_parse_day(day),
        language=(language or "")[:2].lower() or None,
    )


def read_email(data: bytes, path: Path, source: str) -> Article:
    """Read an e-mail message without quotations, signature and attachments.

    The title is the subject or the file's name. Raises `SourceError`.
    """
    with damage_as_source_error("e-mail"):
        message: Any = email.message_from_bytes(data, policy=_ShortHeaders())
        text = _own_text(message)
        subject = without_control(str(message.get("subject", "")))
        sender = without_control(str(message.get("from", "")))
        sent = message["date"].datetime if message["date"] else None
    if not text:
        raise SourceError(
            "the message has no text of its own; add its attachments or the quoted message"
        )
    name, address = parseaddr(sender)
    return Article.from_text(
        text,
        source,
        title=subject.strip() or path.stem,
        author=name or address or None,
        published=sent and sent.date(),
    )


class _ShortHeaders(email.policy.EmailPolicy):
    """Cuts off what is beyond `LONGEST_HEADER`."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        """Return the name and the value of a header field."""
        name, value = super().header_source_parse(sourcelines)
        return name, value[:LONGEST_HEADER]


@contextmanager
def damage_as_source_error(kind: str) -> Iterator[None]:
    """Turn any exception of a parsing library into a `SourceError` about a damaged file."""
    try:
        yield
    except (SourceError, MemoryError):
        raise
    except Exception as error:  # The libraries do not document their errors on damaged files.
        raise SourceError(
            f"the {kind} file is damaged; open it in the program that made it and save it again"
        ) from error


def check_parts(data: bytes) -> None:
    """Refuse a zip bomb. zipfile reads at most the size that a part declares.

    Raises `SourceError`.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = archive.infolist()
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > LARGEST_UNPACKED:
        size = f"{LARGEST_UNPACKED // 1_000_000} MB"
        raise SourceError(f"the file unpacks to more than {size}; split it into articles")
    if any(part.file_size > LARGEST_XML and _XML_NAME.search(part.filename) for part in parts):
        size = f"{LARGEST_XML // 1_000_000} MB"
        raise SourceError(f"a part of the file has more than {size}; split it into articles")


def join_paragraphs(paragraphs: Iterable[str]) -> str:
    """Join paragraphs by blank lines, with white space normalised and empty ones dropped."""
    clean = (" ".join(without_control(paragraph).split()) for paragraph in paragraphs)
    return "\n\n".join(paragraph for paragraph in clean if paragraph)


def _parse_part(archive: zipfile.ZipFile, name: str) -> Any:
    """Return the root element of an XML file in an archive."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    return etree.fromstring(archive.read(name), parser)


def _chapter_texts(archive: zipfile.ZipFile, names: Iterable[str]) -> str:
    """Return the text of chapters, each once. Raises `SourceError` if it is too long."""
    texts: list[str] = []
    left = LONGEST_TEXT
    for name in dict.fromkeys(names):
        text = _html_text(archive.read(name))
        left -= len(text)
        if left < 0:
            size = f"{LONGEST_TEXT // 1_000_000} million characters"
            raise SourceError(f"the book has more than {size}; split it into articles")
        texts.append(text)
    return "\n\n".join(filter(None, texts))


def _chapter_names(package: Any) -> list[str]:
    """Return the file names of a book's chapters in reading order."""
    items = package.iterfind(".//opf:manifest/opf:item", _NAMESPACES)
    names = {item.get("id"): item.get("href", "") for item in items}
    spine = package.iterfind(".//opf:spine/opf:itemref", _NAMESPACES)
    order = (reference.get("idref") for reference in spine)
    return [unquote(names[item_id]) for item_id in order if item_id in names]


def _encrypted_parts(archive: zipfile.ZipFile) -> set[str]:
    if "META-INF/encryption.xml" not in archive.namelist():
        return set()
    encryption = _parse_part(archive, "META-INF/encryption.xml")
    return {unquote(str(name)) for name in encryption.xpath("//@URI")}


def _dublin_core(package: Any, key: str) -> str | None:
    """Return the first Dublin Core value of a book's package under a key, such as "creator"."""
    text = package.findtext(f".//dc:{key}", namespaces=_NAMESPACES)
    return " ".join((text or "").split()) or None


def _parse_day(text: str | None) -> date | None:
    match = _ISO_DAY.match(text or "")
    try:
        return date(*map(int, match.groups())) if match else None
    except ValueError:  # 2016-02-30
        return None


def _html_text(data: bytes, charset: str | None = None) -> str:
    """Return the text of an HTML page, a paragraph for each block element."""
    tree = parse_html(data, charset)
    pieces: list[str] = []
    skipped_depth = 0
    for event, element in etree.iterwalk(tree, events=("start", "end")):
        is_start = event == "start"
        skipped_depth += (1 if is_start else -1) * (element.tag in _SKIPPED_TAGS)
        # The border before or after the element.
        is_cell = element.tag in _CELL_TAGS
        if element.tag in _BLOCK_TAGS:
            pieces.append("\n")
        elif is_start and is_cell and element.getprevious() is not None:
            pieces.append(CELL_SEPARATOR)
        # The text inside the element before its first child, or the text after the element.
        text = element.text if is_start else element.tail
        pieces.append("" if skipped_depth else re.sub(r"\s+", " ", text or ""))
    return join_paragraphs("".join(pieces).split("\n"))


def _own_text(message: EmailMessage) -> str:
    """Return the text of a message's body without quotations and signature."""
    body = message.get_body(("plain", "html"))
    if body is None:
        return ""
    content: str = body.get_content()
    if body.get_content_subtype() == "html":
        return _html_text(content.encode(), "utf-8")
    unsigned, _, _ = content.replace("\r\n", "\n").partition(_SIGNATURE_LINE)
    unsigned = _ATTRIBUTION.sub("", unsigned)
    lines = ("" if line.startswith(">") else line.strip() for line in unsigned.splitlines())
    return join_paragraphs("\n".join(lines).split("\n\n"))
