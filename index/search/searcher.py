"""Search the chunks of an index, even while others change its articles."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from index.chroma.records import search_filter, to_chunk
from index.search.ranking import SearchResult, rank
from index.search.spelling import correct_spelling

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from chromadb import Collection

    from index.chroma.connection import Connection
    from index.chroma.records import Metadata
    from index.chroma.registry import Registry
    from index.chunking import Chunk
    from index.embedding.embedder import Embedder

CANDIDATES = 200
"""The number of nearest chunks, by cosine, that are ranked."""
LONGEST_QUERY = 5_000
"""Characters of a query; the embedding model reads about the first thousand."""
MOST_IDS = 10_000
"""Articles in one filter: SQLite takes about 32,700 values in a query."""
MOST_SEARCHES = 20
"""Tries of a search, at most; it is tried again if an article changed meanwhile."""
EMPTY_SEARCHES = 3
"""Searches that have to come back empty: one may do so while an article changes."""
RETRY_SECONDS = 0.005
"""The pause before the second search; each later one is longer by as much."""


@dataclass(frozen=True, slots=True)
class SearchOutcome:
    """The results of a search, the best first, and its query with the spelling corrected."""

    query: str
    results: list[SearchResult]


class Searcher:
    """Searches a collection of chunks."""

    def __init__(
        self,
        connection: Connection,
        registry: Registry,
        chunks: Collection,
        embedder: Embedder,
    ) -> None:
        """Configure the search.

        Args:
            connection: The connection to Chroma.
            registry: The records of the articles, for their current versions.
            chunks: The collection of chunks.
            embedder: The model that embeds queries.
        """
        from langchain_chroma import Chroma

        # An embedder has the methods of LangChain's Embeddings, but need not inherit from it.
        as_embeddings: Any = embedder
        self._connection = connection
        self._registry = registry
        self._chunks = Chroma(
            chunks.name,
            as_embeddings,
            client=connection.client,
            create_collection_if_not_exists=False,
        )
        self._embedder = embedder

    def search(
        self,
        query: str,
        k: int,
        article_ids: Sequence[str] | None = None,
        published_after: date | None = None,
        published_before: date | None = None,
    ) -> SearchOutcome:
        """Return the chunks that match a query best, and the query with its spelling corrected.

        Misspelt words of the query are corrected by the words of the nearest chunks.

        Args:
            query: The question or words to search for.
            k: The number of chunks.
            article_ids: The articles to search; None is all.
            published_after: The first day, inclusive.
            published_before: The last day, inclusive.
        """
        query = query[:LONGEST_QUERY]
        filters = [
            search_filter(batch, published_after, published_before)
            for batch in _in_batches(article_ids)
        ]
        chunks, cosines = self._nearest_of_all(query, filters)
        spelt = correct_spelling(query, [chunk.text for chunk in chunks])
        if spelt != query:
            chunks, cosines = self._nearest_of_all(spelt, filters)
        return SearchOutcome(spelt, rank(spelt, chunks, cosines, k))

    def _nearest_of_all(
        self, query: str, filters: Sequence[Metadata | None]
    ) -> tuple[list[Chunk], list[float]]:
        """Return the nearest chunks among those that pass one of the filters, and their cosines."""
        matches: list[tuple[float, Chunk]] = []
        for where in filters:
            chunks, cosines = self.nearest(query, where)
            matches += zip(cosines, chunks, strict=True)
        if len(filters) > 1:
            matches.sort(key=lambda match: -match[0])
        best = matches[:CANDIDATES]
        return [chunk for _, chunk in best], [cosine for cosine, _ in best]

    def nearest(self, query: str, where: Metadata | None) -> tuple[list[Chunk], list[float]]:
        """Return the chunks of current versions that are nearest to a query, and their cosines."""
        from chromadb.errors import InternalError

        vector = self._embedder.embed_query(query)
        with self._connection.errors():
            for attempt in range(1, MOST_SEARCHES + 1):
                # Find the nearest chunks.
                try:
                    matches = self._chunks.similarity_search_by_vector_with_relevance_scores(
                        vector, CANDIDATES, filter=where
                    )
                except InternalError:
                    # A chunk was deleted between Chroma's two lookups: "Error finding id".
                    if attempt == MOST_SEARCHES:
                        raise
                    continue
                chunks = [
                    to_chunk(str(document.id), document.metadata, document.page_content)
                    for document, _ in matches
                ]
                # Drop the chunks of other versions. Search again if there were any, for
                # they took the places of current ones.
                versions = [(chunk.article_id, chunk.version) for chunk in chunks]
                current_versions = self._registry.select_current(set(versions))
                current = [i for i, version in enumerate(versions) if version in current_versions]
                is_settled = len(current) == len(chunks)
                if is_settled and (chunks or attempt >= EMPTY_SEARCHES):
                    break
                # Let the thread that changes the article go on.
                time.sleep(RETRY_SECONDS * attempt)
        # Chroma returns the cosine distance, 1 - cosine.
        return [chunks[i] for i in current], [1 - matches[i][1] for i in current]


def _in_batches(article_ids: Sequence[str] | None) -> Iterator[Sequence[str] | None]:
    """Yield the ids in batches of at most `MOST_IDS`; None, for all articles, is one batch."""
    if article_ids is None:
        yield None
        return
    for start in range(0, len(article_ids), MOST_IDS):
        yield article_ids[start : start + MOST_IDS]
