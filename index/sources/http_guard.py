"""Guard network connections: public addresses only, and a deadline for every wait."""

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

    # (host, port) -> IP addresses
    Resolver = Callable[[str, int], Sequence[str]]

# Networks that `is_global` accepts in some Python versions although they are not public hosts.
_NOT_PUBLIC = [
    ip_network("192.0.0.0/24"),  # IETF protocol assignments
    ip_network("192.88.99.0/24"),  # 6to4 relays
    ip_network("168.63.129.16/32"),  # Azure's wire server, which hands out secrets
    ip_network("2001::/23"),  # Teredo and other IETF protocols
    ip_network("2002::/16"),  # 6to4
    ip_network("3fff::/20"),  # documentation
]
_IPV6_UNICAST = ip_network("2000::/3")
_NAT64 = ip_network("64:ff9b::/96")


def look_up(host: str, port: int) -> Sequence[str]:
    """Return the IP addresses that the system's resolver has for a host."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(socket_address[0]) for *_, socket_address in found]


class GuardedBackend(httpcore.NetworkBackend):
    """Opens connections to public hosts only.

    It connects to the very IP address that it checked, so a name that changes its address
    between the check and the connection (DNS rebinding) gains nothing.

    Attributes:
        deadline: The `time.monotonic` at which the current fetch ends.
    """

    def __init__(self, allowed: set[str], resolve: Resolver) -> None:
        """Configure the backend.

        Args:
            allowed: Hosts to connect to although they are not public, as `canonical` spells them.
            resolve: Returns the IP addresses of a host.
        """
        self.deadline = 0.0
        self._allowed = allowed
        self._resolve = resolve

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, *_: Any, **__: Any
    ) -> _DeadlineStream:
        """Connect to the first address of a host that answers. Raises `SourceError`.

        The host is refused if any of its addresses is not public.
        """
        failure: Exception = SourceError(
            f"no host named {host} was found; check the spelling of the address"
        )
        try:
            addresses = self._checked_addresses(host, port)
        except (OSError, UnicodeError) as error:
            raise failure from error
        for address in addresses:
            try:
                stream = httpcore.SyncBackend().connect_tcp(address, port, self.within(timeout))
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return _DeadlineStream(stream, self.within)
        raise failure

    def within(self, timeout: float | None) -> float:
        """Shorten a timeout, in seconds, to the time left until the deadline.

        Raises `httpcore.ReadTimeout` if no time is left.
        """
        left = self.deadline - monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout
        return min(timeout or left, left)

    def _checked_addresses(self, host: str, port: int) -> Sequence[str]:
        """Return the IP addresses of a host. Raises `SourceError` if one of them is not public."""
        name, literal = canonical(host)
        addresses = literal or self._resolve(name, port)
        local = [address for address in addresses if not _is_public(address)]
        is_local_name = f".{name}".endswith(".localhost")
        if name not in self._allowed and (local or is_local_name):
            resolves = f" resolves to {local[0]}, which" if local and not literal else ""
            raise SourceError(
                f"{name}{resolves} is not on the public internet; allow it by name "
                f"(--allow-host {name}) if it is yours"
            )
        return addresses


class _DeadlineStream(httpcore.NetworkStream):
    """A connection that ends at the deadline, even if the server sends a byte now and then."""

    def __init__(
        self, stream: httpcore.NetworkStream, within: Callable[[float | None], float]
    ) -> None:
        self._stream = stream
        self._within = within
        self.close = stream.close  # type: ignore[method-assign]
        self.get_extra_info = stream.get_extra_info  # type: ignore[method-assign]

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._within(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._within(timeout))

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> _DeadlineStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, self._within(timeout))
        return _DeadlineStream(stream, self._within)


def canonical(host: str) -> tuple[str, list[str]]:
    """Normalise the spelling of a host.

    Returns:
        The host's name in one spelling, and its IP address if the host is written as one.

    >>> canonical("Example.ORG."), canonical("0x7f.1")
    (('example.org', []), ('127.0.0.1', ['127.0.0.1']))
    """
    name = host.lower().strip("[]").rstrip(".")
    # inet_aton reads the spellings that the system would connect to: 0x7f.1, 2130706433
    for parse in (lambda text: IPv4Address(socket.inet_aton(text)), ip_address):
        with suppress(OSError, ValueError):
            return str(parse(name)), [str(parse(name))]
    return name, []


def _is_public(address: str) -> bool:
    """Whether an IP address belongs to a host on the public internet."""
    ip = ip_address(address)
    # An IPv4 address inside an IPv6 one: ::ffff:127.0.0.1, 64:ff9b::127.0.0.1
    if isinstance(ip, IPv6Address) and (ip.ipv4_mapped or ip in _NAT64):
        ip = IPv4Address(int(ip) & 0xFFFFFFFF)
    if ip.is_multicast or ip.is_reserved or any(ip in network for network in _NOT_PUBLIC):
        return False
    return ip.is_global and (isinstance(ip, IPv4Address) or ip in _IPV6_UNICAST)
