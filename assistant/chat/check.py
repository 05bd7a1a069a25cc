"""The check of a chat model's claim against the passages; pure but for the embedder.

A claim stands if sentences of the passages support it: they have each of its numbers, days and
names, they share its words or its meaning, and neither side denies what the other asserts. If the
sentence quotes somebody or hedges and the claim does not, the sentence replaces the claim.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from assistant.chat.support import CLAIM_WORD, missing_words, supporting_quotes, with_workings
from assistant.english.modality import denies, hedges
from assistant.english.speech import QUOTED, SPEAKER, TELLING
from assistant.quoting.quotes import speech_of
from assistant.quoting.wording import on_one_line
from index.text.words import content_words, with_compounds_split

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from assistant.chat.claims import Claim
    from assistant.chat.judge import Judge
    from assistant.quoting.sentences import Sentence
    from index.embedding.embedder import Embedder

SHARED_WORDS = 0.5
"""The share of a claim's words that its sentences must have."""
LIKENESS = 0.85
"""The cosine from which a sentence says the same as a claim in other words.

A lower one is no proof: “Greta sold apples” and “Greta threw away apples” have 0.80. A limit of 0.6
gave a 1.5 B model only one more right answer to our 132 questions.
"""
LONGEST_CLAIM = 600
"""Characters of a claim, at most; a longer text is not one sentence."""
NO_SUPPORT = "no passage supports it"


@dataclass(frozen=True, slots=True)
class CheckedClaim:
    """A claim with the result of its check.

    Attributes:
        claim: The claim as the model wrote it.
        text: The claim as the answer shows it; "" if it is withdrawn or replaced.
        quotes: The sentences behind the claim; empty if it is withdrawn.
        reason: The reason it is withdrawn; "" if it is not.
        is_replaced: Whether the first of the sentences replaces the claim.
    """

    claim: Claim
    text: str = ""
    quotes: tuple[Sentence, ...] = ()
    reason: str = ""
    is_replaced: bool = False

    @property
    def summary(self) -> str:
        """The result in a line of the trace."""
        if not self.quotes:
            return f"withdrawn, {self.reason}"
        result = "replaced by its sentence" if self.is_replaced else "kept"
        return f"{result}, from {[quote.text for quote in self.quotes]}"


@dataclass(frozen=True, slots=True)
class ClaimCheck:
    """Checks the claims of one answer.

    Attributes:
        question: The standalone question.
        passages: The sentences of each passage, by its number.
        embedder: Compares the meaning of claims and sentences.
        judge: Knows the sentences that answer the question.
    """

    question: str
    passages: Mapping[int, Sequence[Sentence]]
    embedder: Embedder
    judge: Judge

    def check(self, claim: Claim) -> CheckedClaim:
        """Check a claim against the passages that it cites, then against all."""
        if len(claim.text) > LONGEST_CLAIM:
            return CheckedClaim(claim, reason=f"it is longer than {LONGEST_CLAIM} characters")
        checked = CheckedClaim(claim, reason=NO_SUPPORT)
        every = self._every_sentence()
        cited = [sentence for n in claim.numbers for sentence in self.passages.get(n, ())]
        lower_case = _lower_case_words(self.question, every)
        # The model may cite the wrong passage.
        for sentences in [cited, every] if cited else [every]:
            if quotes := supporting_quotes(claim.text, self.question, sentences, lower_case):
                checked = self._compare(claim, quotes, lower_case)
                if checked.quotes:
                    break
        return checked

    def _every_sentence(self) -> list[Sentence]:
        return [sentence for sentences in self.passages.values() for sentence in sentences]

    def _compare(
        self, claim: Claim, quotes: tuple[Sentence, ...], lower_case: frozenset[str]
    ) -> CheckedClaim:
        """Keep a claim, replace it by its sentence, or withdraw it."""
        text = with_workings(claim.text, quotes)
        if reason := _contradiction(text, quotes, lower_case):
            return CheckedClaim(claim, reason=reason)
        if not (self._shares_words(text, quotes) or self._is_alike(text, quotes)):
            return CheckedClaim(claim, reason=NO_SUPPORT)
        if _turns_into_fact(claim.text, quotes):
            return CheckedClaim(claim, quotes=quotes[:1], is_replaced=True)
        return CheckedClaim(claim, text, quotes)

    def _shares_words(self, claim: str, quotes: Sequence[Sentence]) -> bool:
        """Return whether sentences share enough words with a claim, besides names and numbers."""
        words = CLAIM_WORD.findall(claim)
        named = {stem for word in words if word != word.lower() for stem in content_words(word)}
        stems = {stem for stem in content_words(claim) if stem not in named and not stem.isdigit()}
        # If a claim has nothing else ("27,534"), the sentences must share the question's words,
        # unless the reader judges that they answer it.
        asked = set(content_words(self.question))
        is_answered = self.judge.answers(quotes)
        if not stems and not is_answered:
            stems = asked
        # Split compounds by the words of all passages.
        texts = [sentence.text for sentence in [*quotes, *self._every_sentence()]]
        own_texts = with_compounds_split(claim, texts)[: len(quotes)]
        known = {stem for text in own_texts for stem in content_words(text)}
        # Sentences that answer the question need not repeat its words.
        if is_answered:
            known |= asked
        return len(stems & known) >= SHARED_WORDS * len(stems)

    def _is_alike(self, claim: str, quotes: Sequence[Sentence]) -> bool:
        """Return whether a sentence says the same as a claim in other words."""
        vectors = np.array(self.embedder.embed_documents([claim, *(one.text for one in quotes)]))
        return float((vectors[1:] @ vectors[0]).max()) >= LIKENESS


def _lower_case_words(question: str, sentences: Sequence[Sentence]) -> frozenset[str]:
    """Return the words that the question or a passage has in lower case: they are no names."""
    words = CLAIM_WORD.findall(" ".join([question, *(sentence.text for sentence in sentences)]))
    return frozenset(word for word in words if word == word.lower())


def _contradiction(claim: str, quotes: Sequence[Sentence], lower_case: frozenset[str]) -> str:
    """Return the contradiction between a claim and its sentences; "" if they agree."""
    together = " ".join(quote.text for quote in quotes)
    # "Bo Ek sold 27,535 apples" for "Greta Lindqvist sold 27,534 apples".
    if missing := missing_words(claim, quotes, lower_case):
        return f"its sentences lack {', '.join(sorted(missing))}"
    # "Bo Ek said that …" for "…, Lindqvist said".
    names = speaker_names(claim)
    if names and not names & speaker_names(together):
        return "its sentences name another speaker"
    # "Bo Ek sold pears" for "Bo Ek did not sell any pears".
    if denies(claim) != denies(_without_other_speech(claim, quotes)):
        return "only one side is a denial"
    # "We are rich" for “We never had so many”.
    folded = on_one_line(together).casefold()
    if any(on_one_line(words).casefold() not in folded for words in QUOTED.findall(claim)):
        return "its quotation is not verbatim"
    return ""


def speaker_names(text: str) -> set[str]:
    """Return the last names of speakers, in lower case.

    >>> speaker_names("Ida Berg said so.")
    {'berg'}
    """
    return {(before or after).split()[-1].casefold() for before, after in SPEAKER.findall(text)}


def _without_other_speech(claim: str, quotes: Sequence[Sentence]) -> str:
    """Return the text of sentences without unrelated direct speech.

    Such speech shares no word with the claim, so a denial in it is about something else: “Two years
    without cars are two years without trade.”
    """
    stems = set(content_words(claim))
    text = " ".join(quote.text for quote in quotes)
    for quote in quotes:
        for speech in speech_of(quote):
            if not stems & set(content_words(speech)):
                text = text.replace(speech, " ")
    return text


def _turns_into_fact(claim: str, quotes: Sequence[Sentence]) -> bool:
    """Return whether a claim states somebody's words, or something possible, as a fact."""
    # "Berg says that it burned" states it as Berg's words.
    if TELLING.matches(claim):
        return False
    # At least half of the words are direct speech.
    stems = set(content_words(claim))
    speeches = [speech for quote in quotes for speech in speech_of(quote)]
    spoken = {stem for speech in speeches for stem in content_words(speech)}
    if spoken and 2 * len(spoken & stems) >= len(stems):
        return True
    # "She retires in 2024" for "She may retire in 2024".
    return hedges(quotes[0].text) and not hedges(claim)
