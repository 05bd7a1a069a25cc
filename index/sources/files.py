"""A path, folder or text becomes `Article`s, or addresses of web pages: one small function a format."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from index.article import Article
from index.errors import SourceError, SourceGoneError
from index.sources.documents import read_docx, read_email, read_epub
from index.sources.feeds import addresses, links
from index.sources.page import Page
from index.sources.pdf import read_pdf
from index.sources.web import read_html, read_page
from index.text.metadata import read_title

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from index.sources.http import Fetched

    Source = str | Path | Article
    Item = Path | Page | Article

LARGEST_FILE = 20_000_000
"""Bytes; an article is text, and a book has about one million characters."""
STANDARD_INPUT = "-"
_URL = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_NOT_TEXT = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_OTHERWISE = "save it as .txt, .md, .html, .pdf, .docx, .epub or .eml"


def expand(source: Source) -> Iterator[Item]:
    """Yield what is to be read for a source: a file, a web page, or all that are articles in a folder and below it.

    Hidden files and folders are passed over. "-" is the standard input. An `Article` yields itself. Raises
    `SourceError` for what is not there and for a folder without articles.
    """
    if isinstance(source, Article):
        yield source
    elif isinstance(source, str) and _URL.match(source.strip()):
        yield Page(source.strip())
    elif source == STANDARD_INPUT:
        yield Article.pasted(_decode(sys.stdin.buffer.read(LARGEST_FILE + 1)))
    else:
        yield from _files(source)


def read_file(path: str | Path, *, source: str | None = None) -> Article:
    """Read one file as an article.

    Its source is its absolute path, or what `source` says: the file's own name for an upload, whose path means nothing.
    Raises `SourceError` with the reason when the file gives no article.
    """
    read = read_path(path, source)
    if isinstance(read, Article):
        return read
    raise SourceError("the file lists web addresses, and is no article; add the addresses themselves")


def read_path(path: str | Path, source: str | None = None) -> Article | list[str]:
    """Read one file as an article, or as the web addresses that a list, feed or sitemap holds."""
    path = Path(path).expanduser().resolve()
    ending = path.suffix.lower()
    if ending not in READERS and ending not in LISTS:
        raise SourceError(f"files of this kind ({ending or 'without an ending'}) cannot be read; {_OTHERWISE}")
    data = _bytes(path)
    if ending in LISTS:
        if listed := links(data, path.as_uri()):
            return listed
        raise SourceError("the file is no feed or sitemap that lists articles; add the articles themselves")
    if ending == ".txt" and (listed := addresses(_decode(data))):
        return listed
    return READERS[ending](data, path, source or str(path))


def read_fetched(fetched: Fetched) -> Article | list[str]:
    """Read what a web address gave as an article, or as the addresses that a feed or sitemap lists."""
    path = Path(fetched.url.partition("?")[0])
    if not fetched.data.strip():
        raise SourceError("the page is empty; check its address in a browser")
    kind = MEDIA_TYPES.get(fetched.content_type)
    if kind is None and not fetched.content_type.startswith("text/") and path.suffix.lower() in _BINARY:
        kind = path.suffix.lower()
    if kind:
        return READERS[kind](fetched.data, path, fetched.url)
    listed = links(fetched.data, fetched.url, fetched.content_type)
    if listed is not None:
        return listed
    if fetched.content_type.partition("/")[0] in {"image", "audio", "video", "font"}:
        raise SourceError(f"the address gives no page ({fetched.content_type}); add the page that it belongs to")
    return read_page(fetched.data, fetched.url, fetched.charset)


def is_hidden(path: Path, folder: Path) -> bool:
    """Tell whether a path below a folder is hidden, or in a folder that is."""
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def _files(source: str | Path) -> Iterator[Path]:
    if not str(source).strip():
        raise SourceError("it names no file; give the path of a file or folder, or a web address")
    try:
        path = Path(source).expanduser().resolve()
        if path.is_dir():
            found = (file for file in sorted(path.rglob("*")) if file.suffix.lower() in READERS)
            files = [file for file in found if not is_hidden(file, path) and file.is_file()]
            if not files:
                raise SourceError(f"the folder holds no article; put {', '.join(READERS)} files into it")
            yield from files
        elif path.exists():
            yield path
        else:
            raise SourceGoneError("no such file or folder; check the spelling of its path")
    except (OSError, ValueError, RuntimeError) as error:  # A loop of links is a RuntimeError.
        raise SourceError(f"it cannot be opened ({_reason(error)}); check its path and permissions") from error


def _bytes(path: Path) -> bytes:
    try:
        if path.exists() and not path.is_file():
            raise SourceError("it is no file; give the path of a file or folder")
        if path.stat().st_size > LARGEST_FILE:
            raise SourceError(f"the file is larger than {LARGEST_FILE // 1_000_000} MB; split it into articles")
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise SourceGoneError("the file is no longer there; put it back, or remove its article") from error
    except OSError as error:
        raise SourceError(f"it cannot be opened ({_reason(error)}); check its path and permissions") from error
    if not data.strip():
        raise SourceError("the file is empty; add one with text in it")
    return data


def _read_plain_text(data: bytes, path: Path, source: str) -> Article:
    text = _decode(data)
    return Article.from_text(text, source, title=read_title(text) or path.stem)


READERS: dict[str, Callable[[bytes, Path, str], Article]] = {
    ".txt": _read_plain_text,
    ".md": _read_plain_text,
    ".markdown": _read_plain_text,
    ".html": read_html,
    ".htm": read_html,
    ".pdf": read_pdf,
    ".docx": read_docx,
    ".epub": read_epub,
    ".eml": read_email,
}
"""What reads a file, by the ending of its name."""
FILE_ENDINGS = tuple(READERS)
LISTS = {".rss", ".atom", ".xml"}
"""Endings of feeds and sitemaps: read where they are named, passed over in folders."""
MEDIA_TYPES = {
    "text/plain": ".txt",
    "text/markdown": ".md",
    "application/pdf": ".pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/epub+zip": ".epub",
    "message/rfc822": ".eml",
}
_BINARY = {".pdf", ".docx", ".epub"}


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


def _reason(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error)).lower()
