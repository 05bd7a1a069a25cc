"""The open routes of the page's server; every other route answers 404.

Gradio mounts about eighty routes, and some of them fetch any address for any caller. `OPEN_ROUTES`
lists the routes that the page, its programs or its MCP clients need, each with the need.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import compile_path

from assistant.page.access import LoginThrottle
from assistant.page.bodies import (
    LARGEST_BODY,
    MOST_BODY_BYTES,
    BodyError,
    check_declared,
    pieces,
)

if TYPE_CHECKING:
    import re
    import threading

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

API_PREFIX = "/gradio_api"
_MOST_PARTS = 500_000
"""Commas and brackets in a JSON body; each can become a value of about 100 bytes."""
_LARGE_BODY = 100_000
"""Bytes of a large body, at least."""
_MOST_QUEUED = 16
"""Events in Gradio's queue that a large body may join; each body stays until its turn."""
_MOST_REMEMBERED = 50_000_000
"""Bytes of bodies after which we clear Gradio's memory of all pages' inputs."""


@dataclass(frozen=True, slots=True)
class OpenRoute:
    """A route that answers requests.

    Attributes:
        methods: The HTTP methods, separated by spaces.
        path: The path in Starlette's notation, parameters in braces.
        need: The clients that need the route, and their purpose.
        is_public: Whether the route answers without a password on a page with passwords.
        body: The kind of the request's body: "", "json", "form", or "files" for an upload.
    """

    methods: str
    path: str
    need: str
    is_public: bool = False
    body: str = ""


OPEN_ROUTES = (
    OpenRoute("GET HEAD", "/", "the page, or its login form", is_public=True),
    OpenRoute("POST", "/login", "the login form's password", is_public=True, body="form"),
    OpenRoute("GET", "/logout", "the end of a login"),
    OpenRoute("GET", "/assets/{path:path}", "Gradio's scripts, also on the form", is_public=True),
    OpenRoute("GET", "/static/{path:path}", "Gradio's pictures, also on the form", is_public=True),
    OpenRoute("GET", "/theme.css", "the page's colours, also on the form", is_public=True),
    OpenRoute("GET", "/favicon.ico", "the page's icon, also on the form", is_public=True),
    OpenRoute("GET", "/manifest.json", "the page as an app; the form links to it", is_public=True),
    OpenRoute("GET", "/pwa_icon", "the app's icon", is_public=True),
    OpenRoute("GET HEAD", "/health", "monitors of the server", is_public=True),
    OpenRoute("GET", "/config", "programs: the components and events"),
    OpenRoute("GET", f"{API_PREFIX}/info", "programs: the named functions"),
    OpenRoute("GET", f"{API_PREFIX}/app_id", "the page: notices a restart of the server"),
    OpenRoute(
        "GET", f"{API_PREFIX}/startup-events", "the server's start; closed after it", is_public=True
    ),
    OpenRoute("GET", f"{API_PREFIX}/heartbeat/{{session_hash}}", "the page and programs: presence"),
    OpenRoute("POST", f"{API_PREFIX}/queue/join", "the page and programs: an event", body="json"),
    OpenRoute("GET", f"{API_PREFIX}/queue/data", "the page and programs: results of events"),
    OpenRoute("POST", f"{API_PREFIX}/call/{{api_name}}", "curl: a named function", body="json"),
    OpenRoute("GET", f"{API_PREFIX}/call/{{api_name}}/{{event_id}}", "curl: a function's result"),
    OpenRoute("POST", f"{API_PREFIX}/cancel", "the page and programs: cancelling", body="json"),
    OpenRoute("POST", f"{API_PREFIX}/reset", "programs: cancelling", body="json"),
    OpenRoute("POST", f"{API_PREFIX}/component_server/", "the page's own scripts", body="json"),
    OpenRoute("POST", f"{API_PREFIX}/upload", "the page: files to add", body="files"),
    OpenRoute("GET", f"{API_PREFIX}/upload_progress", "the page: the progress of an upload"),
    OpenRoute("GET DELETE", f"{API_PREFIX}/mcp", "MCP clients that leave out the slash"),
    OpenRoute("GET DELETE", f"{API_PREFIX}/mcp/", "MCP clients"),
    OpenRoute("POST", f"{API_PREFIX}/mcp", "MCP clients that leave out the slash", body="json"),
    OpenRoute("POST", f"{API_PREFIX}/mcp/", "MCP clients: a message", body="json"),
)


class RouteGuard:
    """Passes requests to open routes alone, each with its password and body checked."""

    def __init__(self, app: ASGIApp, is_starting: threading.Event) -> None:
        """Guard Gradio's application; `is_starting` is set until the server has started."""
        self._app, self._is_starting = app, is_starting
        self._logins = LoginThrottle()
        self._held = self._remembered = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with the reason for the refusal."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] == "http":
            # First the sender, then the declared size, and only then the body itself.
            route = open_route(scope["method"], scope["path"])
            refusal = self._refusal(route, scope)
            if route and not refusal:
                receive, refusal = await self._checked(route, scope, receive)
            if route and not refusal and route.path == "/login":
                send, refusal = await self._throttled(scope, send)
            if refusal:
                # An unread body would be taken for the next request.
                refusal.headers["connection"] = "close"
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _refusal(self, route: OpenRoute | None, scope: Scope) -> Response | None:
        """Return the answer to a request for a closed route or without a password."""
        is_over = (
            route and route.path.endswith("/startup-events") and not self._is_starting.is_set()
        )
        if route is None or is_over:
            return PlainTextResponse("There is nothing here.\n", 404)
        if not route.is_public and not _has_password(scope):
            # Gradio's own words, which its clients know.
            return JSONResponse({"detail": {"error": "Not authenticated"}}, 401)
        return None

    async def _throttled(self, scope: Scope, send: Send) -> tuple[Send, Response | None]:
        """Let a password attempt wait for its turn.

        Returns:
            A `send` that notices the right password, and the refusal of an early attempt.
        """
        host = (scope.get("client") or ("", 0))[0]
        delay = 0.0 if scope["app"].auth is None else self._logins.delay(host)
        if delay is None:
            reason = "Too many wrong passwords; try again in a minute.\n"
            return send, PlainTextResponse(reason, 429, {"retry-after": "60"})
        await asyncio.sleep(delay)

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == HTTPStatus.OK:
                self._logins.forget(host)
            await send(message)

        return sending, None

    async def _checked(
        self, route: OpenRoute, scope: Scope, receive: Receive
    ) -> tuple[Receive, Response | None]:
        """Check a body; return a `receive` that replays it, and a refusal if it is bad."""
        largest = LARGEST_BODY[route.body]
        try:
            check_declared(scope, largest)
            if route.body not in {"json", "form"}:
                return receive, None
            body = await self._read(scope, receive, largest)
            refusal = await _objection(body) if route.body == "json" else None
            if route.body == "json" and not refusal:
                self._make_room(scope["app"], len(body))
        except BodyError as error:
            return receive, PlainTextResponse(f"{error}\n", error.status)
        return _replaying(body, receive), refusal

    async def _read(self, scope: Scope, receive: Receive, largest: int) -> bytes:
        """Return a request's whole body. Raises `BodyError`."""
        body = bytearray()
        try:
            async for piece in pieces(scope, receive, largest):
                body += piece
                self._held += len(piece)
                if self._held > MOST_BODY_BYTES:
                    raise BodyError("The server is busy; send the request again in a while.", 503)
        finally:
            self._held -= len(body)
        return bytes(body)

    def _make_room(self, gradio: Any, size: int) -> None:
        """Bound the memory of Gradio's stored bodies. Raises `BodyError` if its queue is long."""
        queued = gradio.get_blocks()._queue.get_status().queue_size  # noqa: SLF001
        if size > _LARGE_BODY and queued >= _MOST_QUEUED:
            raise BodyError("The server is busy; send so large a request again in a while.", 503)
        self._remembered += size
        if self._remembered > _MOST_REMEMBERED:
            # A forgotten page begins anew with its next event, as with too many pages.
            self._remembered = size
            with gradio.state_holder.lock:
                gradio.state_holder.session_data.clear()
                gradio.state_holder.time_last_used.clear()


def open_route(method: str, path: str) -> OpenRoute | None:
    """Return the open route of a request; nothing for a closed one.

    >>> open_route("GET", "/gradio_api/call/ask/1").need
    "curl: a function's result"
    >>> open_route("GET", "/gradio_api/file=http://example.org/")
    """
    matching = (route for route, pattern in _patterns() if pattern.match(path))
    return next((route for route in matching if method in route.methods.split()), None)


@cache
def _patterns() -> list[tuple[OpenRoute, re.Pattern[str]]]:
    """Return the open routes with Starlette's own patterns for their paths."""
    return [(route, compile_path(route.path)[0]) for route in OPEN_ROUTES]


def _has_password(scope: Scope) -> bool:
    """Return whether the page has no passwords, or the request has a login's cookie."""
    gradio = scope["app"]
    if gradio.auth is None:
        return True
    cookies = HTTPConnection(scope).cookies
    names = (f"access-token-{gradio.cookie_id}", f"access-token-unsecure-{gradio.cookie_id}")
    return any(cookies.get(name) in gradio.tokens for name in names)


def _replaying(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that gives a body again, and then the later messages."""
    left: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receiving() -> Message:
        return left.pop() if left else await receive()

    return receiving


async def _objection(body: bytes) -> Response | None:
    """Return the refusal of a body that is not JSON or names a file, if it is one."""
    if not body:
        return None
    if sum(map(body.count, (b",", b"[", b"{"))) > _MOST_PARTS:
        raise BodyError("The request has too many parts; send fewer at once.", 413)
    try:
        # Parsed as Starlette does, to get the same value; in a thread, as the body may be long.
        value = await asyncio.to_thread(json.loads, body)
    except (ValueError, RecursionError):
        return PlainTextResponse("The body is not JSON.\n", 400)
    if names_file(value):
        reason = "A request cannot name a file by a path or an address: upload it on the page.\n"
        return PlainTextResponse(reason, 400)
    return None


def names_file(value: Any) -> bool:
    """Return whether Gradio could read or fetch a part of a JSON value as a file.

    >>> names_file({"data": [{"path": "http://10.0.0.1/", "meta": {"_type": "gradio.FileData"}}]})
    True
    >>> names_file({"data": ["http://example.org/", {"question": "which path?"}]})
    False
    """
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            if "path" in part:
                return True
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
    return False
