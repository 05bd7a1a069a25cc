"""What an `add` tells: while it works, and at its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    OnProgress = Callable[["AddProgress"], None]


@dataclass(frozen=True, slots=True)
class AddReport:
    """What became of the sources of one `add`: article ids, and (source, reason) pairs for what failed."""

    added: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    failed: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class AddProgress:
    """How far an `add` is: `source` is at work, `done` of `total` sources are finished."""

    source: str
    done: int
    total: int
