"""Consistency check of an index, with repairs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from index.chroma.records import (
    CURRENT,
    MARK,
    STAGED,
    Record,
    equal_to,
    parse_mark_id,
    previous_id,
    to_chunk,
    to_record,
)
from index.chunking import chunk_article

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from index.chroma.records import Metadata
    from index.chroma.writer import IndexWriter

CHUNKS_PER_READ = 5_000
UNREACHED_SHARE = 0.1
"""The share of an article's chunks that a search may miss, since HNSW is approximate."""
TOLERANCE = 1e-3
"""The greatest error of a stored vector, which has 32-bit numbers."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem of an article in the index.

    Attributes:
        article_id: The article.
        what: The problem, in words.
        is_mended: Whether the check has repaired it.
    """

    article_id: str
    what: str
    is_mended: bool = False


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The result of a check.

    Attributes:
        articles: The number of articles.
        chunks: The number of chunks.
        problems: The problems, repaired ones included.
    """

    articles: int
    chunks: int
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem and its repair.

    Attributes:
        problem: The problem.
        repair: Repairs it, if the index alone can.
    """

    problem: Problem
    repair: Callable[[], object] | None


class Checkup:
    """Checks an index, and repairs it through its writer."""

    def __init__(self, writer: IndexWriter) -> None:
        """Check the index of a writer."""
        self._writer = writer
        self._registry, self._chunks = writer.registry, writer.chunks

    def run(self, *, repair: bool) -> CheckReport:
        """Check the index; repair the findings if asked."""
        problems: list[Problem] = []
        for finding in list(self.findings()):
            if repair and finding.repair:
                finding.repair()
                problems.append(replace(finding.problem, is_mended=True))
            else:
                problems.append(finding.problem)
        return CheckReport(self._registry.count(), self._chunks.count(), tuple(problems))

    def findings(self) -> Iterator[Finding]:
        """Yield the findings of records and their chunks, then stray marks and chunks."""
        versions: dict[str, set[str]] = {}
        current: dict[str, str] = {}
        for record in self._records():
            article_id, version = record.article.id, record.version
            if record.state in {CURRENT, STAGED}:
                versions.setdefault(article_id, set()).add(version)
            if record.state == CURRENT:
                current[article_id] = version
            if record.state == STAGED:
                yield self._interrupted(record)
            elif version != record.article.version:
                yield self._altered(record)
            elif record.state == CURRENT and (reason := self._wrong_chunks(record)):
                yield Finding(Problem(article_id, reason), partial(self._writer.restore, record))
        yield from self._stray_marks(current)
        yield from self._stray_chunks(versions)

    def _records(self) -> Iterator[Record]:
        """Yield all records, one article after another."""
        where: Any = {"state": {"$ne": MARK}}
        for record_id in sorted(self._registry.collection.get(where=where, include=[])["ids"]):
            for metadata, text in self._registry.rows(ids=[record_id]):
                yield to_record(metadata, text)

    def _interrupted(self, record: Record) -> Finding:
        reason = "its change was interrupted, or another program is changing it"
        repair = partial(self._writer.finish, record.article)
        return Finding(Problem(record.article.id, reason), repair)

    def _altered(self, record: Record) -> Finding:
        """Return the finding of a text that does not match its hash.

        A previous record of the same version may have the right text. Otherwise only the source
        of the article has it.
        """
        article_id = record.article.id
        place = previous_id(article_id, record.version)
        if record.state != CURRENT:
            reason = f"its previous version {record.version} was altered"
            forget = partial(self._registry.collection.delete, ids=[place])
            return Finding(Problem(article_id, reason), forget)
        previous = self._registry.records(ids=[place])
        intact = {item.article.version: item.article for item in previous}.get(record.version)
        if intact is None:
            reason = "its text was altered; add it again, or remove it"
            return Finding(Problem(article_id, reason), None)
        reason = "its text is lost, but a previous record contains it"
        repair = partial(self._writer.restore, replace(record, article=intact))
        return Finding(Problem(article_id, reason), repair)

    def _wrong_chunks(self, record: Record) -> str:
        """Return the problem with the chunks of an article, or ""."""
        article = record.article
        where = equal_to(article_id=article.id, version=article.version)
        include: Any = ["metadatas", "documents", "embeddings"]
        rows: Any = self._chunks.get(where=where, include=include)
        # Compare the stored chunks with those that the article gives.
        columns = zip(rows["ids"], rows["metadatas"], rows["documents"], strict=True)
        stored = {key: to_chunk(key, metadata, text) for key, metadata, text in columns}
        expected = {chunk.id: chunk for chunk in chunk_article(article)}
        count = len(expected)
        keys = stored.keys() | expected.keys()
        if wrong := [key for key in keys if stored.get(key) != expected.get(key)]:
            return f"{len(wrong)} of its {count} chunks are missing, altered or too many"
        # Check the vectors: those of chunks have length 1, the article's is their mean.
        vectors = np.asarray(rows["embeddings"])
        if not np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=TOLERANCE):
            return "some of its chunks have no proper vector"
        mean = self._registry.vector(article.id)
        if not np.allclose(mean, vectors.mean(axis=0), atol=TOLERANCE):
            return "its vector is not the mean of its chunks'"
        # Search for each chunk, first the nearest one only, which is fast.
        lost = self._unreached(vectors, where, 1)
        if len(lost):
            lost = self._unreached(vectors[lost], where, count)
        if len(lost) > UNREACHED_SHARE * count:
            return f"{len(lost)} of its {count} chunks are not found by a search"
        return ""

    def _unreached(self, vectors: NDArray[Any], where: Metadata, count: int) -> NDArray[Any]:
        """Return the indexes of vectors that a search for the nearest `count` misses."""
        answer: Any = self._chunks.query(
            vectors, n_results=count, where=where, include=["distances"]
        )
        nearest = [min(distances, default=1.0) for distances in answer["distances"]]
        return np.flatnonzero(np.asarray(nearest) > TOLERANCE)

    def _stray_marks(self, current: dict[str, str]) -> Iterator[Finding]:
        """Yield the marks of versions that are not current.

        `current` maps article ids to current versions.
        """
        marks = self._registry.collection.get(where={"state": MARK}, include=[])["ids"]
        for article_id, version in map(parse_mark_id, marks):
            if current.get(article_id) != version:
                reason = f"its version {version} is marked as current, but is not"
                repair = partial(self._registry.unmark_others, article_id)
                yield Finding(Problem(article_id, reason), repair)

    def _stray_chunks(self, versions: dict[str, set[str]]) -> Iterator[Finding]:
        """Yield the chunks of versions without a record.

        `versions` maps article ids to versions with a current or staged record.
        """
        # Count the stray chunks of each version.
        counts: dict[tuple[str, str], int] = {}
        for start in range(0, self._chunks.count(), CHUNKS_PER_READ):
            rows: Any = self._chunks.get(limit=CHUNKS_PER_READ, offset=start, include=["metadatas"])
            for metadata in rows["metadatas"]:
                article_id, version = metadata["article_id"], metadata["version"]
                if version not in versions.get(article_id, ()):
                    counts[article_id, version] = counts.get((article_id, version), 0) + 1
        # Make a finding of each version.
        for (article_id, version), count in counts.items():
            reason = f"{count} chunks are left of a version that it no longer has"
            where = equal_to(article_id=article_id, version=version)
            repair = partial(self._chunks.delete, where=where)
            yield Finding(Problem(article_id, reason), repair)
