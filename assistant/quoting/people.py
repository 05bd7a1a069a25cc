"""Names of people in an article, known by the way they are written and used in English. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from assistant.english import people as english
from assistant.quoting.sentences import Sentence
from index.text.sentences import sentence_spans
from index.text.words import content_words

if TYPE_CHECKING:
    from index import Article
    from index.text.sentences import Span

LONGEST_SEARCHED = 30_000
"""Characters at the beginning of an article that are searched for people; most are shorter."""


def whole_names(text: str, span: Span) -> Span | None:
    """Return the span of all names in a row that a span touches, or stands right before.

    >>> text = "with the showrunners Marco Ramirez and Doug Petrie in charge"
    >>> start, end = whole_names(text, (9, 34))
    >>> text[9:34], text[start:end]
    ('showrunners Marco Ramirez', 'Marco Ramirez and Doug Petrie')
    >>> whole_names(text, (9, 20)) == (start, end)
    True
    """
    start, end = span
    for names in english.NAMES_IN_A_ROW.finditer(text):
        stands_before = text[end : names.start()].isspace()
        if stands_before or (names.start() < end <= names.end() and start < names.end()):
            return names.span()
    return None


def people(article: Article) -> list[tuple[str, Sentence]]:
    """Return the people named in full, each with the first sentence that names them.

    Those named most often come first. A name of several words is a person's if

    - a title stands before it: "Prime Minister Sanna Marin";
    - it says or does something that people do: "Greta Lindqvist said";
    - its first or last word stands for it alone: "Greta’s mill", "Lindqvist says".
    """
    text = article.text[:LONGEST_SEARCHED]
    clues = _Clues.in_text(text)
    mentions = _Mentions()
    for start, end in sentence_spans(text, article.language):
        # The offsets are the same in the whole text, of which this is the beginning.
        if text[start:end].strip() != article.title:
            _search(text, Sentence(article, start, end, 0.0), clues, mentions)
    # Count each person by the last name.
    persons = mentions.persons - mentions.things
    counts = {
        name: text.count(name.split()[-1])
        for name in mentions.first
        if name in persons and not _is_thing(name)
    }
    return [(name, mentions.first[name]) for name, _ in Counter(counts).most_common()]


@dataclass(frozen=True, slots=True)
class _Clues:
    """Words of a text that help to tell names of people.

    Attributes:
        common: Stems of words in lower case; such a word with a capital is not part of a name.
        family: Names of one word, alone: the "Lindqvist" of "says Lindqvist".
        given: Names of one word that own, say or do something: the "Greta" of "Greta’s mill".
    """

    common: set[str]
    family: set[str]
    given: set[str]

    @classmethod
    def in_text(cls, text: str) -> _Clues:
        """Collect the clues in a text."""
        words = english.LOWER_WORD.findall(text)
        return cls(
            common={stem for word in words for stem in content_words(word)},
            family={match.group(1) for match in english.FAMILY_ALONE.finditer(text)},
            given={match.group(1) for match in english.GIVEN_ALONE.finditer(text)},
        )


@dataclass(frozen=True, slots=True)
class _Mentions:
    """The names in an article so far.

    Attributes:
        first: Each name, with the first sentence that has it.
        persons: The names that are used as a person's.
        things: The names that are used with an article: "the Supreme Court".
    """

    first: dict[str, Sentence] = field(default_factory=dict)
    persons: set[str] = field(default_factory=set)
    things: set[str] = field(default_factory=set)


def _search(text: str, sentence: Sentence, clues: _Clues, mentions: _Mentions) -> None:
    """Add the names in a sentence to the mentions."""
    for names in english.NAMES_IN_A_ROW.finditer(text, sentence.start, sentence.end):
        acts = _acts(text, names.span(), sentence.end)
        for match in english.FULL_NAME.finditer(text, *names.span()):
            name, has_title = _without_role(match.group(), clues.common)
            if not name:
                continue
            mentions.first.setdefault(name, sentence)
            given, *_, family = name.split()
            if acts or has_title or family in clues.family or given in clues.given:
                mentions.persons.add(name)
            if not has_title and _has_article(text, match.start(), match.group()):
                mentions.things.add(name)


def _without_role(name: str, common: set[str]) -> tuple[str, bool]:
    """Return a name without its role, and whether the role is a title.

    "Prime Minister Sanna Marin" becomes "Sanna Marin". The name is "" if one word is left.

    Args:
        name: The words with capitals.
        common: Stems of words that the text also writes in lower case.
    """
    words = english.SURELY_NO_NAME.sub("", name).split()
    titles = [place for place, word in enumerate(words) if word.rstrip(".") in english.TITLES]
    if titles:
        words = words[titles[-1] + 1 :]
    while words and (not content_words(words[0]) or set(content_words(words[0])) & common):
        words = words[1:]
    return " ".join(words) if len(words) > 1 else "", bool(titles)


def _acts(text: str, names: Span, end: int) -> bool:
    """Return whether names stand beside a verb for something that people do.

    Args:
        text: The text.
        names: The span of one or several names.
        end: The end of their sentence.
    """
    before = text[max(0, names[0] - english.LONGEST_ACTED) : names[0]]
    return bool(english.ACTING.match(text, names[1], end) or english.ACTED.search(before))


def _has_article(text: str, start: int, name: str) -> bool:
    """Return whether "the" stands before a name, or begins it."""
    return name.startswith("The ") or text[max(0, start - 4) : start].lower().endswith("the ")


def _is_thing(name: str) -> bool:
    """Return whether the words of a name are a thing's or a place's: "New York Times"."""
    first, *_, last = name.split()
    return first in english.PLACES or last in english.NO_PERSONS
