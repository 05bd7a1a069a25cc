"""The reader's network in torch, for training; assistant/reader/network.py runs its weights."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import load, load_file, save_file
from tokenizers import Tokenizer
from torch import nn
from transformers import AutoConfig, AutoModel

from assistant.reader.network import EMBEDDINGS, ENCODER
from index.embedding.minilm import builtin_model_folder, builtin_tokenizer

if TYPE_CHECKING:
    from transformers import PretrainedConfig

    from assistant.reader.network import Batch

WEIGHTS_FILE = "reader.safetensors"
MINILM = "minilm"
"""The name of the packaged all-MiniLM-L6-v2."""
VERDICTS = 6
"""The number of verdict logits; training/entailment.py names them."""
MINILM_RATE, LARGER_RATE = 1e-4, 5e-5
"""Learning rates of the encoder's layers."""


@dataclass(frozen=True, slots=True)
class Pretrained:
    """A pretrained encoder, the start of training.

    Attributes:
        folder: The folder of config.json, model.safetensors and tokenizer.json.
        tokenizer: The tokenizer, without padding or truncation.
        rate: The learning rate of the layers.
    """

    folder: Path
    tokenizer: Tokenizer
    rate: float

    def config(self) -> PretrainedConfig:
        """Return the encoder's configuration."""
        config: PretrainedConfig = AutoConfig.from_pretrained(
            self.folder, attn_implementation="eager"
        )
        return config

    def embeddings(self) -> dict[str, torch.Tensor]:
        """Return the frozen word vectors by their names in a `ReaderNetwork`."""
        packaged = load_file(self.folder / "model.safetensors")
        named = {f"{ENCODER}{name}": weight for name, weight in packaged.items()}
        return {name: weight for name, weight in named.items() if name.startswith(EMBEDDINGS)}


def pretrained(name: str) -> Pretrained:
    """Return the packaged MiniLM, or the encoder in a folder."""
    if name == MINILM:
        return Pretrained(builtin_model_folder(), builtin_tokenizer(), MINILM_RATE)
    tokenizer = Tokenizer.from_file(str(Path(name) / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return Pretrained(Path(name), tokenizer, LARGER_RATE)


@dataclass(frozen=True, slots=True)
class Logits:
    """The network's output for a batch.

    Attributes:
        answers: A logit for each sentence: it answers. Shape: (sentences,).
        starts: A logit for each token: the answer begins there. Shape: (windows, tokens).
        ends: A logit for each token: the answer ends there. Shape: (windows, tokens).
        verdicts: Logits of yes, no, neither; entailed, contradicted, unrelated.
            Shape: (windows, 6).
    """

    answers: torch.Tensor
    starts: torch.Tensor
    ends: torch.Tensor
    verdicts: torch.Tensor


class ReaderNetwork(nn.Module):
    """The encoder and heads of `assistant.reader.network.Network`, with trainable weights.

    A further head gives verdicts from a window's first vector and the mean of its vectors.
    """

    def __init__(self, config: PretrainedConfig) -> None:
        """Make a network with random weights."""
        super().__init__()
        self.has_types = config.model_type == "bert"
        self.encoder: Any = AutoModel.from_config(  # type: ignore[no-untyped-call]
            config, add_pooling_layer=False
        )
        self.answers = nn.Linear(2 * config.hidden_size, 1)
        self.spans = nn.Linear(config.hidden_size, 2)
        self.verdicts = nn.Linear(2 * config.hidden_size, VERDICTS)

    def forward(self, batch: Batch) -> Logits:
        """Return the logits of a batch."""
        given = {"input_ids": batch.ids, "attention_mask": batch.mask}
        if self.has_types:
            given["token_type_ids"] = batch.types
        tensors = {name: torch.from_numpy(array) for name, array in given.items()}
        hidden = self.encoder(**tensors).last_hidden_state.float()
        flat, owner = hidden.flatten(0, 1), torch.from_numpy(batch.sentence_of).flatten()
        rows = owner[:, None].expand_as(flat)
        empty = flat.new_zeros(batch.sentences + 1, flat.shape[1])
        # An extra row collects the tokens outside all sentences, such as [CLS]; it is dropped.
        pooled = [
            empty.scatter_reduce(0, rows, flat, how, include_self=False) for how in ("mean", "amax")
        ]
        with torch.autocast("cpu", enabled=False):  # bfloat16 keeps only two digits of a logit.
            answers = self.answers(torch.cat(pooled, dim=1)[: batch.sentences]).squeeze(-1)
            starts, ends = self.spans(hidden).unbind(-1)
            verdicts = self.verdicts(_window_vectors(hidden, tensors["attention_mask"]))
        return Logits(answers, starts, ends, verdicts)


def _window_vectors(hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Return each window's first vector beside the mean of its vectors."""
    inside = mask.unsqueeze(-1)
    mean = (hidden * inside).sum(1) / inside.sum(1)
    return torch.cat([hidden[:, 0], mean], dim=1)


def new_network(start: Pretrained | None = None) -> ReaderNetwork:
    """Return a network with a pretrained encoder, MiniLM by default, and new heads."""
    start = start or pretrained(MINILM)
    config = start.config()
    network = ReaderNetwork(config)
    network.encoder = AutoModel.from_pretrained(
        start.folder, config=config, add_pooling_layer=False, local_files_only=True
    )
    return network


def network_of(weights: bytes, start: Pretrained | None = None) -> ReaderNetwork:
    """Load a network from the bytes that `save_weights` wrote.

    The word vectors come from `start`, by default MiniLM. Weights without a verdict head get a new
    one.
    """
    start = start or pretrained(MINILM)
    network = ReaderNetwork(start.config())
    trained = {name: value.float() for name, value in load(weights).items()}
    kept = network.state_dict()
    embeddings = {name: weight for name, weight in start.embeddings().items() if name in kept}
    verdicts = {name: weight for name, weight in kept.items() if name.startswith("verdicts.")}
    network.load_state_dict(verdicts | embeddings | trained)
    return network


def save_weights(network: ReaderNetwork, folder: Path) -> Path:
    """Write the trained weights as float16, without the frozen word vectors."""
    path = folder / WEIGHTS_FILE
    trained = {
        name: weight.to(torch.float16).contiguous()
        for name, weight in network.state_dict().items()
        if not name.startswith(EMBEDDINGS)
    }
    save_file(trained, path)
    return path
