"""Questions that an article answers, made from its own sentences.

English grammar makes a question from a sentence:

- "Ada Kern opened the mill." → "Who opened the mill?"
- "The mill was built in 1911." → "When was the mill built?"
- "“It is old,” said Kern." → a question for her words

A question is suggested only if the assistant answers it with the sentence it was made from.
"""

from __future__ import annotations

import re
import threading
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import TYPE_CHECKING

from assistant.answers.deadline import Deadline
from assistant.english.speech import SAYS
from assistant.english.statements import CLAUSE_END, POINTS_ELSEWHERE, SPEECH, WHEN, WHO
from assistant.errors import TimeUpError
from assistant.question.plan import overview_question
from assistant.quoting.people import people
from index.errors import ArticleNotFoundError
from index.shipped import shipped_article, shipped_questions
from index.text.sentences import sentence_spans

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from assistant.conversation import Answer, Citation, Turn
    from index import Article, ArticleIndex
    from index.text.sentences import Span

ARTICLES_SUGGESTED = 3
"""Articles suggested at the beginning of a conversation: the newest."""
LONGEST_SUGGESTED_TITLE = 60
"""Characters of a title in a suggestion."""
SUGGESTED_FROM = 12_000
"""Characters at the beginning of an article that suggestions are made from."""
MOST_TRIED = 12
"""Questions about an article that are tried, at most."""
ENOUGH_ANSWERED = 6
"""Answered questions about an article after which no more are tried."""
TRYING_SECONDS = 30.0
"""Time for trying the questions about an article."""
FEWEST_PREDICATE_WORDS, MOST_PREDICATE_WORDS = 3, 10
"""Words of a suggested question after its question word."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A question that an article may answer.

    Attributes:
        question: The question.
        place: The sentence that it was made from, as a span of the article's text, if it is
            not about the article as a whole.
    """

    question: str
    place: Span | None = None

    def is_met_by(self, answer: Answer, article: Article) -> bool:
        """Return whether an answer cites the article, and at `place` first if there is one."""
        if answer.status != "answered" or answer.citations[0].article_id != article.id:
            return False
        first = answer.citations[0]
        return self.place is None or (first.start < self.place[1] and self.place[0] < first.end)


class Suggestions:
    """Finds questions that an index answers, and remembers them per article version.

    Threads may share one.
    """

    def __init__(self, index: ArticleIndex, ask: Callable[[str], Answer]) -> None:
        """Suggest questions about the articles of an index that `ask` answers."""
        self._index, self._ask = index, ask
        self._known: dict[tuple[str, str], dict[str, Citation]] = {}
        self._finding = threading.Lock()

    def after(self, history: Sequence[Turn], most: int) -> tuple[str, ...]:
        """Return questions to begin with, or to go on with after some turns.

        They are about the newest articles by turns, or about the article cited last. Questions
        already asked and sentences already cited are left out.

        Args:
            history: The turns of the conversation, oldest first.
            most: The number of questions to return at most.
        """
        cited = [citation for turn in history for citation in turn.answer.citations]
        if history and not cited:
            return ()
        asked = {_key(turn.question) for turn in history}
        shown = {(citation.article_id, citation.start) for citation in cited}
        newest = [entry.id for entry in self._index.entries()[:ARTICLES_SUGGESTED]]
        by_article = []
        for article_id in [cited[-1].article_id] if cited else newest:
            with suppress(ArticleNotFoundError):  # It has been removed.
                answerable = self.about(self._index.article(article_id))
                by_article.append(
                    [
                        question
                        for question, first in answerable.items()
                        if _key(question) not in asked and (article_id, first.start) not in shown
                    ]
                )
        by_turns = chain.from_iterable(zip_longest(*by_article))
        return tuple(question for question in by_turns if question)[:most]

    def about(self, article: Article) -> dict[str, Citation]:
        """Return the questions that an article answers, each with its first citation."""
        key = article.id, article.version
        with self._finding:
            if key not in self._known:
                self._known[key] = _answered(article, self._ask)
            return self._known[key]


def candidates(article: Article) -> tuple[Candidate, ...]:
    """Return questions that an article may answer, of several kinds by turns.

    >>> from index import Article
    >>> text = (
    ...     "Mill news. Greta Lindqvist opened the old paper mill. "
    ...     "The mill was built in 1911, says Lindqvist."
    ... )
    >>> made = candidates(Article.from_text(text, "herald", title="Mill news", language="en"))
    >>> [candidate.question for candidate in made][1:3]
    ['Who opened the old paper mill?', 'When was the mill built?']
    """
    about = Candidate(overview_question(article.title, most=LONGEST_SUGGESTED_TITLE))
    if article.language not in {"en", None}:
        return (about,)
    text = article.text[:SUGGESTED_FROM]
    spans = sentence_spans(text, article.language)
    names = [name for name, _ in people(article)]
    kinds = (
        [about],
        list(_from_sentences(text, spans, lambda sentence: _who(sentence, names))),
        list(_from_sentences(text, spans, lambda sentence: _when(sentence, text))),
        list(_from_speakers(text, spans, names)),
    )
    by_turns = chain.from_iterable(zip_longest(*kinds))
    return tuple({candidate.question: candidate for candidate in by_turns if candidate}.values())


def _key(question: str) -> str:
    """Return a question without differences of writing that do not matter.

    >>> _key("Who  opened the MILL") == _key("Who opened the mill?")
    True
    """
    return " ".join(question.casefold().rstrip("?").split())


def _answered(article: Article, ask: Callable[[str], Answer]) -> dict[str, Citation]:
    """Try questions about an article; return those answered, each with its first citation."""
    answered: dict[str, Citation] = {}
    deadline = Deadline(TRYING_SECONDS)
    own = shipped_questions() if article.id == shipped_article().id else ()
    for candidate in [*map(Candidate, own), *candidates(article)][:MOST_TRIED]:
        try:
            deadline.check()
            answer = ask(candidate.question)
        except TimeUpError:
            break
        if candidate.is_met_by(answer, article):
            answered[candidate.question] = answer.citations[0]
        if len(answered) == ENOUGH_ANSWERED:
            break
    return answered


def _from_sentences(
    text: str, spans: Iterable[Span], make: Callable[[str], str | None]
) -> Iterator[Candidate]:
    """Yield the questions that `make` makes from sentences, each with the sentence's place."""
    for start, end in spans:
        if question := make(" ".join(text[start:end].split())):
            yield Candidate(question, (start, end))


def _who(sentence: str, names: Sequence[str]) -> str | None:
    """Return the question for the subject of a sentence, if it is one of some people.

    >>> _who("Ada Kern, 41, opened the old mill, which burned.", ["Ada Kern"])
    'Who opened the old mill?'
    """
    match = WHO.match(sentence)
    if not match or match["subject"] not in {*names, *(name.split()[-1] for name in names)}:
        return None
    predicate = match["predicate"]
    if end := CLAUSE_END.search(predicate):
        predicate = predicate[: end.start()].strip()
    return f"Who {predicate}?" if _is_askable(predicate) and not SPEECH.match(predicate) else None


def _when(sentence: str, text: str) -> str | None:
    """Return the question for the day or year that a sentence gives.

    >>> _when("Norburg was founded in 1311.", "They came to Norburg.")
    'When was Norburg founded?'
    """
    match = WHEN.match(sentence)
    if not match or CLAUSE_END.search(match["predicate"]):
        return None
    first, _, rest = match["subject"].partition(" ")
    # A word without a capital elsewhere in the text has one only because it begins the sentence.
    first = first if re.search(rf"[a-z,] {re.escape(first)}\b", text) else first.lower()
    clause = f"{match['verb']} {' '.join(filter(None, (first, rest)))} {match['predicate']}"
    return f"When {clause}?" if _is_askable(clause) else None


def _from_speakers(text: str, spans: Sequence[Span], names: Sequence[str]) -> Iterator[Candidate]:
    """Yield a question for the words of each person, with the first sentence that quotes them."""
    sentences = [(start, end, text[start:end]) for start, end in spans]
    for name in names:
        family = name.split()[-1]
        speaks = re.compile(
            # "said Ada Kern", "said Kern".
            rf"{SAYS} (?:{re.escape(name)}|{family})\b"
            # "Kern said", "Kern, said".
            rf"|\b{re.escape(family)},? {SAYS}\b"
        )
        places = (
            (start, end)
            for start, end, sentence in sentences
            if family in sentence and speaks.search(sentence)
        )
        if place := next(places, None):
            speaker = name if name in text[place[0] : place[1]] else family
            yield Candidate(f"What does {speaker} say?", place)


def _is_askable(clause: str) -> bool:
    """Return whether words make sense by themselves, and are neither few nor many.

    >>> _is_askable("opened the mill"), _is_askable("opened it in May"), _is_askable("left")
    (True, False, False)
    """
    count = len(clause.split())
    is_short = FEWEST_PREDICATE_WORDS <= count <= MOST_PREDICATE_WORDS
    return is_short and not POINTS_ELSEWHERE.search(clause)
