"""The progress and the outcome of an `add`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    OnProgress = Callable[["AddProgress"], None]


@dataclass(frozen=True, slots=True)
class AddReport:
    """The outcome of an `add`, a `refresh` or an import.

    Attributes:
        added: Ids of new articles.
        updated: Ids of articles that changed.
        unchanged: Ids of articles that are as before.
        failed: Pairs of a source and the reason of its failure.
        removed: Ids of articles that were removed because their source is gone.
        similar: Pairs of an added or updated article's id and its near-duplicate's, each pair
            once.
    """

    added: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    failed: tuple[tuple[str, str], ...] = ()
    removed: tuple[str, ...] = ()
    similar: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(
        cls, outcomes: Iterable[tuple[str, str]], failed: Iterable[tuple[str, str]] = ()
    ) -> Self:
        """Make a report.

        Args:
            outcomes: Pairs of an outcome, such as "added", and the id of the article.
            failed: Pairs of a source and the reason of its failure.
        """
        ids: dict[str, list[str]] = {"added": [], "updated": [], "unchanged": [], "removed": []}
        for outcome, article_id in outcomes:
            ids[outcome].append(article_id)
        added, updated, unchanged, removed = map(tuple, ids.values())
        return cls(added, updated, unchanged, tuple(failed), removed)


@dataclass(frozen=True, slots=True)
class AddProgress:
    """The progress of an `add`.

    Attributes:
        source: The source in progress.
        done: The number of finished sources.
        total: The number of all sources known so far.
        share: The fraction of the source in progress that is embedded, 0 to 1.
    """

    source: str
    done: int
    total: int
    share: float = 0.0
