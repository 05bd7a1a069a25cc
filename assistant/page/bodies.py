"""Request bodies, read within limits of size and time; forms with files go to disk."""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from index import ArticleIndexError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from io import BufferedWriter

    from starlette.types import Receive, Scope

LARGEST_BODY = {"": 0, "form": 20_000, "json": 8_000_000, "files": 500_000_000}
"""Greatest length of each kind of body, in bytes.

A pasted text of a million characters fits into the JSON limit, escaped or not.
"""
MOST_BODY_BYTES = 64_000_000
"""Bytes of all bodies in memory at the same time."""
FIRST_SECONDS = 30.0
"""Seconds that a body has before its speed is measured."""
SLOWEST = 10_000
"""Bytes per second that a body has to arrive with after that."""
LARGEST_UPLOAD = 20_000_000
"""Greatest size of a file, in bytes; the index reads no larger one."""
MOST_FILES = 1000
"""Files in one upload; Gradio's page splits a larger one."""
LONGEST_FILE_NAME = 200
"""Bytes; file systems take 255."""
_UNFIT = re.compile(r'[\x00-\x1f\x7f<>:"|?*]')
"""A character that a file system refuses, such as "?"."""


class BodyError(Exception):
    """A refused body; the message goes to its sender.

    Attributes:
        status: The HTTP status of the refusal.
    """

    def __init__(self, message: str, status: int) -> None:
        """Store the message and its HTTP status."""
        super().__init__(message)
        self.status = status


class UploadError(ArticleIndexError):
    """A refused upload; the message goes to the reader at the page.

    Attributes:
        status: The HTTP status of the refusal.
    """

    def __init__(self, message: str, status: int = 400) -> None:
        """Store the message and its HTTP status."""
        super().__init__(message)
        self.status = status


def check_declared(scope: Scope, largest: int) -> None:
    """Check the body length that a request's headers declare.

    Raises:
        BodyError: The length is over `largest`, or the route takes no body.
    """
    headers = dict(scope["headers"])
    declared = headers.get(b"content-length", b"0")
    # The web server itself refuses a length that is not a number.
    is_too_large = int(declared) > largest if declared.isdigit() else True
    if is_too_large or (b"transfer-encoding" in headers and not largest):
        raise _too_large(largest)


async def pieces(scope: Scope, receive: Receive, largest: int) -> AsyncIterator[bytes]:
    """Yield a request's body as it arrives.

    Raises:
        BodyError: The body is too large, arrives too slowly, or breaks off.
    """
    check_declared(scope, largest)
    begin, size, is_over = time.monotonic(), 0, False
    while not is_over:
        patience = begin + FIRST_SECONDS + size / SLOWEST - time.monotonic()
        try:
            message = await asyncio.wait_for(receive(), max(patience, 0))
        except TimeoutError as error:
            raise BodyError("The request arrives too slowly; send it again.", 408) from error
        if message["type"] == "http.disconnect":
            raise BodyError("The request broke off.", 400)
        piece = message.get("body", b"")
        size += len(piece)
        if size > largest:
            raise _too_large(largest)
        yield piece
        is_over = not message.get("more_body", False)


def _too_large(largest: int) -> BodyError:
    return BodyError(f"The request is too large; this address takes {largest:,} bytes.", 413)


class UploadForm:
    """Writes the files of a multipart form into a folder as they arrive.

    Attributes:
        files: The path of each file by its key.
        name: The name of the file being written.
        size: The bytes written to all files.
    """

    def __init__(self, content_type: str, folder: Path) -> None:
        """Parse the content type. Raises `UploadError` unless it is a form with files."""
        kind, options = parse_options_header(content_type)
        if kind != b"multipart/form-data" or not options.get(b"boundary"):
            raise UploadError("An upload is a form with files (multipart/form-data).")
        self.files: dict[str, Path] = {}
        self.name, self.size = "", 0
        self._folder, self._file, self._left = folder, None, 0
        self._header, self._value, self._headers = b"", b"", {}
        self._is_whole = False
        callbacks: Any = {
            "on_part_begin": self._begin,
            "on_header_field": self._add_to_header,
            "on_header_value": self._add_to_value,
            "on_header_end": self._end_header,
            "on_headers_finished": self._open,
            "on_part_data": self._write,
            "on_part_end": self.close,
            "on_end": self._end,
        }
        try:
            self._parser = MultipartParser(options[b"boundary"], callbacks)
        except FormParserError as error:
            raise UploadError("The upload is not a form with files.") from error

    _file: BufferedWriter | None
    _headers: dict[bytes, bytes]

    def write(self, piece: bytes) -> None:
        """Parse the next piece of the form. Raises `UploadError`."""
        try:
            self._parser.write(piece)
        except FormParserError as error:
            raise UploadError("The upload is not a form with files.") from error
        except OSError as error:
            raise UploadError("The server has no room for the upload.", 507) from error

    def finish(self) -> None:
        """Raise `UploadError` unless the form is complete."""
        if not self._is_whole:
            raise UploadError("The upload broke off; choose the files again.")

    def _begin(self) -> None:
        self._header, self._value, self._headers = b"", b"", {}

    def _add_to_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _add_to_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        self._headers[self._header.lower()] = self._value
        self._header, self._value = b"", b""

    def _open(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        if options.get(b"name") != b"files" or b"filename" not in options:
            raise UploadError("An upload may have files only.")
        if len(self.files) == MOST_FILES:
            raise UploadError(f"Upload at most {MOST_FILES} files at once.", 413)
        self.name = fit_name(options[b"filename"].decode("utf-8", "replace"))
        key = secrets.token_urlsafe(24)
        self.files[key] = self._folder / key / self.name
        self.files[key].parent.mkdir(mode=0o700)
        self._file, self._left = self.files[key].open("xb"), LARGEST_UPLOAD

    def _write(self, data: bytes, start: int, end: int) -> None:
        self._left -= end - start
        if self._left < 0:
            size = f"{LARGEST_UPLOAD // 1_000_000} MB"
            raise UploadError(f"{self.name} is larger than {size}; split it into articles.", 413)
        if self._file is not None:
            self._file.write(data[start:end])
            self.size += end - start

    def close(self) -> None:
        """Close the file being written, if any."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _end(self) -> None:
        self._is_whole = True


def fit_name(name: str) -> str:
    r"""Return a file's name without folders, in characters that every file system takes.

    >>> fit_name("../../x.txt"), fit_name("C:\\a\\b?.pdf"), fit_name("..")
    ('x.txt', 'b.pdf', 'file')
    """
    path = Path(_UNFIT.sub("", name.replace("\\", "/")).rpartition("/")[2].strip(". "))
    suffix = path.suffix if len(path.suffix.encode()) <= LONGEST_FILE_NAME // 2 else ""
    stem = path.name.removesuffix(suffix).encode()[: LONGEST_FILE_NAME - len(suffix.encode())]
    return (stem.decode("utf-8", "ignore").strip() or "file") + suffix
