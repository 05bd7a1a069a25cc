"""Names of models, and which of them can be used on this machine."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DEFAULT_MODEL = "reader"
OLLAMA = "http://127.0.0.1:11434"
SOON = 0.5
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
        name: Its name; one that ends with "…" has to be completed.
        why: The reason it is usable, such as the file or the key.
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
    """Return the models that can be used now: the reader, GGUF files, Ollama, and keys that are set."""
    found = [UsableModel(DEFAULT_MODEL, "the default; answers in the articles' own words")]
    folder = models_folder()
    found += [
        UsableModel(f"gguf:{path.name}", f"a file in {folder}")
        for path in sorted(folder.glob("*.gguf"))
    ]
    found += [UsableModel(f"ollama:{name}", "Ollama on this machine") for name in _of_ollama()]
    if address := os.environ.get("OPENAI_BASE_URL"):
        found += [
            UsableModel(f"openai:{name}", "the server of OPENAI_BASE_URL")
            for name in _of_server(address)
        ]
    found += [
        UsableModel(f"{provider}:…", f"{key} is set")
        for provider, key in KEYS.items()
        if os.environ.get(key) and not (provider == "openai" and address)
    ]
    return found


def models_folder() -> Path:
    """Return the user's folder of GGUF files."""
    import platformdirs

    return platformdirs.user_data_path("article-assistant") / "models"


def gguf_path(name: str) -> Path:
    """Return the path of a GGUF file: in the models folder if it is there, else as given."""
    in_folder = models_folder() / name
    return in_folder if in_folder.is_file() else Path(name)


def usable_here() -> str:
    """Return the sentence that lists the usable models."""
    names = ", ".join(model.name for model in usable_models())
    return f"Usable here now: {names}; also gguf:PATH, ollama:NAME, openai:NAME and other providers known to LangChain."


def _of_ollama() -> list[str]:
    address = os.environ.get("OLLAMA_HOST") or OLLAMA
    address = address if "://" in address else f"http://{address}"
    return [str(model["name"]) for model in _asked(f"{address}/api/tags").get("models", [])]


def _of_server(address: str) -> list[str]:
    key = os.environ.get(KEYS["openai"])
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return [
        str(model["id"])
        for model in _asked(f"{address.rstrip('/')}/models", headers).get("data", [])
    ]


def _asked(address: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
    """Return the JSON object at an address; {} if no server answers soon."""
    import httpx

    try:
        reply = httpx.get(address, headers=headers, timeout=SOON).json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        return {}
    return reply if isinstance(reply, dict) else {}
