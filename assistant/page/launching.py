"""The server of the page: Gradio's application behind our guards, with routes of our own."""

from __future__ import annotations

import gc
import signal
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any

from assistant.page.desk import Loading
from assistant.page.doors import Doors
from assistant.page.serving import Guard, ServingError
from assistant.page.uploads import LARGEST_FILE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.responses import JSONResponse

    from assistant.page.layout import Page
    from assistant.page.serving import App, Receive, Scope, Send

QUIET_SECONDS = 1.0
"""Seconds without a waiting request after which all are answered: a question and its answer
are two requests."""
LONGEST_STOP = 30.0
"""Seconds after which the server stops although somebody still waits."""
_API = "/gradio_api/"
_LASTING = (f"{_API}heartbeat/", f"{_API}mcp/")
"""Requests that pages and MCP clients keep open."""
HEAD_START = 2.0
"""Seconds in which the first page is shown before the models load: both need the processor."""
LONGEST_LINE = 500
"""Questions that may wait."""
SESSIONS = 500
"""Pages and programs whose state Gradio remembers, at 80 kB each; older ones begin anew."""


def serve(  # noqa: PLR0913  # Each is an option of the command.
    host: str,
    port: int,
    *,
    say: Callable[[str], object],
    model: str | None = None,
    users: Any = None,
    names: frozenset[str],
    allow_hosts: Sequence[str] = (),
) -> None:
    """Serve the page until a signal ends the program; the answers in progress are finished first.

    Args:
        host: The address to listen on.
        port: The port to listen on.
        say: Called with each message for the person who started the server.
        model: The model that answers; None is the default.
        users: Names and passwords, as Gradio's `auth` takes them; None asks for no password.
        names: The host names under which the server answers, in lower case.
        allow_hosts: Hosts to fetch from although they are not on the public internet.

    Raises:
        ServingError: The address or port cannot be used.
        AssistantError, ArticleIndexError: The model or the index cannot be opened.
    """
    # Imports create no garbage; looking for it takes a fifth of the start.
    gc.disable()
    loading, ending = Loading(model), Ending()
    from assistant.page.layout import Page

    page = Page(loading, allow_hosts)
    try:
        _launch(page, loading, ending, names=names, auth=users, server_name=host, server_port=port)
    except OSError as error:
        raise ServingError(
            f"The page cannot be served on {host}:{port}: the port is taken, or the host is not "
            "this machine's. Choose others with --port and --host."
        ) from error
    gc.freeze()
    gc.enable()
    say(f"The page is open at http://{host}:{port} (stop it with Ctrl+C).")
    ending.wait_until_asked_for(HEAD_START)
    index = loading.result().index
    ending.wait_until_asked_for()
    say("Stopping after the answers in progress. Press Ctrl+C again to stop at once.")
    ending.wait_until_answered()
    index.close()
    page.uploads.close()


def _launch(
    page: Page,
    loading: Loading,
    ending: Ending,
    *,
    names: frozenset[str],
    auth: Any,
    **address: Any,
) -> None:
    """Start Gradio's server in threads of its own. Raises `OSError`."""
    from assistant.page.layout import HEAD, ICON, THEME

    blocks, is_starting = page.build(), threading.Event()
    is_starting.set()
    blocks.queue(max_size=LONGEST_LINE)
    blocks.launch(
        **address,
        auth=auth,
        # Gradio's MCP server asks for no password: where there are passwords, it is off.
        mcp_server=auth is None,
        app_kwargs=_around(page, loading, ending, names, is_starting),
        prevent_thread_lock=True,
        quiet=True,
        share=False,
        run_history=False,
        footer_links=[],
        max_file_size=LARGEST_FILE,
        state_session_capacity=SESSIONS,
        theme=THEME,
        head=HEAD,
        favicon_path=ICON,
    )
    is_starting.clear()


def _around(
    page: Page,
    loading: Loading,
    ending: Ending,
    names: frozenset[str],
    is_starting: threading.Event,
) -> dict[str, Any]:
    """Return our routes, and the middleware in front of all routes, for Gradio's application."""
    from gradio.routes import file_upload_statuses
    from starlette.middleware import Middleware
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    take_upload = partial(page.uploads.take, statuses=file_upload_statuses)

    def health(_: Any) -> JSONResponse:
        state = loading.state()
        return JSONResponse({"status": state}, status_code=503 if state == "failed" else 200)

    return {
        "middleware": [
            Middleware(Guard, names=names),
            Middleware(Doors, is_starting=is_starting),
            Middleware(ending.before),
        ],
        "routes": [
            Route("/health", health),
            # Before Gradio's own route, which stores files where anybody can name them.
            Route("/gradio_api/upload", take_upload, methods=["POST"]),
        ],
    }


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
        end = time.monotonic() + LONGEST_STOP
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
