"""A query → the chunks that fit it best, of articles as they are, while others may be changing them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from index.chroma.records import to_chunk
from index.search.ranking import SearchResult, rank
from index.search.spelling import correct_spelling

if TYPE_CHECKING:
    from chromadb import Collection

    from index.chroma.connection import Connection
    from index.chroma.records import Metadata
    from index.chroma.registry import Registry
    from index.chunking import Chunk
    from index.embedding.embedder import Embedder

CANDIDATES = 200
"""How many chunks, the nearest by cosine, are ranked again by their words."""
LONGEST_QUERY = 5_000
"""Characters of a query that are looked for; the embedding model reads about the first thousand."""
SEARCHES = 20
"""How often a search starts again because an article changed under it."""


@dataclass(frozen=True, slots=True)
class SearchOutcome:
    """The results of a search, the best first, and its query with the spelling corrected."""

    query: str
    results: list[SearchResult]


class Searcher:
    """Searches an index."""

    def __init__(self, connection: Connection, registry: Registry, chunks: Collection, embedder: Embedder) -> None:
        """Search a collection of chunks; the registry knows the current versions."""
        from langchain_chroma import Chroma

        # An embedder has the methods of LangChain's Embeddings but need not inherit from it.
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

    def search(self, query: str, k: int, where: Metadata | None) -> SearchOutcome:
        """Return the k best chunks for a query among those that pass Chroma's filter."""
        query = query[:LONGEST_QUERY]
        chunks, cosines = self.nearest(query, where)
        corrected_query = correct_spelling(query, [chunk.text for chunk in chunks])
        if corrected_query != query:
            chunks, cosines = self.nearest(corrected_query, where)
        return SearchOutcome(corrected_query, rank(corrected_query, chunks, cosines, k))

    def nearest(self, query: str, where: Metadata | None) -> tuple[list[Chunk], list[float]]:
        """Return the chunks nearest to a query that belong to the current versions, with their cosines."""
        from chromadb.errors import InternalError

        vector = self._embedder.embed_query(query)
        with self._connection.errors():
            for attempt in range(1, SEARCHES + 1):
                try:
                    found = self._chunks.similarity_search_by_vector_with_relevance_scores(
                        vector, CANDIDATES, filter=where
                    )
                except InternalError:  # Chroma finds a chunk that is deleted before it has read it: "Error finding id".
                    if attempt == SEARCHES:
                        raise
                    continue
                chunks = [to_chunk(str(held.id), held.metadata, held.page_content) for held, _ in found]
                versions = [(chunk.article_id, chunk.version) for chunk in chunks]
                held = self._registry.select_current(set(versions))
                current = [i for i, version in enumerate(versions) if version in held]
                if len(current) == len(chunks):
                    break
        # Chroma gives the cosine distance, 1 - cosine.
        return [chunks[i] for i in current], [1 - found[i][1] for i in current]
