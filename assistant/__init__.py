"""Answers to questions about articles, each with the exact sentence that it rests on."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING

from assistant.answering import MOST_PASSAGES, PASSAGES, Assistant
from assistant.chat.catalogue import DEFAULT_MODEL, UsableModel, short_name, usable_models
from assistant.conversation import Answer, Citation, Turn
from assistant.errors import (
    AssistantError,
    ModelError,
    QuestionError,
    TimeUpError,
    UnknownModelError,
    WeightsError,
)
from assistant.quoting.dates import day_in_words
from assistant.quoting.wording import describe, language_name, on_one_line
from assistant.reader.reader import Reader
from index import ArticleIndexError, default_embedder
from index import open_default as _open_index
from index.text.language import load_language_identifier

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = [
    "DEFAULT_MODEL",
    "MOST_PASSAGES",
    "PASSAGES",
    "Answer",
    "Assistant",
    "AssistantError",
    "Citation",
    "ModelError",
    "QuestionError",
    "TimeUpError",
    "Turn",
    "UnknownModelError",
    "UsableModel",
    "WeightsError",
    "ask",
    "day_in_words",
    "default_model",
    "describe",
    "language_name",
    "on_one_line",
    "open_default",
    "short_name",
    "usable_models",
]

_default: tuple[str, Assistant] | None = None
_opening = threading.Lock()


def default_model() -> str:
    """Return the name of the model that `ASSISTANT_MODEL` names, or else of the reader."""
    return os.environ.get("ASSISTANT_MODEL") or DEFAULT_MODEL


def open_default(model: str | None = None) -> Assistant:
    """Return the default assistant: over the default index, with a model, or else the default one."""
    global _default  # noqa: PLW0603  # one for the process is what a default is
    with _opening:
        name = model or default_model()
        reader = _default[1].reader if _default else Reader()
        with ThreadPoolExecutor(2) as threads:
            if _default is None:  # What a question needs is loaded while the index opens.
                threads.submit(_load, reader)
                threads.submit(load_language_identifier)
            index = _open_index()
            if _default is None or _default[0] != name or _default[1].index is not index:
                _default = name, Assistant(index, name, reader=reader)
        return _default[1]


def _load(reader: Reader) -> None:
    with suppress(ArticleIndexError, WeightsError):  # Whoever needs it will be told.
        default_embedder().load()
        reader.load()


def ask(
    question: str,
    history: Sequence[Turn] = (),
    articles: Iterable[str] | None = None,
    *,
    passages: int | None = None,
) -> Answer:
    """Ask the default assistant; see `Assistant.ask`."""
    return open_default().ask(question, history, articles, passages=passages)
