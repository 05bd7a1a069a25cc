"""The neural network behind the reader: windows of sentences with a question → logits.

It is a cross-encoder: question and sentences pass through one BERT encoder together, so that each word is read with all
others in mind. Reading several neighbouring sentences at once costs less than reading them one by one, and tells what a
pronoun in one of them stands for. This module imports torch: import it where it is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn
from transformers import BertConfig, BertModel

from index.embedding import builtin_model_folder, builtin_tokenizer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

LONGEST_QUESTION = 64
LONGEST_SENTENCE = 160
LONGEST_WINDOW = 256
"""Tokens; what is longer is cut at its end. A window has its question and the separators on top."""
WEIGHTS_FILE = "reader.safetensors"
EMBEDDINGS = "encoder.embeddings."
"""What the names of the packaged MiniLM's word vectors, which were not trained, begin with."""


@dataclass(frozen=True, slots=True)
class EncodedSentence:
    """The tokens of a sentence, and for each the characters of the sentence that it stands for."""

    ids: tuple[int, ...]
    offsets: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """Windows of tokens, padded to one length.

    `sentence_of` has for each token of each window the number of its sentence, counted over the whole batch, and
    `sentences` for tokens that are of none. Shapes: (windows, tokens).
    """

    ids: torch.Tensor
    mask: torch.Tensor
    types: torch.Tensor
    sentence_of: torch.Tensor
    sentences: int


@dataclass(frozen=True, slots=True)
class Logits:
    """What the network says of a batch: `answers` (sentences), `starts` and `ends` (windows, tokens)."""

    answers: torch.Tensor
    starts: torch.Tensor
    ends: torch.Tensor


class ReaderNetwork(nn.Module):
    """An encoder with two heads: does a sentence answer, and with which of its tokens.

    A sentence's logit comes from the mean and the maximum of its tokens' vectors. It is to be read against 0, the logit
    of "none of these answers", in one softmax over all sentences that were read for a question.
    """

    def __init__(self, config: BertConfig) -> None:
        """Make a network with random weights."""
        super().__init__()
        self.encoder = BertModel(config, add_pooling_layer=False)
        self.answers = nn.Linear(2 * config.hidden_size, 1)
        self.spans = nn.Linear(config.hidden_size, 2)

    def forward(self, batch: Batch) -> Logits:
        """Return the logits of a batch."""
        hidden = self.encoder(
            input_ids=batch.ids, attention_mask=batch.mask, token_type_ids=batch.types
        ).last_hidden_state.float()
        flat, owner = hidden.flatten(0, 1), batch.sentence_of.flatten()
        rows = owner[:, None].expand_as(flat)
        # One row more than there are sentences takes in the tokens that are of none, and is dropped.
        pooled = [
            flat.new_zeros(batch.sentences + 1, flat.shape[1]).scatter_reduce(0, rows, flat, how, include_self=False)
            for how in ("mean", "amax")
        ]
        with torch.autocast("cpu", enabled=False):  # Of a logit's digits, bfloat16 would keep two.
            answers = self.answers(torch.cat(pooled, dim=1)[: batch.sentences]).squeeze(-1)
            starts, ends = self.spans(hidden).unbind(-1)
        return Logits(answers, starts, ends)


def precision() -> torch.dtype:
    """Return how precisely to multiply: in bfloat16, in half the time, if this processor has instructions for it.

    Logits then differ in the third digit.
    """
    able = torch.cpu.get_capabilities()
    return torch.bfloat16 if able.get("avx512_bf16") or able.get("amx_bf16") else torch.float32


def new_network() -> ReaderNetwork:
    """Return a network whose encoder is the packaged MiniLM and whose heads are new."""
    folder = builtin_model_folder()
    config = BertConfig.from_pretrained(folder, attn_implementation="eager")
    network = ReaderNetwork(config)
    network.encoder = BertModel.from_pretrained(folder, config=config, add_pooling_layer=False, local_files_only=True)
    return network


def encode(texts: Sequence[str], longest: int) -> list[EncodedSentence]:
    """Return the tokens of each text, at most so many, and where they stand in it."""
    encoded = builtin_tokenizer().encode_batch(list(texts), add_special_tokens=False)
    return [EncodedSentence(tuple(each.ids[:longest]), tuple(each.offsets[:longest])) for each in encoded]


def collate(windows: Sequence[tuple[Sequence[int], Sequence[EncodedSentence]]]) -> Batch:
    """Return a batch of windows, each being the tokens of a question and some sentences.

    A window reads: [CLS] question [SEP] sentence sentence … [SEP].
    """
    cls, sep = builtin_tokenizer().encode("").ids
    rows: list[tuple[list[int], int, list[int]]] = []
    count = 0
    total = sum(len(sentences) for _, sentences in windows)
    for question, sentences in windows:
        ids = [cls, *question, sep]
        before = len(ids)
        owners = [total] * before
        for sentence in sentences:
            ids += sentence.ids
            owners += [count] * len(sentence.ids)
            count += 1
        rows.append(([*ids, sep], before, [*owners, total]))
    width = max(len(ids) for ids, _, _ in rows)
    padded = torch.zeros(len(rows), width, dtype=torch.long)
    mask, types, owner = torch.zeros_like(padded), torch.zeros_like(padded), torch.full_like(padded, total)
    for row, (ids, before, owners) in enumerate(rows):
        padded[row, : len(ids)] = torch.tensor(ids)
        mask[row, : len(ids)] = 1
        types[row, before : len(ids)] = 1
        owner[row, : len(ids)] = torch.tensor(owners)
    return Batch(padded, mask, types, owner, total)


def network_of(weights: bytes) -> ReaderNetwork:
    """Return the network that `save_weights` wrote."""
    from safetensors.torch import load, load_file

    folder = builtin_model_folder()
    network = ReaderNetwork(BertConfig.from_pretrained(folder, attn_implementation="eager"))
    packaged = load_file(folder / "model.safetensors")
    embeddings = {
        name: packaged[name.removeprefix("encoder.")] for name in network.state_dict() if name.startswith(EMBEDDINGS)
    }
    trained = {name: value.float() for name, value in load(weights).items()}
    network.load_state_dict(embeddings | trained)
    return network


def save_weights(network: ReaderNetwork, folder: Path) -> Path:
    """Write what was trained as float16: all but the embeddings, which are the packaged MiniLM's."""
    from safetensors.torch import save_file

    path = folder / WEIGHTS_FILE
    trained = {
        name: weight.to(torch.float16).contiguous()
        for name, weight in network.state_dict().items()
        if not name.startswith(EMBEDDINGS)
    }
    save_file(trained, path)
    return path


def load_weights(weights: bytes) -> ReaderNetwork:
    """Return the network that `save_weights` wrote, ready to read."""
    network = network_of(weights)
    nn.Module.to(network.encoder, precision())  # The encoder's own method has no types.
    return network.eval()
