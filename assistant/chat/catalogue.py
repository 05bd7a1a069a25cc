"""The names of models, and a list of those usable on this machine."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DEFAULT_MODEL = "reader"
OLLAMA = "http://127.0.0.1:11434"
SERVER_WAIT = 0.5
"""Seconds to wait for a model server on this machine."""
KEYS = {
    "openai": "OPENAI_API_KEY",
    "anthropic": "ANTHROPIC_API_KEY",
    "google_genai": "GOOGLE_API_KEY",
    "mistralai": "MISTRAL_API_KEY",
    "groq": "GROQ_API_KEY",
    "deepseek": "DEEPSEEK_API_KEY",
    "xai": "XAI_API_KEY",
}
"""The environment variable that holds the key of each provider."""


@dataclass(frozen=True, slots=True)
class UsableModel:
    """A model that can answer here and now.

    Attributes:
        name: Its name; the user completes a name that ends with "…".
        why: The reason it is usable, such as its file or key.
    """

    name: str
    why: str


def short_name(model: str) -> str:
    """Return a model's name without the folder of its file.

    >>> short_name("gguf:/home/ada/small.gguf"), short_name("ollama:qwen3:4b")
    ('gguf:small.gguf', 'ollama:qwen3:4b')
    """
    return f"gguf:{Path(model.removeprefix('gguf:')).name}" if model.startswith("gguf:") else model


def usable_models() -> list[UsableModel]:
    """Return the usable models: the reader, GGUF files, Ollama's, and those with a key."""
    models = [UsableModel(DEFAULT_MODEL, "the default; answers in the articles' own words")]
    # Files in the user's folder.
    folder = models_folder()
    files = sorted(folder.glob("*.gguf"))
    models += [UsableModel(f"gguf:{path.name}", f"a file in {folder}") for path in files]
    # Servers that run.
    models += [UsableModel(f"ollama:{name}", "Ollama on this machine") for name in _ollama_names()]
    if address := os.environ.get("OPENAI_BASE_URL"):
        why = "the server of OPENAI_BASE_URL"
        models += [UsableModel(f"openai:{name}", why) for name in _server_names(address)]
    # Providers whose key is set.
    for provider, key in KEYS.items():
        is_own_server = provider == "openai" and address
        if os.environ.get(key) and not is_own_server:
            models.append(UsableModel(f"{provider}:…", f"{key} is set"))
    return models


def models_folder() -> Path:
    """Return the user's folder of GGUF files."""
    import platformdirs

    return platformdirs.user_data_path("article-assistant") / "models"


def gguf_path(name: str) -> Path:
    """Return the path of a GGUF file: in the models folder if it is there, else as given."""
    in_folder = models_folder() / name
    return in_folder if in_folder.is_file() else Path(name)


def usable_models_sentence() -> str:
    """Return the sentence of an error that lists the usable models."""
    names = ", ".join(model.name for model in usable_models())
    return (
        f"Usable here now: {names}; also gguf:PATH, ollama:NAME, openai:NAME and other providers "
        "known to LangChain."
    )


def _ollama_names() -> list[str]:
    """Return the names of the models that Ollama has on this machine."""
    address = os.environ.get("OLLAMA_HOST") or OLLAMA
    address = address if "://" in address else f"http://{address}"
    reply = _fetch_json(f"{address}/api/tags")
    return [str(model["name"]) for model in reply.get("models", [])]


def _server_names(address: str) -> list[str]:
    """Return the names of the models of a server with OpenAI's API."""
    key = os.environ.get(KEYS["openai"])
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    reply = _fetch_json(f"{address.rstrip('/')}/models", headers)
    return [str(model["id"]) for model in reply.get("data", [])]


def _fetch_json(address: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
    """Return the JSON object at an address; {} if no server answers soon."""
    import httpx

    try:
        reply = httpx.get(address, headers=headers, timeout=SERVER_WAIT).json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        return {}
    return reply if isinstance(reply, dict) else {}
