"""What is said → the exact sentence behind it: pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.conversation import Citation
from index.sentences import sentence_spans

if TYPE_CHECKING:
    from collections.abc import Iterable

    from index.article import Article
    from index.ranking import SearchResult


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of an article, with the score of the passage that it was found in."""

    article: Article
    start: int
    end: int
    passage_score: float

    @property
    def text(self) -> str:
        """The sentence as it stands in the article."""
        return self.article.text[self.start : self.end]


def passage_sentences(passages: Iterable[tuple[Article, SearchResult]]) -> list[Sentence]:
    """Return every sentence that reaches into one of the passages, whole and once, the best passage's first.

    A sentence that stands in two passages has the score of the better one. What repeats a sentence word for word, as
    copies of an article do, is left out.
    """
    sentences: dict[str, Sentence] = {}
    for article, result in sorted(passages, key=lambda passage: -passage[1].score):
        for start, end in sentence_spans(article.text, article.language):
            if start < result.chunk.end and result.chunk.start < end:
                sentence = Sentence(article, start, end, result.score)
                sentences.setdefault(sentence.text, sentence)
    return list(sentences.values())


def cite(number: int, sentence: Sentence) -> Citation:
    """Return the citation of a sentence: verbatim, for it is cut from the article's own text."""
    article = sentence.article
    return Citation(
        number=number,
        article_id=article.id,
        version=article.version,
        title=article.title,
        source=article.source,
        published=article.published,
        start=sentence.start,
        end=sentence.end,
        quote=sentence.text,
    )
