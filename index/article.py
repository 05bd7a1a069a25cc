"""`Article`: a text with its title, source and other facts."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, replace
from datetime import date, datetime

from index.errors import SourceError
from index.text.language import read_language
from index.text.metadata import read_published, read_title

MOST_TITLE_CHARACTERS = 500
"""A longer title is cut off."""
LONGEST_TEXT = 20_000_000
"""Characters of an article that is read from a file or page. A whole book has about a million."""

# Endings of the index's own ids: "mill:staged", "mill:0123456789abcdef" and
# "mill:0123456789abcdef:mark".
_RESERVED_ID = re.compile(r":(?:staged|[0-9a-f]{16}(?::mark)?)$")


@dataclass(frozen=True, slots=True)
class Article:
    """A text to ask questions about.

    Two articles are equal if and only if their ids and versions are. A blank `language`, `author`
    or `site` is left out, and a time in `published` becomes its day.

    Attributes:
        id: The id, always the same for one source.
        title: The title.
        text: The text, quoted and highlighted character for character.
        source: The file, web address or other origin of the text.
        published: The day of publication, if the article states it.
        language: An ISO 639-1 code such as "en", if known.
        author: The author, if known.
        site: The publishing site, if known.
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
        """Normalise equal content, so that equality and version agree."""
        for name in ("language", "author", "site"):
            value = getattr(self, name)
            if isinstance(value, str) and not value.strip():
                object.__setattr__(self, name, None)
        if isinstance(self.published, datetime):
            object.__setattr__(self, "published", self.published.date())

    @property
    def version(self) -> str:
        """A hash of the article's content and facts."""
        published = self.published.isoformat() if self.published else None
        content = [self.title, self.text, self.source, published, self.language]
        # Older versions of this program had neither field: without them the hash stays the same.
        byline = [self.author, self.site] if self.author or self.site else []
        return _digest(json.dumps(content + byline), 16)

    def check(self) -> None:
        """Raise `SourceError` if the article cannot be stored or found again."""
        for name in ("id", "title", "text", "source", "language", "author", "site"):
            self._check_text(name)
        if self.published is not None and not isinstance(self.published, date):
            raise SourceError(
                "the article's day of publication is not a date; give a date, or None"
            )
        if not self.id.strip():
            raise SourceError(
                "the article has no id; give it one, or create it with Article.from_text"
            )
        if _RESERVED_ID.search(self.id):
            raise SourceError(
                "the article's id has an ending that the index reserves; give it another id"
            )
        if not self.text.strip():
            raise SourceError("the article has no text; give it one")

    def _check_text(self, name: str) -> None:
        """Raise `SourceError` if a field is not text that UTF-8 can encode."""
        value = getattr(self, name)
        if value is None and name in {"language", "author", "site"}:
            return
        if not isinstance(value, str):
            raise SourceError(f"the article's {name} is not text; give a string")
        try:
            value.encode()
        except UnicodeEncodeError as error:
            reason = f"the article's {name} contains lone surrogates; decode it again"
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
        """Create an article from a text. Missing facts are read from it.

        Args:
            text: The text.
            source: The origin of the text. Another text from the same source is a new version.
            title: The title; by default it is read from the text.
            published: The day of publication; by default likewise. It is never guessed.
            language: An ISO 639-1 code; by default it is detected.
            author: The author, if known.
            site: The publishing site, if known.
        """
        return cls(
            id=id_of(source),
            title=(title or read_title(text) or source)[:MOST_TITLE_CHARACTERS],
            text=text,
            source=source,
            published=published or read_published(text),
            language=language or read_language(text),
            author=author,
            site=site,
        )

    @classmethod
    def pasted(cls, text: str) -> Article:
        """Create an article from a text without a source.

        Its id is a hash of the text.
        """
        return replace(cls.from_text(text, "pasted text"), id=_digest(text, 12))


def id_of(source: str) -> str:
    """Return the id of the article that comes from a source."""
    return _digest(source, 12)


def _digest(text: str, length: int) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:length]
