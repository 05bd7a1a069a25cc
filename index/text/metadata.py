"""The title and the publication date that a text gives in its own first lines; pure."""

from __future__ import annotations

import re
from datetime import date  # noqa: TC003  # What reads articles from a file looks at the types of their fields.
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


TITLE_CHARACTERS = 200
"""A first line of more characters is prose, not a title."""
HEAD_LINES = 12
"""A dateline stands among the first lines that are not blank."""
DATELINE_LETTERS = 50
"""Letters that a dateline may hold beside its date: a byline, "Published", a time of day."""
LONGEST_DATE = 60
"""Characters; "Thursday, the 29th of September, 2016, 10:30 a.m." has 49."""
DATE_LETTERS = 2
"""Letters beside the date in a first line that is no title: those of 2016-09-29T10:30Z."""
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
_FRONT_MATTER = re.compile(r"\A---\r?\n(.*?)\r?\n---\s*?$", re.DOTALL | re.MULTILINE)


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
