"""`Draft`: a chat model's answer in progress."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.conversation import Answer, Citation
from assistant.quoting.quotes import cite
from assistant.quoting.wording import marked, quoted

if TYPE_CHECKING:
    from assistant.chat.check import CheckedClaim
    from assistant.quoting.sentences import Sentence

    Place = tuple[str, int, int]
    """An article's id, and the start and end of a quote in it."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A chat model's answer in progress.

    Attributes:
        claims: The sentences so far, checked.
        beginning: The beginning of the next sentence.
        is_refusal: Whether the model says that the passages do not answer.
    """

    claims: tuple[CheckedClaim, ...] = ()
    beginning: str = ""
    is_refusal: bool = False

    @property
    def kept_claims(self) -> tuple[CheckedClaim, ...]:
        """The claims that stand, without repetitions."""
        kept = {
            (claim.text or claim.quotes[0].text): claim for claim in self.claims if claim.quotes
        }
        return tuple(kept.values())

    @property
    def withdrawn(self) -> int:
        """The number of claims that do not stand."""
        return sum(not claim.quotes for claim in self.claims)

    def answer(self, name: str) -> Answer:
        """Return the answer so far, with a paragraph for each sentence.

        Args:
            name: The name of the model.
        """
        citations: dict[Place, Citation] = {}
        paragraphs = []
        for claim in self.kept_claims:
            own = [_citation(quote, citations) for quote in claim.quotes]
            paragraphs.append(
                quoted(own[0]) if claim.is_replaced else f"{claim.text} {marked(own)}"
            )
        if self.beginning:
            paragraphs.append(self.beginning)
        return Answer(
            "\n\n".join(paragraphs),
            tuple(citations.values()),
            "answered",
            model=name,
            note=self._note(name),
        )

    def _note(self, name: str) -> str:
        """Return the sentence that counts the withdrawn claims; "" for zero."""
        if not self.withdrawn:
            return ""
        is_one = self.withdrawn == 1
        count = "A sentence" if is_one else f"{self.withdrawn} sentences"
        verb = "was" if is_one else "were"
        return f"{count} of {name} {verb} withdrawn: the passages do not say so."


def _citation(quote: Sentence, citations: dict[Place, Citation]) -> Citation:
    """Return the citation of a quote; a new one gets the next number."""
    place = quote.article.id, quote.start, quote.end
    return citations.setdefault(place, cite(len(citations) + 1, quote))
