"""The doors of the page's server: its routes that somebody needs; every other one answers 404.

Gradio mounts about eighty routes, among them some that fetch any address for any caller. Each route
that the page, its programs or its MCP clients need is listed here, with the need.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import compile_path

from assistant.page.bodies import LARGEST, MOST_HELD, BodyError, check_declared, pieces

if TYPE_CHECKING:
    import re
    import threading

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_API = "/gradio_api"
_MOST_PARTS = 500_000
"""Commas and brackets in a JSON body: each may become a value, which takes a hundred bytes."""

_LARGE = 100_000
_MOST_LINED_UP = 16
"""Events in Gradio's line from which on large bodies are refused: each is kept until its turn."""
_MOST_REMEMBERED = 50_000_000
"""Bytes of bodies after which Gradio forgets what it remembers of every page's inputs."""


@dataclass(frozen=True, slots=True)
class Door:
    """A route that lets requests in.

    Attributes:
        methods: The HTTP methods, apart by spaces.
        path: The path as Starlette writes it, with its parameters in braces.
        need: Who needs the route, and for what.
        is_public: Whether it lets in without a password, where there are passwords.
        body: What the request's body is: "" for none, "json", "form", or "files" for an upload.
    """

    methods: str
    path: str
    need: str
    is_public: bool = False
    body: str = ""


DOORS = (
    Door("GET HEAD", "/", "the page; without a password its form for one", is_public=True),
    Door("POST", "/login", "the form's password", is_public=True, body="form"),
    Door("GET", "/logout", "the end of a login"),
    Door("GET", "/assets/{path:path}", "Gradio's scripts, the form's too", is_public=True),
    Door("GET", "/static/{path:path}", "Gradio's pictures, the form's too", is_public=True),
    Door("GET", "/theme.css", "the page's colours, the form's too", is_public=True),
    Door("GET", "/favicon.ico", "the page's icon, the form's too", is_public=True),
    Door("GET", "/manifest.json", "the page as an app, which the form names too", is_public=True),
    Door("GET", "/pwa_icon", "the icon of the app", is_public=True),
    Door("GET HEAD", "/health", "whoever watches the server", is_public=True),
    Door("GET", "/config", "programs: what the page can do"),
    Door("GET", f"{_API}/info", "programs: the named functions"),
    Door("GET", f"{_API}/app_id", "the page: whether the server was started anew"),
    Door("GET", f"{_API}/startup-events", "the server's own start; closed after it", is_public=True),
    Door("GET", f"{_API}/heartbeat/{{session_hash}}", "the page and programs: who is still there"),
    Door("POST", f"{_API}/queue/join", "the page and programs: an event", body="json"),
    Door("GET", f"{_API}/queue/data", "the page and programs: what comes of events"),
    Door("POST", f"{_API}/call/{{api_name}}", "curl: a named function", body="json"),
    Door("GET", f"{_API}/call/{{api_name}}/{{event_id}}", "curl: what comes of it"),
    Door("POST", f"{_API}/cancel", "the page and programs: the end of an event", body="json"),
    Door("POST", f"{_API}/reset", "programs: the end of an event", body="json"),
    Door("POST", f"{_API}/component_server/", "the page's own scripts", body="json"),
    Door("POST", f"{_API}/upload", "the page: files to be added", body="files"),
    Door("GET", f"{_API}/upload_progress", "the page: how far an upload is"),
    Door("GET DELETE", f"{_API}/mcp", "MCP clients, with or without the slash"),
    Door("GET DELETE", f"{_API}/mcp/", "MCP clients"),
    Door("POST", f"{_API}/mcp", "MCP clients, with or without the slash", body="json"),
    Door("POST", f"{_API}/mcp/", "MCP clients: a message", body="json"),
)


class Doors:
    """Lets requests in by the doors alone, each to whoever may use it."""

    def __init__(self, app: ASGIApp, is_starting: threading.Event) -> None:
        """Stand before Gradio's application; `is_starting` is set until the server has started."""
        self._app, self._is_starting = app, is_starting
        self._held = self._remembered = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with the reason for a refusal."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] == "http":
            # First who asks, then how much, and only then the body itself.
            door = door_of(scope["method"], scope["path"])
            refusal = self._refusal(door, scope)
            if door and not refusal:
                receive, refusal = await self._checked(door, scope, receive)
            if refusal:
                # A body that nobody has read would be taken for the next request.
                refusal.headers["connection"] = "close"
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _refusal(self, door: Door | None, scope: Scope) -> Response | None:
        """Return the answer to a request that no door lets in."""
        is_closed = door and door.path.endswith("/startup-events") and not self._is_starting.is_set()
        if door is None or is_closed:
            return PlainTextResponse("There is nothing here.\n", 404)
        if not door.is_public and not _has_password(scope):
            # Gradio's own words, which its clients know.
            return JSONResponse({"detail": {"error": "Not authenticated"}}, 401)
        return None

    async def _checked(self, door: Door, scope: Scope, receive: Receive) -> tuple[Receive, Response | None]:
        """Check a body; return the `receive` that gives it again, and a refusal if there is one."""
        try:
            check_declared(scope, LARGEST[door.body])
            if door.body not in {"json", "form"}:
                return receive, None
            body = await self._read(scope, receive, LARGEST[door.body])
            refusal = await _objection(body) if door.body == "json" else None
            if door.body == "json" and not refusal:
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
                if self._held > MOST_HELD:
                    raise BodyError("Too much is being sent at the same time; send it again in a while.", 503)
        finally:
            self._held -= len(body)
        return bytes(body)

    def _make_room(self, gradio: Any, size: int) -> None:
        """Bound the memory that Gradio keeps bodies in. Raises `BodyError` when too many wait."""
        if size > _LARGE and gradio.get_blocks()._queue.get_status().queue_size >= _MOST_LINED_UP:  # noqa: SLF001
            raise BodyError("Too many are waiting for so large a request; send it again in a while.", 503)
        self._remembered += size
        if self._remembered > _MOST_REMEMBERED:
            # A page that asks again begins anew, as with so many pages that it was forgotten.
            self._remembered = size
            with gradio.state_holder.lock:
                gradio.state_holder.session_data.clear()
                gradio.state_holder.time_last_used.clear()


def door_of(method: str, path: str) -> Door | None:
    """Return the door that a request comes to, or None for a route that is closed.

    >>> door_of("GET", "/gradio_api/call/ask/1").need
    'curl: what comes of it'
    >>> door_of("GET", "/gradio_api/file=http://example.org/")
    """
    fitting = (door for door, pattern in _patterns() if pattern.match(path))
    return next((door for door in fitting if method in door.methods.split()), None)


@cache
def _patterns() -> list[tuple[Door, re.Pattern[str]]]:
    """Return the doors with the patterns that Starlette itself compares paths with."""
    return [(door, compile_path(door.path)[0]) for door in DOORS]


def _has_password(scope: Scope) -> bool:
    """Return whether no password is asked for, or the request's cookie is of somebody who gave it."""
    gradio = scope["app"]
    if gradio.auth is None:
        return True
    cookies = HTTPConnection(scope).cookies
    names = (f"access-token-{gradio.cookie_id}", f"access-token-unsecure-{gradio.cookie_id}")
    return any(cookies.get(name) in gradio.tokens for name in names)


def _replaying(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that gives a body that was read already, and then what comes after it."""
    left: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receiving() -> Message:
        return left.pop() if left else await receive()

    return receiving


async def _objection(body: bytes) -> Response | None:
    """Return the answer to a body that is no JSON, or names a file; None for any other."""
    if not body:
        return None
    if sum(map(body.count, (b",", b"[", b"{"))) > _MOST_PARTS:
        raise BodyError("The request has too many parts; send fewer at once.", 413)
    try:
        # As Starlette reads it, so that nothing means another thing there; in a thread, as it may be long.
        value = await asyncio.to_thread(json.loads, body)
    except (ValueError, RecursionError):
        return PlainTextResponse("The body is no JSON.\n", 400)
    if names_file(value):
        reason = "No file can be named here, neither by a path nor by an address: upload it on the page.\n"
        return PlainTextResponse(reason, 400)
    return None


def names_file(value: Any) -> bool:
    """Return whether Gradio could take a part of a JSON value for a file, which it would read or fetch.

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
