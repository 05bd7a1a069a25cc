"""Train the reader: `python -m training.train_reader DATA_FOLDER OUT_FOLDER`; what the data are, MODEL_CARD.md says.

The word vectors stay those of the packaged MiniLM, which the project has anyway: they are not part of the weights.
"""

from __future__ import annotations

import json
import random
import time
from pathlib import Path  # noqa: TC003  # typer reads the annotations
from typing import TYPE_CHECKING, Annotated, Any

import torch
import typer
from torch.nn import functional

from assistant.reader.network import collate
from index.embedding.embedder import has_bfloat16
from training.calibrate_reader import calibrate
from training.network import WEIGHTS_FILE, network_of, new_network, save_weights
from training.reader_data import read_all, summary
from training.reader_windows import ItemMaker

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from assistant.reader.network import Batch
    from training.network import Logits, ReaderNetwork
    from training.reader_windows import Item

ENCODER_RATE, HEAD_RATE = 1e-4, 1e-3
RATE_AFTER_TRAINING = 0.5
"""The share of these rates with which a network that was trained before is trained further."""
WARM_UP = 0.05
"""The share of the time in which the learning rates rise; after it they fall to nothing in a straight line."""
BATCH_TOKENS = 4_000
POOL = 800
"""Items that are sorted by length together, so that the windows of a batch are about as long as each other."""
SPAN_WEIGHT = 0.5
LARGEST_GRADIENT = 1.0
LOG_EVERY = 50
"""Batches."""


def batches(maker: ItemMaker, generator: random.Random) -> Iterator[list[Item]]:
    """Yield batches of at most `BATCH_TOKENS` tokens without end, pass after pass."""
    while True:
        pool: list[Item] = []
        for item in maker.items(generator):
            pool.append(item)
            if len(pool) == POOL:
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


def loss(items: Sequence[Item], batch: Batch, logits: Logits) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the mean losses of choosing the sentence, or none, and of pointing at the answer in it.

    Choosing: the negative logarithm of the softmax's share, over all sentences of a question and a logit of 0 for
    "none", that the answering sentences have together. Pointing: the cross-entropy of the answer's first and last token
    among those of its sentence.
    """
    choosing, pointing = [], []
    sentence_of = torch.from_numpy(batch.sentence_of)
    sentence, window = 0, 0
    for item in items:
        count = sum(map(len, item.windows))
        mine = logits.answers[sentence : sentence + count]
        every = torch.logsumexp(functional.pad(mine, (0, 1)), 0)
        choosing.append(
            every - (torch.logsumexp(mine[list(item.answers)], 0) if item.answers else 0)
        )
        if item.span:
            inside = sentence_of[window : window + len(item.windows)] == sentence + item.answers[0]
            for scores, place in zip((logits.starts, logits.ends), item.span, strict=True):
                held = scores[window : window + len(item.windows)][inside]
                pointing.append(torch.logsumexp(held, 0) - held[place])
        sentence += count
        window += len(item.windows)
    none = logits.answers.new_zeros(())
    return torch.stack(choosing).mean(), torch.stack(pointing).mean() if pointing else none


def rate_at(progress: float) -> float:
    """Return the share of the learning rates at some point, 0..1, of the time budget."""
    return min(progress / WARM_UP, (1 - progress) / (1 - WARM_UP))


def mean_network(folders: Sequence[Path]) -> ReaderNetwork:
    """Return a network whose weights are the mean of those in some folders (model soup: Wortsman et al., 2022)."""
    networks = [network_of((folder / WEIGHTS_FILE).read_bytes()) for folder in folders]
    states = [network.state_dict() for network in networks]
    networks[0].load_state_dict(
        {name: sum(state[name] for state in states) / len(states) for name in states[0]}
    )
    return networks[0]


class Training:
    """A training run that can be stopped and resumed: all that it is stands in its checkpoint."""

    def __init__(
        self, folder: Path, seed: int, seconds: float, trained: Sequence[Path] = ()
    ) -> None:
        """Begin a run, from the mean of trained weights if there are any, or take up the folder's checkpoint."""
        torch.manual_seed(seed)
        self.seed, self.seconds = seed, seconds
        self.elapsed, self.steps = 0.0, 0
        self.network: ReaderNetwork = mean_network(trained) if trained else new_network()
        self.network.encoder.embeddings.requires_grad_(requires_grad=False)
        encoder = [weight for weight in self.network.encoder.parameters() if weight.requires_grad]
        share = RATE_AFTER_TRAINING if trained else 1.0
        heads = [*self.network.answers.parameters(), *self.network.spans.parameters()]
        self.optimiser = torch.optim.AdamW(
            [
                {"params": encoder, "lr": share * ENCODER_RATE},
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
        """Write the checkpoint; a run that is stopped meanwhile keeps the one before."""
        held = {
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "elapsed": self.elapsed,
            "steps": self.steps,
        }
        fresh = self.checkpoint.with_suffix(".new")
        torch.save(held, fresh)
        fresh.replace(self.checkpoint)

    def run(self, maker: ItemMaker, log: Path, save_every: float) -> None:
        """Train until the time is up, writing a checkpoint every so many seconds."""
        # A resumed run goes on with other choices than it began with.
        stream = batches(maker, random.Random(f"{self.seed} {self.steps}"))
        saved = self.elapsed
        recent: list[tuple[float, float]] = []
        # Without dropout, a third of the time, more questions are seen; windows and questions vary by themselves.
        self.network.eval()
        while self.elapsed < self.seconds:
            began = time.monotonic()
            recent.append(self._step(next(stream)))
            self.elapsed += time.monotonic() - began
            self.steps += 1
            if self.steps % LOG_EVERY == 0:
                choosing, pointing = (
                    sum(losses) / len(losses) for losses in zip(*recent, strict=True)
                )
                line = {
                    "step": self.steps,
                    "seconds": round(self.elapsed),
                    "choosing": choosing,
                    "pointing": pointing,
                }
                with log.open("a", encoding="utf-8") as lines:
                    lines.write(json.dumps(line) + "\n")
                typer.echo(
                    f"{self.elapsed / self.seconds:4.0%}  step {self.steps}: {choosing:.3f} + {pointing:.3f}"
                )
                recent = []
            if self.elapsed - saved >= save_every:
                self.save()
                saved = self.elapsed
        self.save()

    def _step(self, items: list[Item]) -> tuple[float, float]:
        batch = collate([(item.question, window) for item in items for window in item.windows])
        with torch.autocast("cpu", torch.bfloat16, enabled=has_bfloat16()):
            logits = self.network(batch)
        choosing, pointing = loss(items, batch, logits)
        self.optimiser.zero_grad()
        torch.autograd.backward(choosing + SPAN_WEIGHT * pointing)
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), LARGEST_GRADIENT)
        self.optimiser.step()
        self.rates.step()
        return choosing.item(), pointing.item()


def main(
    data: Annotated[
        Path, typer.Argument(help="The folder of the training data.", exists=True, file_okay=False)
    ],
    out: Annotated[
        Path, typer.Argument(help="The folder for checkpoint, log and weights; its run is resumed.")
    ],
    minutes: Annotated[
        float, typer.Option(min=0.1, help="How long to train, all sessions together.")
    ] = 60,
    checkpoint_minutes: Annotated[
        float, typer.Option(min=0, help="How often a checkpoint is written.")
    ] = 10,
    seed: Annotated[int, typer.Option(help="What all random choices begin with.")] = 1,
    start: Annotated[
        list[Path] | None,
        typer.Option(help="A folder that training wrote; of several, the mean is trained further."),
    ] = None,
) -> None:
    """Train the reader and write its weights."""
    out.mkdir(parents=True, exist_ok=True)
    corpora = read_all(data)
    typer.echo(summary(corpora))
    maker = ItemMaker(corpora)
    training = Training(out, seed, minutes * 60, start or ())
    training.run(maker, out / "log.jsonl", checkpoint_minutes * 60)
    typer.echo(f"weights: {save_weights(training.network, out)}")
    calibrate(data, out)


if __name__ == "__main__":
    typer.run(main)
