"""`Page`: the web address of an article, with the validators of its last response."""

from __future__ import annotations

from dataclasses import dataclass

LONGEST_URL = 2_000
"""Characters of a web address."""
SAVE_PAGE = "save it in a browser and add the file"
"""The advice that ends an error message when a page cannot be fetched or read."""


@dataclass(frozen=True, slots=True)
class Page:
    """A web page that holds an article or a list of addresses.

    Attributes:
        url: The address of the page.
        etag: The ETag header of the last response.
        last_modified: The Last-Modified header of the last response.
    """

    url: str
    etag: str | None = None
    last_modified: str | None = None
