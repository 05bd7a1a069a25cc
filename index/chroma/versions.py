"""`VersionCache`: the current versions of articles, remembered between searches."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MOST_VERSIONS = 100_000
"""The cache is emptied when it has more versions."""


class VersionCache:
    """Maps article ids to current versions. Threads may share it.

    It remembers nothing for a server, where other programs change articles.

    Attributes:
        changes: The number of changes so far. Read it before the versions that you remember.
    """

    def __init__(self, *, is_enabled: bool) -> None:
        """Start empty."""
        self.changes = 0
        self._is_enabled = is_enabled
        self._versions: dict[str, str] = {}
        self._lock = threading.Lock()

    def get(self, article_ids: Iterable[str]) -> dict[str, str]:
        """Return the remembered versions of articles."""
        remembered = self._versions
        return {key: version for key in article_ids if (version := remembered.get(key))}

    def remember(self, versions: Mapping[str, str], changes: int) -> None:
        """Remember versions, unless an article has changed since they were read.

        Args:
            versions: Versions by article id.
            changes: The number of changes before the versions were read.
        """
        if not self._is_enabled:
            return
        with self._lock:
            if self.changes == changes:
                if len(self._versions) > MOST_VERSIONS:
                    self._versions.clear()
                self._versions |= versions

    @contextmanager
    def changing(self, article_ids: Iterable[str]) -> Iterator[None]:
        """Forget the versions of articles after a change to them."""
        try:
            yield
        finally:
            with self._lock:
                self.changes += 1
                for article_id in article_ids:
                    self._versions.pop(article_id, None)

    def clear(self) -> None:
        """Forget all versions."""
        with self._lock:
            self._versions.clear()
