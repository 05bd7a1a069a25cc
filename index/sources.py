"""A path or folder becomes `Article`s: one small function a format."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.article import Article, read_title
from index.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Source = str | Path | Article

LARGEST_FILE = 20_000_000
"""Bytes; an article is text, and a book has about one million characters."""
_URL = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_NOT_TEXT = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def expand(source: Source) -> Iterator[Path | Article]:
    """Yield the files of a source: the file itself, or all that are articles in a folder and the folders below it.

    Hidden files and folders are passed over. An `Article` yields itself. Raises `SourceError` for what is not there and
    for a folder without articles.
    """
    if isinstance(source, Article):
        yield source
        return
    if isinstance(source, str) and _URL.match(source):
        raise SourceError("web addresses cannot be added yet; save the page as an .html file and add that")
    if not str(source).strip():
        raise SourceError("it names no file; give the path of a file or folder")
    try:
        path = Path(source).expanduser().resolve()
        if path.is_dir():
            files = [
                file for file in sorted(path.rglob("*")) if file.suffix.lower() in READERS and _is_visible(file, path)
            ]
            if not files:
                raise SourceError("the folder holds no article; put .txt, .md and .html files into it")
            yield from files
        elif path.exists():
            yield path
        else:
            raise SourceError("no such file or folder; check the spelling of its path")
    except (OSError, ValueError) as error:
        raise SourceError(f"it cannot be opened ({_reason(error)}); check its path and permissions") from error


def read_file(path: str | Path, *, source: str | None = None) -> Article:
    """Read one file as an article.

    Its source is its absolute path, or what `source` says: the file's own name for an upload, whose path means nothing.
    Raises `SourceError` with the reason when the file gives no article.
    """
    path = Path(path).expanduser().resolve()
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise SourceError(
            f"files of this kind ({path.suffix or 'without an ending'}) cannot be read; save it as .txt, .md or .html"
        )
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise SourceError(f"the file is larger than {LARGEST_FILE // 1_000_000} MB; split it into articles")
        data = path.read_bytes()
    except OSError as error:
        raise SourceError(f"it cannot be opened ({_reason(error)}); check its path and permissions") from error
    if not data.strip():
        raise SourceError("the file is empty; add one with text in it")
    return reader(data, path, source or str(path))


def _read_plain_text(data: bytes, path: Path, source: str) -> Article:
    text = _decode(data)
    return Article.from_text(text, source, title=read_title(text) or path.stem)


def _read_html(data: bytes, path: Path, source: str) -> Article:
    """Keep the main text of a page, without its menus and comments, and the title and date that its metadata names."""
    import trafilatura

    if b"<html" not in data.lower() and b"\x00" not in data:
        data = b"<html><body>" + data + b"</body></html>"  # Without them trafilatura sees no page in a fragment.
    page: Any = trafilatura.bare_extraction(
        data,
        with_metadata=True,
        include_comments=False,
        # The publisher's first date, never one found by searching the text or filled in from the clock.
        date_extraction_params={"original_date": True, "extensive_search": False, "outputformat": "%Y-%m-%d"},
    )
    if page is None or not page.text or not page.text.strip():
        raise SourceError("the page holds no article text; save the page of one article, after it has loaded")
    return Article.from_text(
        page.text,
        source,
        title=page.title or path.stem,
        published=date.fromisoformat(page.date) if page.date else None,
    )


READERS: dict[str, Callable[[bytes, Path, str], Article]] = {
    ".txt": _read_plain_text,
    ".md": _read_plain_text,
    ".markdown": _read_plain_text,
    ".html": _read_html,
    ".htm": _read_html,
}
"""What reads a file, by the ending of its name."""


def _decode(data: bytes) -> str:
    """Return the text of a UTF-8 file, character for character but for a byte order mark.

    Other encodings are refused, not guessed: a wrong guess would put words into an article that are not in it.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = None
    if text is None or _NOT_TEXT.search(text):
        raise SourceError(f"the file is {_guess_encoding(data)}, not UTF-8 text; save it as UTF-8 and add it again")
    return text


def _guess_encoding(data: bytes) -> str:
    """Return what a file that is no UTF-8 text seems to be, for the error message alone."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "in UTF-16"
    if b"\x00" in data or _NOT_TEXT.search(data[:10_000].decode("latin-1")):
        return "binary"
    from charset_normalizer import from_bytes

    best = from_bytes(data[:100_000]).best()
    return f"in another encoding (perhaps {best.encoding})" if best else "in another encoding"


def _is_visible(file: Path, folder: Path) -> bool:
    return file.is_file() and not any(part.startswith(".") for part in file.relative_to(folder).parts)


def _reason(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error)).lower()
