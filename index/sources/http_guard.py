"""Connections that lead to public addresses alone, and end when the fetch that they are for does."""

from __future__ import annotations

import socket
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from time import monotonic
from typing import TYPE_CHECKING, Any

import httpcore

from index.errors import SourceError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Sequence

    Resolver = Callable[[str, int], Sequence[str]]  # a host's name and the port → its IP addresses

# What `is_global` lets pass in some versions of Python: IETF protocols, 6to4, Teredo and its neighbours, documentation;
# and the address at which Azure's machines find the keeper of their secrets, public though it is.
_SPECIAL = [
    ip_network(network)
    for network in ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32", "2001::/23", "2002::/16", "3fff::/20")
]
_UNICAST, _NAT64 = ip_network("2000::/3"), ip_network("64:ff9b::/96")


def look_up(host: str, port: int) -> Sequence[str]:
    """Return the IP addresses of a host as the system knows them."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


class Backend(httpcore.NetworkBackend):
    """Opens connections, each to an address that it has checked, so that a name cannot lead elsewhere in between."""

    def __init__(self, allowed: set[str], resolve: Resolver) -> None:
        """Let through public hosts and `allowed` ones, as `canonical` spells them; `resolve` gives their addresses."""
        self.deadline = 0.0  # as `time.monotonic` tells it
        self._allowed, self._resolve = allowed, resolve

    def connect_tcp(self, host: str, port: int, timeout: float | None = None, *_: Any, **__: Any) -> _Stream:
        """Connect to the first address of a host that answers, if all that it has may be asked."""
        failure: Exception = SourceError(f"no site of the name {host} was found; check the spelling of the address")
        try:
            addresses = self._addresses(host, port)
        except (OSError, UnicodeError) as error:
            raise failure from error
        for address in addresses:
            try:
                return _Stream(httpcore.SyncBackend().connect_tcp(address, port, self.within(timeout)), self.within)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    def within(self, timeout: float | None) -> float:
        """Return the seconds that a step may take: its own timeout, or less when the fetch ends before."""
        left = self.deadline - monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout
        return min(timeout or left, left)

    def _addresses(self, host: str, port: int) -> Sequence[str]:
        """Return the addresses of a host that may be asked; one that is not public is enough to refuse it."""
        name, itself = canonical(host)
        addresses = itself or self._resolve(name, port)
        local = [address for address in addresses if not _is_public(address)]
        if name not in self._allowed and (local or f".{name}".endswith(".localhost")):
            leads = f" leads to {local[0]}, which" if local and not itself else ""
            ways = f"allow it by name (--allow-host {name}) if it is yours"
            raise SourceError(f"{name}{leads} is not on the public internet; {ways}")
        return addresses


class _Stream(httpcore.NetworkStream):
    """A connection on which no wait outlasts the fetch, however the server drips."""

    def __init__(self, stream: httpcore.NetworkStream, within: Callable[[float | None], float]) -> None:
        self._stream, self._within = stream, within
        self.close, self.get_extra_info = stream.close, stream.get_extra_info  # type: ignore[method-assign]

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._within(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._within(timeout))

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> _Stream:
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, self._within(timeout)), self._within)


def canonical(host: str) -> tuple[str, list[str]]:
    """Return a host in its one spelling, and the address that it is, if it is one.

    >>> canonical("Example.ORG."), canonical("0x7f.1")
    (('example.org', []), ('127.0.0.1', ['127.0.0.1']))
    """
    name = host.lower().strip("[]").rstrip(".")
    for read in (lambda text: IPv4Address(socket.inet_aton(text)), ip_address):
        with suppress(OSError, ValueError):
            return str(read(name)), [str(read(name))]
    return name, []


def _is_public(address: str) -> bool:
    ip = ip_address(address)
    if isinstance(ip, IPv6Address) and (ip.ipv4_mapped or ip in _NAT64):
        ip = IPv4Address(int(ip) & 0xFFFFFFFF)
    special = ip.is_multicast or ip.is_reserved or any(ip in network for network in _SPECIAL)
    return ip.is_global and not special and (ip.version == 4 or ip in _UNICAST)  # noqa: PLR2004  # of the protocol
