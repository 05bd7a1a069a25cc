"""Names of people in a text: pure, by the way they are written and used in English."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from assistant.quoting.quotes import SPEAKS
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

_NAME_WORD = r"[^\W\d_a-zß-ÿ][\w\-]{0,60}[^\W\d_]"
_INITIAL = r"[^\W\d_a-zß-ÿ]\."
_PARTICLE = r"(?:al|bin|da|de|del|der|di|du|la|le|ter|van|von)"
_FULL_NAME = re.compile(rf"\b{_NAME_WORD}(?: (?:{_NAME_WORD}|{_INITIAL}|{_PARTICLE}(?= )))* {_NAME_WORD}\b")
_NAMES = re.compile(rf"{_FULL_NAME.pattern}(?:(?:, and |, | and | & ){_FULL_NAME.pattern})*")
_COURTESY = r"(?:Mr|Mrs|Ms|Miss|Dr|Prof|Sir|Dame|Lord|Lady)"
_LOWER_WORD = re.compile(r"(?<![\w’'])[a-zß-ÿ][\w\-]*")
_SURELY_NO_NAME = re.compile(r"(?:The|A|An|And|But|For|In|On|At|By|Of|When|While|After|Before|As|If) ")


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
    for names in _NAMES.finditer(text):
        before = text[end : names.start()].isspace()
        if before or (names.start() < end <= names.end() and start < names.end()):
            return names.span()
    return None


def people(article: Article) -> list[tuple[str, Sentence]]:
    """Return the people named in full, those named most often first, each with the sentence that does so first.

    A name of several words is a person's if its last word also stands for it alone, without an article before it
    ("Greta Lindqvist opened the mill … Lindqvist says"), its first word does so as an owner ("Greta's mill"), or it
    speaks or bears a title of courtesy.
    """
    text = article.text[:LONGEST_READ]
    common = {stem for word in _LOWER_WORD.findall(text) for stem in content_words(word)}
    first: dict[str, Sentence] = {}
    judged: set[str] = set()
    for start, end in sentence_spans(text, article.language):  # The same offsets as in the whole text.
        if text[start:end].strip() == article.title:
            continue
        for found in _FULL_NAME.finditer(text[start:end]):
            name = _without_role(found.group(), common)
            if not name or name in judged or len(judged) == MOST_NAMES:
                continue
            judged.add(name)
            if _is_person(name, text):
                first[name] = Sentence(article, start, end, 0.0)
    often = Counter({name: text.count(name.split()[-1]) for name in first})
    return [(name, first[name]) for name, _ in often.most_common()]


def _without_role(name: str, common: set[str]) -> str | None:
    """Return a name without what is none before it, as in "Showrunner Greta Lindqvist"; None if too short."""
    name = _SURELY_NO_NAME.sub("", name)
    words = name.split()
    while words and (not content_words(words[0]) or set(content_words(words[0])) & common):
        words = words[1:]
    return " ".join(words) if len(words) > 1 else None


def _is_person(name: str, text: str) -> bool:
    full, given, family = (re.escape(part) for part in (name, name.split(maxsplit=1)[0], name.rsplit(maxsplit=1)[-1]))
    uses = (
        # The last word alone: after a word in lower case that is no article, or after a mark, or beginning a line.
        rf"(?:(?<![\w’'])(?!(?:an?|the) )[a-z][\w’'\-]{{0,60}} |[,;:.“”\"(]\s*|^){family}\b(?! [^\W\d_a-z])",
        rf"(?<!\bthe )\b{given}[’'](?:s |\s)",
        rf"\b{full},?\W+{SPEAKS}\b",
        rf"\b{SPEAKS} {full}\b",
        rf"\b{_COURTESY}\.? (?:{full}|{family})\b",
    )
    return any(re.search(use, text, re.MULTILINE) for use in uses)
