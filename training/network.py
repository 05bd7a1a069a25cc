"""The reader's network as it is trained, in torch; assistant/reader/network.py runs what it has learnt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from safetensors.torch import load, load_file, save_file
from torch import nn
from transformers import BertConfig, BertModel

from assistant.reader.network import EMBEDDINGS, ENCODER
from index.embedding.minilm import builtin_model_folder

if TYPE_CHECKING:
    from pathlib import Path

    from assistant.reader.network import Batch

WEIGHTS_FILE = "reader.safetensors"


@dataclass(frozen=True, slots=True)
class Logits:
    """What the network says of a batch: `answers` (sentences), `starts` and `ends` (windows, tokens)."""

    answers: torch.Tensor
    starts: torch.Tensor
    ends: torch.Tensor


class ReaderNetwork(nn.Module):
    """The encoder and the heads of `assistant.network.Network`, with weights that can be changed."""

    def __init__(self, config: BertConfig) -> None:
        """Make a network with random weights."""
        super().__init__()
        self.encoder = BertModel(config, add_pooling_layer=False)
        self.answers = nn.Linear(2 * config.hidden_size, 1)
        self.spans = nn.Linear(config.hidden_size, 2)

    def forward(self, batch: Batch) -> Logits:
        """Return the logits of a batch."""
        ids, mask, types, sentence_of = map(
            torch.from_numpy, (batch.ids, batch.mask, batch.types, batch.sentence_of)
        )
        hidden = self.encoder(
            input_ids=ids, attention_mask=mask, token_type_ids=types
        ).last_hidden_state.float()
        flat, owner = hidden.flatten(0, 1), sentence_of.flatten()
        rows = owner[:, None].expand_as(flat)
        # One row more than there are sentences takes in the tokens that are of none, and is dropped.
        pooled = [
            flat.new_zeros(batch.sentences + 1, flat.shape[1]).scatter_reduce(
                0, rows, flat, how, include_self=False
            )
            for how in ("mean", "amax")
        ]
        with torch.autocast("cpu", enabled=False):  # Of a logit's digits, bfloat16 would keep two.
            answers = self.answers(torch.cat(pooled, dim=1)[: batch.sentences]).squeeze(-1)
            starts, ends = self.spans(hidden).unbind(-1)
        return Logits(answers, starts, ends)


def new_network() -> ReaderNetwork:
    """Return a network whose encoder is the packaged MiniLM and whose heads are new."""
    folder = builtin_model_folder()
    config = BertConfig.from_pretrained(folder, attn_implementation="eager")
    network = ReaderNetwork(config)
    network.encoder = BertModel.from_pretrained(
        folder, config=config, add_pooling_layer=False, local_files_only=True
    )
    return network


def network_of(weights: bytes) -> ReaderNetwork:
    """Return the network that `save_weights` wrote."""
    folder = builtin_model_folder()
    network = ReaderNetwork(BertConfig.from_pretrained(folder, attn_implementation="eager"))
    packaged = load_file(folder / "model.safetensors")
    embeddings = {
        name: packaged[name.removeprefix(ENCODER)]
        for name in network.state_dict()
        if name.startswith(EMBEDDINGS)
    }
    trained = {name: value.float() for name, value in load(weights).items()}
    network.load_state_dict(embeddings | trained)
    return network


def save_weights(network: ReaderNetwork, folder: Path) -> Path:
    """Write what was trained as float16: all but the embeddings, which are the packaged MiniLM's."""
    path = folder / WEIGHTS_FILE
    trained = {
        name: weight.to(torch.float16).contiguous()
        for name, weight in network.state_dict().items()
        if not name.startswith(EMBEDDINGS)
    }
    save_file(trained, path)
    return path
