"""Names of people in a text: pure, by the way they are written and used in English."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from assistant.english import people as english
from assistant.quoting.sentences import Sentence
from index.text.sentences import sentence_spans
from index.text.words import content_words

if TYPE_CHECKING:
    from index import Article
    from index.text.sentences import Span

LONGEST_READ = 30_000
"""Characters of an article in which people are looked for, its beginning; most articles are shorter."""
MOST_NAMES = 300
"""Names of an article that may be people's, the first; for each of them the text is searched."""


def whole_names(text: str, span: Span) -> Span | None:
    """Return all the names side by side of which a span has a part, or before which it stands; None for none.

    >>> text = "with the showrunners Marco Ramirez and Doug Petrie in charge"
    >>> start, end = whole_names(text, (9, 34))
    >>> text[9:34], text[start:end]
    ('showrunners Marco Ramirez', 'Marco Ramirez and Doug Petrie')
    >>> whole_names(text, (9, 20)) == (start, end)
    True
    """
    start, end = span
    for names in english.NAMES_IN_A_ROW.finditer(text):
        before = text[end : names.start()].isspace()
        if before or (names.start() < end <= names.end() and start < names.end()):
            return names.span()
    return None


def people(article: Article) -> list[tuple[str, Sentence]]:
    """Return the people named in full, those named most often first, each with the sentence that does so first.

    A name of several words is a person's if a title stands before it, if it says or does something that people do, or
    if one of its words stands for it alone: "Greta Lindqvist opened the mill … Lindqvist says", "Greta’s mill".
    """
    text = article.text[:LONGEST_READ]
    common = {stem for word in english.LOWER_WORD.findall(text) for stem in content_words(word)}
    alone = {name.group(1) for name in english.FAMILY_ALONE.finditer(text)}
    acting = {name.group(1) for name in english.GIVEN_ALONE.finditer(text)}
    first: dict[str, Sentence] = {}
    sure: set[str] = set()
    things: set[str] = set()
    for start, end in sentence_spans(text, article.language):  # The same offsets as in the whole text.
        if text[start:end].strip() == article.title:
            continue
        for names in english.NAMES_IN_A_ROW.finditer(text, start, end):
            does = _does_something(text, names.span(), end)
            for found in english.FULL_NAME.finditer(text, *names.span()):
                name, is_titled = _without_role(found.group(), common)
                if not name:
                    continue
                first.setdefault(name, Sentence(article, start, end, 0.0))
                if does or is_titled or name.split()[-1] in alone or name.split()[0] in acting:
                    sure.add(name)
                if not is_titled and _has_article(text, found.start(), found.group()):
                    things.add(name)
    named = {name: text.count(name.split()[-1]) for name in first if name in sure - things and not _is_thing(name)}
    return [(name, first[name]) for name, _ in Counter(named).most_common()]


def _without_role(name: str, common: set[str]) -> tuple[str, bool]:
    """Return a name without what is none before it, as in "Prime Minister Sanna Marin", and whether that is a title.

    The name is "" if fewer than two words are left.
    """
    words = english.SURELY_NO_NAME.sub("", name).split()
    titles = [place for place, word in enumerate(words) if word.rstrip(".") in english.TITLES]
    if titles:
        words = words[titles[-1] + 1 :]
    while words and (not content_words(words[0]) or set(content_words(words[0])) & common):
        words = words[1:]
    return " ".join(words) if len(words) > 1 else "", bool(titles)


def _does_something(text: str, name: Span, end: int) -> bool:
    """Return whether somebody's name, or several, stand before or after a verb of what people do."""
    before = text[max(0, name[0] - english.LONGEST_ACTED) : name[0]]
    return bool(english.ACTING.match(text, name[1], end) or english.ACTED.search(before))


def _has_article(text: str, start: int, name: str) -> bool:
    return name.startswith("The ") or text[max(0, start - 4) : start].lower().endswith("the ")


def _is_thing(name: str) -> bool:
    first, *_, last = name.split()
    return first in english.PLACES or last in english.NO_PERSONS
