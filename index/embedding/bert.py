"""Token numbers → a vector for each token: BERT's encoder (Devlin et al., 2019), run by OpenVINO.

OpenVINO is there in half a second, where torch and transformers take many: a question need not wait for them. The
weights are the ones that transformers reads, under the same names.
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
def _nothing_reported() -> Iterator[None]:
    """Keep OpenVINO, while it is imported, from telling a web address that it was: it does without its reporter."""
    reporter = "openvino_telemetry"
    modules: dict[str, Any] = sys.modules
    before = modules.get(reporter)
    modules[reporter] = None
    try:
        yield
    finally:
        del modules[reporter]
        if before:
            modules[reporter] = before


with _nothing_reported():
    from openvino import Core, Model, Type
    from openvino import opset13 as ops


class Encoder:
    """An encoder ready to run. Threads may share one; they take turns, since one run keeps all cores busy."""

    def __init__(self, folder: Path, weights: Weights, *, exact: bool = True) -> None:
        """Make the encoder that the config.json in a folder describes.

        Unless it is to be `exact`, it multiplies in bfloat16, in a fraction of the time, where the processor has
        instructions for it; vectors then differ in the third digit.
        """
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        options = {"INFERENCE_PRECISION_HINT": "f32" if exact else "bf16", "PERFORMANCE_HINT": "LATENCY"}
        self.dimension = int(config["hidden_size"])
        compiled = Core().compile_model(_model(config, weights), "CPU", options)
        self._request = compiled.create_infer_request()
        self._turn = threading.Lock()

    def vectors(self, ids: NDArray[np.int64], mask: NDArray[np.int64], types: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the vectors of tokens, shape (texts, tokens, dimension).

        `ids`, `mask` (1 for a token, 0 for padding) and `types` (0 or 1: of which of two parts a token is) have the
        shape (texts, tokens).
        """
        with self._turn:
            found: NDArray[np.float32] = self._request.infer([ids, mask, types])[0].copy()
        return found


def padded(rows: Sequence[Sequence[int]], filling: int = 0) -> NDArray[np.int64]:
    """Return rows of numbers as one array, filled up to the longest.

    >>> padded([[1, 2], [3]]).tolist()
    [[1, 2], [3, 0]]
    """
    table = np.full((len(rows), max(map(len, rows))), filling, dtype=np.int64)
    for place, row in enumerate(rows):
        table[place, : len(row)] = row
    return table


def _model(config: Mapping[str, Any], weights: Weights) -> Model:
    """Return BERT's encoder as a graph, each matrix turned as torch keeps it: (outputs, inputs)."""
    heads, epsilon = config["num_attention_heads"], config["layer_norm_eps"]

    def linear(values: Any, name: str) -> Any:
        product = ops.matmul(values, ops.constant(weights[f"{name}.weight"]), transpose_a=False, transpose_b=True)
        return ops.add(product, ops.constant(weights[f"{name}.bias"]))

    def normal(values: Any, name: str) -> Any:
        centred = ops.mvn(values, [-1], normalize_variance=True, eps=epsilon, eps_mode="inside_sqrt")
        scaled = ops.multiply(centred, ops.constant(weights[f"{name}.weight"]))
        return ops.add(scaled, ops.constant(weights[f"{name}.bias"]))

    def row(name: str, numbers: Any) -> Any:
        return ops.gather(ops.constant(weights[f"embeddings.{name}_embeddings.weight"]), numbers, 0)

    def by_head(values: Any) -> Any:
        return ops.transpose(ops.reshape(values, [0, 0, heads, -1], special_zero=True), [0, 2, 1, 3])

    ids, mask, types = (ops.parameter([-1, -1], Type.i64, name) for name in ("ids", "mask", "types"))
    count = ops.gather(ops.shape_of(ids), 1, 0)
    places = ops.range(0, count, 1, Type.i64)
    values = ops.add(ops.add(row("word", ids), row("token_type", types)), row("position", places))
    values = normal(values, "embeddings.LayerNorm")
    is_token = ops.unsqueeze(ops.convert(mask, Type.boolean), [1, 2])
    for number in range(config["num_hidden_layers"]):
        layer = f"encoder.layer.{number}"
        query, key, value = (
            by_head(linear(values, f"{layer}.attention.self.{part}")) for part in ("query", "key", "value")
        )
        attended = ops.scaled_dot_product_attention(query, key, value, is_token)
        together = ops.reshape(ops.transpose(attended, [0, 2, 1, 3]), [0, 0, -1], special_zero=True)
        together = linear(together, f"{layer}.attention.output.dense")
        values = normal(ops.add(together, values), f"{layer}.attention.output.LayerNorm")
        widened = ops.gelu(linear(values, f"{layer}.intermediate.dense"), "erf")
        narrowed = linear(widened, f"{layer}.output.dense")
        values = normal(ops.add(narrowed, values), f"{layer}.output.LayerNorm")
    return Model([values], [ids, mask, types], "encoder")
