"""Expand sources into files and pages, and pick the reader for the format of each."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from index.article import Article
from index.errors import SourceError, SourceGoneError
from index.sources.documents import read_email, read_epub
from index.sources.feeds import addresses, links
from index.sources.page import Page
from index.sources.pdf import read_pdf
from index.sources.web import read_html, read_page
from index.sources.word import read_docx
from index.text.metadata import read_title

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    # A source as the user names it: a path, a folder, an address or an article.
    Source = str | Path | Article
    # A single item to read, after folders are expanded.
    Item = Path | Page | Article

LARGEST_FILE = 20_000_000
"""Bytes of a file. An article is text, and a whole book has about a million characters."""
STANDARD_INPUT = "-"
"""The source that stands for the standard input."""

# A source that is an address and not a path: "https://example.org", "FILE:///etc/hosts"
_URL = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
# Control characters that text files do not have; tab, line breaks and escape are allowed.
_NOT_TEXT = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_SUPPORTED = "save it as .txt, .md, .html, .pdf, .docx, .epub or .eml"


def expand(source: Source) -> Iterator[Item]:
    """Yield the files, pages and articles that a source stands for.

    A folder stands for the files in it and below it, without hidden ones; "-" for the text on
    the standard input; an `Article` for itself. Raises `SourceError` for a path that does not
    exist and for a folder without articles.
    """
    if isinstance(source, Article):
        yield source
    elif isinstance(source, str) and _URL.match(source.strip()):
        yield Page(source.strip())
    elif source == STANDARD_INPUT:
        yield Article.pasted(_decode(sys.stdin.buffer.read(LARGEST_FILE + 1)))
    else:
        yield from _expand_path(source)


def load(path: Path) -> bytes:
    """Return the content of a file. Raises `SourceError` for one that no reader can read."""
    extension = path.suffix.lower()
    if extension not in READERS and extension not in LISTS:
        kind = extension or "no extension"
        raise SourceError(f"files of this type ({kind}) cannot be read; {_SUPPORTED}")
    return _read_bytes(path)


def parse_file(data: bytes, path: Path, source: str) -> Article | list[str]:
    """Read the content of a file as an article, or as the web addresses that it lists.

    Args:
        data: The content of a document, a feed or sitemap, or a .txt file with an address per
            line.
        path: The absolute path of the file; its extension decides how the content is read.
        source: The source of the article.

    Raises:
        SourceError: The file cannot be read.
    """
    extension = path.suffix.lower()
    if extension in LISTS:
        if listed := links(data, path.as_uri()):
            return listed
        raise SourceError("the file is not a feed or sitemap with links; add the articles instead")
    if extension == ".txt" and (listed := addresses(_decode(data))):
        return listed
    return READERS[extension](data, path, source)


def parse_page(
    data: bytes, url: str, content_type: str, charset: str | None
) -> Article | list[str]:
    """Read a fetched page as an article, or as the addresses that a feed or sitemap lists.

    Args:
        data: The bytes of the page.
        url: The address that the page was fetched from.
        content_type: The media type that the server names, in lower case.
        charset: The encoding that the server names.

    Raises:
        SourceError: The page is neither.
    """
    path = Path(url.partition("?")[0])
    if not data.strip():
        raise SourceError("the page is empty; open its address in a browser to check it")
    # Documents: by media type, or by extension if the server names no useful type.
    kind = MEDIA_TYPES.get(content_type)
    is_text = content_type.startswith("text/")
    if kind is None and not is_text and path.suffix.lower() in _BINARY:
        kind = path.suffix.lower()
    if kind:
        return READERS[kind](data, path, url)
    # Feeds and sitemaps.
    listed = links(data, url, content_type)
    if listed is not None:
        return listed
    # Web pages.
    if content_type.partition("/")[0] in {"image", "audio", "video", "font"}:
        reason = f"the address is not a page but {content_type}"
        raise SourceError(f"{reason}; add the page that shows it")
    return read_page(data, url, charset)


def is_hidden(path: Path, folder: Path) -> bool:
    """Whether a path below a folder is hidden, or lies in a hidden folder."""
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def _expand_path(source: str | Path) -> Iterator[Path]:
    """Yield a file, or the readable files of a folder in the order of their paths."""
    if not str(source).strip():
        raise SourceError("the path is empty; give a file, a folder or a web address")
    try:
        path = Path(source).expanduser().resolve()
        if path.is_dir():
            files = [file for file in sorted(path.rglob("*")) if _is_article_file(file, path)]
            if not files:
                raise SourceError(
                    f"the folder has no articles; put {', '.join(READERS)} files into it"
                )
            yield from files
        elif path.exists():
            yield path
        else:
            raise SourceGoneError("no such file or folder; check the path")
    except (OSError, ValueError, RuntimeError) as error:  # A symlink loop is a RuntimeError.
        raise _cannot_open(error) from error


def _is_article_file(file: Path, folder: Path) -> bool:
    return file.suffix.lower() in READERS and not is_hidden(file, folder) and file.is_file()


def _read_bytes(path: Path) -> bytes:
    """Return the content of a file that is not empty and not too large."""
    try:
        if path.exists() and not path.is_file():
            raise SourceError("this is not a regular file; give the path of a file or folder")
        if path.stat().st_size > LARGEST_FILE:
            size = f"{LARGEST_FILE // 1_000_000} MB"
            raise SourceError(f"the file is larger than {size}; split it into articles")
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise SourceGoneError("the file is gone; put it back, or remove its article") from error
    except OSError as error:
        raise _cannot_open(error) from error
    if not data.strip():
        raise SourceError("the file is empty; add a file that has text")
    return data


def _cannot_open(error: Exception) -> SourceError:
    reason = (getattr(error, "strerror", None) or str(error)).lower()
    return SourceError(f"it cannot be opened ({reason}); check its path and permissions")


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
"""The reader for each file extension. It gets the bytes, the path and the source's name."""
FILE_ENDINGS = tuple(READERS)
"""The extensions of files that can be added, for file dialogs."""
LISTS = {".rss", ".atom", ".xml"}
"""Extensions of feeds and sitemaps: read when they are named, skipped in folders."""
MEDIA_TYPES = {
    "text/plain": ".txt",
    "text/markdown": ".md",
    "application/pdf": ".pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/epub+zip": ".epub",
    "message/rfc822": ".eml",
}
"""The extension whose reader reads a media type; HTML is not among them."""
_BINARY = {".pdf", ".docx", ".epub"}
"""Extensions that decide how a fetched file is read if the server names no useful media type."""


def _decode(data: bytes) -> str:
    """Decode a UTF-8 file exactly, without its byte order mark.

    Other encodings are refused rather than guessed: a wrong guess would change words.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = None
    if text is None or _NOT_TEXT.search(text):
        encoding = _describe_encoding(data)
        raise SourceError(
            f"the file is {encoding}, not UTF-8 text; save it as UTF-8 and add it again"
        )
    return text


def _describe_encoding(data: bytes) -> str:
    """Describe the encoding of a file that is not UTF-8, for the error message only."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "in UTF-16"
    if b"\x00" in data or _NOT_TEXT.search(data[:10_000].decode("latin-1")):
        return "binary"
    from charset_normalizer import from_bytes

    best = from_bytes(data[:100_000]).best()
    return f"in another encoding (perhaps {best.encoding})" if best else "in another encoding"
