"""Background jobs that add and refresh articles, with progress, cancelling and a report."""

from __future__ import annotations

import logging
import threading
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

from index import AddReport, Article, ArticleIndexError, ArticleNotFoundError, read_file

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from index import AddProgress, ArticleIndex

    Work = Callable[["Job"], AddReport]

MOST_RUNNING_JOBS = 2
"""Jobs that run at the same time; the others wait."""
MOST_ENDED_JOBS = 20
"""Ended jobs that are listed until somebody dismisses them."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Job:
    """A piece of work on the index.

    Attributes:
        number: The job's number, unique on this server.
        name: The name that the page shows.
        state: "waiting", "working", "done" or "cancelled".
        share: The finished share of the work, from 0 to 1.
        at: The source at work.
        lines: The outcome of each source, a line each.
        has_failed: Whether a line reports a failure.
        stop: Set to cancel the job.
    """

    number: int
    name: str
    state: str = "waiting"
    share: float = 0.0
    at: str = ""
    lines: list[str] = field(default_factory=list)
    has_failed: bool = False
    stop: threading.Event = field(default_factory=threading.Event)

    def on_progress(self, progress: AddProgress) -> None:
        """Update the share and the source at work."""
        self.at = progress.source
        self.share = (progress.done + progress.share) / max(progress.total, 1)

    def to_json(self) -> dict[str, Any]:
        """Return the job as JSON for the page."""
        return {
            "number": self.number,
            "name": self.name,
            "state": self.state,
            "share": round(self.share, 3),
            "at": self.at,
            "lines": list(self.lines),
            "failed": self.has_failed,
        }


class Jobs:
    """The jobs on one index, each in a thread of its own. Thread-safe."""

    def __init__(
        self, open_index: Callable[[], ArticleIndex], allow_hosts: Sequence[str] = ()
    ) -> None:
        """Work on the index from `open_index`, which the first job calls."""
        self._open_index, self._allow_hosts = open_index, tuple(allow_hosts)
        self._jobs: dict[int, Job] = {}
        self._numbers = count(1)
        self._turns = threading.Semaphore(MOST_RUNNING_JOBS)
        self._lock = threading.Lock()
        self.failures: dict[str, str] = {}
        """The reason for each source whose last reading failed."""

    def add(self, name: str, *sources: str | Article) -> Job:
        """Begin to add web addresses and articles."""
        return self._begin(name, lambda job: self._index_add(job, sources))

    def add_files(self, paths: Sequence[Path], discard: Callable[[], None]) -> Job:
        """Begin to add uploaded files under their own names.

        Args:
            paths: The files; their folders mean nothing.
            discard: Called at the end of the job, well or not; it may delete the files.
        """
        names = ", ".join(path.name for path in paths)
        return self._begin(names, lambda job: self._read_and_add(job, paths), discard)

    def refresh(self, name: str, *article_ids: str) -> Job:
        """Begin to read articles again from their sources; without ids, all of them."""
        return self._begin(
            name,
            lambda job: self._open_index().refresh(
                *article_ids,
                allow_hosts=self._allow_hosts,
                on_progress=job.on_progress,
                stop=job.stop,
            ),
        )

    def cancel(self, number: int) -> None:
        """Cancel a job that is not done; articles stored by then stay."""
        if job := self._jobs.get(number):
            job.stop.set()

    def dismiss(self, number: int) -> None:
        """Take an ended job off the list."""
        with self._lock:
            if number in self._jobs and self._jobs[number].state in {"done", "cancelled"}:
                del self._jobs[number]

    def to_json(self) -> list[dict[str, Any]]:
        """Return all jobs as JSON, the newest first."""
        with self._lock:
            return [job.to_json() for job in reversed(self._jobs.values())]

    def _begin(self, name: str, work: Work, at_end: Callable[[], None] = lambda: None) -> Job:
        with self._lock:
            job = Job(next(self._numbers), name)
            self._jobs[job.number] = job
            ended = [
                number
                for number, listed in self._jobs.items()
                if listed.state in {"done", "cancelled"}
            ]
            for number in ended[:-MOST_ENDED_JOBS]:
                del self._jobs[number]
        threading.Thread(target=self._run, args=(job, work, at_end), daemon=True).start()
        return job

    def _run(self, job: Job, work: Work, at_end: Callable[[], None]) -> None:
        with self._turns, ExitStack() as ending:
            ending.callback(at_end)
            job.state = "working"
            try:
                if not job.stop.is_set():
                    self._report(job, work(job))
            except ArticleIndexError as error:
                self._fail(job, str(error))
            except Exception:  # noqa: BLE001  # A defect in one job must not stop the others.
                _log.exception("The job %r failed.", job.name)
                self._fail(job, "the program failed on this; its log has the details")
            job.state = "cancelled" if job.stop.is_set() else "done"
            job.share = job.share if job.stop.is_set() else 1.0

    def _fail(self, job: Job, line: str) -> None:
        job.lines.append(line)
        job.has_failed = True

    def _index_add(self, job: Job, sources: Sequence[str | Article]) -> AddReport:
        index = self._open_index()
        return index.add(
            *sources,
            allow_hosts=self._allow_hosts,
            on_progress=job.on_progress,
            stop=job.stop,
        )

    def _read_and_add(self, job: Job, paths: Sequence[Path]) -> AddReport:
        articles: list[Article] = []
        for path in paths:
            job.at = path.name
            try:
                articles.append(read_file(path, source=path.name, stop=job.stop))
            except ArticleIndexError as error:
                self._fail(job, f"{path.name}: {error}")
            if job.stop.is_set():
                break
        return self._index_add(job, articles) if articles else AddReport()

    def _report(self, job: Job, report: AddReport) -> None:
        """Write a line for each source into the job."""
        index = self._open_index()
        for outcome in ("added", "updated", "unchanged", "removed"):
            for article_id in getattr(report, outcome):
                try:
                    article = index.article(article_id)
                except ArticleNotFoundError:  # Removed again already.
                    continue
                self.failures.pop(article.source, None)
                job.lines.append(f"{outcome}: {article.title}")
        for one, other in report.similar:
            job.lines.append(f"nearly the same: {_title(index, one)} and {_title(index, other)}")
        for source, reason in report.failed:
            self.failures[source] = reason
            self._fail(job, f"{source}: {reason}")


def _title(index: ArticleIndex, article_id: str) -> str:
    try:
        return f"“{index.article(article_id).title}”"
    except ArticleNotFoundError:
        return article_id
