"""Whether the articles, chunks, offsets, hashes and vectors of an index fit each other; what does not is mended."""

from __future__ import annotations

from dataclasses import dataclass, replace
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

PART = 5_000
"""How many chunks are read at a time when all are."""
UNREACHED = 0.1
"""Of an article's chunks, those that may not be found: the search is approximate (HNSW), and may miss one of many."""
TOLERANCE = 1e-3
"""How far a stored vector may be from what it should be: vectors are stored as 32-bit numbers."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with an article of the index; `is_mended` tells whether it is right again."""

    article_id: str
    what: str
    is_mended: bool = False


@dataclass(frozen=True, slots=True)
class CheckReport:
    """How many articles and chunks were looked at, and what is wrong with them."""

    articles: int
    chunks: int
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem, and what mends it, if anything does that needs nothing but the index."""

    problem: Problem
    mend: Callable[[], object] | None


class Upkeep:
    """Looks through the index that a writer writes."""

    def __init__(self, writer: IndexWriter) -> None:
        """Look at what the writer has written; nothing is changed until a finding is mended."""
        self._writer = writer
        self._registry, self._chunks = writer.registry, writer.chunks

    def check(self, *, repair: bool) -> CheckReport:
        """Return the report of a look through the index, after repairs if asked."""
        problems: list[Problem] = []
        for finding in list(self.findings()):
            if repair and finding.mend:
                finding.mend()
                problems.append(replace(finding.problem, is_mended=True))
            else:
                problems.append(finding.problem)
        return CheckReport(self._registry.count(), self._chunks.count(), tuple(problems))

    def findings(self) -> Iterator[Finding]:
        """Yield what is wrong: records, then the chunks of each article, then marks and chunks of none."""
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
            elif record.state == CURRENT and (what := self._wrong_chunks(record)):
                yield Finding(Problem(article_id, what), lambda record=record: self._writer.restore(record))  # type: ignore[misc]
        yield from self._stray_marks(current)
        yield from self._leftovers(versions)

    def _records(self) -> Iterator[Record]:
        """Yield all records, one article after another."""
        of_records: Any = {"state": {"$ne": MARK}}
        for place in sorted(self._registry.collection.get(where=of_records, include=[])["ids"]):
            for metadata, text in self._registry.stored(ids=[place]):
                yield to_record(metadata, text)

    def _interrupted(self, record: Record) -> Finding:
        what = "its change was interrupted, or another program is at it"
        return Finding(Problem(record.article.id, what), lambda: self._writer.finish(record.article))

    def _altered(self, record: Record) -> Finding:
        """Return the finding of a text that is not what was added.

        An earlier record of the same version may have it; otherwise only its source can tell what it was.
        """
        article_id = record.article.id
        place = previous_id(article_id, record.version)
        if record.state != CURRENT:
            what = f"its earlier version {record.version} is not what it was"
            return Finding(Problem(article_id, what), lambda: self._registry.collection.delete(ids=[place]))
        earlier = {held.article.version: held.article for held in self._registry.records(ids=[place])}
        if record.version not in earlier:
            return Finding(Problem(article_id, "its text is not what was added; add it again, or remove it"), None)
        whole = replace(record, article=earlier[record.version])
        what = "its text is lost, but an earlier record holds it"
        return Finding(Problem(article_id, what), lambda: self._writer.restore(whole))

    def _wrong_chunks(self, record: Record) -> str:
        """Return what is wrong with the chunks of an article, or nothing."""
        article = record.article
        where = equal_to(article_id=article.id, version=article.version)
        found: Any = self._chunks.get(where=where, include=["metadatas", "documents", "embeddings"])
        rows = zip(found["ids"], found["metadatas"], found["documents"], strict=True)
        stored = {chunk_id: to_chunk(chunk_id, metadata, text) for chunk_id, metadata, text in rows}
        expected = {chunk.id: chunk for chunk in chunk_article(article)}
        if wrong := [place for place in stored.keys() | expected.keys() if stored.get(place) != expected.get(place)]:
            return f"{len(wrong)} of its {len(expected)} chunks are missing, altered or too many"
        vectors = np.asarray(found["embeddings"])
        if not np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=TOLERANCE):
            return "some of its chunks have no proper vector"
        mean = self._registry.vector(article.id)
        if not np.allclose(mean, vectors.mean(axis=0), atol=TOLERANCE):
            return "its vector is not the mean of its chunks'"
        lost = self._lost(vectors, where, 1)
        lost = self._lost(vectors[lost], where, len(expected)) if len(lost) else lost
        is_lost = len(lost) > UNREACHED * len(expected)
        return f"{len(lost)} of its {len(expected)} chunks are not found by a search" if is_lost else ""

    def _lost(self, vectors: NDArray[Any], where: Metadata, among: int) -> NDArray[Any]:
        """Return which of some vectors are not among those that a search for them finds."""
        found: Any = self._chunks.query(vectors, n_results=among, where=where, include=["distances"])
        nearest = [min(distances, default=1.0) for distances in found["distances"]]
        return np.flatnonzero(np.asarray(nearest) > TOLERANCE)

    def _stray_marks(self, current: dict[str, str]) -> Iterator[Finding]:
        """Yield the marks of versions that are not the current ones."""
        marks = self._registry.collection.get(where={"state": MARK}, include=[])["ids"]
        for article_id, version in map(parse_mark_id, marks):
            if current.get(article_id) != version:
                what = f"its version {version} is marked as the current one, and is not"
                yield Finding(Problem(article_id, what), lambda one=article_id: self._registry.unmark_others(one))  # type: ignore[misc]

    def _leftovers(self, versions: dict[str, set[str]]) -> Iterator[Finding]:
        """Yield what is stored of chunks that belong to no version of an article that has a record."""
        counts: dict[tuple[str, str], int] = {}
        for start in range(0, self._chunks.count(), PART):
            found: Any = self._chunks.get(limit=PART, offset=start, include=["metadatas"])
            for metadata in found["metadatas"]:
                article_id, version = metadata["article_id"], metadata["version"]
                if version not in versions.get(article_id, ()):
                    counts[article_id, version] = counts.get((article_id, version), 0) + 1
        for (article_id, version), count in counts.items():
            where = equal_to(article_id=article_id, version=version)
            what = f"{count} chunks are left of a version that it no longer has"
            yield Finding(Problem(article_id, what), lambda where=where: self._chunks.delete(where=where))  # type: ignore[misc]
