"""`IndexFolder`: an index folder with its lock."""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Self

from index.chroma.disk.damage import SOUND_NOTE
from index.chroma.errors import describe_failure
from index.errors import IndexInUseError, NotAnIndexError, StoreError

if TYPE_CHECKING:
    from filelock import BaseFileLock

_LOCK = ".lock"
_HOLDER = ".holder.json"
_UNEMBEDDED = ".unembedded"
_CHROMA_FILE = "chroma.sqlite3"


def default_folder() -> Path:
    """Return the folder of the user's default index."""
    import platformdirs

    return platformdirs.user_data_path("article-assistant") / "index"


class IndexFolder:
    """A locked index folder. Two writing processes would damage it.

    Beside Chroma's files it contains a lock file, a holder file and marks. The holder file names
    the process that has the lock; after a crash it stays.

    Attributes:
        path: The folder.
        was_interrupted: Whether the last process that held the folder crashed.
        unembedded_mark: The file whose presence means that vectors are missing.
    """

    def __init__(self, path: Path, lock: BaseFileLock, *, was_interrupted: bool) -> None:
        """Use a folder whose lock is held; `hold` acquires it."""
        self.path = path
        self.was_interrupted = was_interrupted
        self.unembedded_mark = path / _UNEMBEDDED
        self._lock = lock

    @classmethod
    def hold(cls, path: Path) -> Self:
        """Create a folder if it is missing, and lock it.

        Raises:
            NotAnIndexError: The path is a file, or the folder contains other files.
            IndexInUseError: A process, perhaps this one, holds the folder.
            StoreError: The folder cannot be written.
        """
        _create_folder(path)
        was_interrupted = (path / _HOLDER).exists()
        return cls(path, _acquire_lock(path), was_interrupted=was_interrupted)

    def release(self) -> None:
        """Unlock the folder after a clean end."""
        (self.path / _HOLDER).unlink(missing_ok=True)
        self._lock.release()

    def abandon(self) -> None:
        """Unlock the folder after a failed opening. The next opening checks for damage."""
        self._lock.release()


def _create_folder(path: Path) -> None:
    """Create an index folder unless something else is in its place."""
    try:
        if path.exists() and not path.is_dir():
            raise NotAnIndexError(f"{path} is a file, not an index folder; name a folder.")
        if path.is_dir() and not (path / _CHROMA_FILE).exists():
            # A crash before Chroma's first write leaves only files of ours.
            ours = (_LOCK, _HOLDER, _UNEMBEDDED, SOUND_NOTE)
            others = [entry.name for entry in path.iterdir() if entry.name not in ours]
            if others:
                raise NotAnIndexError(
                    f"{path} is not an index: it contains other files, such as {others[0]!r}. "
                    "Name a new folder."
                )
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(describe_failure(str(path), error)) from error


def _acquire_lock(path: Path) -> BaseFileLock:
    """Lock a folder and write its holder file."""
    from filelock import FileLock, Timeout

    lock = FileLock(path / _LOCK, timeout=0, thread_local=False)
    holder = path / _HOLDER
    try:
        lock.acquire()
        _write_holder(holder)
    except Timeout as error:
        raise IndexInUseError(
            f"The index in {path} is open in {_describe_holder(holder)}. Use or close it there. To "
            f"share it between programs, close it, run `chroma run --path '{path}'` and set "
            f"ARTICLE_INDEX=http://localhost:8000."
        ) from error
    except OSError as error:
        lock.release()
        raise StoreError(describe_failure(str(path), error)) from error
    return lock


def _write_holder(holder: Path) -> None:
    """Name this process in the holder file.

    Only its user may read the file. The command line is left out: it may contain a
    password, as in `ui.py --auth user:password`.
    """
    facts = {"pid": os.getpid(), "host": socket.gethostname(), "program": _program_name()}
    # An older version wrote this file for everybody to read. If it survived a crash, its
    # permissions change before its content.
    holder.touch(mode=0o600)
    holder.chmod(0o600)
    holder.write_text(json.dumps(facts))


def _describe_holder(holder: Path) -> str:
    """Return the process in the holder file, such as "process 4242 (ui.py)"."""
    try:
        facts = json.loads(holder.read_text())
        elsewhere = "" if facts["host"] == socket.gethostname() else f" on {facts['host']}"
        is_own = facts["pid"] == os.getpid() and not elsewhere
        process = "this process" if is_own else f"process {facts['pid']}{elsewhere}"
        return f"{process} ({facts['program']})"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"


def _program_name() -> str:
    """Return the program of this process, without its arguments.

    `python ui.py --port 80` is "ui.py", `python -m index list` is "index", and `python -c …` is
    "python".
    """
    program = Path(sys.argv[0])
    if program.name == "__main__.py":
        return program.parent.name
    return "python" if program.name in {"", "-c", "-"} else program.name
