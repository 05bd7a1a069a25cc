"""The page's web server: Gradio's application behind our guards, with two routes of our own."""

from __future__ import annotations

import gc
import signal
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any

from assistant.page.access import Accounts, HostGuard, ServingError
from assistant.page.bodies import LARGEST_UPLOAD
from assistant.page.handlers import AssistantLoader
from assistant.page.routes import API_PREFIX, RouteGuard

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.responses import JSONResponse

    from assistant.page.access import App, Receive, Scope, Send
    from assistant.page.layout import ChatPage

QUIET_SECONDS = 1.0
"""Seconds without an open request after which every question counts as answered.

A question and its answer are two requests.
"""
LONGEST_STOP = 30.0
"""Seconds after which the server stops although requests are open."""
_LASTING = (f"{API_PREFIX}/heartbeat/", f"{API_PREFIX}/mcp/")
"""Requests that pages and MCP clients keep open."""
HEAD_START = 2.0
"""Seconds for the first page before the models load: both need the processor."""
LONGEST_QUEUE = 500
"""Questions that may wait."""
SESSIONS = 500
"""Pages and programs whose state Gradio remembers, at 80 kB each; older ones begin anew."""


def serve(  # noqa: PLR0913  # Each is an option of the command.
    host: str,
    port: int,
    *,
    say: Callable[[str], object],
    model: str | None = None,
    users: Sequence[tuple[str, str]] | None = None,
    names: frozenset[str],
    allow_hosts: Sequence[str] = (),
) -> None:
    """Serve the page until a signal; the answers in progress are finished first.

    Args:
        host: The address to listen on.
        port: The port to listen on.
        say: Called with each message for the person who started the server.
        model: The model that answers, by default the one of the environment.
        users: Pairs of a user name and a password; without them, anybody is let in.
        names: The host names of the server, in lower case.
        allow_hosts: Hosts to fetch from although they are not on the public internet.

    Raises:
        ServingError: The address or port cannot be used.
        AssistantError, ArticleIndexError: The model or the index cannot be opened.
    """
    # Imports create no garbage; looking for it takes a fifth of the start.
    gc.disable()
    loader, shutdown = AssistantLoader(model), Shutdown()
    from assistant.page.layout import ChatPage

    page = ChatPage(loader, allow_hosts)
    auth = Accounts(users).accepts if users else None
    try:
        _launch(page, loader, shutdown, names=names, auth=auth, server_name=host, server_port=port)
    except OSError as error:
        raise _taken(host, port) from error
    gc.freeze()
    gc.enable()
    say(f"The page is open at http://{host}:{port} (stop it with Ctrl+C).")
    _run(page, loader, shutdown, say)


def _taken(host: str, port: int) -> ServingError:
    return ServingError(
        f"The page cannot be served on {host}:{port}: the port is taken, or the host is not "
        "this machine's. Choose others with --port and --host."
    )


def _run(
    page: ChatPage, loader: AssistantLoader, shutdown: Shutdown, say: Callable[[str], object]
) -> None:
    """Load the models, wait for a signal, and close the index after the last answer."""
    shutdown.wait_for_signal(HEAD_START)
    page.uploads.sweep()
    index = loader.result().index
    shutdown.wait_for_signal()
    say("Stopping after the answers in progress. Press Ctrl+C again to stop at once.")
    shutdown.wait_for_answers()
    index.close()
    page.uploads.close()


def _launch(
    page: ChatPage,
    loader: AssistantLoader,
    shutdown: Shutdown,
    *,
    names: frozenset[str],
    auth: Callable[[str, str], bool] | None,
    **address: Any,
) -> None:
    """Start Gradio's server in threads of its own. Raises `OSError`."""
    from assistant.page.layout import HEAD, ICON, THEME

    blocks, is_starting = page.build(), threading.Event()
    is_starting.set()
    blocks.queue(max_size=LONGEST_QUEUE)
    blocks.launch(
        **address,
        auth=auth,
        # Gradio's MCP server asks for no password, so a page with passwords has no MCP tools.
        mcp_server=auth is None,
        app_kwargs=_app_options(page, loader, shutdown, names, is_starting),
        prevent_thread_lock=True,
        quiet=True,
        share=False,
        run_history=False,
        footer_links=[],
        max_file_size=LARGEST_UPLOAD,
        state_session_capacity=SESSIONS,
        theme=THEME,
        head=HEAD,
        favicon_path=ICON,
    )
    is_starting.clear()


def _app_options(
    page: ChatPage,
    loader: AssistantLoader,
    shutdown: Shutdown,
    names: frozenset[str],
    is_starting: threading.Event,
) -> dict[str, Any]:
    """Return the middleware and the routes that we add to Gradio's application."""
    from gradio.routes import file_upload_statuses
    from starlette.middleware import Middleware
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    take_upload = partial(page.uploads.take, statuses=file_upload_statuses)

    def health(_: Any) -> JSONResponse:
        state = loader.state()
        return JSONResponse({"status": state}, status_code=503 if state == "failed" else 200)

    return {
        "middleware": [
            Middleware(HostGuard, names=names),
            Middleware(RouteGuard, is_starting=is_starting),
            Middleware(shutdown.count_requests),
        ],
        "routes": [
            Route("/health", health),
            # In front of Gradio's own route, whose uploads any caller can name.
            Route(f"{API_PREFIX}/upload", take_upload, methods=["POST"]),
        ],
    }


class Shutdown:
    """Ends the server after a signal, once the open questions are answered."""

    def __init__(self) -> None:
        """Handle SIGINT and SIGTERM, in the main thread; a second signal ends at once."""
        self._asked = threading.Event()
        self._change = threading.Condition()
        self._open_requests = 0
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, _: object) -> None:
        if self._asked.is_set():
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        self._asked.set()

    def wait_for_signal(self, seconds: float | None = None) -> bool:
        """Wait up to `seconds`, or for ever; return whether a signal has come."""
        return self._asked.wait(seconds)

    def wait_for_answers(self) -> None:
        """Wait until no request is open, for at most `LONGEST_STOP` seconds."""
        end = time.monotonic() + LONGEST_STOP
        with self._change:
            while self._open_requests or self._change.wait_for(
                lambda: self._open_requests > 0, QUIET_SECONDS
            ):
                left = end - time.monotonic()
                if not self._change.wait_for(lambda: self._open_requests == 0, left):
                    return

    def count_requests(self, app: App) -> App:
        """Return an application whose requests are counted; after a signal it refuses posts."""

        async def counted(scope: Scope, receive: Receive, send: Send) -> None:
            path = str(scope.get("path", ""))
            is_lasting = path.startswith(_LASTING) and scope["method"] == "GET"
            if not path.startswith(f"{API_PREFIX}/") or is_lasting:
                await app(scope, receive, send)
            elif self._asked.is_set() and scope["method"] == "POST":
                head = [(b"content-type", b"text/plain; charset=utf-8"), (b"retry-after", b"30")]
                reason = b"The server is stopping; ask again in a while.\n"
                await send({"type": "http.response.start", "status": 503, "headers": head})
                await send({"type": "http.response.body", "body": reason})
            else:
                self._count(1)
                try:
                    await app(scope, receive, send)
                finally:
                    self._count(-1)

        return counted

    def _count(self, change: int) -> None:
        with self._change:
            self._open_requests += change
            self._change.notify_all()
