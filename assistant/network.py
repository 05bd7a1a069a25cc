"""The neural network behind the reader: windows of sentences with a question → logits.

It is a cross-encoder: question and sentences pass through one BERT encoder together, so that each word is read with all
others in mind. Reading several neighbouring sentences at once costs less than reading them one by one, and tells what a
pronoun in one of them stands for. It was trained with torch (training/network.py), which is not needed to run it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from safetensors.numpy import load, load_file

from index.encoder import Encoder, padded
from index.packaged import builtin_model_folder, builtin_tokenizer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from tokenizers import Tokenizer

LONGEST_QUESTION = 64
LONGEST_SENTENCE = 160
LONGEST_WINDOW = 256
"""Tokens; what is longer is cut at its end. A window has its question and the separators on top."""
ENCODER = "encoder."
"""What the names of the encoder's weights begin with, before the names that the packaged MiniLM's have."""
EMBEDDINGS = f"{ENCODER}embeddings."
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

    ids: NDArray[np.int64]
    mask: NDArray[np.int64]
    types: NDArray[np.int64]
    sentence_of: NDArray[np.int64]
    sentences: int


@dataclass(frozen=True, slots=True)
class SentenceLogits:
    """What the network says of a sentence.

    `answer` is to be read against 0, the logit of "none of these answers", in one softmax over all sentences that were
    read for a question; `starts` and `ends` have a logit for each of its tokens.
    """

    answer: float
    starts: NDArray[np.float32]
    ends: NDArray[np.float32]


class Network:
    """An encoder with two heads: does a sentence answer, and with which of its tokens. Threads may share one.

    The first judges by the mean and the maximum of the sentence's vectors.
    """

    def __init__(self, weights: bytes) -> None:
        """Take the weights that were trained, all but the word vectors, which are the packaged MiniLM's."""
        folder = builtin_model_folder()
        trained = {name: weight.astype(np.float32) for name, weight in load(weights).items()}
        encoder = load_file(folder / "model.safetensors")
        encoder |= {name.removeprefix(ENCODER): weight for name, weight in trained.items() if name.startswith(ENCODER)}
        self._encoder = Encoder(folder, encoder, exact=False)
        self._answers, self._spans = (
            (trained[f"{head}.weight"], trained[f"{head}.bias"]) for head in ("answers", "spans")
        )

    def read(self, batch: Batch) -> list[SentenceLogits]:
        """Return the logits of each sentence of a batch; one without a token has none for its tokens."""
        vectors = self._encoder.vectors(batch.ids, batch.mask, batch.types)
        said: list[SentenceLogits] = []
        for number in range(batch.sentences):
            mine = vectors[batch.sentence_of == number]
            pooled = np.concatenate([mine.mean(axis=0), mine.max(axis=0)]) if len(mine) else np.zeros(2 * mine.shape[1])
            weight, bias = self._answers
            starts, ends = (mine @ self._spans[0].T + self._spans[1]).T
            said.append(SentenceLogits(float(weight[0] @ pooled + bias[0]), starts, ends))
        return said


def encode(
    texts: Sequence[str], longest: int, tokenizer: Tokenizer | None = None
) -> list[EncodedSentence]:
    """Return the tokens of each text, at most `longest`, with their places; MiniLM's by default."""
    encoded = (tokenizer or builtin_tokenizer()).encode_batch(list(texts), add_special_tokens=False)
    return [EncodedSentence(tuple(each.ids[:longest]), tuple(each.offsets[:longest])) for each in encoded]


def collate(
    windows: Sequence[tuple[Sequence[int], Sequence[EncodedSentence]]],
    tokenizer: Tokenizer | None = None,
) -> Batch:
    """Return a batch of windows, each being the tokens of a question and some sentences.

    A window reads: [CLS] question [SEP] sentence sentence … [SEP]. Without a tokenizer, the marks
    are MiniLM's.
    """
    cls, sep = (tokenizer or builtin_tokenizer()).encode("").ids
    total = sum(len(sentences) for _, sentences in windows)
    ids: list[list[int]] = []
    types: list[list[int]] = []
    owners: list[list[int]] = []
    count = 0
    for question, sentences in windows:
        row, owner = [cls, *question, sep], [total] * (len(question) + 2)
        types.append([0] * len(row))
        for sentence in sentences:
            row += sentence.ids
            owner += [count] * len(sentence.ids)
            count += 1
        ids.append([*row, sep])
        owners.append([*owner, total])
        types[-1] += [1] * (len(ids[-1]) - len(types[-1]))
    mask = padded([[1] * len(row) for row in ids])
    return Batch(padded(ids), mask, padded(types), padded(owners, total), total)
