"""`Article` → `Chunk`s: pure, each chunk knowing its characters of the article."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    from index.article import Article

CHUNK_CHARACTERS = 800
"""About 150 tokens of English, seldom more than the 256 that the embedding model reads."""
BORDERS = (
    # Between paragraphs: "It rained.\n\nWe stayed in."
    r"\n\s*\n",
    # Between lines.
    r"\n",
    # Between sentences, after a closing quotation mark or bracket too: "“It rained.” We stayed
    # in."; Chinese and Japanese need no space.
    r"(?<=[.!?…])\s+|(?<=[.!?…][”’\"')\]»])\s+|(?<=[。！？])",
    # Between words.
    r"\s+",
    "",
)
"""Regular expressions of the places where a text may be cut, the best first."""


@dataclass(frozen=True, slots=True)
class ChunkId:
    """The id of a chunk in all its parts; its text form is made and parsed here alone.

    Attributes:
        article_id: The article of the chunk.
        version: The version of the article.
        number: The place of the chunk among those of the version, from 0.
    """

    article_id: str
    version: str
    number: int

    def __str__(self) -> str:
        """Return the text form.

        >>> str(ChunkId("mill", "0123456789abcdef", 2))
        'mill:0123456789abcdef:2'
        """
        return f"{self.article_id}:{self.version}:{self.number}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the id of a text form.

        >>> ChunkId.parse("a:b:0123456789abcdef:2").article_id
        'a:b'
        """
        article_id, version, number = text.rsplit(":", 2)
        return cls(article_id, version, int(number))


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of an article that is embedded and found as one.

    Attributes:
        id: The text form of its `ChunkId`.
        article_id: The article.
        text: The characters of the article: `article.text[start:end] == text`.
        start: The offset of its first character.
        end: The offset after its last character.
    """

    id: str
    article_id: str
    text: str
    start: int
    end: int

    @property
    def version(self) -> str:
        """The version of the article."""
        return ChunkId.parse(self.id).version


def chunk_article(article: Article) -> list[Chunk]:
    """Cut an article into chunks of at most `CHUNK_CHARACTERS`.

    The cuts are between paragraphs or sentences where there are any. Chunks do not overlap:
    measured, an overlap lengthens them without finding more (benchmarks/finding.py). White space
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
            chunk_id = ChunkId(article.id, version, len(chunks))
            chunks.append(Chunk(str(chunk_id), article.id, text, start, start + len(text)))
    return chunks


@cache
def _splitter() -> RecursiveCharacterTextSplitter:
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    # With no overlap, separators kept and nothing stripped, the pieces join to the text again:
    # their lengths give exact offsets even where a text repeats itself.
    return RecursiveCharacterTextSplitter(
        chunk_size=CHUNK_CHARACTERS,
        chunk_overlap=0,
        separators=list(BORDERS),
        is_separator_regex=True,
        keep_separator="end",
        strip_whitespace=False,
    )
