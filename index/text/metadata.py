"""The title and the publication date in the first lines of a text."""

from __future__ import annotations

import re
from datetime import date  # noqa: TC003  # pydantic reads the types of an article's fields.
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


TITLE_CHARACTERS = 200
"""Characters of a first line above which it is prose, not a title."""
HEAD_CHARACTERS = 10_000
"""Characters at the start of a text that are searched for its first lines."""
HEAD_LINES = 12
"""First lines, blank ones not counted, among which a dateline stands."""
DATELINE_LETTERS = 50
"""Letters of a dateline beside its date, such as a byline, "Published" or "GMT"."""
LONGEST_DATE = 60
"""Characters; "Thursday, the 29th of September, 2016, 10:30 a.m." has 49."""
DATE_LETTERS = 2
"""Letters of a bare date beside day, month and year: the T and Z of 2016-09-29T10:30Z."""

_DATE = re.compile(
    r"""(?<!\d)(?:
      \d{4}-\d{1,2}-\d{1,2}                              # 2016-09-29
    | \d{4}年\s?\d{1,2}月\s?\d{1,2}日                      # 2016年9月29日
    | \d{1,2}(?:st|nd|rd|th|er|\.|º)?\s(?:de\s|of\s)?
      [^\W\d_]{3,20}\.?,?\s(?:de\s|del\s)?\d{4}           # 29 September 2016, 29 de mayo de 2016
    | [^\W\d_]{3,20}\.?\s\d{1,2}(?:st|nd|rd|th)?,?\s\d{4}  # September 29, 2016
    )(?!\d)""",
    re.VERBOSE,
)
# The front matter of a Markdown file: "---\ntitle: Rain in May\ndate: 2021-05-03\n---\n"
_FRONT_MATTER = re.compile(r"\A---\r?\n(.*?)\r?\n---\s*?$", re.DOTALL | re.MULTILINE)


def read_title(text: str) -> str | None:
    r"""Return the title of a text: from its front matter, or its first line.

    A first line that is prose is no title; a first line that is only a date is skipped.

    >>> read_title("# Rain in May\n\nIt rained.")
    'Rain in May'
    """
    if title := _front_matter(text).get("title"):
        return title
    for line in _head_lines(text):
        if _is_dateline(line, letters=DATE_LETTERS):
            continue
        title = line.lstrip("#").strip()
        return title if 0 < len(title) <= TITLE_CHARACTERS else None
    return None


def read_published(text: str) -> date | None:
    r"""Return the date of a text: from its front matter, or a dateline among its first lines.

    A date inside prose or in the title does not count.

    >>> read_published("Rain in May\nBy A. Writer | May 3, 2021\n\nIt rained.")
    datetime.date(2021, 5, 3)
    """
    if day := _front_matter(text).get("date"):
        return _parse_date(day)
    title = read_title(text)
    for line in _head_lines(text):
        if line.lstrip("#").strip() == title or not _is_dateline(line, letters=DATELINE_LETTERS):
            continue
        for match in _DATE.finditer(line):
            if published := _parse_date(match.group()):
                return published
    return None


def _head_lines(text: str) -> Iterator[str]:
    """Yield the first lines after the front matter, without blank ones."""
    front = _FRONT_MATTER.match(text)
    head = text[front.end() if front else 0 :][:HEAD_CHARACTERS]
    lines = (line.strip() for line in head.splitlines())
    for number, line in enumerate(line for line in lines if line):
        if number >= HEAD_LINES:
            return
        yield line


def _front_matter(text: str) -> dict[str, str]:
    """Return the one-line values of a Markdown file's front matter, keys in lower case."""
    front = _FRONT_MATTER.match(text)
    pairs = (line.partition(":") for line in front.group(1).splitlines()) if front else ()
    return {
        key.strip().lower(): value.strip().strip("\"'") for key, _, value in pairs if value.strip()
    }


def _is_dateline(line: str, letters: int) -> bool:
    """Whether a line is a date with at most so many letters beside it.

    >>> _is_dateline("Published 29 September 2016", letters=50)
    True
    """
    match = _DATE.search(line)
    if not match:
        return False
    beside = sum(map(str.isalpha, line)) - sum(map(str.isalpha, match.group()))
    return beside <= letters and _parse_date(match.group()) is not None


def _parse_date(text: str) -> date | None:
    """Return the day of a date in any language, if the date is complete."""
    if len(text) > LONGEST_DATE:
        return None
    import dateparser

    # dateparser would fill in a missing day, month or year from today.
    settings = {"REQUIRE_PARTS": ["day", "month", "year"], "STRICT_PARSING": True}
    moment = dateparser.parse(text, settings=settings)
    return moment.date() if moment else None
