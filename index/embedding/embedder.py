"""The `Embedder` protocol, and its implementation by sentence-transformers."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from index.embedding.minilm import BATCH_TEXTS, builtin_model_folder, packaged_model, unit
from index.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sentence_transformers import SentenceTransformer

DEFAULT_EMBEDDER = "all-MiniLM-L6-v2"
"""The built-in embedding model. Its weights come with a package; nothing is downloaded."""
FEW_TEXTS = 64
"""Texts that the built-in model embeds sooner than sentence-transformers is loaded."""
HUB_SECONDS = 10
"""Seconds to wait for the Hugging Face hub before a download."""


class Embedder(Protocol):
    """An embedding model: LangChain's `Embeddings` methods, a name and a dimension."""

    @property
    def name(self) -> str:
        """The name of the model. An index is only searched with the model that made it."""

    @property
    def dimension(self) -> int:
        """The length of a vector."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return a unit vector for each passage."""

    def embed_query(self, text: str) -> list[float]:
        """Return the unit vector of a question."""


class SentenceEmbedder:
    """A sentence-transformers model. It is loaded on first use; threads share it.

    Attributes:
        name: The built-in model, a folder with a sentence-transformers model, or a name on the
            Hugging Face hub. Naming a model of the hub permits its download.
    """

    def __init__(self, name: str = DEFAULT_EMBEDDER) -> None:
        """Name the model; nothing is loaded yet."""
        self.name = name
        self._loading = threading.Lock()
        self._last_query: tuple[str, list[float]] = ("", [])
        self._counting = threading.Lock()
        self._active_threads = 0

    @cached_property
    def dimension(self) -> int:
        """The length of a vector. The built-in model need not be loaded for it."""
        if self.name == DEFAULT_EMBEDDER:
            config = json.loads((builtin_model_folder() / "config.json").read_text())
            return int(config["hidden_size"])
        return int(self._model.get_embedding_dimension() or 0)

    def load(self) -> None:
        """Load the model now rather than at the first question. Raises `StoreError`."""
        if self.name == DEFAULT_EMBEDDER:
            packaged_model().load()
        else:
            _ = self._model

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return a unit vector for each passage."""
        if self.name == DEFAULT_EMBEDDER and len(texts) <= FEW_TEXTS:
            vectors = packaged_model().embed(texts)
        else:
            with self._share_of_cores():
                encoded = self._model.encode_document(
                    texts, batch_size=BATCH_TEXTS, show_progress_bar=False
                )
            vectors = unit(encoded)
        rows: list[list[float]] = vectors.tolist()
        return rows

    def embed_query(self, text: str) -> list[float]:
        """Return the unit vector of a question.

        The last question's vector is remembered: it is needed for the search and the reader.
        """
        last, vector = self._last_query
        if last != text or not vector:
            if self.name == DEFAULT_EMBEDDER:
                vector = packaged_model().embed([text])[0].tolist()
            else:
                encoded = self._model.encode_query([text], show_progress_bar=False)
                vector = unit(encoded)[0].tolist()
            self._last_query = text, vector
        return list(vector)

    @contextmanager
    def _share_of_cores(self) -> Iterator[None]:
        """Divide the cores among the threads that embed at the moment.

        Threads with cores of their own do not wait for each other at every step.
        """
        import torch
        from threadpoolctl import threadpool_limits

        cores = torch.get_num_threads()  # In a new thread, this call also sets torch's number.
        with self._counting:
            self._active_threads += 1
            share = max(1, cores // self._active_threads)
        try:
            with threadpool_limits(share, "openmp"):
                yield
        finally:
            with self._counting:
                self._active_threads -= 1

    @property
    def _model(self) -> SentenceTransformer:
        with self._loading:
            return self._loaded_model

    @cached_property
    def _loaded_model(self) -> SentenceTransformer:
        try:
            with _without_progress_bar():
                return self._load_model()
        except StoreError:
            raise
        except Exception as error:  # The errors of bad files and of the hub are not documented.
            raise StoreError(
                f"The embedding model {self.name!r} could not be loaded: it is neither a folder "
                "with a sentence-transformers model nor available from the Hugging Face hub. "
                "Name a folder, or leave the name out for the built-in model."
            ) from error

    def _load_model(self) -> SentenceTransformer:
        from huggingface_hub import HfApi
        from sentence_transformers import SentenceTransformer

        if self.name == DEFAULT_EMBEDDER:
            return _load_builtin_model()
        # A folder.
        folder = Path(self.name).expanduser()
        if folder.is_dir():
            return SentenceTransformer(str(folder), local_files_only=True)
        # A model of the hub that was downloaded before.
        try:
            return SentenceTransformer(self.name, local_files_only=True)
        except (OSError, ValueError):
            # A download would retry for minutes if the name is wrong or the network is down.
            # One short request finds that out.
            HfApi().model_info(self.name, timeout=HUB_SECONDS)
            return SentenceTransformer(self.name)


def as_embedder(embedder: Embedder | str | None) -> Embedder:
    """Return the embedder itself, the model of a name, or by default the built-in model."""
    if embedder is None or isinstance(embedder, str):
        return SentenceEmbedder(embedder or DEFAULT_EMBEDDER)
    return embedder


def _load_builtin_model() -> SentenceTransformer:
    import torch
    from sentence_transformers import SentenceTransformer

    precision = torch.bfloat16 if has_bfloat16() else torch.float32
    return SentenceTransformer(
        str(builtin_model_folder()), local_files_only=True, model_kwargs={"dtype": precision}
    )


def has_bfloat16() -> bool:
    """Whether this processor multiplies 16-bit numbers faster than 32-bit ones."""
    import torch

    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))


@contextmanager
def _without_progress_bar() -> Iterator[None]:
    """Keep transformers from drawing a progress bar over the program's own output."""
    import transformers.utils

    logging: Any = transformers.utils.logging
    was_enabled = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if was_enabled:
            logging.enable_progress_bar()
