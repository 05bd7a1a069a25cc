"""A name → what answers: the reader, or a chat model that writes under the reader's eyes."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.errors import ModelError, UnknownModelError

if TYPE_CHECKING:
    from langchain_core.language_models.chat_models import BaseChatModel

    from assistant.chat.writer import Writer
    from index import ArticleIndex

DEFAULT_MODEL = "reader"
PATIENCE = 60.0
"""Seconds in which a chat model has to begin its answer, and to go on with it."""
OLLAMA = "http://127.0.0.1:11434"
CONTEXT = 8_192
"""Tokens that a model on this machine reads and writes for an answer; Ollama left to itself cuts after about 4,000."""
SOON = 0.5
"""Seconds in which an Ollama on this machine has surely answered."""
KEYS = {
    "openai": "OPENAI_API_KEY",
    "anthropic": "ANTHROPIC_API_KEY",
    "google_genai": "GOOGLE_API_KEY",
    "mistralai": "MISTRAL_API_KEY",
    "groq": "GROQ_API_KEY",
    "deepseek": "DEEPSEEK_API_KEY",
    "xai": "XAI_API_KEY",
}
"""The providers that want a key, and the environment variable that holds it."""


@dataclass(frozen=True, slots=True)
class UsableModel:
    """A model that can answer here and now: its name, and what tells so. A name that ends with … wants completing."""

    name: str
    why: str


@dataclass(slots=True)
class Spent:
    """What a question has cost: calls of a model, and the tokens that it told to have read and written.

    `failure` is why a call failed, after which there is no other.
    """

    failure: str = ""
    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    began: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """How long ago the first call was made ready."""
        return time.monotonic() - self.began

    @property
    def tokens(self) -> int:
        """Both together; 0 where the model does not tell."""
        return self.tokens_in + self.tokens_out


def open_writer(model: str | BaseChatModel, index: ArticleIndex, patience: float = PATIENCE) -> Writer | None:
    """Return what writes answers from an index by a chat model, or None for the reader, which writes nothing.

    Raises `UnknownModelError`, which says what names there are, and `ModelError` when what the name wants is missing.
    """
    if model == DEFAULT_MODEL:
        return None
    from assistant.chat.caller import Caller
    from assistant.chat.writer import Writer

    if isinstance(model, str):
        name, chat = short_name(model), _named(model, patience)
    else:
        name, chat = _name_of(model), model
    return Writer(Caller(chat, name, patience), index)


def _named(model: str, patience: float) -> BaseChatModel:
    provider, _, name = model.partition(":")
    if not (provider and name):
        raise UnknownModelError(f"There is no model named {model!r}. {_usable_here()}")
    if provider != "gguf":
        return _chat_model(provider, name, patience)
    from assistant.chat.gguf import GgufChat

    in_folder = models_folder() / name
    chat = GgufChat(path=str(in_folder if in_folder.is_file() else name))
    chat.check()
    return chat


def _chat_model(provider: str, name: str, patience: float) -> BaseChatModel:
    from langchain.chat_models import init_chat_model

    key = KEYS.get(provider)
    is_at_home = provider == "openai" and bool(os.environ.get("OPENAI_BASE_URL"))  # Such servers want none.
    if key and not os.environ.get(key) and not is_at_home:
        raise ModelError(f"{provider}:{name} wants a key: set {key}")
    options: dict[str, Any] = {"temperature": 0}
    if provider == "ollama":
        options |= {"num_ctx": CONTEXT, "client_kwargs": {"timeout": patience}}
    else:
        # Tries are the writer's, which keeps to one time for all of them.
        options |= {"timeout": patience, "max_retries": 0}
    if is_at_home:
        options["api_key"] = os.environ.get(KEYS[provider]) or "none"
    try:
        chat: BaseChatModel = init_chat_model(name, model_provider=provider, **options)
    except ImportError as error:
        raise ModelError(f"The models of {provider} need a package more: pip install {_package(error)}") from error
    except ValueError as error:
        raise UnknownModelError(f"There is no model named {f'{provider}:{name}'!r}. {_usable_here()}") from error
    except Exception as error:  # What the many packages raise, for a missing key too, has no common base.
        raise ModelError(f"{provider}:{name} cannot be opened ({type(error).__name__})") from error
    return chat


def short_name(model: str) -> str:
    """Return a model's name as it is told: whoever reads the page need not know where a file lies.

    >>> short_name("gguf:/home/ada/small.gguf"), short_name("ollama:qwen3:4b")
    ('gguf:small.gguf', 'ollama:qwen3:4b')
    """
    return f"gguf:{Path(model.removeprefix('gguf:')).name}" if model.startswith("gguf:") else model


def usable_models() -> list[UsableModel]:
    """Return the models that can be used now: of Ollama, GGUF files in the models folder, and where a key is set."""
    found = [UsableModel(DEFAULT_MODEL, "the default; answers in the articles' own words")]
    folder = models_folder()
    found += [UsableModel(f"gguf:{path.name}", f"a file in {folder}") for path in sorted(folder.glob("*.gguf"))]
    found += [UsableModel(f"ollama:{name}", "Ollama on this machine") for name in _of_ollama()]
    if address := os.environ.get("OPENAI_BASE_URL"):
        found += [UsableModel(f"openai:{name}", "the server of OPENAI_BASE_URL") for name in _of_server(address)]
    found += [
        UsableModel(f"{provider}:…", f"{key} is set")
        for provider, key in KEYS.items()
        if os.environ.get(key) and not (provider == "openai" and address)
    ]
    return found


def models_folder() -> Path:
    """Return the folder in which GGUF files are looked for."""
    import platformdirs

    return platformdirs.user_data_path("article-assistant") / "models"


def _usable_here() -> str:
    names = ", ".join(model.name for model in usable_models())
    return (
        f"What can be used here now: {names}; also gguf:PATH, and what LangChain names, as ollama:NAME or openai:NAME."
    )


def _of_ollama() -> list[str]:
    address = os.environ.get("OLLAMA_HOST") or OLLAMA
    address = address if "://" in address else f"http://{address}"
    return [str(model["name"]) for model in _asked(f"{address}/api/tags").get("models", [])]


def _of_server(address: str) -> list[str]:
    key = os.environ.get(KEYS["openai"])
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return [str(model["id"]) for model in _asked(f"{address.rstrip('/')}/models", headers).get("data", [])]


def _asked(address: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
    """Return what a server says at an address, nothing where none answers soon."""
    import httpx

    try:
        told = httpx.get(address, headers=headers, timeout=SOON).json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def _name_of(model: BaseChatModel) -> str:
    """Return what a chat model is called: by its own name, if it tells one, else by its class."""
    for attribute in ("model_name", "model"):
        if isinstance(name := getattr(model, attribute, None), str) and name:
            return name
    return type(model).__name__


def _package(error: ImportError) -> str:
    """Return the name of the package that LangChain says is missing."""
    return str(error).rpartition("pip install ")[2].strip("`.' ") or "langchain-…"
