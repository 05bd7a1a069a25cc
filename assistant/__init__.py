"""Cited answers to questions about articles.

In the order of a question: `answering` runs the steps of `Assistant`, `question` makes the question
standalone and plans its answer, `quoting` splits passages into sentences, `reader` finds the
sentence that answers, `answers` words the answer, and `chat` lets a chat model write it. `english`
has the word lists, `conversation` and `errors` the types, and `page` the chat page.
"""

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
    """Return the model's name in `ASSISTANT_MODEL`, or else the reader's."""
    return os.environ.get("ASSISTANT_MODEL") or DEFAULT_MODEL


def open_default(model: str | None = None) -> Assistant:
    """Return the default assistant, over the default index; it is opened once.

    Args:
        model: The name of a model, if not the default one.

    Raises:
        UnknownModelError: No model has that name.
        ModelError: A package or a key for the model is missing.
        ArticleIndexError: The index cannot be opened.
    """
    global _default  # noqa: PLW0603  # The process has one default.
    with _opening:
        name = model or default_model()
        reader = _default[1].reader if _default else Reader()
        with ThreadPoolExecutor(2) as threads:
            # Load the models while the index opens.
            if _default is None:
                threads.submit(_load_models, reader)
                threads.submit(load_language_identifier)
            index = _open_index()
            if _default is None or _default[0] != name or _default[1].index is not index:
                _default = name, Assistant(index, name, reader=reader)
        return _default[1]


def _load_models(reader: Reader) -> None:
    """Load the embedder and the reader ahead of the first question."""
    with suppress(ArticleIndexError, WeightsError):  # The first question raises them.
        default_embedder().load()
        reader.load()


def ask(
    question: str,
    history: Sequence[Turn] = (),
    articles: Iterable[str] | None = None,
    *,
    passages: int | None = None,
) -> Answer:
    """Ask the default assistant. Arguments and errors are those of `Assistant.ask`."""
    return open_default().ask(question, history, articles, passages=passages)
