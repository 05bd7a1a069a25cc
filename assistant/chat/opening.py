"""Open a chat model by its name, with the settings that an answer needs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from assistant.chat.catalogue import DEFAULT_MODEL, KEYS, gguf_path, short_name, usable_here
from assistant.chat.usage import CONTEXT, PATIENCE
from assistant.errors import ModelError, UnknownModelError

if TYPE_CHECKING:
    from langchain_core.language_models.chat_models import BaseChatModel

    from assistant.chat.writer import ChatWriter
    from index import ArticleIndex


def open_writer(
    model: str | BaseChatModel, index: ArticleIndex, patience: float = PATIENCE
) -> ChatWriter | None:
    """Return a `ChatWriter` for a chat model, or None for the built-in reader.

    Raises:
        UnknownModelError: No model has that name; the message lists the usable ones.
        ModelError: A package or a key for the model is missing.
    """
    if model == DEFAULT_MODEL:
        return None
    from assistant.chat.caller import Caller
    from assistant.chat.writer import ChatWriter

    if isinstance(model, str):
        name, chat = short_name(model), _named(model, patience)
    else:
        name, chat = _name_of(model), model
    return ChatWriter(Caller(chat, name, patience), index)


def _named(model: str, patience: float) -> BaseChatModel:
    provider, _, name = model.partition(":")
    if not (provider and name):
        raise UnknownModelError(f"There is no model named {model!r}. {usable_here()}")
    if provider != "gguf":
        return _chat_model(provider, name, patience)
    from assistant.chat.gguf import GgufChat

    chat = GgufChat(path=str(gguf_path(name)))
    chat.check()
    return chat


def _chat_model(provider: str, name: str, patience: float) -> BaseChatModel:
    from langchain.chat_models import init_chat_model

    key = KEYS.get(provider)
    is_at_home = provider == "openai" and bool(
        os.environ.get("OPENAI_BASE_URL")
    )  # Such servers need no key.
    if key and not os.environ.get(key) and not is_at_home:
        raise ModelError(f"{provider}:{name} needs a key: set {key}")
    options: dict[str, Any] = {"temperature": 0}
    if provider == "ollama":
        options |= {"num_ctx": CONTEXT, "client_kwargs": {"timeout": patience}}
    else:
        # `Caller` retries, within one time limit for all tries.
        options |= {"timeout": patience, "max_retries": 0}
    if is_at_home:
        options["api_key"] = os.environ.get(KEYS[provider]) or "none"
    try:
        chat: BaseChatModel = init_chat_model(name, model_provider=provider, **options)
    except ImportError as error:
        raise ModelError(
            f"The models of {provider} need another package: pip install {_package(error)}"
        ) from error
    except ValueError as error:
        raise UnknownModelError(
            f"There is no model named {f'{provider}:{name}'!r}. {usable_here()}"
        ) from error
    except Exception as error:  # The providers' errors have no common base.
        raise ModelError(f"{provider}:{name} cannot be opened ({type(error).__name__})") from error
    return chat


def _name_of(model: BaseChatModel) -> str:
    """Return the name of a chat model: its own, or else that of its class."""
    for attribute in ("model_name", "model"):
        if isinstance(name := getattr(model, attribute, None), str) and name:
            return name
    return type(model).__name__


def _package(error: ImportError) -> str:
    """Return the missing package that LangChain names."""
    return str(error).rpartition("pip install ")[2].strip("`.' ") or "langchain-…"
