"""The article that the project ships, so that there is something to ask at once."""

from __future__ import annotations

import json
from importlib.resources import files

from index.article import Article

_FOLDER = files("index") / "data"


def shipped_article() -> Article:
    """Return the shipped article; its source is named in the file beside its text."""
    facts = json.loads((_FOLDER / "article.json").read_text(encoding="utf-8"))
    text = (_FOLDER / facts["file"]).read_bytes().decode("utf-8")
    return Article.from_text(text, facts["source"])


def shipped_questions() -> tuple[str, ...]:
    """Return questions to begin with, which the shipped article answers."""
    return tuple(json.loads((_FOLDER / "article.json").read_text(encoding="utf-8"))["questions"])
