"""Access to the page's server: by its own names, from its own pages, with a password."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
import secrets
import socket
import time
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    Scope = dict[str, Any]
    Receive = Callable[[], Awaitable[dict[str, Any]]]
    Send = Callable[[dict[str, Any]], Awaitable[None]]
    App = Callable[[Scope, Receive, Send], Awaitable[None]]

_HOST = re.compile(r"(?P<name>\[[0-9a-fA-F:.]+\]|[\w.-]+)(?::\d+)?")
"""A Host header, such as "[::1]:7860"."""
_MOST_SOURCES = 10_000
"""Networks whose password attempts are remembered."""
_FORGET_SECONDS = 900.0
"""Seconds without an attempt after which a network's attempts are forgotten."""
LONGEST_DELAY = 60.0
"""Seconds between two password attempts from one network, at most."""
LONGEST_LOGIN = 60.0
"""Seconds that a password attempt waits for its turn; a later turn is refused."""

HEADERS = {
    # Gradio writes scripts and styles into its page. Nothing of another host is loaded or framed.
    "content-security-policy": "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


class ServingError(ValueError):
    """The page cannot be served with these options; the message names better ones."""


class HostGuard:
    """Refuses requests for another host name or from another site's page.

    A site on the web can point a name of its own at this machine (DNS rebinding), and its pages
    can post here. The Host header shows the first, since an address in numbers is not a name; the
    Origin header shows the second.
    """

    def __init__(self, app: App, names: frozenset[str]) -> None:
        """Guard an application with these host names, in lower case."""
        self._app, self._names = app, names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with the reason for the refusal."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        headers = {
            key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]
        }
        reason = self._objection(headers)
        if reason is None:
            await self._app(scope, receive, _with_headers(send, is_https=_is_https(scope, headers)))
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
            return (
                "This server has another name. Ask for it by its address, or start it with --name "
                "NAME.\n"
            )
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            return "This request comes from a page of another site.\n"
        return None


def _is_https(scope: Scope, headers: dict[str, str]) -> bool:
    """Return whether the browser speaks HTTPS, perhaps with a proxy in front of us."""
    return "https" in {scope.get("scheme"), headers.get("x-forwarded-proto", "").lower()}


def _with_headers(send: Send, *, is_https: bool) -> Send:
    """Return a `send` that adds our headers and narrows cookies."""

    async def sending(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            present = {key.lower() for key, _ in message["headers"]}
            headers = [
                (key, narrowed(value, is_https=is_https) if key.lower() == b"set-cookie" else value)
                for key, value in message["headers"]
            ]
            headers += [
                (key.encode(), value.encode())
                for key, value in HEADERS.items()
                if key.encode() not in present
            ]
            message = {**message, "headers": headers}
        await send(message)

    return sending


def narrowed(cookie: bytes, *, is_https: bool) -> bytes:
    """Return a Set-Cookie header for this site alone, out of reach of scripts.

    >>> narrowed(b"a=b; Path=/; SameSite=none", is_https=True)
    b'a=b; Path=/; HttpOnly; SameSite=Lax; Secure'
    """
    parts = [part.strip() for part in cookie.split(b";")]
    ours = (b"httponly", b"samesite", b"secure")
    kept = [part for part in parts if not part.lower().startswith(ours)]
    secure = [b"Secure"] if is_https else []
    return b"; ".join([*kept, b"HttpOnly", b"SameSite=Lax", *secure])


@dataclass(slots=True)
class _Attempts:
    """Password attempts of a network.

    Attributes:
        count: The attempts since the last right password or long pause.
        next_at: The moment of the next attempt, in seconds of the monotonic clock.
    """

    count: int = 0
    next_at: float = 0.0

    def add(self, now: float, *, free: int, longest: float) -> None:
        """Count an attempt and set the moment of the next one.

        Args:
            now: The time of the attempt.
            free: The attempts before the first delay.
            longest: The longest delay in seconds.
        """
        if now - self.next_at > _FORGET_SECONDS:
            self.count = 0
        self.count += 1
        excess = self.count - free
        delay = min(2.0 ** min(excess, 9), longest) if excess >= 0 else 0.0
        self.next_at = max(now, self.next_at) + delay


class LoginThrottle:
    """Spaces out password attempts: three at once, then 1, 2, 4 … 60 seconds apart.

    Attempts are counted for each network, and once more for all networks together, where a
    hundred are free and the others are one second apart.
    """

    def __init__(self) -> None:
        """Begin without attempts."""
        self._sources: OrderedDict[str, _Attempts] = OrderedDict()
        self._all = _Attempts()

    def delay(self, host: str, now: float | None = None) -> float | None:
        """Count an attempt and return the seconds that it has to wait.

        Args:
            host: The address of the client.
            now: The time of the attempt, by default the present.

        Returns:
            The delay, or nothing for an attempt that comes too early; such an attempt is refused
            and does not count.
        """
        now = time.monotonic() if now is None else now
        source = self._sources.pop(network_of(host), _Attempts())
        self._sources[network_of(host)] = source
        while len(self._sources) > _MOST_SOURCES:
            self._sources.popitem(last=False)
        begin = max(now, source.next_at, self._all.next_at)
        if begin - now > LONGEST_LOGIN:
            return None
        source.add(now, free=3, longest=LONGEST_DELAY)
        self._all.add(now, free=100, longest=1.0)
        return begin - now

    def forget(self, host: str) -> None:
        """Forget a network's attempts, after a right password."""
        self._sources.pop(network_of(host), None)


def network_of(host: str) -> str:
    """Return the network of a client's address: IPv6 gives each customer 64 bits.

    >>> network_of("192.0.2.7"), network_of("2001:db8::7")
    ('192.0.2.7', '2001:db8::/64')
    """
    if not _is_address(host):
        return host
    address = ipaddress.ip_address(host)
    if isinstance(address, ipaddress.IPv4Address):
        return host
    return str(ipaddress.ip_network(f"{address.exploded.partition('%')[0]}/64", strict=False))


class Accounts:
    """Names and passwords, compared in constant time."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Store the users' password hashes; the key of the hashes lives with this process."""
        self._key = secrets.token_bytes(32)
        self._hashes = {user: self._hash(password) for user, password in pairs}
        self._nobody = secrets.token_bytes(32)

    def accepts(self, user: str, password: str) -> bool:
        """Return whether a password is right; an unknown user takes as long as a known one."""
        return hmac.compare_digest(
            self._hash(password), self._hashes.get(user.strip(), self._nobody)
        )

    def _hash(self, password: str) -> bytes:
        return hmac.digest(self._key, password.encode("utf-8", "surrogatepass"), hashlib.sha256)


def names_of(host: str, others: list[str]) -> frozenset[str]:
    """Return the names of a server: localhost, its host, this machine's names, and others."""
    names = ("localhost", host, socket.gethostname(), socket.getfqdn(), *others)
    return frozenset(name.lower() for name in names)


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
    """Parse `user:password`, or a file with such lines. Raises `ServingError`."""
    path = Path(auth).expanduser()
    try:
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else [auth]
    except (OSError, ValueError) as error:
        raise ServingError(
            f"The file {auth} cannot be read; check its permissions, and that it is text."
        ) from error
    pairs = [line.strip().partition(":") for line in lines if line.strip()]
    if not pairs or not all(user and password for user, _, password in pairs):
        raise ServingError("--auth wants user:password, or a file with one such pair on each line.")
    return [(user, password) for user, _, password in pairs]


def _name_of(host: str) -> str:
    """Return the name in a Host header, in lower case; "" for an invalid header."""
    match = _HOST.fullmatch(host)
    return match["name"].strip("[]").rstrip(".").lower() if match else ""


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
