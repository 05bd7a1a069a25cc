"""HTTP(S) for articles, with its guards: public hosts alone, pages of bounded size, and an end to every wait."""

from __future__ import annotations

import ssl
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from time import monotonic
from typing import TYPE_CHECKING, Self
from urllib.robotparser import RobotFileParser

import httpcore
import httpx
import tenacity

from index.errors import SourceError, SourceGoneError
from index.sources.http_guard import Backend, canonical, look_up

if TYPE_CHECKING:
    from collections.abc import Iterable

    from index.sources.http_guard import Resolver

LARGEST_PAGE = 20_000_000  # bytes, unpacked
LARGEST_ROBOTS = 500_000  # bytes; what a robots.txt says after them is passed over (RFC 9309 asks for no more)
LONGEST_URL = 2_000  # characters
MOST_REDIRECTS, TRIES = 5, 3
CONNECT_SECONDS = READ_SECONDS = 10.0
TOTAL_SECONDS = 60.0  # for one fetch with its redirects, tries and pauses
FIRST_PAUSE = 0.5  # seconds; each further pause is twice as long
LONGEST_PAUSE = 10.0  # seconds; a site that asks for a longer one is left alone

_SAVE = "save it in a browser and add the file"
_REDIRECTS = {301, 302, 303, 307, 308}
_PASSING = {429, 500, 502, 503, 504}
_REASONS = {
    **dict.fromkeys((401, 402, 403), f"the site refuses the page to programs, or wants a login or pay; {_SAVE}"),
    404: "the site has no such page; check the address",
    410: "the site has removed the page; look for it at another address",
    429: "the site gets too many requests; try again later",
    451: "the page is withheld for legal reasons; look for it at another address",
}


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a URL gave: its bytes, unpacked, and what the server says of them.

    `url` is the address after redirects, without a fragment; `content_type` the media type alone, in lower case, empty
    if the server names none; `charset` what the Content-Type header names.
    """

    url: str
    content_type: str
    data: bytes
    charset: str | None
    etag: str | None
    last_modified: str | None


class _RefusedError(SourceError):
    """The site does not give the page: 4xx."""


class _GoneError(_RefusedError, SourceGoneError):
    """The site has no such page, or no longer: 404 and 410."""


class _PassingError(SourceError):
    """What a later try may mend, after `pause` seconds at least."""

    def __init__(self, reason: str, pause: float = 0.0) -> None:
        super().__init__(reason)
        self.pause = pause


class Fetcher:
    """Fetches pages, one at a time, so one for each thread. What goes wrong is a `SourceError` that says why."""

    def __init__(self, allowed_hosts: Iterable[str] = (), resolve: Resolver = look_up) -> None:
        """Ask hosts on the public internet, and any that `allowed_hosts` names; no proxy, no password."""
        self._agent = f"article-assistant/{version('article-assistant')}"
        self._robots: dict[str, RobotFileParser | SourceError] = {}
        self._backend = Backend({canonical(host)[0] for host in allowed_hosts}, resolve)
        self._transport = _transport(self._backend)  # httpx's Client would follow redirects in ways of its own.
        self._cookies = httpx.Cookies()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close its connections."""
        self._transport.close()

    def give_up(self) -> None:
        """End the fetch that another thread is at, at its next sign of life or after `READ_SECONDS`."""
        self._backend.deadline = 0.0

    def fetch(self, url: str, etag: str | None = None, last_modified: str | None = None) -> Fetched | None:
        """Return what a URL gives, or None when it is still as `etag` and `last_modified` say.

        Raises `SourceGoneError` if the site has no such page, and `SourceError` for all else.
        """
        validators = {"If-None-Match": etag, "If-Modified-Since": last_modified}
        headers = {name: text for name, text in validators.items() if text and text.isascii() and text.isprintable()}
        self._cookies.clear()
        self._backend.deadline = monotonic() + TOTAL_SECONDS
        return _retrying()(self._follow, _parse(url), headers)

    def may_crawl(self, url: str) -> bool:
        """Whether the robots.txt of its host lets this program read a URL; asked of each host once.

        A host without one allows all, and one that fails to give it allows nothing (RFC 9309). Raises `SourceError` for
        a URL that cannot be fetched at all.
        """
        address = _parse(url)
        place = str(address.join("/robots.txt"))
        if place not in self._robots:
            self._robots[place] = self._read_robots(place)
        rules = self._robots[place]
        if isinstance(rules, SourceError):
            raise SourceError(str(rules))
        return rules.can_fetch(self._agent, str(address))

    def _read_robots(self, place: str) -> RobotFileParser | SourceError:
        rules = RobotFileParser()
        try:
            page = self.fetch(place)
            rules.parse(page.data[:LARGEST_ROBOTS].decode("utf-8-sig", "replace").splitlines() if page else [])
        except _RefusedError:
            rules.parse([])
        except (_PassingError, ValueError):  # Some lines that are no rules are a ValueError to the parser.
            rules.parse(["User-agent: *", "Disallow: /"])
        except SourceError as error:
            return error
        return rules

    def _follow(self, url: httpx.URL, headers: dict[str, str]) -> Fetched | None:
        for _ in range(MOST_REDIRECTS + 1):
            request = self._request(url, headers)
            try:
                with closing(self._transport.handle_request(request)) as response:
                    response.request = request
                    self._cookies.extract_cookies(response)
                    if response.status_code not in _REDIRECTS:
                        return _receive(response)
                    url = _parse(response.headers.get("location", ""), url)
            except httpx.HTTPError as error:
                raise _explain(error) from error
        raise SourceError(f"the address leads on more than {MOST_REDIRECTS} times; add the one it ends at in a browser")

    def _request(self, url: httpx.URL, headers: dict[str, str]) -> httpx.Request:
        own = {"User-Agent": self._agent, "Accept": "*/*", "Accept-Encoding": "gzip, deflate"}
        timeout = httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS).as_dict()
        request = httpx.Request("GET", url, headers=own | headers, extensions={"timeout": timeout})
        self._cookies.set_cookie_header(request)
        return request


def _transport(backend: Backend) -> httpx.HTTPTransport:
    tls = httpx.create_ssl_context(trust_env=False)
    transport = httpx.HTTPTransport(verify=tls)
    transport._pool.close()  # noqa: SLF001  # httpx has no argument for its pool; this fails should it move elsewhere.
    transport._pool = httpcore.ConnectionPool(tls, network_backend=backend)  # noqa: SLF001
    return transport


def _retrying() -> tenacity.Retrying:
    """Return what tries again as often and as late as the constants say now."""
    return tenacity.Retrying(
        retry=tenacity.retry_if_exception(lambda error: getattr(error, "pause", LONGEST_PAUSE + 1) <= LONGEST_PAUSE),
        stop=tenacity.stop_after_attempt(TRIES) | tenacity.stop_before_delay(TOTAL_SECONDS),
        wait=tenacity.wait_exponential(FIRST_PAUSE) + tenacity.wait_exception(lambda error: getattr(error, "pause", 0)),
        reraise=True,
    )


def _parse(url: str, base: httpx.URL | None = None) -> httpx.URL:
    """Return an address that may be asked if its host may; `base` is what redirects to it."""
    if not url or len(url) > LONGEST_URL or not url.isprintable():
        raise SourceError(f"the address is empty, longer than {LONGEST_URL} characters or unprintable; check it")
    try:
        parsed = (base.join(url) if base else httpx.URL(url)).copy_with(fragment=None)
        host = parsed.host
    except (httpx.InvalidURL, ValueError) as error:
        raise SourceError("it is no address of a web page; check its spelling") from error
    if parsed.scheme not in {"http", "https"}:
        raise SourceError("only http:// and https:// addresses can be fetched; save the page and add the file")
    if parsed.userinfo:
        raise SourceError("the address holds a user name or password; take it out, or save the page and add the file")
    if not host or (parsed.port is not None and not 1 <= parsed.port <= 65535):  # noqa: PLR2004
        raise SourceError("the address names no proper host or port; check its spelling")
    if base and base.scheme == "https" and parsed.scheme == "http":
        raise SourceError(f"the site leads from https to http, where anyone can change the page; {_SAVE}")
    return parsed


def _receive(response: httpx.Response) -> Fetched | None:
    headers = response.headers
    is_conditional = {"if-none-match", "if-modified-since"} & response.request.headers.keys()
    if response.status_code == httpx.codes.NOT_MODIFIED and is_conditional:
        return None
    if response.status_code not in {200, 203}:
        raise _refusal(response.status_code, headers.get("retry-after", ""))
    if headers.get("content-encoding", "identity").lower() not in {"identity", "gzip", "deflate"}:
        raise SourceError(f"the site packs the page in a way that was not asked for; {_SAVE}")
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    etag, modified = headers.get("etag"), headers.get("last-modified")
    return Fetched(str(response.url), kind, _read(response), response.charset_encoding, etag, modified)


def _read(response: httpx.Response) -> bytes:
    too_large = SourceError(f"the page is larger than {LARGEST_PAGE / 1e6:g} MB; save its articles and add the files")
    length = response.headers.get("content-length", "")
    if length.isdecimal() and int(length) > LARGEST_PAGE:
        raise too_large
    data = bytearray()
    for part in response.iter_bytes():  # At most 64 KB as sent; packed once, so never more than 66 MB at a time.
        data += part
        if len(data) > LARGEST_PAGE:
            raise too_large
    return bytes(data)


def _refusal(status: int, retry_after: str) -> SourceError:
    fault = "the site has a fault, or does not give the page; try again later"
    reason = f"{_REASONS.get(status, fault)} (HTTP {status})"
    if status in _PASSING:
        return _PassingError(reason, _pause(retry_after))
    if status in {404, 410}:
        return _GoneError(reason)
    return _RefusedError(reason) if httpx.codes.is_client_error(status) else SourceError(reason)


def _pause(retry_after: str) -> float:
    """Return the seconds that a Retry-After header asks for: a number or a date; what makes no sense asks for none."""
    if retry_after.isdecimal():
        return float(retry_after)
    try:
        return max(0.0, (parsedate_to_datetime(retry_after) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError, OverflowError):
        return 0.0


def _explain(error: httpx.HTTPError) -> SourceError:
    cause = error.__cause__  # httpcore's error, whose argument is the one that it stands for.
    if cause and cause.args and isinstance(tls := cause.args[0], ssl.SSLError):
        why = getattr(tls, "verify_message", "") or tls.reason or "it broke"
        return SourceError(f"no secure connection to the site can be made ({why.lower()}); check the address")
    if isinstance(error, httpx.DecodingError):
        return SourceError(f"the page is packed, and damaged; {_SAVE}")
    if isinstance(error, httpx.TimeoutException):
        return _PassingError("the site does not give the page in time; try again later")
    return _PassingError("the site cannot be reached, or does not answer as it should; check the address or try later")
