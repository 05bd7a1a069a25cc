"""What an `add` tells: while it works, and at its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    OnProgress = Callable[["AddProgress"], None]


@dataclass(frozen=True, slots=True)
class AddReport:
    """What became of the sources of one `add`: article ids, and (source, reason) pairs for what failed.

    `similar` pairs the id of an article that was added or updated with that of another which says nearly the same, each
    two of them once.
    """

    added: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    failed: tuple[tuple[str, str], ...] = ()
    removed: tuple[str, ...] = ()
    similar: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, outcomes: Iterable[tuple[str, str]], failed: Iterable[tuple[str, str]] = ()) -> Self:
        """Make a report of pairs (what was done, the id of the article that it was done to) and of failures."""
        ids: dict[str, list[str]] = {"added": [], "updated": [], "unchanged": [], "removed": []}
        for outcome, article_id in outcomes:
            ids[outcome].append(article_id)
        added, updated, unchanged, removed = map(tuple, ids.values())
        return cls(added, updated, unchanged, tuple(failed), removed)


@dataclass(frozen=True, slots=True)
class AddProgress:
    """How far an `add` is: `source` is at work, `done` of `total` sources are finished.

    `share` tells how much of the source at work is embedded and stored, from 0 to 1.
    """

    source: str
    done: int
    total: int
    share: float = 0.0
