"""The bodies of requests: read under limits of size and time, so that nobody can fill the memory."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import Receive, Scope

LARGEST = {"": 0, "form": 20_000, "json": 8_000_000, "files": 500_000_000}
"""Bytes of a body of each kind. A pasted text of a million characters fits into JSON, escaped or not."""
MOST_HELD = 64_000_000
"""Bytes of all bodies that are being read into memory at the same time."""
FIRST_SECONDS = 30.0
SLOWEST = 10_000
"""Bytes a second that a body has to arrive with, after its first seconds."""


class BodyError(Exception):
    """The body is refused; the message is meant for the sender, with an HTTP status."""

    def __init__(self, message: str, status: int) -> None:
        """Take the HTTP status of the refusal too."""
        super().__init__(message)
        self.status = status


def check_declared(scope: Scope, largest: int) -> None:
    """Raise `BodyError` if a request's headers announce too large a body, or one that nobody reads."""
    headers = dict(scope["headers"])
    declared = headers.get(b"content-length", b"0")
    # The server itself refuses a length that is no number.
    is_too_large = int(declared) > largest if declared.isdigit() else True
    if is_too_large or (b"transfer-encoding" in headers and not largest):
        raise _too_large(largest)


async def pieces(scope: Scope, receive: Receive, largest: int) -> AsyncIterator[bytes]:
    """Yield a request's body as it arrives.

    Raises:
        BodyError: The body is too large, arrives too slowly, or breaks off.
    """
    check_declared(scope, largest)
    begin, size, is_over = time.monotonic(), 0, False
    while not is_over:
        patience = begin + FIRST_SECONDS + size / SLOWEST - time.monotonic()
        try:
            message = await asyncio.wait_for(receive(), max(patience, 0))
        except TimeoutError as error:
            raise BodyError("The request arrives too slowly; send it again.", 408) from error
        if message["type"] == "http.disconnect":
            raise BodyError("The request broke off.", 400)
        piece = message.get("body", b"")
        size += len(piece)
        if size > largest:
            raise _too_large(largest)
        yield piece
        is_over = not message.get("more_body", False)


def _too_large(largest: int) -> BodyError:
    return BodyError(f"The request is too large; {largest:,} bytes are taken here.", 413)
