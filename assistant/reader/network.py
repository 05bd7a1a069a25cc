"""The reader's neural network: a question with windows of sentences becomes logits.

It is a cross-encoder: question and sentences pass through one BERT encoder together, so each token
attends to all others. A window of neighbouring sentences costs less than its sentences one by one,
and shows the network the noun behind a pronoun. Training uses torch (training/network.py); this
module does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from safetensors.numpy import load, load_file

from index.embedding.bert import Encoder, padded
from index.embedding.minilm import builtin_model_folder, builtin_tokenizer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from tokenizers import Tokenizer

QUESTION_TOKENS = 64
"""The longest question; the rest is cut."""
SENTENCE_TOKENS = 160
"""The longest sentence; the rest is cut."""
WINDOW_TOKENS = 256
"""The sentences of one window, without the question and the separators."""
ENCODER = "encoder."
"""The prefix of the encoder's weights, before the names in the packaged MiniLM."""
EMBEDDINGS = f"{ENCODER}embeddings."
"""The prefix of the word vectors: those of the packaged MiniLM, not trained further."""


@dataclass(frozen=True, slots=True)
class EncodedSentence:
    """The tokens of a sentence.

    Attributes:
        ids: The tokens, by their numbers in the vocabulary.
        offsets: The start and end of each token in the sentence, in characters.
    """

    ids: tuple[int, ...]
    offsets: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """Windows of tokens, padded to one length. Shape of the arrays: (windows, tokens).

    Attributes:
        ids: The tokens.
        mask: 1 for a token, 0 for padding.
        types: 0 for the tokens of the question, 1 for those of the sentences.
        sentence_of: The number of each token's sentence, counted over the whole batch;
            `sentences` for tokens outside the sentences.
        sentences: The number of sentences in the batch.
    """

    ids: NDArray[np.int64]
    mask: NDArray[np.int64]
    types: NDArray[np.int64]
    sentence_of: NDArray[np.int64]
    sentences: int


@dataclass(frozen=True, slots=True)
class SentenceLogits:
    """The network's output for a sentence.

    Attributes:
        answer: The logit that the sentence answers. One softmax runs over all sentences read for
            a question, and a logit of 0 for "no sentence answers".
        starts: The logit of each token to begin the answer. Shape: (tokens,).
        ends: The logit of each token to end the answer. Shape: (tokens,).
    """

    answer: float
    starts: NDArray[np.float32]
    ends: NDArray[np.float32]


class Network:
    """An encoder with two heads. Threads may share it.

    One head judges a sentence by the mean and the maximum of its token vectors, the other judges
    each token as a beginning or an end of the answer.
    """

    def __init__(self, weights: bytes) -> None:
        """Load trained weights; the word vectors come from the packaged MiniLM.

        Args:
            weights: The content of a safetensors file.
        """
        folder = builtin_model_folder()
        trained = {name: weight.astype(np.float32) for name, weight in load(weights).items()}
        encoder = load_file(folder / "model.safetensors")
        for name, weight in trained.items():
            if name.startswith(ENCODER):
                encoder[name.removeprefix(ENCODER)] = weight
        self._encoder = Encoder(folder, encoder, exact=False)
        self._answers, self._spans = (
            (trained[f"{head}.weight"], trained[f"{head}.bias"]) for head in ("answers", "spans")
        )

    def read(self, batch: Batch) -> list[SentenceLogits]:
        """Return the logits of each sentence of a batch."""
        vectors = self._encoder.vectors(batch.ids, batch.mask, batch.types)
        weight, bias = self._answers
        span_weight, span_bias = self._spans
        logits: list[SentenceLogits] = []
        for number in range(batch.sentences):
            # A sentence may have no token: a zero-width space.
            own = vectors[batch.sentence_of == number]
            pooled = np.zeros(2 * own.shape[1], dtype=own.dtype)
            if len(own):
                pooled = np.concatenate([own.mean(axis=0), own.max(axis=0)])
            starts, ends = (own @ span_weight.T + span_bias).T
            logits.append(SentenceLogits(float(weight[0] @ pooled + bias[0]), starts, ends))
        return logits


def encode(
    texts: Sequence[str], longest: int, tokenizer: Tokenizer | None = None
) -> list[EncodedSentence]:
    """Return the tokens of texts.

    Args:
        texts: The texts.
        longest: The most tokens of a text; the rest is cut.
        tokenizer: Makes the tokens; by default MiniLM's.
    """
    encoded = (tokenizer or builtin_tokenizer()).encode_batch(list(texts), add_special_tokens=False)
    return [
        EncodedSentence(tuple(each.ids[:longest]), tuple(each.offsets[:longest]))
        for each in encoded
    ]


def collate(
    windows: Sequence[tuple[Sequence[int], Sequence[EncodedSentence]]],
    tokenizer: Tokenizer | None = None,
) -> Batch:
    """Return windows as a batch. A window reads: [CLS] question [SEP] sentence sentence … [SEP].

    Args:
        windows: Pairs of a question's tokens and the sentences of a window.
        tokenizer: Knows the marks [CLS] and [SEP]; by default MiniLM's.
    """
    cls, sep = (tokenizer or builtin_tokenizer()).encode("").ids
    total = sum(len(sentences) for _, sentences in windows)
    ids: list[list[int]] = []
    types: list[list[int]] = []
    owners: list[list[int]] = []
    count = 0
    for question, sentences in windows:
        # The question, outside the sentences.
        row = [cls, *question, sep]
        owner = [total] * len(row)
        question_length = len(row)
        # The sentences, numbered on.
        for sentence in sentences:
            row += sentence.ids
            owner += [count] * len(sentence.ids)
            count += 1
        row.append(sep)
        owner.append(total)
        ids.append(row)
        owners.append(owner)
        types.append([0] * question_length + [1] * (len(row) - question_length))
    mask = padded([[1] * len(row) for row in ids])
    return Batch(padded(ids), mask, padded(types), padded(owners, total), total)
