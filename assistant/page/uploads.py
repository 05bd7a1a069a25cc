"""Uploaded files, written to disk as they arrive, until they are in the index."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import tempfile
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout
from starlette.responses import JSONResponse, PlainTextResponse, Response

from assistant.page.bodies import LARGEST_BODY, BodyError, UploadError, UploadForm, pieces

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request

MOST_UPLOADED_BYTES = 2_000_000_000
"""Bytes of all uploaded files that are not in the index yet."""
MOST_WAITING = 10_000
"""Uploaded files that wait to be added."""
UNCLAIMED_SECONDS = 600.0
"""Seconds after which an uploaded file that the page has not added is deleted."""
_FOLDER_PREFIX = "article-assistant-"
_LOCK_NAME = "lock"
"""A file in the folder of the uploads, locked as long as the server lives."""
_SWEEP_AGE = 60.0
"""Seconds: a younger folder may belong to a server that has not locked it yet."""
_PROGRESS_ID = re.compile(r"[\w-]{1,64}")
"""An upload's id in Gradio, such as "k3j9x0"."""


class Uploads:
    """Stores uploaded files until their uploader claims them by their secret keys."""

    def __init__(self) -> None:
        """Begin without files; the first upload creates the folder."""
        self._root: Path | None = None
        self._root_lock: FileLock | None = None
        self._waiting: dict[str, Path] = {}
        self._held = 0
        self._lock = threading.Lock()

    async def take(self, request: Request, statuses: Any = None) -> Response:
        """Answer an upload with the keys of its files; a failed upload leaves no file.

        Args:
            request: The upload.
            statuses: Gradio's record of the progress of uploads, if the page shows it.
        """
        progress = _UploadProgress(request.query_params.get("upload_id", ""), statuses)
        try:
            form = UploadForm(request.headers.get("content-type", ""), self._folder())
            await self._receive(request, form, progress)
        except (UploadError, BodyError) as error:
            return PlainTextResponse(f"{error}\n", error.status, {"connection": "close"})
        finally:
            progress.finish()
        with self._lock:
            self._waiting |= form.files
        loop = asyncio.get_running_loop()
        loop.call_later(UNCLAIMED_SECONDS, self._discard_unclaimed, list(form.files))
        return JSONResponse(list(form.files))

    async def _receive(self, request: Request, form: UploadForm, progress: _UploadProgress) -> None:
        """Write a form to disk as it arrives; delete it if that fails.

        Raises:
            UploadError: The form is bad, or the server has no room.
            BodyError: The form arrives too slowly, or breaks off.
        """
        with ExitStack() as undo:
            undo.callback(lambda: self.discard(list(form.files.values())))
            undo.callback(form.close)
            async for piece in pieces(request.scope, request.receive, LARGEST_BODY["files"]):
                before = form.size
                try:
                    await asyncio.to_thread(form.write, piece)
                finally:
                    self._hold(form.size - before)
                count = len(self._waiting) + len(form.files)
                if self._held > MOST_UPLOADED_BYTES or count > MOST_WAITING:
                    raise UploadError(
                        "Too many files wait to be added; choose these again in a while.", 503
                    )
                progress.add(form.name, piece)
            form.finish()
            undo.pop_all()

    def claim(self, keys: Any) -> list[Path]:
        """Return the files with these keys; `discard` deletes them after use.

        Raises:
            UploadError: A key is unknown, or was claimed before.
        """
        with self._lock:
            if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
                raise UploadError("Choose the files on the page.")
            if not set(keys) <= self._waiting.keys():
                raise UploadError("The uploaded files are no longer there; choose them again.")
            return [self._waiting.pop(key) for key in dict.fromkeys(keys)]

    def discard(self, paths: Sequence[Path]) -> None:
        """Delete uploaded files, each with its own folder."""
        for path in paths:
            with suppress(OSError):  # The file is gone already.
                self._hold(-path.stat().st_size)
            shutil.rmtree(path.parent, ignore_errors=True)

    def close(self) -> None:
        """Delete all uploaded files."""
        with self._lock:
            self._waiting.clear()
            if self._root_lock is not None:
                self._root_lock.release()
                self._root_lock = None
            if self._root is not None:
                shutil.rmtree(self._root, ignore_errors=True)
                self._root = None

    def sweep(self) -> None:
        """Delete the folders of servers that were killed.

        A folder's lock can be taken only after the death of its server.
        """
        for folder in Path(tempfile.gettempdir()).glob(f"{_FOLDER_PREFIX}*"):
            if _is_ours(folder):
                with suppress(Timeout, OSError), FileLock(folder / _LOCK_NAME, timeout=0):
                    for left in folder.iterdir():
                        shutil.rmtree(left, ignore_errors=True)
                    (folder / _LOCK_NAME).unlink()
                    folder.rmdir()

    def _folder(self) -> Path:
        with self._lock:
            if self._root is None:
                self._root = Path(tempfile.mkdtemp(prefix=_FOLDER_PREFIX))
                self._root_lock = FileLock(self._root / _LOCK_NAME, timeout=0, thread_local=False)
                self._root_lock.acquire()
            return self._root

    def _discard_unclaimed(self, keys: Sequence[str]) -> None:
        with self._lock:
            paths = [self._waiting.pop(key) for key in keys if key in self._waiting]
        self.discard(paths)

    def _hold(self, size: int) -> None:
        with self._lock:
            self._held += size


class _UploadProgress:
    """Reports an upload's progress to Gradio, which shows it on the page."""

    def __init__(self, upload_id: str, statuses: Any) -> None:
        """Begin to report; an id that Gradio would not make is ignored."""
        self._id = upload_id if statuses and _PROGRESS_ID.fullmatch(upload_id) else ""
        self._statuses = statuses
        if self._id:
            self._statuses.track(self._id)

    def add(self, name: str, piece: bytes) -> None:
        """Report a piece that has arrived."""
        if self._id and piece:
            self._statuses.append(self._id, name, piece)

    def finish(self) -> None:
        """Report the end, well or not; Gradio forgets it a minute later."""
        if self._id:
            self._statuses.set_done(self._id)
            asyncio.get_running_loop().call_later(60, self._statuses.stop_tracking, self._id)


def _is_ours(folder: Path) -> bool:
    """Return whether a folder is this user's, has a lock, and is not brand new."""
    try:
        status = folder.lstat()
        is_mine = status.st_uid == os.getuid() if hasattr(os, "getuid") else True
        is_old = time.time() - status.st_mtime > _SWEEP_AGE
        is_folder = folder.is_dir() and not folder.is_symlink()
        return is_folder and is_mine and is_old and (folder / _LOCK_NAME).is_file()
    except OSError:
        return False
