"""Full disks: free space, and the recovery of the database.

A failed write keeps a lock on the database. Any later write or opening in this process waits for
that lock, for many minutes, and holds Python's interpreter lock meanwhile: no time limit and no
signal ends it. So nothing may use the database before the lock is gone.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, NoReturn

from index.chroma.errors import free_bytes, full_disk
from index.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

    from chromadb.api import ClientAPI

LEAST_ROOM = 2_000_000
"""Bytes that stay free: Chroma needs some even to read rows that are still in its queue."""
CHUNK_ROOM = 12_000
"""Most bytes that a write takes for a chunk: twice its text and vector, and a journal."""
SORTING_ROOM = 10_000_000
"""Most bytes that Chroma needs to process the queue of an interrupted write."""
RELEASE_SECONDS = 5.0
"""How long a closed database may take to release its lock."""
PROBE_SECONDS = 0.05
_PROBE = """
# Runs as a process: prints nothing, exits with the state of the database.
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
"""Exit codes of the probe: the database is locked, or has writes in its queue."""


class Database:
    """The database of an open index folder, reopened after failures.

    Attributes:
        has_leftovers: Whether a failed change may have left chunks. The writer clears it.
    """

    def __init__(self, folder: Path, client: ClientAPI) -> None:
        """Watch the database that a client has open."""
        self._folder = folder
        self._client: Any = client
        self._reopening = threading.Lock()
        self._is_stale = False
        self.has_leftovers = False

    @property
    def can_write(self) -> bool:
        """Whether the database works and its disk has room."""
        return not self._is_stale and free_bytes(self._folder) >= LEAST_ROOM

    def check_room(self, chunks: int = 0) -> None:
        """Raise `StoreError` if the disk lacks room to write some chunks."""
        if free_bytes(self._folder) < LEAST_ROOM + CHUNK_ROOM * chunks:
            raise StoreError(full_disk(self._folder))

    def reopen_after_failure(self) -> None:
        """Reopen the database, at once or as soon as there is room."""
        self._is_stale = self.has_leftovers = True
        self._reopen()

    def recover(self) -> None:
        """Reopen the database if it failed earlier and there is room again."""
        if self._is_stale and free_bytes(self._folder) >= LEAST_ROOM:
            self._reopen()

    def _reopen(self) -> None:
        """Reopen the database. Without room, the old one goes on reading.

        A locked one is closed first, since opening would wait for its lock. With writes in the
        queue even reading needs room: without it a read fails, and may wait for itself.
        """
        from chromadb.errors import ChromaError

        with self._reopening:
            if not self._is_stale:
                return
            server = self._client._server  # noqa: SLF001
            state = self._probe()
            if state == _LOCKED:
                server.bindings = _ClosedDatabase()
                state = self._wait_for_release()
            is_short = state == _QUEUED and free_bytes(self._folder) < SORTING_ROOM
            if state == _LOCKED or is_short:
                server.bindings = _ClosedDatabase()
                return
            try:
                server.start()
            except ChromaError:  # Still no room: the next write says so.
                return
            self._is_stale = False

    def _wait_for_release(self) -> int:
        """Wait until the database is unlocked, or for `RELEASE_SECONDS`; return its state."""
        deadline = time.monotonic() + RELEASE_SECONDS
        while (state := self._probe()) == _LOCKED and time.monotonic() < deadline:
            time.sleep(PROBE_SECONDS)
        return state

    def _probe(self) -> int:
        """Return the state of the database, as another process sees it.

        SQLite's locks do not exclude their own process. If this process opened the file and closed
        it again, all locks of Chroma would be gone.
        """
        command = [sys.executable, "-I", "-S", "-c", _PROBE, str(self._folder / "chroma.sqlite3")]
        probe = subprocess.run(  # noqa: S603  # It runs the probe above.
            command, stdin=subprocess.DEVNULL, capture_output=True, check=False
        )
        return probe.returncode if not probe.stderr else 0


class _ClosedDatabase:
    """Replaces Chroma's database: every use fails at once."""

    def __getattr__(self, name: str) -> NoReturn:
        from chromadb.errors import InternalError

        raise InternalError("the database is closed until the disk has room")
