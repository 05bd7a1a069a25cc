"""Claims about articles, each checked against the sentences that it cites."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assistant.chat.check import ClaimCheck
from assistant.chat.claims import Claim
from assistant.chat.judge import Judge
from assistant.quoting.sentences import Sentence
from benchmarks.questions import find_sentence, read_articles, read_rows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from assistant.chat.check import CheckedClaim
    from index import Article
    from index.embedding.embedder import Embedder

CITED = 1
"""The number of the passage that holds a claim's sentences."""


@dataclass(frozen=True, slots=True)
class CitedClaim:
    """A statement as a chat model writes it.

    Attributes:
        id: Its name in the file.
        text: The statement.
        sentences: The sentences that it cites.
        right: Whether they entail it.
        change: Its difference from its sentences.
    """

    id: str
    text: str
    sentences: tuple[Sentence, ...]
    right: bool
    change: str


def read_claims(path: Path) -> list[CitedClaim]:
    """Return the claims of a .jsonl file with a folder `articles`. Raises `SourceError`."""
    articles = {article.source: article for article in read_articles(path)}

    def convert(row: dict[str, Any]) -> CitedClaim:
        article = articles[row["article"]]
        sentences = tuple(_sentence(text, article) for text in row["sentences"])
        return CitedClaim(row["id"], row["claim"], sentences, row["right"], row["change"])

    return read_rows(path, convert)


def _sentence(text: str, article: Article) -> Sentence:
    place = find_sentence(text, [article])
    return Sentence(article, place.start, place.end, 1.0)


def checked(claim: CitedClaim, embedder: Embedder) -> CheckedClaim:
    """Return the claim as the assistant checks a chat model's sentence; no question is asked."""
    written = Claim(claim.text, (CITED,))
    return ClaimCheck("", {CITED: claim.sentences}, embedder, Judge()).check(written)


def fates(claims: Sequence[CitedClaim], outcomes: Sequence[CheckedClaim]) -> dict[str, float]:
    """Return the shares of claims that stand, are replaced by a quote, or are withdrawn.

    Only a claim that is said in its own words stands.
    """
    shares = {}
    for name, right in (("wrong", False), ("right", True)):
        chosen = [one for claim, one in zip(claims, outcomes, strict=True) if claim.right == right]
        total = max(1, len(chosen))
        shares[f"{name} standing"] = sum(_stands(one) for one in chosen) / total
        shares[f"{name} quoted instead"] = sum(one.is_replaced for one in chosen) / total
        shares[f"{name} withdrawn"] = sum(not one.quotes for one in chosen) / total
    return shares


def _stands(outcome: CheckedClaim) -> bool:
    return bool(outcome.quotes) and not outcome.is_replaced
