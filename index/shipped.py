"""The article that comes with the project, for a first question."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from index.article import Article

_FOLDER = files("index") / "data"


def shipped_article() -> Article:
    """Return the shipped article."""
    facts = _shipped_facts()
    text = (_FOLDER / facts["file"]).read_bytes().decode("utf-8")
    return Article.from_text(text, facts["source"])


def shipped_questions() -> tuple[str, ...]:
    """Return questions that the shipped article answers."""
    return tuple(_shipped_facts()["questions"])


def _shipped_facts() -> dict[str, Any]:
    """Return the file, the source and the questions of the shipped article."""
    facts: dict[str, Any] = json.loads((_FOLDER / "article.json").read_text(encoding="utf-8"))
    return facts
