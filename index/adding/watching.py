"""Watch folders for files of articles that change."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from index.errors import SourceError
from index.sources.files import READERS, is_hidden

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from threading import Event

POLL_MILLISECONDS = 500
"""Milliseconds between two looks at the stop event."""


def changed_files(folders: Iterable[str | Path], stop: Event | None) -> Iterator[list[Path]]:
    """Yield the paths that change in folders and below, until `stop` is set.

    The paths are files that were created, changed or deleted, and folders that were deleted.
    The first list is empty: the watch has begun. Raises `SourceError` for a path that is not a
    folder.
    """
    roots = [Path(folder).expanduser().resolve() for folder in folders]
    for root in roots:
        if not root.is_dir():
            raise SourceError(f"{root} is not a folder; name folders to watch")
    return _changes(roots, stop)


def _changes(roots: Sequence[Path], stop: Event | None) -> Iterator[list[Path]]:
    from watchfiles import watch

    has_begun = False
    for changes in watch(
        *roots, stop_event=stop, rust_timeout=POLL_MILLISECONDS, yield_on_timeout=True
    ):
        if not has_begun:
            has_begun = True
            yield []
        paths = {Path(name) for _, name in changes}
        if relevant := sorted(path for path in paths if _is_relevant(path, roots)):
            yield relevant


def _is_relevant(path: Path, roots: Sequence[Path]) -> bool:
    """Whether a changed path is a readable file, or is gone and may have been a folder."""
    is_candidate = path.suffix.lower() in READERS or not path.exists()
    return is_candidate and any(
        root in path.parents and not is_hidden(path, root) for root in roots
    )
