"""Read Word files."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from lxml import etree

from index.article import Article
from index.errors import SourceError
from index.sources.documents import (
    CELL_SEPARATOR,
    check_parts,
    damage_as_source_error,
    join_paragraphs,
)
from index.text.metadata import read_title

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LONGEST_REPEATED = 200
"""Characters of a cell merged over several rows that are repeated in each of them."""
MOST_COLUMNS = 10_000
"""Columns that a cell may span; Word itself allows 63."""

# The first bytes of an OLE container: a .doc file, or a .docx file with a password.
_OLE_MAGIC = b"\xd0\xcf\x11\xe0"
_NAMESPACES = {
    "w": "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    "mc": "http://schemas.openxmlformats.org/markup-compatibility/2006",
}
# Text, tabs, line breaks and paragraphs below a part of a Word document.
_TEXT = etree.XPath(
    ".//w:t[not(ancestor::mc:Fallback)] | .//w:tab | .//w:br | .//w:p",
    namespaces=_NAMESPACES,
)
_VALUE = f"{{{_NAMESPACES['w']}}}val"


def read_docx(data: bytes, path: Path, source: str) -> Article:
    """Read the paragraphs and tables of a Word file, with all tracked changes accepted.

    The title is that of the file's properties, or the first heading, or the first line, or the
    file's name. Raises `SourceError`.
    """
    if data.startswith(_OLE_MAGIC):
        reason = "the file has a password or is from an old version of Word"
        raise SourceError(f"{reason}; save it as .docx without a password")
    with damage_as_source_error("Word"):
        import docx

        check_parts(data)
        document = docx.Document(io.BytesIO(data))
        blocks = list(_blocks(document))
        properties = document.core_properties
        title, author = properties.title, properties.author
    headings = (text for style, text in blocks if style in {"Title", "Heading 1"})
    text = join_paragraphs(text for _, text in blocks)
    if not text:
        raise SourceError("the Word file has no text; add a file that has text")
    return Article.from_text(
        text,
        source,
        title=title or next(headings, None) or read_title(text) or path.stem,
        author=author or None,
    )


def _blocks(document: Any) -> Iterator[tuple[str, str]]:
    """Yield the style and the text of each paragraph and table row of a Word document."""
    # python-docx's `paragraph.text` omits tracked insertions, so the XML is read instead.
    styles: dict[str | None, str] = {}  # python-docx looks through all styles for each paragraph.
    for block in document.iter_inner_content():
        if hasattr(block, "rows"):
            for row in _table_rows(block._tbl):  # noqa: SLF001
                yield "", row
            continue
        paragraph = block._p  # noqa: SLF001
        if paragraph.style not in styles:
            styles[paragraph.style] = block.style.name if block.style else ""
        yield styles[paragraph.style], _text(paragraph)


def _table_rows(table: Any) -> Iterator[str]:
    """Yield the text of each row, its cells apart.

    A short cell that is merged over several rows is repeated in each. The cells are read from
    the XML: python-docx lays out a grid, in a time that grows with the square of merged rows.
    """
    above: dict[int, str] = {}  # The texts of cells that go on below, by their first column.
    for row in table.iterchildren("{*}tr"):
        column = _number(row, "w:trPr/w:gridBefore", 0)
        merged: dict[int, str] = {}
        texts: list[str] = []
        for cell in row.iterchildren("{*}tc"):
            merge = cell.find("w:tcPr/w:vMerge", _NAMESPACES)
            is_continued = merge is not None and merge.get(_VALUE) != "restart"
            text = above.get(column, "") if is_continued else _text(cell)
            if merge is not None and len(text) <= LONGEST_REPEATED:
                merged[column] = text
            texts.append(text)
            column += _number(cell, "w:tcPr/w:gridSpan", 1)
        above = merged
        yield CELL_SEPARATOR.join(texts) if any(texts) else ""


def _number(element: Any, path: str, default: int) -> int:
    """Return the number of columns that a property of a row or cell states."""
    stated = element.find(path, _NAMESPACES)
    text = "" if stated is None else stated.get(_VALUE, "")
    # A longer number is a mistake or an attack.
    is_number = text.isascii() and text.isdecimal() and len(text) <= len(str(MOST_COLUMNS))
    return min(int(text), MOST_COLUMNS) if is_number else default


def _text(element: Any) -> str:
    """Return the text of a part of a Word document, without tracked deletions.

    Deleted text stands in w:delText elements, other text in w:t.
    """
    pieces = _TEXT(element)
    texts = (piece.text or "" if piece.tag.endswith("}t") else " " for piece in pieces)
    return "".join(texts).strip()
