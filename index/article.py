"""`Article`: a text with its title, source, day, language, author and site."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, replace
from datetime import date, datetime

from index.errors import SourceError
from index.text.language import read_language
from index.text.metadata import read_published, read_title

LONGEST_TEXT = 20_000_000
"""Characters of an article that is read from a file or page. A whole book has about a million."""
LONGEST_TITLE = 500
"""Characters; the rest of a longer title is cut off."""

_RESERVED = re.compile(r":(?:staged|[0-9a-f]{16}(?::mark)?)$")


@dataclass(frozen=True, slots=True)
class Article:
    """A text to ask questions of.

    `id` stays the same for one source; `text` is what is quoted and highlighted, character for character; `published`
    is the day that the publisher names, `language` an ISO 639-1 code, `author` and `site` who wrote it and where it was
    published, each None where the article does not tell. Blank text in one of these becomes None, and a moment its day:
    two articles are equal if and only if they have the same id and version.
    """

    id: str
    title: str
    text: str
    source: str
    published: date | None = None
    language: str | None = None
    author: str | None = None
    site: str | None = None

    def __post_init__(self) -> None:
        """Spell the same content in one way, so that equality, version and stored record agree."""
        for name in ("language", "author", "site"):
            value = getattr(self, name)
            if isinstance(value, str) and not value.strip():
                object.__setattr__(self, name, None)
        if isinstance(self.published, datetime):
            object.__setattr__(self, "published", self.published.date())

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
        for name in ("id", "title", "text", "source", "language", "author", "site"):
            self._check_text(name)
        if self.published is not None and not isinstance(self.published, date):
            raise SourceError("the article's day of publication is no date; give a date, or None")
        if not self.id.strip():
            raise SourceError("the article has no id; give it one, or make it with Article.from_text")
        if _RESERVED.search(self.id):
            raise SourceError("the article's id ends as the index's own do; give it another")
        if not self.text.strip():
            raise SourceError("the article has no text; add one with text in it")

    def _check_text(self, name: str) -> None:
        """Raise `SourceError` when a field is no text, or holds characters that UTF-8 cannot write."""
        value = getattr(self, name)
        if value is None and name in {"language", "author", "site"}:
            return
        if not isinstance(value, str):
            raise SourceError(f"the article's {name} is no text; give a string")
        try:
            value.encode()
        except UnicodeEncodeError as error:
            reason = f"the article's {name} holds broken characters (lone surrogates); decode it again"
            raise SourceError(reason) from error

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
            id=id_of(source),
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


def id_of(source: str) -> str:
    """Return the id of the article that comes from a source."""
    return _digest(source, 12)


def _digest(text: str, length: int) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:length]
