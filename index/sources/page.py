"""`Page`: the web address of an article, with the validators of its last response."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Page:
    """A web address, and what its server said of the page when it last gave it: the validators of HTTP."""

    url: str
    etag: str | None = None
    last_modified: str | None = None
