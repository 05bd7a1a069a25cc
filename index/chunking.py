"""`Article` → `Chunk`s: pure, each chunk knowing which characters of the article it is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    from index.article import Article

CHUNK_CHARACTERS = 800
"""About 150 tokens of English, seldom more than the 256 that the embedding model reads."""
BORDERS = (
    r"\n\s*\n",
    r"\n",
    # Between sentences: after the mark that ends one and what closes a quotation or a bracket; nothing follows in CJK.
    r"(?<=[.!?…])\s+|(?<=[.!?…][”’\"')\]»])\s+|(?<=[。！？])",
    r"\s+",
    "",
)
"""Where a text may be cut, as regular expressions, the best first."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of an article that is embedded and found as one: `article.text[start:end] == text`."""

    id: str
    article_id: str
    text: str
    start: int
    end: int

    @property
    def version(self) -> str:
        """The version of the article that the chunk is of."""
        return self.id.rsplit(":", 2)[1]


def chunk_article(article: Article) -> list[Chunk]:
    """Cut an article into chunks of at most `CHUNK_CHARACTERS`, at paragraphs and sentences where there are any.

    Chunks do not overlap: measured, an overlap lengthens them without finding more (benchmarks/finding.py). White space
    between two chunks belongs to neither; a text of white space alone has no chunk.
    """
    chunks: list[Chunk] = []
    version = article.version
    position = 0
    for piece in _splitter().split_text(article.text):
        start = position + len(piece) - len(piece.lstrip())
        text = piece.strip()
        position += len(piece)
        if text:
            chunk_id = f"{article.id}:{version}:{len(chunks)}"
            chunks.append(Chunk(chunk_id, article.id, text, start, start + len(text)))
    return chunks


@cache
def _splitter() -> RecursiveCharacterTextSplitter:
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    # Its pieces join to the text again (no overlap, separators kept, nothing stripped), so their lengths give offsets
    # that are exact even where a text repeats itself.
    return RecursiveCharacterTextSplitter(
        chunk_size=CHUNK_CHARACTERS,
        chunk_overlap=0,
        separators=list(BORDERS),
        is_separator_regex=True,
        keep_separator="end",
        strip_whitespace=False,
    )
