"""A query → the chunks that fit it best, of articles as they are, while others may be changing them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from index.ranking import SearchResult, rank
from index.records import to_chunk
from index.spelling import corrected

if TYPE_CHECKING:
    from langchain_chroma import Chroma

    from index.chunking import Chunk
    from index.connection import Connection
    from index.embedding import Embedder
    from index.records import Metadata
    from index.registry import Registry

CANDIDATES = 200
"""How many chunks, the nearest by cosine, are ranked again by their words."""
LONGEST_QUERY = 5_000
"""Characters of a query that are looked for; the embedding model reads about the first thousand."""
SEARCHES = 20
"""How often a search starts again because an article changed under it."""


class Searcher:
    """Searches an index."""

    def __init__(self, connection: Connection, registry: Registry, chunks: Chroma, embedder: Embedder) -> None:
        """Search chunks by the vectors of an embedder; a registry tells which versions are the current ones."""
        self._connection = connection
        self._registry = registry
        self._chunks = chunks
        self._embedder = embedder

    def search(self, query: str, k: int, where: Metadata | None) -> list[SearchResult]:
        """Return the k chunks that fit a query best, the best first, of those that Chroma's filter lets through."""
        query = query[:LONGEST_QUERY]
        chunks, cosines = self.nearest(query, where)
        meant = corrected(query, [chunk.text for chunk in chunks])
        if meant != query:
            chunks, cosines = self.nearest(meant, where)
        return rank(meant, chunks, cosines, k)

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
                held = self._registry.current_of(set(versions))
                current = [i for i, version in enumerate(versions) if version in held]
                if len(current) == len(chunks):
                    break
        # Chroma gives the cosine distance, 1 - cosine.
        return [chunks[i] for i in current], [1 - found[i][1] for i in current]
