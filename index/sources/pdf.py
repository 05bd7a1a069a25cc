"""PDF files become `Article`s: pages are joined so that a sentence is whole wherever lines and pages break."""

from __future__ import annotations

import io
import logging
import re
import time
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

MOST_PAGES = 2_000
MOST_SECONDS = 120.0
EDGE_LINES = 3
"""How many lines at the top and at the bottom of a page may be its header and footer."""
REPEATED = 0.4
"""Of all pages, those that bear a header or footer; left and right pages may have one each."""
FULL_LINE = 0.75
"""A line of less than this part of a full line's length ends its paragraph, or is a heading."""
MOST_GAPS = 0.6
"""Where more lines than this part have a gap after them, the text is set with wide spacing, and gaps mean nothing."""
_LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "\u00a0": " "})
_BROKEN_WORD = re.compile(r"[^\W\d_][-\u00ad]$")
_NUMBER = re.compile(r"\W*\d{1,4}\W*")
_SENTENCE_END = re.compile(r"[.!?:…][”’\"')\]»]*$")
_JUNK = re.compile(
    r"^(?:untitled|microsoft word|powerpoint|.*\.(?:docx?|indd|pdf|qxd|tex|rtf|odt)$)|^\W*$", re.IGNORECASE
)


def read_pdf(data: bytes, path: Path, source: str) -> Article:
    """Read the text of a PDF file, with the title and author that it names. Raises `SourceError`."""
    import pypdf

    # It tells of each fault that it reads past; what matters to the person is the error.
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = pypdf.PdfReader(io.BytesIO(data))
        _unlock(reader)
        pages = list(_pages(reader))
        title, author = (_named(reader, key) for key in ("/Title", "/Author"))
    except SourceError:
        raise
    except Exception as error:  # What pypdf raises on a damaged file is not documented, and is much.
        raise SourceError("the PDF file is damaged; open it in a reader and save it anew") from error
    text = "\n\n".join(_paragraphs(_without_edges(pages)))
    if not text:
        raise SourceError(
            "the PDF file holds pictures of pages and no text; run a text recognition (OCR) over it first"
        )
    return Article.from_text(text, source, title=title or read_title(text) or path.stem, author=author)


def _unlock(reader: PdfReader) -> None:
    """Open a file that only its printing or copying is forbidden of; anybody may read it, without a password."""
    if reader.is_encrypted and not reader.decrypt(""):
        raise SourceError("the PDF file is locked by a password; save a copy without one")


def _pages(reader: PdfReader) -> Iterator[list[str]]:
    """Yield the lines of each page."""
    if len(reader.pages) > MOST_PAGES:
        raise SourceError(f"the PDF file has more than {MOST_PAGES:,} pages; split it")
    end = time.monotonic() + MOST_SECONDS
    for page in reader.pages:
        if time.monotonic() > end:
            raise SourceError(f"the PDF file takes more than {MOST_SECONDS:g} seconds to read; split it")
        # The plain text has columns one after the other; the other one has them side by side, and shows gaps.
        yield _lines(page.extract_text(), page.extract_text(extraction_mode="layout", layout_mode_strip_rotated=False))


def _named(reader: PdfReader, key: str) -> str | None:
    text = " ".join(str(reader.metadata.get(key, "") if reader.metadata else "").split())
    return None if _JUNK.match(text) or text != without_control(text) else text


def _lines(text: str, layout: str) -> list[str]:
    r"""Return the lines of a page, with an empty one wherever its layout leaves a gap.

    >>> _lines("Rain\nIt rained\nall day.", "  Rain\n\nIt rained\nall day.")
    ['Rain', '', 'It rained', 'all day.']
    """
    rows = [_clean(row) for row in layout.splitlines()]
    before_gaps = {row for row, following in pairwise(rows) if row and not following}
    if len(before_gaps) > MOST_GAPS * sum(map(bool, rows)):
        before_gaps = set()
    lines = filter(None, map(_clean, text.splitlines()))
    return [piece for line in lines for piece in ([line, ""] if line in before_gaps else [line])]


def _clean(line: str) -> str:
    return " ".join(without_control(line.translate(_LIGATURES)).split())


def _without_edges(pages: Sequence[list[str]]) -> list[str]:
    """Return the lines of all pages without the headers and footers that they have in common, and page numbers."""
    edges = Counter(edge for page in pages for edge in {_mask(page[i]) for i in _edge(page)})
    common = {edge for edge, count in edges.items() if count >= max(2, REPEATED * len(pages))}
    lines: list[str] = []
    for page in pages:
        dropped = {i for i in _edge(page) if _mask(page[i]) in common or _NUMBER.fullmatch(page[i])}
        rest = [line for i, line in enumerate(page) if i not in dropped]
        # What a header or footer was set off by is no end of a paragraph: that may go on over the page.
        while rest and not rest[-1]:
            rest.pop()
        lines += rest
    return lines


def _edge(page: Sequence[str]) -> list[int]:
    """Return where in a page the lines are that may be its header and footer."""
    filled = [i for i, line in enumerate(page) if line]
    return filled[:EDGE_LINES] + filled[EDGE_LINES:][-EDGE_LINES:]


def _mask(line: str) -> str:
    """Return a line with its numbers taken for one another: page 3 of 9 has the header of page 4 of 9."""
    return re.sub(r"\d+", "#", line)


def _paragraphs(lines: Sequence[str]) -> Iterator[str]:
    """Yield the paragraphs that lines are of: one ends at a gap, at a line that is short, or it is a heading."""
    lengths = sorted(len(line) for line in lines if line)
    full = lengths[int(0.9 * (len(lengths) - 1))] if lengths else 0
    words = set(re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)*", " ".join(lines).lower()))
    paragraph: list[str] = []
    for line, following in zip(lines, [*lines[1:], ""], strict=False):
        # Only the last line can end in a broken word.
        paragraph += _joined(paragraph.pop(), line, words) if paragraph else [line]
        is_short = len(line) < FULL_LINE * full
        if not following or (is_short and (_SENTENCE_END.search(line) or not following[0].islower())):
            if any(paragraph):
                yield "".join(paragraph)
            paragraph = []


def _joined(text: str, line: str, words: set[str]) -> tuple[str, str]:
    """Return a line, and the next one with what stands before it: nothing if a word was broken between them.

    >>> _joined("They were well-", "known for an exam-", {"well-known"})
    ('They were well-', 'known for an exam-')
    >>> _joined("They were well-known for an exam-", "ple.", {"example"})
    ('They were well-known for an exam', 'ple.')
    """
    if not _BROKEN_WORD.search(text, max(0, len(text) - 2)) or not line[:1].islower():
        return text, f" {line}" if text else line
    begun = text.rpartition(" ")[2][:-1]
    rest = re.match(r"[^\W\d_]+", line)
    whole = rest.group() if rest else ""
    keeps = f"{begun}-{whole}".lower() in words and (begun + whole).lower() not in words
    return (text if keeps and text[-1] == "-" else text[:-1]), line
