"""Fetch web pages over HTTP(S): public hosts only, limited in size and time."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import version
from time import monotonic
from typing import TYPE_CHECKING, Self
from urllib.robotparser import RobotFileParser

import httpcore
import httpx
import tenacity

from index.errors import SourceError
from index.sources.http_errors import RefusedError, RetryableError, explain, status_error
from index.sources.http_guard import GuardedBackend, canonical, look_up
from index.sources.page import LONGEST_URL, SAVE_PAGE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from index.sources.http_guard import Resolver

LARGEST_PAGE = 20_000_000
"""Bytes of a page, unpacked."""
LARGEST_ROBOTS = 500_000
"""Bytes of a robots.txt; the rest is ignored. RFC 9309 requires no more than that."""
MOST_REDIRECTS = 5
"""Redirects of one fetch."""
FETCH_TRIES = 3
"""Times that a page is requested when its site fails for the moment."""
CONNECT_SECONDS = 10.0
"""Seconds to wait for a connection."""
READ_SECONDS = 10.0
"""Seconds to wait for the next bytes."""
TOTAL_SECONDS = 60.0
"""Seconds for one fetch, with its redirects, retries and pauses."""
FIRST_PAUSE = 0.5
"""Seconds before the first retry; each further pause is twice as long."""
LONGEST_PAUSE = 10.0
"""Seconds of pause that a site may ask for; if it asks for more, the fetch fails."""

_REDIRECTS = {301, 302, 303, 307, 308}
_OK_STATUSES = {200, 203}


@dataclass(frozen=True, slots=True)
class FetchedPage:
    """The response to a request for a page.

    Attributes:
        url: The address after redirects, without a fragment.
        content_type: The media type in lower case, such as "text/html"; empty if not named.
        data: The bytes of the page, unpacked.
        charset: The encoding that the Content-Type header names.
        etag: The ETag header.
        last_modified: The Last-Modified header.
    """

    url: str
    content_type: str
    data: bytes
    charset: str | None
    etag: str | None
    last_modified: str | None


class Fetcher:
    """Fetches one page at a time; each thread needs its own.

    It uses no proxy and sends no password. Cookies last for the redirects of one fetch.
    """

    def __init__(self, allowed_hosts: Iterable[str] = (), resolve: Resolver = look_up) -> None:
        """Configure the fetcher.

        Args:
            allowed_hosts: Hosts to fetch from although they are not on the public internet.
            resolve: Returns the IP addresses of a host.
        """
        self._agent = f"article-assistant/{version('article-assistant')}"
        self._robots: dict[str, RobotFileParser | SourceError] = {}
        self._allowed = {canonical(host)[0] for host in allowed_hosts}
        self._backend = GuardedBackend(self._allowed, resolve)
        # Not an httpx.Client: that would follow redirects by rules of its own.
        self._transport = _guarded_transport(self._backend)
        self._cookies = httpx.Cookies()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._transport.close()

    def give_up(self) -> None:
        """Abort the fetch of another thread: at once, or after at most `READ_SECONDS`."""
        self._backend.deadline = 0.0

    def fetch(
        self, url: str, etag: str | None = None, last_modified: str | None = None
    ) -> FetchedPage | None:
        """Fetch a page.

        Args:
            url: The address of the page.
            etag: The ETag header of the last response.
            last_modified: The Last-Modified header of the last response.

        Returns:
            The response; None if the page has not changed since the last one.

        Raises:
            SourceGoneError: The site has no such page.
            SourceError: The page cannot be fetched for another reason.
        """
        validators = {"If-None-Match": etag, "If-Modified-Since": last_modified}
        headers = {
            name: text
            for name, text in validators.items()
            if text and text.isascii() and text.isprintable()
        }
        self._cookies.clear()
        self._backend.deadline = monotonic() + TOTAL_SECONDS
        return _retrying()(self._follow_redirects, _parse_url(url), headers)

    def may_crawl(self, url: str) -> bool:
        """Whether the robots.txt of a host allows this program to read a page.

        A missing robots.txt allows everything; one that cannot be fetched allows nothing
        (RFC 9309). Each host is asked once. Raises `SourceError` for an invalid address.
        """
        address = _parse_url(url)
        robots_url = str(address.join("/robots.txt"))
        if robots_url not in self._robots:
            self._robots[robots_url] = self._read_robots(robots_url)
        rules = self._robots[robots_url]
        if isinstance(rules, SourceError):
            raise SourceError(str(rules))
        return rules.can_fetch(self._agent, str(address))

    def _read_robots(self, url: str) -> RobotFileParser | SourceError:
        """Return the rules of a robots.txt, or the error if the host must not be asked."""
        rules = RobotFileParser()
        try:
            page = self.fetch(url)
            text = page.data[:LARGEST_ROBOTS].decode("utf-8-sig", "replace") if page else ""
            rules.parse(text.splitlines())
        except RefusedError:
            rules.parse([])
        except (RetryableError, ValueError):  # The parser raises ValueError for "http://[".
            rules.parse(["User-agent: *", "Disallow: /"])
        except SourceError as error:
            return error
        return rules

    def _follow_redirects(self, url: httpx.URL, headers: dict[str, str]) -> FetchedPage | None:
        for _ in range(MOST_REDIRECTS + 1):
            request = self._request(url, headers)
            try:
                with closing(self._transport.handle_request(request)) as response:
                    response.request = request
                    self._cookies.extract_cookies(response)
                    if response.status_code not in _REDIRECTS:
                        return _receive(response)
                    target = _parse_url(response.headers.get("location", ""), url)
                    self._check_redirect(url, target)
                    url = target
            except httpx.HTTPError as error:
                raise explain(error) from error
        raise SourceError(
            f"the address redirects more than {MOST_REDIRECTS} times; "
            "open it in a browser and add the address where it ends"
        )

    def _check_redirect(self, url: httpx.URL, target: httpx.URL) -> None:
        """Raise `SourceError` if a page of another host leads to an allowed one.

        A host is allowed for the addresses that the user names. Any public page could otherwise
        read every port of it.
        """
        host = canonical(target.host)[0]
        if host in self._allowed and host != canonical(url.host)[0]:
            raise SourceError(f"it redirects to {target}; add that address itself if it is yours")

    def _request(self, url: httpx.URL, headers: dict[str, str]) -> httpx.Request:
        own = {
            "User-Agent": self._agent,
            "Accept": "*/*",
            "Accept-Encoding": "gzip, deflate",
        }
        timeout = httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS).as_dict()
        request = httpx.Request("GET", url, headers=own | headers, extensions={"timeout": timeout})
        self._cookies.set_cookie_header(request)
        return request


def _guarded_transport(backend: GuardedBackend) -> httpx.HTTPTransport:
    """Return an httpx transport whose connections are opened by the backend."""
    tls = httpx.create_ssl_context(trust_env=False)
    transport = httpx.HTTPTransport(verify=tls)
    # httpx has no argument for the pool. Closing it first fails if httpx renames the attribute.
    transport._pool.close()  # noqa: SLF001
    transport._pool = httpcore.ConnectionPool(tls, network_backend=backend)  # noqa: SLF001
    return transport


def _retrying() -> tenacity.Retrying:
    """Return the retry policy, made of the constants' present values."""
    pause_limit = LONGEST_PAUSE
    return tenacity.Retrying(
        retry=tenacity.retry_if_exception(
            lambda error: isinstance(error, RetryableError) and error.pause <= pause_limit
        ),
        stop=tenacity.stop_after_attempt(FETCH_TRIES) | tenacity.stop_before_delay(TOTAL_SECONDS),
        wait=tenacity.wait_exponential(FIRST_PAUSE)
        + tenacity.wait_exception(lambda error: getattr(error, "pause", 0)),
        reraise=True,
    )


def _parse_url(url: str, base: httpx.URL | None = None) -> httpx.URL:
    """Parse a web address. Raises `SourceError` for an invalid or unsafe one.

    Args:
        url: The address; it may be relative if there is a base.
        base: The address that redirects to it.
    """
    if not url or len(url) > LONGEST_URL or not url.isprintable():
        raise SourceError(
            f"the address is empty, longer than {LONGEST_URL} characters or unprintable; check it"
        )
    try:
        parsed = (base.join(url) if base else httpx.URL(url)).copy_with(fragment=None)
        host = parsed.host
    except (httpx.InvalidURL, ValueError) as error:
        raise SourceError("this is not a valid web address; check its spelling") from error
    if parsed.scheme not in {"http", "https"}:
        raise SourceError(
            "only http:// and https:// addresses can be fetched; save the page and add the file"
        )
    if parsed.userinfo:
        raise SourceError(
            "the address contains a user name or password; remove it, or save the page and add "
            "the file"
        )
    if not host or (parsed.port is not None and not 1 <= parsed.port <= 65535):  # noqa: PLR2004
        raise SourceError("the address has no valid host or port; check its spelling")
    if base and base.scheme == "https" and parsed.scheme == "http":
        raise SourceError(f"the site redirects from https to insecure http; {SAVE_PAGE}")
    return parsed


def _receive(response: httpx.Response) -> FetchedPage | None:
    """Read a response that is not a redirect, unless it says "not modified"."""
    headers, status = response.headers, response.status_code
    is_conditional = {"if-none-match", "if-modified-since"} & response.request.headers.keys()
    if status == httpx.codes.NOT_MODIFIED and is_conditional:
        return None
    if status not in _OK_STATUSES:
        raise status_error(status, headers.get("retry-after", ""))
    if headers.get("content-encoding", "identity").lower() not in {"identity", "gzip", "deflate"}:
        raise SourceError(
            f"the site compresses the page in a way that was not asked for; {SAVE_PAGE}"
        )
    return FetchedPage(
        url=str(response.url),
        content_type=headers.get("content-type", "").partition(";")[0].strip().lower(),
        data=_read_body(response),
        charset=response.charset_encoding,
        etag=headers.get("etag"),
        last_modified=headers.get("last-modified"),
    )


def _read_body(response: httpx.Response) -> bytes:
    """Read and unpack the body of a response up to `LARGEST_PAGE`."""
    too_large = SourceError(
        f"the page is larger than {LARGEST_PAGE / 1e6:g} MB; save its articles and add the files"
    )
    length = response.headers.get("content-length", "")
    if length.isdecimal() and int(length) > LARGEST_PAGE:
        raise too_large
    data = bytearray()
    # httpx reads 64 KB at a time. Compressed once, they unpack to 66 MB at most.
    for part in response.iter_bytes():
        data += part
        if len(data) > LARGEST_PAGE:
            raise too_large
    return bytes(data)
