"""Errors of a fetch: refused, gone, or worth another try."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from index.errors import SourceError, SourceGoneError
from index.sources.page import SAVE_PAGE

_RETRIED_STATUSES = {429, 500, 502, 503, 504}
_GONE_STATUSES = {404, 410}
_REFUSED = f"the site refuses programs, or asks for a login or payment; {SAVE_PAGE}"
_STATUS_REASONS = {
    **dict.fromkeys((401, 402, 403), _REFUSED),
    404: "the site has no such page; check the address",
    410: "the site has removed the page; look for it at another address",
    429: "the site gets too many requests; try again later",
    451: "the page is withheld for legal reasons; look for it at another address",
}


class RefusedError(SourceError):
    """The site refuses the page: a 4xx status."""


class GoneError(RefusedError, SourceGoneError):
    """The site has no such page, or no longer: status 404 or 410."""


class RetryableError(SourceError):
    """A failure that may pass.

    Attributes:
        pause: Seconds to wait before the next try, as the site asks.
    """

    def __init__(self, reason: str, pause: float = 0.0) -> None:
        """Make the error of a reason, with the pause in seconds."""
        super().__init__(reason)
        self.pause = pause


def status_error(status: int, retry_after: str) -> SourceError:
    """Return the error for an HTTP status; `retry_after` is the header of that name."""
    reason = _STATUS_REASONS.get(status, "the site failed to deliver the page; try again later")
    reason = f"{reason} (HTTP {status})"
    if status in _RETRIED_STATUSES:
        return RetryableError(reason, _retry_seconds(retry_after))
    if status in _GONE_STATUSES:
        return GoneError(reason)
    return RefusedError(reason) if httpx.codes.is_client_error(status) else SourceError(reason)


def _retry_seconds(retry_after: str) -> float:
    """Return the seconds to wait by a Retry-After header: a number or a date.

    >>> _retry_seconds("120"), _retry_seconds("soon"), _retry_seconds("")
    (120.0, 0.0, 0.0)
    """
    if retry_after.isdecimal():
        return float(retry_after)
    try:
        moment = parsedate_to_datetime(retry_after)
        return max(0.0, (moment - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError, OverflowError):
        return 0.0


def explain(error: httpx.HTTPError) -> SourceError:
    """Translate an error of httpx."""
    cause = error.__cause__  # An error of httpcore; its argument is the original error.
    if cause and cause.args and isinstance(tls := cause.args[0], ssl.SSLError):
        why = getattr(tls, "verify_message", "") or tls.reason or "it broke"
        return SourceError(
            f"no secure connection to the site is possible ({why.lower()}); check the address"
        )
    if isinstance(error, httpx.DecodingError):
        return SourceError(f"the compressed page is damaged; {SAVE_PAGE}")
    if isinstance(error, httpx.TimeoutException):
        return RetryableError("the site did not answer in time; try again later")
    return RetryableError(
        "the site cannot be reached or sends an invalid answer; check the address or try later"
    )
