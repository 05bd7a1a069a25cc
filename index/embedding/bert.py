"""BERT's encoder (Devlin et al., 2019), run by OpenVINO.

OpenVINO starts in half a second; torch and transformers take many. The weights have the names
and shapes that transformers gives them.
"""

from __future__ import annotations

import json
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Weights = Mapping[str, NDArray[np.float32]]


@contextmanager
def _without_telemetry() -> Iterator[None]:
    """Keep OpenVINO from reporting its import to a web address.

    OpenVINO works without its telemetry module, so an import of that module fails meanwhile.
    """
    name = "openvino_telemetry"
    modules: dict[str, Any] = sys.modules
    original = modules.get(name)
    modules[name] = None
    try:
        yield
    finally:
        del modules[name]
        if original:
            modules[name] = original


with _without_telemetry():
    from openvino import Core, Model, Type
    from openvino import opset13 as ops


class Encoder:
    """A compiled encoder. Threads may share it; they take turns, for a run uses all cores.

    Attributes:
        dimension: The length of a vector.
    """

    def __init__(self, folder: Path, weights: Weights, *, exact: bool = True) -> None:
        """Compile an encoder.

        Args:
            folder: A folder with the model's config.json.
            weights: The model's weights by name.
            exact: Whether to multiply in 32 bits. Otherwise processors with the instructions
                for it multiply in bfloat16: much faster, and equal to two digits.
        """
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        options = {
            "INFERENCE_PRECISION_HINT": "f32" if exact else "bf16",
            "PERFORMANCE_HINT": "LATENCY",
        }
        self.dimension = int(config["hidden_size"])
        compiled = Core().compile_model(_build_model(config, weights), "CPU", options)
        self._request = compiled.create_infer_request()
        self._turn = threading.Lock()

    def vectors(
        self, ids: NDArray[np.int64], mask: NDArray[np.int64], types: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Encode texts.

        Args:
            ids: Token ids, shape (texts, tokens).
            mask: 1 for a token, 0 for padding, shape (texts, tokens).
            types: 0 for a token of a text's first part, 1 for the second, shape (texts, tokens).

        Returns:
            A vector for each token, shape (texts, tokens, dimension).
        """
        with self._turn:
            vectors: NDArray[np.float32] = self._request.infer([ids, mask, types])[0].copy()
        return vectors


def padded(rows: Sequence[Sequence[int]], filling: int = 0) -> NDArray[np.int64]:
    """Return rows of numbers as an array, each filled up to the longest.

    >>> padded([[1, 2], [3]]).tolist()
    [[1, 2], [3, 0]]
    """
    table = np.full((len(rows), max(map(len, rows))), filling, dtype=np.int64)
    for place, row in enumerate(rows):
        table[place, : len(row)] = row
    return table


class _Layers:
    """Builds the parts of an encoder's graph from weights."""

    def __init__(self, config: Mapping[str, Any], weights: Weights) -> None:
        self._weights = weights
        self._heads = config["num_attention_heads"]
        self._epsilon = config["layer_norm_eps"]

    def embedding(self, name: str, numbers: Any) -> Any:
        """Look up the rows of an embedding table."""
        return ops.gather(self._constant(f"embeddings.{name}_embeddings.weight"), numbers, 0)

    def norm(self, values: Any, name: str) -> Any:
        """Apply layer normalisation."""
        centred = ops.mvn(
            values, [-1], normalize_variance=True, eps=self._epsilon, eps_mode="inside_sqrt"
        )
        scaled = ops.multiply(centred, self._constant(f"{name}.weight"))
        return ops.add(scaled, self._constant(f"{name}.bias"))

    def attention(self, values: Any, is_token: Any, name: str) -> Any:
        """Attend from each token to all tokens of its text."""
        query, key, value = (
            self._by_head(self._linear(values, f"{name}.self.{part}"))
            for part in ("query", "key", "value")
        )
        attended = ops.scaled_dot_product_attention(query, key, value, is_token)
        joined = ops.reshape(ops.transpose(attended, [0, 2, 1, 3]), [0, 0, -1], special_zero=True)
        output = self._linear(joined, f"{name}.output.dense")
        return self.norm(ops.add(output, values), f"{name}.output.LayerNorm")

    def feed_forward(self, values: Any, name: str) -> Any:
        """Widen each token's vector, apply GELU, and narrow it again."""
        widened = ops.gelu(self._linear(values, f"{name}.intermediate.dense"), "erf")
        narrowed = self._linear(widened, f"{name}.output.dense")
        return self.norm(ops.add(narrowed, values), f"{name}.output.LayerNorm")

    def _linear(self, values: Any, name: str) -> Any:
        # torch keeps a matrix as (outputs, inputs).
        weight = self._constant(f"{name}.weight")
        product = ops.matmul(values, weight, transpose_a=False, transpose_b=True)
        return ops.add(product, self._constant(f"{name}.bias"))

    def _by_head(self, values: Any) -> Any:
        """Reshape (texts, tokens, dimension) to (texts, heads, tokens, dimension per head)."""
        split = ops.reshape(values, [0, 0, self._heads, -1], special_zero=True)
        return ops.transpose(split, [0, 2, 1, 3])

    def _constant(self, name: str) -> Any:
        return ops.constant(self._weights[name])


def _build_model(config: Mapping[str, Any], weights: Weights) -> Model:
    """Build BERT's encoder as an OpenVINO graph."""
    layers = _Layers(config, weights)
    ids, mask, types = (
        ops.parameter([-1, -1], Type.i64, name) for name in ("ids", "mask", "types")
    )
    # Embed the tokens: word, part and position.
    count = ops.gather(ops.shape_of(ids), 1, 0)
    positions = ops.range(0, count, 1, Type.i64)
    words = ops.add(layers.embedding("word", ids), layers.embedding("token_type", types))
    values = ops.add(words, layers.embedding("position", positions))
    values = layers.norm(values, "embeddings.LayerNorm")
    # Apply the layers.
    is_token = ops.unsqueeze(ops.convert(mask, Type.boolean), [1, 2])
    for number in range(config["num_hidden_layers"]):
        name = f"encoder.layer.{number}"
        values = layers.attention(values, is_token, f"{name}.attention")
        values = layers.feed_forward(values, name)
    return Model([values], [ids, mask, types], "encoder")
