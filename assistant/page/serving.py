"""Who may ask the page's server for anything: whoever calls it by its name, from its own pages, with a password."""

from __future__ import annotations

import ipaddress
import re
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Scope = dict[str, Any]
    Receive = Callable[[], Awaitable[dict[str, Any]]]
    Send = Callable[[dict[str, Any]], Awaitable[None]]
    App = Callable[[Scope, Receive, Send], Awaitable[None]]

_HOST = re.compile(r"(?P<name>\[[0-9a-fA-F:.]+\]|[\w.-]+)(?::\d+)?")

HEADERS = {
    # The page is Gradio's, which writes scripts and styles into it; nothing of another host is loaded or framed.
    "content-security-policy": "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


class ServingError(ValueError):
    """The page cannot be served as it is asked for; the message says how it can."""


class Guard:
    """Refuses requests that name another host, or come from a page of another.

    A page of the web can reach a server on this machine by a name of its own that it lets point here (DNS rebinding),
    and can post to it. The first is known by the Host header, an address in numbers being no name; the second by the
    Origin header.
    """

    def __init__(self, app: App, names: frozenset[str]) -> None:
        """Stand before an application that has some names, in lower case."""
        self._app, self._names = app, names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with why not."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        reason = self._objection({key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]})
        if reason is None:
            await self._app(scope, receive, _with_headers(send))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            head = [(b"content-type", b"text/plain; charset=utf-8")]
            await send({"type": "http.response.start", "status": 403, "headers": head})
            await send({"type": "http.response.body", "body": reason.encode()})

    def _objection(self, headers: dict[str, str]) -> str | None:
        host = headers.get("host", "")
        name = _name_of(host)
        if not (_is_address(name) or name in self._names):
            return "This server goes by another name; ask for it by its address, or start it with --name NAME.\n"
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            return "This request comes from a page of another site.\n"
        return None


def _with_headers(send: Send) -> Send:
    async def sending(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            present = {key.lower() for key, _ in message["headers"]}
            more = [(key.encode(), value.encode()) for key, value in HEADERS.items() if key.encode() not in present]
            message = {**message, "headers": [*message["headers"], *more]}
        await send(message)

    return sending


def names_of(host: str, others: list[str]) -> frozenset[str]:
    """Return the names by which a server on a host is asked for: localhost, this machine's, and those given."""
    return frozenset(name.lower() for name in ("localhost", host, socket.gethostname(), socket.getfqdn(), *others))


def check_private(host: str) -> None:
    """Raise `ServingError` unless only this machine can reach a server on a host.

    >>> check_private("127.0.0.1"), check_private("localhost")
    (None, None)
    """
    if host == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback):
        return
    raise ServingError(
        f"On {host} others can reach the page, and read, add and remove articles. Say who may with "
        "--auth user:password or --auth FILE, or let everybody in with --no-auth."
    )


def accounts(auth: str) -> list[tuple[str, str]]:
    """Return the users and passwords of `user:password`, or of the lines of a file. Raises `ServingError`."""
    path = Path(auth).expanduser()
    try:
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else [auth]
    except (OSError, ValueError) as error:
        raise ServingError(f"The file {auth} cannot be read; check its permissions, and that it is text.") from error
    pairs = [line.strip().partition(":") for line in lines if line.strip()]
    if not pairs or not all(user and password for user, _, password in pairs):
        raise ServingError("--auth wants user:password, or a file with one such pair on each line.")
    return [(user, password) for user, _, password in pairs]


def _name_of(host: str) -> str:
    """Return the name in a Host header, in lower case and without its port; nothing for what is no such header."""
    found = _HOST.fullmatch(host)
    return found["name"].strip("[]").rstrip(".").lower() if found else ""


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
