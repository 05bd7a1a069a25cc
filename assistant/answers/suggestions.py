"""An article → questions that it answers, made of its own sentences.

A sentence whose subject is a person becomes a question for who it is ("Ada Kern opened the mill" → "Who opened the
mill?"), one that ends with a day or a year a question for when, one with a speaker a question for what they say. The
patterns are of English grammar. What they make is shown only if the assistant answers it, and with the very sentence
that it was made of (`Assistant.suggestions`).
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
from assistant.english.statements import END, POINTS_ELSEWHERE, SPEECH, WHEN, WHO
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
"""Articles, the newest, about which a conversation can begin."""
LONGEST_TITLE = 60
"""Characters of a title that stand in a suggestion."""
READ = 12_000
"""Characters of an article that suggestions are made of, its beginning."""
MOST_TRIED = 12
"""How many questions of an article are tried, and how many that are answered suffice."""
MOST_FOUND = 6
MOST_SECONDS_TRIED = 30.0
"""How long questions of an article are tried."""

_FEWEST_WORDS, _MOST_WORDS = 3, 10


@dataclass(frozen=True, slots=True)
class Candidate:
    """A question, and the place of the sentence that it was made of; None for one about the article as a whole."""

    question: str
    place: Span | None = None

    def is_met_by(self, answer: Answer, article: Article) -> bool:
        """Return whether an answer answers it, and cites first what it was made of."""
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


def _key(question: str) -> str:
    """Return a question without the differences of writing that do not matter."""
    return " ".join(question.casefold().rstrip("?").split())


def _answered(article: Article, ask: Callable[[str], Answer]) -> dict[str, Citation]:
    found: dict[str, Citation] = {}
    deadline = Deadline(MOST_SECONDS_TRIED)
    own = shipped_questions() if article.id == shipped_article().id else ()
    for candidate in [*map(Candidate, own), *candidates(article)][:MOST_TRIED]:
        try:
            deadline.check()
            answer = ask(candidate.question)
        except TimeUpError:
            break
        if candidate.is_met_by(answer, article):
            found[candidate.question] = answer.citations[0]
        if len(found) == MOST_FOUND:
            break
    return found


def candidates(article: Article) -> tuple[Candidate, ...]:
    """Return questions that an article may answer, of several kinds by turns.

    >>> from index import Article
    >>> text = "Mill news. Greta Lindqvist opened the old paper mill. The mill was built in 1911, says Lindqvist."
    >>> made = candidates(Article.from_text(text, "herald", title="Mill news", language="en"))
    >>> [candidate.question for candidate in made][1:]
    ['Who opened the old paper mill?', 'When was the mill built?', 'What does Lindqvist say?']
    """
    about = Candidate(overview_question(article.title, most=LONGEST_TITLE))
    if article.language not in {"en", None}:
        return (about,)
    text = article.text[:READ]
    spans = sentence_spans(text, article.language)
    names = [name for name, _ in people(article)]
    kinds = (
        [about],
        list(_of_sentences(text, spans, lambda sentence: _who(sentence, names))),
        list(_of_sentences(text, spans, lambda sentence: _when(sentence, text))),
        list(_speakers(text, spans, names)),
    )
    by_turns = chain.from_iterable(zip_longest(*kinds))
    return tuple({candidate.question: candidate for candidate in by_turns if candidate}.values())


def _of_sentences(text: str, spans: Iterable[Span], ask: Callable[[str], str | None]) -> Iterator[Candidate]:
    for start, end in spans:
        if question := ask(" ".join(text[start:end].split())):
            yield Candidate(question, (start, end))


def _who(sentence: str, names: Sequence[str]) -> str | None:
    """Return the question for who did what a sentence tells of a person, by full or family name."""
    found = WHO.match(sentence)
    if not found or found["subject"] not in {*names, *(name.split()[-1] for name in names)}:
        return None
    end = END.search(found["told"])
    told = found["told"][: end.start()].strip() if end else found["told"]
    return f"Who {told}?" if _is_askable(told) and not SPEECH.match(told) else None


def _when(sentence: str, text: str) -> str | None:
    """Return the question for when that was, is or will be of which a sentence gives the day or the year."""
    found = WHEN.match(sentence)
    if not found or END.search(found["told"]):
        return None
    first, _, rest = found["subject"].partition(" ")
    # A word that is capital nowhere within a sentence is so here for beginning one.
    first = first if re.search(rf"[a-z,] {re.escape(first)}\b", text) else first.lower()
    asked = f"{found['verb']} {' '.join(filter(None, (first, rest)))} {found['told']}"
    return f"When {asked}?" if _is_askable(asked) else None


def _speakers(text: str, spans: Sequence[Span], names: Sequence[str]) -> Iterator[Candidate]:
    """Yield the questions for what people say, each with the first sentence that quotes them."""
    sentences = [(start, end, text[start:end]) for start, end in spans]
    for name in names:
        family = name.split()[-1]
        speaks = re.compile(rf"{SAYS} (?:{re.escape(name)}|{family})\b|\b{re.escape(family)},? {SAYS}\b")
        places = ((start, end) for start, end, told in sentences if family in told and speaks.search(told))
        place = next(places, None)
        if place:
            called = name if name in text[place[0] : place[1]] else family
            yield Candidate(f"What does {called} say?", place)


def _is_askable(told: str) -> bool:
    """Return whether words make sense without what stands around them, and are neither few nor many.

    >>> _is_askable("opened the mill"), _is_askable("opened it in May"), _is_askable("left")
    (True, False, False)
    """
    return _FEWEST_WORDS <= len(told.split()) <= _MOST_WORDS and not POINTS_ELSEWHERE.search(told)
