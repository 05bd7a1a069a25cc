"""The losses of a batch: choosing the sentence, pointing at the answer, judging a verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assistant.reader.network import Batch
    from training.items import Item
    from training.network import Logits

SPAN_WEIGHT = 0.5
VERDICT_WEIGHT = 0.3


@dataclass(frozen=True, slots=True)
class Losses:
    """The mean losses of a batch, each a negative log-likelihood.

    Attributes:
        choosing: The loss of the answering sentences, in a softmax over all sentences of a question
            and a logit of 0 for "no answer".
        pointing: The loss of the answer's first and last token, in a softmax over the tokens of its
            sentence.
        judging: The loss of the correct verdicts, in a softmax over the possible ones.
    """

    choosing: torch.Tensor
    pointing: torch.Tensor
    judging: torch.Tensor

    def together(self) -> torch.Tensor:
        """Return the weighted sum."""
        return self.choosing + SPAN_WEIGHT * self.pointing + VERDICT_WEIGHT * self.judging


def losses(items: Sequence[Item], batch: Batch, logits: Logits) -> Losses:
    """Return the mean losses of a batch.

    Args:
        items: The items of the batch.
        batch: The collated windows of the items, in the same order.
        logits: The network's output for the batch.
    """
    choosing, pointing, judging = [], [], []
    sentence_of = torch.from_numpy(batch.sentence_of)
    sentence, window = 0, 0
    for item in items:
        last_sentence = sentence + sum(map(len, item.windows))
        last_window = window + len(item.windows)
        # An item has either a verdict or sentences to choose from.
        if item.verdict:
            mine = logits.verdicts[window]
            judging.append(_missed(mine[list(item.verdict.among)], mine[list(item.verdict.right)]))
        else:
            mine = functional.pad(logits.answers[sentence:last_sentence], (0, 1))
            choosing.append(_missed(mine, mine[list(item.answers)] if item.answers else mine[-1:]))
        if item.span:
            inside = sentence_of[window:last_window] == sentence + item.answers[0]
            for scores, place in zip((logits.starts, logits.ends), item.span, strict=True):
                tokens = scores[window:last_window][inside]
                pointing.append(_missed(tokens, tokens[place : place + 1]))
        sentence, window = last_sentence, last_window
    return Losses(*(_mean(each, logits.answers) for each in (choosing, pointing, judging)))


def _missed(possible: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """Return the negative logarithm of the right logits' share in a softmax."""
    return torch.logsumexp(possible, 0) - torch.logsumexp(right, 0)


def _mean(values: list[torch.Tensor], like: torch.Tensor) -> torch.Tensor:
    return torch.stack(values).mean() if values else like.new_zeros(())
