"""Foreign exceptions become `StoreError`s with one sentence for the user."""

from __future__ import annotations

import shutil
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from index.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVER_SCHEMES = ("http://", "https://")
"""A location that begins with one of these is a Chroma server, any other one a folder."""
FULL_DISK = 10_000_000
"""Bytes. If Chroma fails on a disk with less free space, the disk is reported as full."""


@contextmanager
def translated_errors(location: str) -> Iterator[None]:
    """Translate the exceptions of Chroma, HTTP and files at a location.

    Raises:
        StoreError: The work in the `with` block failed.
    """
    import httpx
    from chromadb.errors import ChromaError, NotFoundError

    try:
        yield
    except NotFoundError as error:
        reason = f"Another program has rebuilt the index in {location}; open it again."
        raise StoreError(reason) from error
    except (ChromaError, httpx.HTTPError, OSError, ValueError) as error:
        raise StoreError(describe_failure(location, error)) from error


def describe_failure(location: str, error: Exception) -> str:
    """Return the sentence for a failure: its cause and its remedy."""
    if location.lower().startswith(SERVER_SCHEMES):
        return (
            f"The Chroma server at {location} does not answer correctly; start it, or correct "
            f"ARTICLE_INDEX ({error})."
        )
    # SQLite: "attempt to write a readonly database"; the system: "Read-only file system".
    detail = str(error).lower()
    if "readonly" in detail or "read-only" in detail or "permission denied" in detail:
        return (
            f"The index folder {location} cannot be written; change its permissions, or set "
            f"ARTICLE_INDEX to another folder."
        )
    # Chroma's own message about a full disk is "failed to apply logs" or similar.
    if free_bytes(Path(location)) < FULL_DISK:
        return full_disk(Path(location))
    return (
        f"The index folder {location} cannot be used: {error}. Restore it from a backup, or choose "
        "another folder."
    )


def full_disk(folder: Path) -> str:
    """Return the sentence for a full disk."""
    return (
        f"The disk of the index folder {folder} is full; free some space and try again. Nothing "
        "was lost."
    )


def free_bytes(folder: Path) -> int:
    """Return the free space of a folder's disk in bytes.

    It is unlimited for a missing folder.
    """
    return shutil.disk_usage(folder).free if folder.exists() else sys.maxsize
