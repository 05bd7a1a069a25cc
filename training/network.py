"""The reader's network as it is trained, in torch; assistant/network.py runs what it has learnt."""

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
"""The logits of the head for verdicts; training/verdicts.py names them."""
MINILM_RATE, LARGER_RATE = 1e-4, 5e-5
"""The rates at which the layers learn."""


@dataclass(frozen=True, slots=True)
class Pretrained:
    """The encoder that training begins with.

    Attributes:
        folder: The folder of its config.json, model.safetensors and tokenizer.json.
        tokenizer: Its tokenizer, without padding or truncation.
        rate: The rate at which its layers learn.
    """

    folder: Path
    tokenizer: Tokenizer
    rate: float

    def config(self) -> PretrainedConfig:
        """Return its configuration."""
        config: PretrainedConfig = AutoConfig.from_pretrained(
            self.folder, attn_implementation="eager"
        )
        return config

    def embeddings(self) -> dict[str, torch.Tensor]:
        """Return its word vectors, which are not trained, by their names in a `ReaderNetwork`."""
        packaged = load_file(self.folder / "model.safetensors")
        named = {f"{ENCODER}{name}": weight for name, weight in packaged.items()}
        return {name: weight for name, weight in named.items() if name.startswith(EMBEDDINGS)}


def pretrained(name: str) -> Pretrained:
    """Return the packaged MiniLM, or the encoder of a folder."""
    if name == MINILM:
        return Pretrained(builtin_model_folder(), builtin_tokenizer(), MINILM_RATE)
    tokenizer = Tokenizer.from_file(str(Path(name) / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return Pretrained(Path(name), tokenizer, LARGER_RATE)


@dataclass(frozen=True, slots=True)
class Logits:
    """What the network says of a batch.

    Attributes:
        answers: A logit for each sentence: it answers. Shape: (sentences,).
        starts: A logit for each token: the answer begins there. Shape: (windows, tokens).
        ends: A logit for each token: the answer ends there. Shape: (windows, tokens).
        verdicts: Logits of yes, no, neither; entailed, contradicted, neither. Shape: (windows, 6).
    """

    answers: torch.Tensor
    starts: torch.Tensor
    ends: torch.Tensor
    verdicts: torch.Tensor


class ReaderNetwork(nn.Module):
    """The encoder and the heads of `assistant.network.Network`, with weights that can be changed.

    One more head judges by a window's first vector and the mean of all its vectors.
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
        # One row more than there are sentences takes in the tokens that are of none, and is dropped.
        pooled = [
            empty.scatter_reduce(0, rows, flat, how, include_self=False) for how in ("mean", "amax")
        ]
        with torch.autocast("cpu", enabled=False):  # Of a logit's digits, bfloat16 would keep two.
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
    """Return the network that `save_weights` wrote; its encoder began as MiniLM by default.

    Weights may lack the head for verdicts, which is new then.
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
    """Write what was trained as float16: all but the embeddings, which stay the pretrained ones."""
    path = folder / WEIGHTS_FILE
    trained = {
        name: weight.to(torch.float16).contiguous()
        for name, weight in network.state_dict().items()
        if not name.startswith(EMBEDDINGS)
    }
    save_file(trained, path)
    return path
