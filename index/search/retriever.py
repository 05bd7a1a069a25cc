"""The index as a LangChain retriever, for chains other than the assistant's."""

from __future__ import annotations

from langchain_core.callbacks import CallbackManagerForRetrieverRun  # noqa: TC002  # pydantic reads the annotations
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict

from index.store import ArticleIndex  # noqa: TC001  # pydantic reads the annotations


class ArticleRetriever(BaseRetriever):
    """Gives the k best chunks for a query as Documents.

    Their metadata names the article (article_id, version, title, source, published as an ISO date) and the place in it
    (start, end), and has the score.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)
    index: ArticleIndex
    k: int = 5

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,  # noqa: ARG002  # LangChain passes it by name
    ) -> list[Document]:
        documents = []
        for result in self.index.search(query, self.k):
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
            documents.append(Document(chunk.text, id=chunk.id, metadata=metadata))
        return documents
