"""The end of a server: who waits for an answer gets it, and nothing new is begun."""

from __future__ import annotations

import signal
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assistant.page.serving import App, Receive, Scope, Send

QUIET_SECONDS = 1.0
"""How long nobody has waited when all are answered: a question and its answer are two requests."""
PATIENCE = 30.0
"""Seconds after which a server stops though somebody still waits."""
_API = "/gradio_api/"
_LASTING = (f"{_API}heartbeat/", f"{_API}mcp/")
"""What pages and MCP clients keep open for as long as they are there."""


class Ending:
    """Tells when a server may end: signals ask for it, and those who wait for answers put it off."""

    def __init__(self) -> None:
        """Take the signals that ask a program to end; a second one ends it at once. For the main thread alone."""
        self._asked = threading.Event()
        self._change = threading.Condition()
        self._waiting = 0
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._ask)

    def _ask(self, number: int, _: object) -> None:
        if self._asked.is_set():
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        self._asked.set()

    def wait_until_asked_for(self, seconds: float | None = None) -> bool:
        """Return whether a signal asks for the end, within so many seconds if they are given."""
        return self._asked.wait(seconds)

    def wait_until_answered(self) -> None:
        """Return when nobody waits for an answer any more, or patience is at its end."""
        end = time.monotonic() + PATIENCE
        with self._change:
            while self._waiting or self._change.wait_for(lambda: self._waiting > 0, QUIET_SECONDS):
                if not self._change.wait_for(lambda: self._waiting == 0, end - time.monotonic()):
                    return

    def before(self, app: App) -> App:
        """Return an application that is counted on: once the end is asked for, it takes no more questions."""

        async def counted(scope: Scope, receive: Receive, send: Send) -> None:
            path = str(scope.get("path", ""))
            if not path.startswith(_API) or (path.startswith(_LASTING) and scope["method"] == "GET"):
                await app(scope, receive, send)
            elif self._asked.is_set() and scope["method"] == "POST":
                head = [(b"content-type", b"text/plain; charset=utf-8"), (b"retry-after", b"30")]
                await send({"type": "http.response.start", "status": 503, "headers": head})
                await send({"type": "http.response.body", "body": b"The server is stopping; ask again in a while.\n"})
            else:
                self._count(1)
                try:
                    await app(scope, receive, send)
                finally:
                    self._count(-1)

        return counted

    def _count(self, more: int) -> None:
        with self._change:
            self._waiting += more
            self._change.notify_all()
