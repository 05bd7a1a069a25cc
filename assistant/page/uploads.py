"""The page's uploads: files on their way into the index, written to disk as they arrive."""

from __future__ import annotations

import asyncio
import re
import secrets
import shutil
import tempfile
import threading
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.responses import JSONResponse, PlainTextResponse, Response

from assistant.page.bodies import LARGEST, BodyError, pieces
from index import ArticleIndexError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from io import BufferedWriter

    from starlette.requests import Request

LARGEST_FILE = 20_000_000
"""Bytes; the index reads no larger one."""
MOST_FILES = 1000
"""Files in one upload; Gradio's page makes several uploads of more."""
MOST_HELD = 2_000_000_000
"""Bytes of all uploaded files that are on their way into the index."""
MOST_WAITING = 10_000
"""Uploaded files that wait to be added."""
UNCLAIMED_SECONDS = 600.0
"""How long an uploaded file waits for the page to add it, before it is deleted."""
LONGEST_NAME = 200
"""Bytes; file systems take 255."""
_UNFIT = re.compile(r'[\x00-\x1f\x7f<>:"|?*]')
_PROGRESS_ID = re.compile(r"[\w-]{1,64}")


class UploadError(ArticleIndexError):
    """The upload is refused; the message is meant for the reader at the page."""

    def __init__(self, message: str, status: int = 400) -> None:
        """Take the HTTP status of the refusal too."""
        super().__init__(message)
        self.status = status


class Uploads:
    """Keeps uploaded files until they are claimed by their keys, which only their uploader knows."""

    def __init__(self) -> None:
        """Keep nothing yet; a folder is made for the first upload."""
        self._root: Path | None = None
        self._waiting: dict[str, Path] = {}
        self._held = 0
        self._lock = threading.Lock()

    async def take(self, request: Request, statuses: Any = None) -> Response:
        """Answer an upload with the keys of its files; a failed one leaves no file.

        Args:
            request: The upload.
            statuses: Gradio's record of how far uploads are, if it is to be told.
        """
        progress = _Progress(request.query_params.get("upload_id", ""), statuses)
        try:
            form = _Form(request.headers.get("content-type", ""), self._folder())
            await self._receive(request, form, progress)
        except (UploadError, BodyError) as error:
            return PlainTextResponse(f"{error}\n", error.status, {"connection": "close"})
        finally:
            progress.finish()
        with self._lock:
            self._waiting |= form.files
        asyncio.get_running_loop().call_later(UNCLAIMED_SECONDS, self._discard_unclaimed, list(form.files))
        return JSONResponse(list(form.files))

    async def _receive(self, request: Request, form: _Form, progress: _Progress) -> None:
        """Write a form to disk as it arrives, and delete it if that fails. Raises `UploadError`, `BodyError`."""
        with ExitStack() as undo:
            undo.callback(lambda: self.discard(list(form.files.values())))
            undo.callback(form.close)
            async for piece in pieces(request.scope, request.receive, LARGEST["files"]):
                before = form.size
                try:
                    await asyncio.to_thread(form.write, piece)
                finally:
                    self._hold(form.size - before)
                if self._held > MOST_HELD or len(self._waiting) + len(form.files) > MOST_WAITING:
                    raise UploadError("Too many files wait to be added; choose these again in a while.", 503)
                progress.add(form.name, piece)
            form.finish()
            undo.pop_all()

    def claim(self, keys: Any) -> list[Path]:
        """Return the files of some keys, to be deleted by `discard` after use.

        Raises:
            UploadError: A key is not of an upload that still waits.
        """
        with self._lock:
            if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
                raise UploadError("Choose the files on the page.")
            if not set(keys) <= self._waiting.keys():
                raise UploadError("The uploaded files are no longer there; choose them again.")
            return [self._waiting.pop(key) for key in dict.fromkeys(keys)]

    def discard(self, paths: Sequence[Path]) -> None:
        """Delete uploaded files, each with the folder that it has for itself."""
        for path in paths:
            with suppress(OSError):  # It is gone already.
                self._hold(-path.stat().st_size)
            shutil.rmtree(path.parent, ignore_errors=True)

    def close(self) -> None:
        """Delete all uploaded files."""
        with self._lock:
            self._waiting.clear()
            if self._root is not None:
                shutil.rmtree(self._root, ignore_errors=True)
                self._root = None

    def _folder(self) -> Path:
        with self._lock:
            if self._root is None:
                self._root = Path(tempfile.mkdtemp(prefix="article-assistant-"))
            return self._root

    def _discard_unclaimed(self, keys: Sequence[str]) -> None:
        with self._lock:
            paths = [self._waiting.pop(key) for key in keys if key in self._waiting]
        self.discard(paths)

    def _hold(self, size: int) -> None:
        with self._lock:
            self._held += size


class _Form:
    """Writes the files of a multipart form into a folder, each piece as it arrives.

    Attributes:
        files: The path of each file by its key.
        name: The name of the file that is being written.
        size: The bytes that were written to all files.
    """

    def __init__(self, content_type: str, folder: Path) -> None:
        """Begin. Raises `UploadError` for another type than that of a form with files."""
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
            raise UploadError("The upload is no form with files.") from error

    _file: BufferedWriter | None
    _headers: dict[bytes, bytes]

    def write(self, piece: bytes) -> None:
        """Take the next piece of the form. Raises `UploadError`."""
        try:
            self._parser.write(piece)
        except FormParserError as error:
            raise UploadError("The upload is no form with files.") from error
        except OSError as error:
            raise UploadError("The server has no room for the upload.", 507) from error

    def finish(self) -> None:
        """Raise `UploadError` unless the form has come to its end."""
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
            raise UploadError("An upload has files, and nothing else.")
        if len(self.files) == MOST_FILES:
            raise UploadError(f"Upload at most {MOST_FILES} files at once.", 413)
        self.name = fit_name(options[b"filename"].decode("utf-8", "replace"))
        key = secrets.token_urlsafe(24)
        self.files[key] = self._folder / key / self.name
        self.files[key].parent.mkdir(mode=0o700)
        self._file, self._left = self.files[key].open("xb"), LARGEST_FILE

    def _write(self, data: bytes, start: int, end: int) -> None:
        self._left -= end - start
        if self._left < 0:
            size = f"{LARGEST_FILE // 1_000_000} MB"
            raise UploadError(f"{self.name} is larger than {size}; split it into articles.", 413)
        if self._file is not None:
            self._file.write(data[start:end])
            self.size += end - start

    def close(self) -> None:
        """Close the file that is being written, if there is one."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _end(self) -> None:
        self._is_whole = True


class _Progress:
    """Tells Gradio how far an upload is, for the page to show."""

    def __init__(self, upload_id: str, statuses: Any) -> None:
        """Begin. Without an id of Gradio's kind nothing is told."""
        self._id = upload_id if statuses and _PROGRESS_ID.fullmatch(upload_id) else ""
        self._statuses = statuses
        if self._id:
            self._statuses.track(self._id)

    def add(self, name: str, piece: bytes) -> None:
        """Tell of a piece that has arrived."""
        if self._id and piece:
            self._statuses.append(self._id, name, piece)

    def finish(self) -> None:
        """Tell of the end, well or not, and forget it soon."""
        if self._id:
            self._statuses.set_done(self._id)
            asyncio.get_running_loop().call_later(60, self._statuses.stop_tracking, self._id)


def fit_name(name: str) -> str:
    r"""Return a file's name as every file system takes it, without the folders before it.

    >>> fit_name("../../x.txt"), fit_name("C:\\a\\b?.pdf"), fit_name("..")
    ('x.txt', 'b.pdf', 'file')
    """
    path = Path(_UNFIT.sub("", name.replace("\\", "/")).rpartition("/")[2].strip(". "))
    suffix = path.suffix if len(path.suffix.encode()) <= LONGEST_NAME // 2 else ""
    stem = path.name.removesuffix(suffix).encode()[: LONGEST_NAME - len(suffix.encode())]
    return (stem.decode("utf-8", "ignore").strip() or "file") + suffix
