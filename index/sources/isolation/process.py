"""`ReadingProcess`: a process that reads files, with limits; `Processes`: those of this program."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, NoReturn

from index.errors import SourceError
from index.sources.isolation.messages import MEMORY_EXIT, receive, send

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from index.sources.isolation.messages import Message

    CheckStopped = Callable[[], object]

LONGEST_WAIT = 10.0 if sys.platform == "win32" else 30.0
"""Seconds for one file by the clock. Where processor time has a limit, that ends it earlier."""
STOP_SECONDS = 0.1
"""Seconds between two looks at whether the caller has stopped."""
IDLE_SECONDS = 60.0
"""Seconds after which an idle process is ended."""
PIPE_BYTES = 65_536
"""Bytes of a pipe's buffer: a short article goes through at once."""
MOST_IDLE = 2
"""Idle processes that are kept."""
BROKEN = "the program that reads it has crashed on it; save it in another format"
"""The reason for a source that ends its process, or makes it reply nonsense."""

# The folder of the package `index`.
_ROOT = Path(__file__).parents[3]
_TOO_LONG = "it takes too long to read; split it, or save it in another format"
_TOO_LARGE = "it needs too much memory to read; split it, or save it in another format"


class ReadingProcess:
    """A process that reads one file after another."""

    def __init__(self) -> None:
        """Start the process."""
        # The process sees the modules that this one sees, but none of the working folder.
        path = os.pathsep.join([str(_ROOT), *filter(None, sys.path)])
        # numpy would reserve memory for a thread on each core.
        single = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "index.sources.isolation.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **single, "PYTHONPATH": path},
            bufsize=PIPE_BYTES,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        self.idle_since = 0.0
        self._request: tuple[CheckStopped, float] | None = None
        self._has_ended = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    @property
    def is_alive(self) -> bool:
        """Whether the process can read another file."""
        return self._process.poll() is None

    def ask(self, fields: dict[str, Any], data: bytes, check_stopped: CheckStopped) -> Message:
        """Return the reply to a request.

        Whatever ends the waiting ends the process. Raises `SourceError` if the process exceeds
        a limit or crashes, and what `check_stopped` raises.
        """
        end = monotonic() + LONGEST_WAIT
        self._request = check_stopped, end
        try:
            reply = self._exchange(fields, data)
            self._request = None
            if reply is None:
                check_stopped()
                self._fail(end)
        except BaseException:
            self.end()
            raise
        if reply[0].get("is_last"):
            self.end()
        return reply

    def end(self) -> None:
        """End the process, whatever it is doing."""
        self._has_ended.set()
        self._process.kill()
        self._process.wait()
        self._close_pipes()

    def forget(self) -> None:
        """Leave the process to the program that this one was forked from."""
        self._has_ended.set()
        self._process.returncode = 0
        self._close_pipes()

    def _close_pipes(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):  # Unsent data of a broken pipe.
                if pipe:
                    pipe.close()

    def _exchange(self, fields: dict[str, Any], data: bytes) -> Message | None:
        """Send a request and wait for the reply; None if the process does not give one."""
        process: Any = self._process
        # The process may end before it has read all, or send anything once a file took it over.
        with suppress(OSError, ValueError, RecursionError):
            send(process.stdin, fields, data)
            return receive(process.stdout)
        return None

    def _watch(self) -> None:
        """Kill the process when the caller has stopped, or a file takes too long.

        The caller's thread only waits for the reply: each change of threads takes time while
        others embed.
        """
        while not self._has_ended.wait(STOP_SECONDS):
            request = self._request
            if request and _is_over(*request):
                self._process.kill()

    def _fail(self, end: float) -> NoReturn:
        """Raise `SourceError` with the reason for which the process has not replied."""
        is_late = monotonic() > end
        self._process.kill()  # It may have sent nonsense, and be alive.
        status = self._process.wait()
        if status == MEMORY_EXIT:
            raise SourceError(_TOO_LARGE)
        is_spent = status == -getattr(signal, "SIGXCPU", 0)
        raise SourceError(_TOO_LONG if is_late or is_spent else BROKEN)


def _is_over(check_stopped: CheckStopped, end: float) -> bool:
    """Whether a request has been stopped, or has passed its end."""
    try:
        check_stopped()
    except Exception:  # noqa: BLE001  # The caller's thread raises it again.
        return True
    return monotonic() > end


class Processes:
    """The reading processes of this program. Threads share them, each using its own."""

    def __init__(self) -> None:
        """Begin without a process."""
        self._lock = threading.Lock()
        self._idle: list[ReadingProcess] = []
        self._timer: threading.Timer | None = None

    @contextmanager
    def one(self) -> Iterator[ReadingProcess]:
        """Lend a process; start one if none is idle."""
        with self._lock:
            process = self._idle.pop() if self._idle else None
        if process and not process.is_alive:
            process.end()
            process = None
        process = process or ReadingProcess()
        try:
            yield process
        finally:
            self._take_back(process)

    def end_all(self) -> None:
        """End the idle processes."""
        with self._lock:
            ended, self._idle = self._idle, []
            if self._timer:
                self._timer.cancel()
                self._timer = None
        for process in ended:
            process.end()

    def after_fork(self) -> None:
        """Start anew in a forked program: the processes belong to the other one."""
        for process in self._idle:
            process.forget()
        self.__init__()  # type: ignore[misc]  # The lock may be held by a thread that is gone.

    def _take_back(self, process: ReadingProcess) -> None:
        if not process.is_alive:
            return
        process.idle_since = monotonic()
        with self._lock:
            is_kept = len(self._idle) < MOST_IDLE
            if is_kept:
                self._idle.append(process)
                self._watch()
        if not is_kept:
            process.end()

    def _watch(self) -> None:
        """Look after the idle processes later, unless a look is due anyway."""
        if not self._timer:
            self._timer = threading.Timer(IDLE_SECONDS, self._end_idle)
            self._timer.daemon = True
            self._timer.start()

    def _end_idle(self) -> None:
        latest = monotonic() - IDLE_SECONDS
        with self._lock:
            ended = [process for process in self._idle if process.idle_since <= latest]
            self._idle = [process for process in self._idle if process.idle_since > latest]
            self._timer = None
            if self._idle:
                self._watch()
        for process in ended:
            process.end()
