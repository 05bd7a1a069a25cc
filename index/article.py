"""`Article`, and the reading of its title, publication date and language from its own text."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, replace
from datetime import date  # noqa: TC003  # What reads articles from a file looks at the types of their fields.
from functools import cache
from typing import TYPE_CHECKING

from index.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from py3langid.langid import LanguageIdentifier

TITLE_CHARACTERS = 200
"""A first line of more characters is prose, not a title."""
LONGEST_TITLE = 500
"""Characters; of a title that a file or page names so long the beginning is kept."""
HEAD_LINES = 12
"""A dateline stands among the first lines that are not blank."""
DATELINE_LETTERS = 50
"""Letters that a dateline may hold beside its date: a byline, "Published", a time of day."""
LONGEST_DATE = 60
"""Characters: "Thursday, the 29th of September, 2016, 10:30 a.m." has 49; what is longer is no date."""
DATE_LETTERS = 2
"""Letters beside the date in a first line that is no title: those of 2016-09-29T10:30Z."""
LANGUAGE_CHARACTERS = 4_000
LANGUAGE_CONFIDENCE = 0.3

_DATE = re.compile(
    r"""(?<!\d)(?:
      \d{4}-\d{1,2}-\d{1,2}                              # 2016-09-29
    | \d{4}年\s?\d{1,2}月\s?\d{1,2}日                      # 2016年9月29日
    | \d{1,2}(?:st|nd|rd|th|er|\.|º)?\s(?:de\s|of\s)?
      [^\W\d_]{3,20}\.?,?\s(?:de\s|del\s)?\d{4}           # 29 September 2016, 29 de septiembre de 2016
    | [^\W\d_]{3,20}\.?\s\d{1,2}(?:st|nd|rd|th)?,?\s\d{4}  # September 29, 2016
    )(?!\d)""",
    re.VERBOSE,
)
_RESERVED = re.compile(r":(?:staged|[0-9a-f]{16})$")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_FRONT_MATTER = re.compile(r"\A---\r?\n(.*?)\r?\n---\s*?$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Article:
    """A text to ask questions of.

    `id` stays the same for one source; `text` is what is quoted and highlighted, character for character; `published`
    is the day that the publisher names, `language` an ISO 639-1 code, `author` and `site` who wrote it and where it was
    published, each None where the article does not tell.
    """

    id: str
    title: str
    text: str
    source: str
    published: date | None = None
    language: str | None = None
    author: str | None = None
    site: str | None = None

    @property
    def version(self) -> str:
        """A hash of all that the article says: two articles with the same id and version are the same."""
        published = self.published.isoformat() if self.published else None
        content = [self.title, self.text, self.source, published, self.language]
        # An article that names neither keeps the version that it had before there were these two.
        byline = [self.author, self.site] if self.author or self.site else []
        return _digest(json.dumps(content + byline), 16)

    def check(self) -> None:
        """Raise `SourceError` when the article cannot be kept or found again."""
        if not self.id.strip():
            raise SourceError("the article has no id; give it one, or make it with Article.from_text")
        if _RESERVED.search(self.id):
            raise SourceError("the article's id ends as the index's own do; give it another")
        if not self.text.strip():
            raise SourceError("the article has no text; add one with text in it")
        try:
            self.text.encode()
        except UnicodeEncodeError as error:
            raise SourceError("the text holds broken characters (lone surrogates); decode it again") from error

    @classmethod
    def from_text(  # noqa: PLR0913  # Each is a field of the article.
        cls,
        text: str,
        source: str,
        *,
        title: str | None = None,
        published: date | None = None,
        language: str | None = None,
        author: str | None = None,
        site: str | None = None,
    ) -> Article:
        """Make an article of a text, reading from it what is not given.

        The title and the date are read from the first lines. The date is never guessed: without one it stays None.
        `source` names where the text is from; another text of the same source is taken as a newer version of it.
        """
        return cls(
            id=_digest(source, 12),
            title=(title or read_title(text) or source)[:LONGEST_TITLE],
            text=text,
            source=source,
            published=published or read_published(text),
            language=language or read_language(text),
            author=author,
            site=site,
        )

    @classmethod
    def pasted(cls, text: str) -> Article:
        """Make an article of a text that has no place of its own: it is known by what it says."""
        return replace(cls.from_text(text, "pasted text"), id=_digest(text, 12))


def read_title(text: str) -> str | None:
    r"""Return the title that a text begins with: its front matter's, or its first line unless that is prose or a date.

    >>> read_title("# Rain in May\n\nIt rained.")
    'Rain in May'
    """
    if title := _front_matter(text).get("title"):
        return title
    for line in _head(text):
        if _is_dateline(line, beside=DATE_LETTERS):
            continue
        title = line.lstrip("#").strip()
        return title if 0 < len(title) <= TITLE_CHARACTERS else None
    return None


def read_published(text: str) -> date | None:
    r"""Return the day that one of a text's first lines gives as its date, or None; a date inside prose does not count.

    >>> read_published("Rain in May\nBy A. Writer | May 3, 2021\n\nIt rained.")
    datetime.date(2021, 5, 3)
    """
    if day := _front_matter(text).get("date"):
        return _parse_date(day)
    lines = list(_head(text))
    title = read_title(text)
    datelines = [
        line for line in lines if line.lstrip("#").strip() != title and _is_dateline(line, beside=DATELINE_LETTERS)
    ]
    days = (_parse_date(found.group()) for line in datelines for found in _DATE.finditer(line))
    return next((day for day in days if day), None)


def read_language(text: str) -> str | None:
    """Return the ISO 639-1 code of the language that a text is written in, or None where it is too short to tell.

    By py3langid (Lui and Baldwin, 2011).
    """
    code, confidence = load_language_identifier().classify(text[:LANGUAGE_CHARACTERS])
    return str(code) if confidence >= LANGUAGE_CONFIDENCE else None


@cache
def load_language_identifier() -> LanguageIdentifier:
    """Return what identifies languages, loaded once."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def printable(text: str) -> str:
    """Return a text that a terminal shows and does not obey: without escape sequences and other control characters."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


def _head(text: str) -> Iterator[str]:
    """Yield the first lines that hold something, without front matter."""
    front = _FRONT_MATTER.match(text)
    lines = (line.strip() for line in text[front.end() if front else 0 :][:10_000].splitlines())
    for number, line in enumerate(line for line in lines if line):
        if number >= HEAD_LINES:
            return
        yield line


def _front_matter(text: str) -> dict[str, str]:
    """Return the one-line values of a Markdown file's front matter, keys in lower case."""
    front = _FRONT_MATTER.match(text)
    pairs = (line.partition(":") for line in front.group(1).splitlines()) if front else ()
    return {key.strip().lower(): value.strip().strip("\"'") for key, _, value in pairs if value.strip()}


def _is_dateline(line: str, beside: int) -> bool:
    found = _DATE.search(line)
    if not found or sum(map(str.isalpha, line)) - sum(map(str.isalpha, found.group())) > beside:
        return False
    return _parse_date(found.group()) is not None


def _parse_date(text: str) -> date | None:
    if len(text) > LONGEST_DATE:
        return None
    import dateparser

    # Without all three parts dateparser would fill the gaps from the clock.
    moment = dateparser.parse(text, settings={"REQUIRE_PARTS": ["day", "month", "year"], "STRICT_PARSING": True})
    return moment.date() if moment else None


def _digest(text: str, length: int) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:length]
