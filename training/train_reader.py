"""Train the reader: `python -m training.train_reader DATA_FOLDER OUT_FOLDER`; what the data are, MODEL_CARD.md says.

The word vectors stay those of the packaged MiniLM, which the project has anyway: they are not part of the weights.
"""

from __future__ import annotations

import json
import random
import time
from dataclasses import dataclass
from itertools import islice
from pathlib import Path  # noqa: TC003  # typer reads the annotations
from typing import TYPE_CHECKING, Annotated, Any

import torch
import typer
from torch.nn import functional

from assistant.reader.network import collate
from index.embedding.embedder import has_bfloat16
from training.calibrate_reader import calibrate
from training.network import MINILM, WEIGHTS_FILE, network_of, new_network, pretrained, save_weights
from training.question_sets import held_back_texts, read_sets
from training.reader_data import read_all, summary
from training.reader_windows import ItemMaker
from training.verdicts import VerdictMaker, read_judged

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from assistant.reader.network import Batch
    from training.items import Item
    from training.network import Logits, Pretrained, ReaderNetwork

HEAD_RATE = 1e-3
"""The rate at which the heads learn."""
RATE_AFTER_TRAINING = 0.5
"""The share of the rates with which a network that was trained before is trained further."""
WARM_UP = 0.05
"""The share of the time in which the learning rates rise; after it they fall to nothing in a straight line."""
BATCH_TOKENS = 4_000
POOL = 800
"""Items that are sorted by length together, so that the windows of a batch are about as long as each other."""
SPAN_WEIGHT = 0.5
VERDICT_WEIGHT = 0.3
VERDICTS_PER_QUESTION = 0.25
LARGEST_GRADIENT = 1.0
LOG_EVERY = 50
"""Batches."""


@dataclass(frozen=True, slots=True)
class Makers:
    """The makers of items: of questions with sentences, and of questions and claims with verdicts."""

    questions: ItemMaker
    verdicts: VerdictMaker


def batches(makers: Makers, generator: random.Random) -> Iterator[list[Item]]:
    """Yield batches of at most `BATCH_TOKENS` tokens without end, pass after pass."""
    verdicts = makers.verdicts.items(generator)
    while True:
        pool: list[Item] = []
        for item in makers.questions.items(generator):
            pool.append(item)
            if generator.random() < VERDICTS_PER_QUESTION:
                pool += islice(verdicts, 1)
            if len(pool) >= POOL:
                yield from _cut(pool, generator)
                pool = []
        yield from _cut(pool, generator)


def _cut(pool: list[Item], generator: random.Random) -> list[list[Item]]:
    """Return items in batches of about equal length, in random order."""
    cut: list[list[Item]] = []
    windows = 0
    for item in sorted(pool, key=lambda item: item.width):
        windows += len(item.windows)
        if not cut or windows * item.width > BATCH_TOKENS:
            cut.append([])
            windows = len(item.windows)
        cut[-1].append(item)
    generator.shuffle(cut)
    return cut


@dataclass(frozen=True, slots=True)
class Losses:
    """The mean losses of a batch.

    Attributes:
        choosing: The negative logarithm of the softmax's share, over all sentences of a question and a
            logit of 0 for "none", that the answering sentences have together.
        pointing: The cross-entropy of the answer's first and last token among those of its sentence.
        judging: The negative logarithm of the share of the right verdicts among the possible ones.
    """

    choosing: torch.Tensor
    pointing: torch.Tensor
    judging: torch.Tensor

    def together(self) -> torch.Tensor:
        """Return their weighed sum."""
        return self.choosing + SPAN_WEIGHT * self.pointing + VERDICT_WEIGHT * self.judging


def losses(items: Sequence[Item], batch: Batch, logits: Logits) -> Losses:
    """Return the losses of a batch of items."""
    choosing, pointing, judging = [], [], []
    sentence_of = torch.from_numpy(batch.sentence_of)
    sentence, window = 0, 0
    for item in items:
        last_sentence, last_window = (
            sentence + sum(map(len, item.windows)),
            window + len(item.windows),
        )
        if item.verdict:
            mine = logits.verdicts[window]
            judging.append(_missed(mine[list(item.verdict.among)], mine[list(item.verdict.right)]))
        else:
            mine = functional.pad(logits.answers[sentence:last_sentence], (0, 1))
            choosing.append(_missed(mine, mine[list(item.answers)] if item.answers else mine[-1:]))
        if item.span:
            inside = sentence_of[window:last_window] == sentence + item.answers[0]
            for scores, place in zip((logits.starts, logits.ends), item.span, strict=True):
                held = scores[window:last_window][inside]
                pointing.append(_missed(held, held[place : place + 1]))
        sentence, window = last_sentence, last_window
    return Losses(*(_mean(each, logits.answers) for each in (choosing, pointing, judging)))


def _missed(possible: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """Return the negative logarithm of the share of the softmax that right logits have."""
    return torch.logsumexp(possible, 0) - torch.logsumexp(right, 0)


def _mean(values: list[torch.Tensor], like: torch.Tensor) -> torch.Tensor:
    return torch.stack(values).mean() if values else like.new_zeros(())


def rate_at(progress: float) -> float:
    """Return the share of the learning rates at some point, 0..1, of the time budget."""
    return min(progress / WARM_UP, (1 - progress) / (1 - WARM_UP))


def mean_network(folders: Sequence[Path], start: Pretrained | None = None) -> ReaderNetwork:
    """Return a network with the mean of the weights in some folders.

    It is a model soup (Wortsman et al., 2022).
    """
    networks = [network_of((folder / WEIGHTS_FILE).read_bytes(), start) for folder in folders]
    states = [network.state_dict() for network in networks]
    networks[0].load_state_dict(
        {name: sum(state[name] for state in states) / len(states) for name in states[0]}
    )
    return networks[0]


class Training:
    """A training run that can be stopped and resumed: all that it is stands in its checkpoint."""

    def __init__(
        self,
        folder: Path,
        start: Pretrained,
        seed: int,
        seconds: float,
        trained: Sequence[Path] = (),
    ) -> None:
        """Begin a run, or take up the folder's checkpoint.

        Args:
            folder: The folder of the checkpoint.
            start: The encoder to begin with.
            seed: The seed of all random choices.
            seconds: How long to train, all sessions together.
            trained: Folders of weights, whose mean is trained further.
        """
        torch.manual_seed(seed)
        self.tokenizer = start.tokenizer
        self.seed, self.seconds = seed, seconds
        self.elapsed, self.steps = 0.0, 0
        self.network: ReaderNetwork = (
            mean_network(trained, start) if trained else new_network(start)
        )
        self.network.encoder.embeddings.requires_grad_(requires_grad=False)
        encoder = [weight for weight in self.network.encoder.parameters() if weight.requires_grad]
        share = RATE_AFTER_TRAINING if trained else 1.0
        heads = [
            weight
            for head in (self.network.answers, self.network.spans, self.network.verdicts)
            for weight in head.parameters()
        ]
        self.optimiser = torch.optim.AdamW(
            [
                {"params": encoder, "lr": share * start.rate},
                {"params": heads, "lr": share * HEAD_RATE},
            ]
        )
        self.rates = torch.optim.lr_scheduler.LambdaLR(
            self.optimiser, lambda _: max(rate_at(min(self.elapsed / self.seconds, 1.0)), 0.0)
        )
        self.checkpoint = folder / "checkpoint.pt"
        if self.checkpoint.exists():
            held: dict[str, Any] = torch.load(self.checkpoint, weights_only=True)
            self.network.load_state_dict(held["network"])
            self.optimiser.load_state_dict(held["optimiser"])
            self.elapsed, self.steps = held["elapsed"], held["steps"]

    def save(self) -> None:
        """Write the checkpoint, and the weights as they are; the old one stays until that is done."""
        held = {
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "elapsed": self.elapsed,
            "steps": self.steps,
        }
        fresh = self.checkpoint.with_suffix(".new")
        torch.save(held, fresh)
        fresh.replace(self.checkpoint)
        save_weights(self.network, self.checkpoint.parent)

    def run(self, makers: Makers, log: Path, save_every: float) -> None:
        """Train until the time is up, writing a checkpoint every so many seconds."""
        # A resumed run goes on with other choices than it began with.
        stream = batches(makers, random.Random(f"{self.seed} {self.steps}"))
        saved = self.elapsed
        recent: list[tuple[float, float, float]] = []
        # Without dropout, a third of the time, more questions are seen; windows and questions vary by themselves.
        self.network.eval()
        while self.elapsed < self.seconds:
            began = time.monotonic()
            recent.append(self._step(next(stream)))
            self.elapsed += time.monotonic() - began
            self.steps += 1
            if self.steps % LOG_EVERY == 0:
                self._tell(log, recent)
                recent = []
            if self.elapsed - saved >= save_every:
                self.save()
                saved = self.elapsed
        self.save()

    def _tell(self, log: Path, recent: Sequence[tuple[float, float, float]]) -> None:
        """Write the means of recent losses to the log and the terminal."""
        means = [sum(column) / len(column) for column in zip(*recent, strict=True)]
        line = {"step": self.steps, "seconds": round(self.elapsed)}
        line |= dict(zip(("choosing", "pointing", "judging"), means, strict=True))
        with log.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(line) + "\n")
        told = " + ".join(f"{mean:.3f}" for mean in means)
        typer.echo(f"{self.elapsed / self.seconds:4.0%}  step {self.steps}: {told}")

    def _step(self, items: list[Item]) -> tuple[float, float, float]:
        windows = [(item.question, window) for item in items for window in item.windows]
        batch = collate(windows, self.tokenizer)
        with torch.autocast("cpu", torch.bfloat16, enabled=has_bfloat16()):
            logits = self.network(batch)
        lost = losses(items, batch, logits)
        self.optimiser.zero_grad()
        torch.autograd.backward(lost.together())
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), LARGEST_GRADIENT)
        self.optimiser.step()
        self.rates.step()
        return lost.choosing.item(), lost.pointing.item(), lost.judging.item()


def main(
    data: Annotated[
        Path, typer.Argument(help="The folder of the training data.", exists=True, file_okay=False)
    ],
    out: Annotated[
        Path, typer.Argument(help="The folder for checkpoint, log and weights; its run is resumed.")
    ],
    encoder: Annotated[
        str, typer.Option(help="What to begin with: minilm, or an MPNet's folder.")
    ] = MINILM,
    minutes: Annotated[
        float, typer.Option(min=0.1, help="How long to train, all sessions together.")
    ] = 60,
    checkpoint_minutes: Annotated[
        float, typer.Option(min=0, help="How often a checkpoint is written.")
    ] = 10,
    more: Annotated[
        Path | None,
        typer.Option(help="A folder of question sets in one form.", exists=True, file_okay=False),
    ] = None,
    seed: Annotated[int, typer.Option(help="What all random choices begin with.")] = 1,
    start: Annotated[
        list[Path] | None,
        typer.Option(help="A folder that training wrote; of several, the mean is trained further."),
    ] = None,
) -> None:
    """Train the reader and write its weights."""
    out.mkdir(parents=True, exist_ok=True)
    began = pretrained(encoder)
    makers = _makers(data, more, began)
    training = Training(out, began, seed, minutes * 60, start or ())
    training.run(makers, out / "log.jsonl", checkpoint_minutes * 60)
    typer.echo(f"weights: {save_weights(training.network, out)}")
    if encoder == MINILM:  # The reader runs no other yet.
        calibrate(data, out, more)


def _makers(data: Path, more: Path | None, start: Pretrained) -> Makers:
    """Return the makers of items from the data, and tell how much there is of each."""
    if more is None:
        corpora, judged = read_all(data), []
    else:
        held_back = held_back_texts(more, data)
        corpora = [*read_all(data, held_back), *read_sets(more, held_back)]
        judged = read_judged(more, held_back)
    typer.echo(summary(corpora))
    typer.echo(f"with a verdict: {len(judged):,}")
    return Makers(ItemMaker(corpora, start.tokenizer), VerdictMaker(judged, start.tokenizer))


if __name__ == "__main__":
    typer.run(main)
