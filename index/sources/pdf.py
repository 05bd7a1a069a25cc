"""Read PDF files: lines and pages are joined into whole paragraphs."""

from __future__ import annotations

import io
import logging
import re
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

from index.article import Article
from index.errors import SourceError
from index.sources.markup import without_control
from index.text.metadata import read_title

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pypdf import PdfReader

MOST_PDF_PAGES = 2_000
"""Pages of a PDF file."""
MOST_PAGE_TEXTS = 20_000
"""Pieces of text on a page; a dense page that places each letter by itself has about 10,000.

The time for a page grows with the square of them.
"""
EDGE_LINES = 3
"""Lines at the top and at the bottom of a page that may be its header and footer."""
REPEATED_SHARE = 0.4
"""Share of the pages on which a header or footer repeats; left and right pages may differ."""
FULL_LINE_SHARE = 0.75
"""Share of a full line's length below which a line is a heading or ends its paragraph."""
FULL_LINE_QUANTILE = 0.9
"""Quantile of the lines' lengths that counts as a full line."""
MOST_GAPS_SHARE = 0.6
"""Share of lines with a gap after them above which gaps are only wide line spacing."""

# The operators that show a text: "(Rain) Tj", "[(Ra) 20 (in)] TJ"
_SHOWN_TEXT = re.compile(rb"T[jJ]")
_REPLACED = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "\u00a0": " "})
# A word that a hyphen or soft hyphen breaks at the end of a line: "exam-"
_BROKEN_WORD = re.compile(r"[^\W\d_][-\u00ad]$")
# Letters at the start of a line: "ple" in "ple. The next"
_LETTERS = re.compile(r"[^\W\d_]+")
# A whole word with its hyphens: "well-known"
_HYPHENATED_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
# A line that is only a page number: "12", "- 12 -"
_PAGE_NUMBER = re.compile(r"\W*\d{1,4}\W*")
# The end of a sentence, perhaps in quotation marks or brackets: "It rained.", "It rained.”)"
_SENTENCE_END = re.compile(r"[.!?:…][”’\"')\]»]*$")
# Titles and authors that programs fill in: "Untitled", "Microsoft Word - draft.doc", "a.indd", "—"
_JUNK = re.compile(
    r"^(?:untitled|microsoft word|powerpoint|.*\.(?:docx?|indd|pdf|qxd|tex|rtf|odt)$)|^\W*$",
    re.IGNORECASE,
)


def read_pdf(data: bytes, path: Path, source: str) -> Article:
    """Read the text, the title and the author of a PDF file. Raises `SourceError`."""
    import pypdf

    # pypdf logs each fault that it survives; the user only needs the error.
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = pypdf.PdfReader(io.BytesIO(data))
        _unlock(reader)
        pages = list(_read_pages(reader))
        title, author = (_property(reader, key) for key in ("/Title", "/Author"))
    except (SourceError, MemoryError):
        raise
    except Exception as error:  # pypdf does not document its errors on damaged files.
        raise SourceError(
            "the PDF file is damaged; open it in a PDF viewer and save it again"
        ) from error
    text = "\n\n".join(_join_lines(_without_edges(pages)))
    if not text:
        raise SourceError(
            "the PDF file has pictures of pages but no text; run text recognition (OCR) on it first"
        )
    title = title or read_title(text) or path.stem
    return Article.from_text(text, source, title=title, author=author)


def _unlock(reader: PdfReader) -> None:
    """Unlock a file that may be read by anybody but not printed or copied."""
    if reader.is_encrypted and not reader.decrypt(""):
        raise SourceError("the PDF file is locked by a password; save a copy without one")


def _read_pages(reader: PdfReader) -> Iterator[list[str]]:
    """Yield the lines of each page."""
    if len(reader.pages) > MOST_PDF_PAGES:
        raise SourceError(f"the PDF file has more than {MOST_PDF_PAGES:,} pages; split it")
    for page in reader.pages:
        content = page.get_contents()
        data = b"" if content is None else content.get_data()
        if len(_SHOWN_TEXT.findall(data)) > MOST_PAGE_TEXTS:
            raise SourceError("a page of the PDF file has too much text; save it as a text file")
        # Plain extraction reads columns one after the other; layout extraction shows gaps.
        layout = page.extract_text(extraction_mode="layout", layout_mode_strip_rotated=False)
        yield _page_lines(page.extract_text(), layout)


def _property(reader: PdfReader, key: str) -> str | None:
    """Return a document property, unless a program filled it in or it is unreadable."""
    text = " ".join(str(reader.metadata.get(key, "") if reader.metadata else "").split())
    return None if _JUNK.match(text) or text != without_control(text) else text


def _page_lines(text: str, layout: str) -> list[str]:
    r"""Return the lines of a page, with an empty line for each gap in its layout.

    >>> _page_lines("Rain\nIt rained\nall day.", "  Rain\n\nIt rained\nall day.")
    ['Rain', '', 'It rained', 'all day.']
    """
    rows = [_clean(row) for row in layout.splitlines()]
    before_gaps = {row for row, following in pairwise(rows) if row and not following}
    if len(before_gaps) > MOST_GAPS_SHARE * sum(map(bool, rows)):
        before_gaps = set()
    lines: list[str] = []
    for line in filter(None, map(_clean, text.splitlines())):
        lines.append(line)
        if line in before_gaps:
            lines.append("")
    return lines


def _clean(line: str) -> str:
    """Resolve ligatures and normalise white space."""
    return " ".join(without_control(line.translate(_REPLACED)).split())


def _without_edges(pages: Sequence[list[str]]) -> list[str]:
    """Return the lines of all pages without headers, footers and page numbers."""
    edges = Counter(edge for page in pages for edge in {_mask(page[i]) for i in _edge(page)})
    fewest = max(2, REPEATED_SHARE * len(pages))
    repeated = {edge for edge, count in edges.items() if count >= fewest}
    lines: list[str] = []
    for page in pages:
        dropped = {
            i for i in _edge(page) if _mask(page[i]) in repeated or _PAGE_NUMBER.fullmatch(page[i])
        }
        rest = [line for i, line in enumerate(page) if i not in dropped]
        # The gap before a footer does not end a paragraph: it may continue on the next page.
        while rest and not rest[-1]:
            rest.pop()
        lines += rest
    return lines


def _edge(page: Sequence[str]) -> list[int]:
    """Return the indices of the lines that may be a page's header and footer."""
    filled = [i for i, line in enumerate(page) if line]
    return filled[:EDGE_LINES] + filled[EDGE_LINES:][-EDGE_LINES:]


def _mask(line: str) -> str:
    """Replace the numbers of a line, so that headers with page numbers are equal.

    >>> _mask("Page 3 of 9")
    'Page # of #'
    """
    return re.sub(r"\d+", "#", line)


def _join_lines(lines: Sequence[str]) -> Iterator[str]:
    """Yield the paragraphs of a document.

    A paragraph ends at a gap, and after a short line if that ends a sentence or the next line
    begins with a capital letter, as after a heading.
    """
    lengths = sorted(len(line) for line in lines if line)
    full = lengths[int(FULL_LINE_QUANTILE * (len(lengths) - 1))] if lengths else 0
    words = set(_HYPHENATED_WORD.findall(" ".join(lines).lower()))
    paragraph: list[str] = []
    for line, following in zip(lines, [*lines[1:], ""], strict=False):
        # Only the last line can end in a broken word: the lines before it are not looked at again.
        paragraph += _joined_lines(paragraph.pop(), line, words) if paragraph else [line]
        is_short = len(line) < FULL_LINE_SHARE * full
        if not following or (
            is_short and (_SENTENCE_END.search(line) or not following[0].islower())
        ):
            if any(paragraph):
                yield "".join(paragraph)
            paragraph = []


def _joined_lines(line: str, following: str, words: set[str]) -> tuple[str, str]:
    """Return two lines so that they can be joined, a word broken between them made whole.

    The hyphen stays only if the document has the hyphenated word elsewhere and not the other.

    >>> _joined_lines("They were well-", "known for an exam-", {"well-known"})
    ('They were well-', 'known for an exam-')
    >>> _joined_lines("known for an exam-", "ple.", {"example"})
    ('known for an exam', 'ple.')
    """
    if not _BROKEN_WORD.search(line, max(0, len(line) - 2)) or not following[:1].islower():
        return line, f" {following}" if line else following
    start = line.rpartition(" ")[2][:-1]
    letters = _LETTERS.match(following)
    end = letters.group() if letters else ""
    is_hyphenated = f"{start}-{end}".lower() in words and (start + end).lower() not in words
    return (line if is_hyphenated and line[-1] == "-" else line[:-1]), following
