"""The index as a LangChain retriever, for chains other than the assistant's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

# pydantic reads the annotations.
from langchain_core.callbacks import CallbackManagerForRetrieverRun  # noqa: TC002
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from index.article import Article
    from index.search.ranking import SearchResult


@runtime_checkable
class Searchable(Protocol):
    """The methods of `ArticleIndex` that the retriever calls."""

    def search(self, query: str, k: int = 5) -> Sequence[SearchResult]:
        """Return the k chunks that match a query best."""

    def article(self, article_id: str, version: str | None = None) -> Article:
        """Return an article in a version."""


class ArticleRetriever(BaseRetriever):
    """Returns the k best chunks for a query as LangChain Documents.

    Their metadata has the article (article_id, version, title, source, published as an ISO
    date), the chunk's place in its text (start, end) and the score.

    Attributes:
        index: The index to search.
        k: The number of chunks.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)
    index: Searchable
    k: int = 5

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,  # noqa: ARG002  # LangChain passes it by name.
    ) -> list[Document]:
        return [self._document(result) for result in self.index.search(query, self.k)]

    def _document(self, result: SearchResult) -> Document:
        chunk = result.chunk
        article = self.index.article(chunk.article_id, chunk.version)
        metadata = {
            "article_id": article.id,
            "version": article.version,
            "title": article.title,
            "source": article.source,
            "published": article.published.isoformat() if article.published else None,
            "start": chunk.start,
            "end": chunk.end,
            "score": result.score,
        }
        return Document(chunk.text, id=chunk.id, metadata=metadata)
