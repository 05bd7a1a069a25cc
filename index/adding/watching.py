"""Folders → the files of articles in them that have changed, as they change."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from index.errors import SourceError
from index.sources.files import READERS, is_hidden

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from threading import Event

POLL_MILLISECONDS = 500
"""How often a watch looks whether it is to end."""


def changed_files(folders: Iterable[str | Path], stop: Event | None) -> Iterator[list[Path]]:
    """Yield the files that were put into folders and below, changed in them, or taken away, and folders taken away.

    The first list is empty, and says that the watch has begun; then it waits for changes, and ends when `stop` is set.
    Raises `SourceError` for what is no folder.
    """
    roots = [Path(folder).expanduser().resolve() for folder in folders]
    for root in roots:
        if not root.is_dir():
            raise SourceError(f"{root} is no folder; name folders to watch")
    return _changes(roots, stop)


def _changes(roots: Sequence[Path], stop: Event | None) -> Iterator[list[Path]]:
    from watchfiles import watch

    has_begun = False
    for changes in watch(*roots, stop_event=stop, rust_timeout=POLL_MILLISECONDS, yield_on_timeout=True):
        if not has_begun:
            has_begun = True
            yield []
        if found := sorted({path for path in (Path(name) for _, name in changes) if _matters(path, roots)}):
            yield found


def _matters(path: Path, roots: Sequence[Path]) -> bool:
    """Tell whether a changed path is a file of a kind that is read, or gone and may have been a folder of such."""
    is_kept = path.suffix.lower() in READERS or not path.exists()
    return is_kept and any(root in path.parents and not is_hidden(path, root) for root in roots)
