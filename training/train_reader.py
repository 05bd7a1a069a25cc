"""Train the reader: `python -m training.train_reader DATA_FOLDER OUT_FOLDER`.

MODEL_CARD.md describes the data. The word vectors stay frozen and are not part of the weights: the
project ships them with MiniLM anyway.
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

from assistant.reader.network import collate
from index.embedding.embedder import has_bfloat16
from training.calibrate_reader import calibrate
from training.entailment import VerdictMaker, read_judged
from training.losses import losses
from training.network import MINILM, WEIGHTS_FILE, network_of, new_network, pretrained, save_weights
from training.question_sets import held_back_texts, read_sets
from training.reader_data import read_all, summary
from training.reader_windows import ItemMaker

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from training.items import Item
    from training.network import Pretrained, ReaderNetwork

HEAD_RATE = 1e-3
"""The learning rate of the heads."""
RATE_AFTER_TRAINING = 0.5
"""The factor on all learning rates if trained weights are trained further."""
WARM_UP = 0.05
"""The share of the time with rising learning rates; then they fall linearly to zero."""
BATCH_TOKENS = 4_000
POOL = 800
"""Items sorted by length together, so that the windows of a batch have similar lengths."""
VERDICTS_PER_QUESTION = 0.25
LARGEST_GRADIENT = 1.0
LOG_EVERY = 50
"""Batches."""


@dataclass(frozen=True, slots=True)
class Makers:
    """The makers of training items.

    Attributes:
        questions: Makes items with sentences to choose from.
        verdicts: Makes items with a verdict.
    """

    questions: ItemMaker
    verdicts: VerdictMaker


def batches(makers: Makers, generator: random.Random) -> Iterator[list[Item]]:
    """Yield batches of at most `BATCH_TOKENS` tokens endlessly, pass after pass."""
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
    """Cut items into batches of windows with similar lengths, in random order."""
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


def rate_at(progress: float) -> float:
    """Return the factor on the learning rates at a point, 0..1, of the time budget."""
    return min(progress / WARM_UP, (1 - progress) / (1 - WARM_UP))


def mean_network(folders: Sequence[Path], start: Pretrained | None = None) -> ReaderNetwork:
    """Average the weights in some folders into one network.

    The result is a model soup (Wortsman et al., 2022).
    """
    networks = [network_of((folder / WEIGHTS_FILE).read_bytes(), start) for folder in folders]
    states = [network.state_dict() for network in networks]
    networks[0].load_state_dict(
        {name: sum(state[name] for state in states) / len(states) for name in states[0]}
    )
    return networks[0]


class Training:
    """A training run that can be stopped and resumed from its checkpoint."""

    def __init__(
        self,
        folder: Path,
        start: Pretrained,
        seed: int,
        seconds: float,
        trained: Sequence[Path] = (),
    ) -> None:
        """Begin a run, or resume the checkpoint in the folder.

        Args:
            folder: The folder of the checkpoint.
            start: The pretrained encoder.
            seed: The seed of all random choices.
            seconds: The time budget, over all sessions.
            trained: Folders of trained weights; training continues from their mean.
        """
        torch.manual_seed(seed)
        self.tokenizer = start.tokenizer
        self.seed, self.seconds = seed, seconds
        self.elapsed, self.steps = 0.0, 0
        self.network: ReaderNetwork = (
            mean_network(trained, start) if trained else new_network(start)
        )
        self.network.encoder.embeddings.requires_grad_(requires_grad=False)
        factor = RATE_AFTER_TRAINING if trained else 1.0
        self.optimiser = _optimiser(self.network, factor * start.rate, factor * HEAD_RATE)
        self.rates = torch.optim.lr_scheduler.LambdaLR(
            self.optimiser, lambda _: max(rate_at(min(self.elapsed / self.seconds, 1.0)), 0.0)
        )
        self.checkpoint = folder / "checkpoint.pt"
        if self.checkpoint.exists():
            self._resume()

    def _resume(self) -> None:
        state: dict[str, Any] = torch.load(self.checkpoint, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.elapsed, self.steps = state["elapsed"], state["steps"]

    def save(self) -> None:
        """Write the checkpoint and the current weights; the checkpoint is replaced at once."""
        state = {
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "elapsed": self.elapsed,
            "steps": self.steps,
        }
        new_path = self.checkpoint.with_suffix(".new")
        torch.save(state, new_path)
        new_path.replace(self.checkpoint)
        save_weights(self.network, self.checkpoint.parent)

    def run(self, makers: Makers, log: Path, save_every: float) -> None:
        """Train until the time is up.

        Args:
            makers: The makers of the items.
            log: The file for the mean losses, a JSON object a line.
            save_every: Seconds between checkpoints.
        """
        # A resumed run gets a new seed, so that it does not repeat its first items.
        stream = batches(makers, random.Random(f"{self.seed} {self.steps}"))
        saved = self.elapsed
        recent: list[tuple[float, float, float]] = []
        # No dropout: it takes a third of the time, and the items vary enough without it.
        self.network.eval()
        while self.elapsed < self.seconds:
            began = time.monotonic()
            recent.append(self._step(next(stream)))
            self.elapsed += time.monotonic() - began
            self.steps += 1
            if self.steps % LOG_EVERY == 0:
                self._report(log, recent)
                recent = []
            if self.elapsed - saved >= save_every:
                self.save()
                saved = self.elapsed
        self.save()

    def _report(self, log: Path, recent: Sequence[tuple[float, float, float]]) -> None:
        """Write the means of recent losses to the log and the terminal."""
        means = [sum(column) / len(column) for column in zip(*recent, strict=True)]
        line = {"step": self.steps, "seconds": round(self.elapsed)}
        line |= dict(zip(("choosing", "pointing", "judging"), means, strict=True))
        with log.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(line) + "\n")
        printed = " + ".join(f"{mean:.3f}" for mean in means)
        typer.echo(f"{self.elapsed / self.seconds:4.0%}  step {self.steps}: {printed}")

    def _step(self, items: list[Item]) -> tuple[float, float, float]:
        windows = [(item.question, window) for item in items for window in item.windows]
        batch = collate(windows, self.tokenizer)
        with torch.autocast("cpu", torch.bfloat16, enabled=has_bfloat16()):
            logits = self.network(batch)
        loss = losses(items, batch, logits)
        self.optimiser.zero_grad()
        torch.autograd.backward(loss.together())
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), LARGEST_GRADIENT)
        self.optimiser.step()
        self.rates.step()
        return loss.choosing.item(), loss.pointing.item(), loss.judging.item()


def _optimiser(network: ReaderNetwork, rate: float, head_rate: float) -> torch.optim.AdamW:
    """Return the optimiser of a network with frozen word vectors.

    Args:
        network: The network.
        rate: The learning rate of the encoder.
        head_rate: The learning rate of the heads.
    """
    encoder = [weight for weight in network.encoder.parameters() if weight.requires_grad]
    heads = [
        weight
        for head in (network.answers, network.spans, network.verdicts)
        for weight in head.parameters()
    ]
    return torch.optim.AdamW([{"params": encoder, "lr": rate}, {"params": heads, "lr": head_rate}])


def main(
    data: Annotated[
        Path, typer.Argument(help="The folder of the training data.", exists=True, file_okay=False)
    ],
    out: Annotated[
        Path,
        typer.Argument(help="The folder for checkpoint, log and weights; a checkpoint is resumed."),
    ],
    encoder: Annotated[
        str, typer.Option(help="The pretrained encoder: minilm, or a folder with an MPNet.")
    ] = MINILM,
    minutes: Annotated[
        float, typer.Option(min=0.1, help="The time to train, over all sessions.")
    ] = 60,
    checkpoint_minutes: Annotated[
        float, typer.Option(min=0, help="The time between checkpoints.")
    ] = 10,
    more: Annotated[
        Path | None,
        typer.Option(help="A folder of further question sets.", exists=True, file_okay=False),
    ] = None,
    seed: Annotated[int, typer.Option(help="The seed of all random choices.")] = 1,
    start: Annotated[
        list[Path] | None,
        typer.Option(help="A folder of trained weights; repeat to continue from their mean."),
    ] = None,
) -> None:
    """Train the reader and write its weights."""
    out.mkdir(parents=True, exist_ok=True)
    base = pretrained(encoder)
    makers = _makers(data, more, base)
    training = Training(out, base, seed, minutes * 60, start or ())
    training.run(makers, out / "log.jsonl", checkpoint_minutes * 60)
    typer.echo(f"weights: {save_weights(training.network, out)}")
    if encoder == MINILM:  # `Reader` runs no other encoder yet.
        calibrate(data, out, more)


def _makers(data: Path, more: Path | None, start: Pretrained) -> Makers:
    """Read the data, print its size, and return the makers of items.

    Args:
        data: The folder of the training data.
        more: A folder of further question sets, if any.
        start: The pretrained encoder, for its tokenizer.
    """
    if more is None:
        corpora, judged = read_all(data), []
    else:
        held_back = held_back_texts(more, data)
        corpora = [*read_all(data, held_back), *read_sets(more, held_back)]
        judged = read_judged(more, held_back)
    typer.echo(summary(corpora))
    typer.echo(f"Questions and claims with a verdict: {len(judged):,}")
    return Makers(ItemMaker(corpora, start.tokenizer), VerdictMaker(judged, start.tokenizer))


if __name__ == "__main__":
    typer.run(main)
