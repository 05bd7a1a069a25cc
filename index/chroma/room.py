"""Room on the disk of an index folder, and the reopening of its database after it ran out.

A write that fails keeps a lock on the database. Whatever in this process then wants to write or to
open it waits for that lock, for many minutes, and holds Python's interpreter lock meanwhile: no
time limit and no signal ends it. So nothing may ask for the database before the lock is gone.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, NoReturn

from index.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

    from chromadb.api import ClientAPI

LEAST_ROOM = 2_000_000
"""Bytes that stay free: Chroma needs some even to read what it has not yet sorted in."""
CHUNK_ROOM = 12_000
"""Bytes that a write may take for each chunk, at most: its text twice, its vector twice, a journal."""
SORTING_ROOM = 10_000_000
"""Bytes that Chroma may need to sort in what an interrupted write has left in its queue."""
RELEASE_SECONDS = 5.0
"""How long a database that was closed may take to give up its lock."""
POLL_SECONDS = 0.05
_PROBE = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None)
try:
    database.execute("BEGIN EXCLUSIVE")
except sqlite3.OperationalError as error:
    sys.exit("locked" in str(error))
queued = database.execute(
    "SELECT 1 FROM embeddings_queue q JOIN segments s ON q.topic LIKE '%' || s.collection"
    " LEFT JOIN max_seq_id m ON m.segment_id = s.id"
    " WHERE s.scope = 'METADATA' AND q.seq_id > coalesce(m.seq_id, 0) LIMIT 1"
).fetchone()
sys.exit(2 if queued else 0)
"""
_LOCKED, _QUEUED = 1, 2
"""What the probe exits with if the database is locked, or has writes that are not sorted in."""


def full_disk(folder: Path) -> str:
    """Return the sentence for a disk without room."""
    return (
        f"There is no room on the disk of the index folder {folder}: the disk is full; "
        "free some space and do it again: nothing was lost."
    )


def free_bytes(folder: Path) -> int:
    """Return how much of a folder's disk is free; very much if the folder is not there."""
    return shutil.disk_usage(folder).free if folder.exists() else sys.maxsize


class Database:
    """The database of an open index folder: told of failures, it reopens itself when it can."""

    def __init__(self, folder: Path, client: ClientAPI) -> None:
        """Look after the database that a client has open."""
        self._folder = folder
        self._client: Any = client
        self._reopening = threading.Lock()
        self._is_stale = False
        self.has_leftovers = False

    @property
    def can_write(self) -> bool:
        """Whether the database is open as it should be, and its disk has room."""
        return not self._is_stale and free_bytes(self._folder) >= LEAST_ROOM

    def check_room(self, chunks: int = 0) -> None:
        """Raise `StoreError` unless the disk has room for a write of so many chunks."""
        if free_bytes(self._folder) < LEAST_ROOM + CHUNK_ROOM * chunks:
            raise StoreError(full_disk(self._folder))

    def failed(self) -> None:
        """Reopen the database after a failure, or else as soon as there is room."""
        self._is_stale = self.has_leftovers = True
        self._reopen()

    def recover(self) -> None:
        """Reopen the database if an earlier failure still asks for it and there is room again."""
        if self._is_stale and free_bytes(self._folder) >= LEAST_ROOM:
            self._reopen()

    def _reopen(self) -> None:
        """Open the database anew; without room for it the old one goes on reading.

        If the old one holds a lock it is closed first, as opening would wait for it. With writes in
        the queue, even reading needs room: without it a read fails, and may wait for itself.
        """
        from chromadb.errors import ChromaError

        with self._reopening:
            if not self._is_stale:
                return
            server = self._client._server  # noqa: SLF001
            state = self._probe()
            if state == _LOCKED:
                server.bindings = _Closed()
                state = self._released()
            is_short = state == _QUEUED and free_bytes(self._folder) < SORTING_ROOM
            if state == _LOCKED or is_short:
                server.bindings = _Closed()
                return
            try:
                server.start()
            except ChromaError:  # There is still no room: whoever wants to write is told so.
                return
            self._is_stale = False

    def _released(self) -> int:
        """Wait until the lock of the database is gone, for a limited time; return its state."""
        deadline = time.monotonic() + RELEASE_SECONDS
        while (state := self._probe()) == _LOCKED and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        return state

    def _probe(self) -> int:
        """Return the state of the database, as another process sees it.

        SQLite's locks do not keep out their own process. If this one opened the file by itself and
        closed it, all locks that Chroma holds would be gone.
        """
        probe = [sys.executable, "-I", "-S", "-c", _PROBE, str(self._folder / "chroma.sqlite3")]
        done = subprocess.run(probe, stdin=subprocess.DEVNULL, capture_output=True, check=False)  # noqa: S603
        return done.returncode if not done.stderr else 0


class _Closed:
    """Stands where an open database would: each use of it fails at once."""

    def __getattr__(self, name: str) -> NoReturn:
        from chromadb.errors import InternalError

        raise InternalError("the database is closed until the disk has room")
