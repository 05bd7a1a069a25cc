"""Opening of a chat model by its name, with the settings for an answer."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from assistant.chat.catalogue import (
    DEFAULT_MODEL,
    KEYS,
    gguf_path,
    short_name,
    usable_models_sentence,
)
from assistant.chat.usage import CONTEXT, PATIENCE
from assistant.errors import ModelError, UnknownModelError

if TYPE_CHECKING:
    from langchain_core.language_models.chat_models import BaseChatModel

    from assistant.chat.writer import ChatWriter
    from index import ArticleIndex


def open_writer(
    model: str | BaseChatModel, index: ArticleIndex, patience: float = PATIENCE
) -> ChatWriter | None:
    """Return a `ChatWriter` for a chat model, or None for the reader.

    Args:
        model: The name of a model, or a LangChain chat model.
        index: The index that it writes about.
        patience: Seconds that it has to begin its answer, and between two words.

    Raises:
        UnknownModelError: No model has that name; the message lists the usable ones.
        ModelError: A package or a key for the model is missing.
    """
    if model == DEFAULT_MODEL:
        return None
    from assistant.chat.caller import Caller
    from assistant.chat.writer import ChatWriter

    if isinstance(model, str):
        name, chat = short_name(model), _open_by_name(model, patience)
    else:
        name, chat = _model_name(model), model
    return ChatWriter(Caller(chat, name, patience), index)


def _open_by_name(model: str, patience: float) -> BaseChatModel:
    """Return the chat model of a name such as "ollama:qwen3:4b"."""
    provider, _, name = model.partition(":")
    if not (provider and name):
        raise UnknownModelError(f"There is no model named {model!r}. {usable_models_sentence()}")
    if provider != "gguf":
        return _open_at_provider(provider, name, patience)
    from assistant.chat.gguf import GgufChat

    chat = GgufChat(path=str(gguf_path(name)))
    chat.check()
    return chat


def _open_at_provider(provider: str, name: str, patience: float) -> BaseChatModel:
    """Return the chat model of a provider known to LangChain."""
    from langchain.chat_models import init_chat_model

    key = KEYS.get(provider)
    # A server of the user's own needs no key.
    is_own_server = provider == "openai" and bool(os.environ.get("OPENAI_BASE_URL"))
    if key and not os.environ.get(key) and not is_own_server:
        raise ModelError(f"{provider}:{name} needs a key: set {key}")
    options: dict[str, Any] = {"temperature": 0}
    if provider == "ollama":
        options |= {"num_ctx": CONTEXT, "client_kwargs": {"timeout": patience}}
    else:
        # `Caller` retries, within one time limit for all tries.
        options |= {"timeout": patience, "max_retries": 0}
    if is_own_server:
        options["api_key"] = os.environ.get(KEYS[provider]) or "none"
    try:
        chat: BaseChatModel = init_chat_model(name, model_provider=provider, **options)
    except ImportError as error:
        package = _missing_package(error)
        message = f"The models of {provider} need another package: pip install {package}"
        raise ModelError(message) from error
    except ValueError as error:
        message = f"There is no model named {f'{provider}:{name}'!r}. {usable_models_sentence()}"
        raise UnknownModelError(message) from error
    except Exception as error:  # The providers' errors have no common base.
        message = f"{provider}:{name} cannot be opened ({type(error).__name__})"
        raise ModelError(message) from error
    return chat


def _model_name(model: BaseChatModel) -> str:
    """Return the name of a chat model, or else of its class."""
    for attribute in ("model_name", "model"):
        if isinstance(name := getattr(model, attribute, None), str) and name:
            return name
    return type(model).__name__


def _missing_package(error: ImportError) -> str:
    """Return the package that LangChain's message asks for."""
    return str(error).rpartition("pip install ")[2].strip("`.' ") or "langchain-…"
