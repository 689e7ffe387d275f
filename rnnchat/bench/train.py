"""What ``rnnchat bench train`` measures: rnnchat's own training step against plain ways of training with torch.

Letters: N ids, B streams, T window, V vocabulary.

All ways learn from the same random ids, in turns, in this process. Rates are targets a second, symbols of which the
network learns to tell what they are: each symbol that is read is one, but for windows with one target each.
"""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from rnnchat.bench.aim import Aim
from rnnchat.bench.plain_loop import DEFAULT_THREADS
from rnnchat.bench.plain_training import SymbolTraining, TargetTraining, WindowTraining
from rnnchat.bench.stopwatch import Measured, Way, compare
from rnnchat.plan.choice import count_threads
from rnnchat.plan.recipe import Recipe
from rnnchat.runs.folder import RunFolder
from rnnchat.training.guard import Guard, GuardState
from rnnchat.training.learner import build_learner, forget_some, take_step
from rnnchat.training.machine import flush_denormals, settle_machine
from rnnchat.training.meter import Meter
from rnnchat.training.rank import ALONE
from rnnchat.training.schedule import Clock, Schedule
from rnnchat.training.window import Streams

VOCAB_SIZE = 65
"""As many symbols as Shakespeare's plays have, as they are commonly learnt from."""
LENGTH = 1_000_000
"""N; as many characters as those plays have, nearly."""
STEPS = 1_000_000
"""More than will be taken: the rate of the schedule comes down slowly."""
OWN = "rnnchat"
MUON = "rnnchat with muon"
BARE = "bare loop, float32"
SAME = "bare loop, same precision"
BY_SYMBOL = "nn.GRU, a symbol at a time"
BY_TARGET = "windows with one target"


class Training(NamedTuple):
    """A network, how it reads, and what rnnchat's way of training it is measured against."""

    hidden_sizes: tuple[int, ...]
    embedding_size: int
    batch_size: int
    window: int
    others: tuple[str, ...]


SIZES = {
    "2x512": Training((512, 512), 64, 64, 64, (MUON, BARE, SAME)),
    "1x512": Training((512,), 64, 64, 64, (MUON, BARE, SAME)),
    "2x100": Training((100, 100), 100, 100, 200, (BY_SYMBOL,)),
    "128-64": Training((128, 64), 32, 128, 50, (BY_TARGET,)),
}
"""Layers x units, or units of each layer. Batch and window of the first two are those that ``rnnchat train`` takes."""
AIMS = (
    Aim("2x512", f"against the {SAME}", 0.97),
    Aim("1x512", f"against the {SAME}", 0.97),
    Aim("2x100", f"against {BY_SYMBOL}", 2.5),
    Aim("128-64", f"against {BY_TARGET}", 60),
)
BFLOAT16_AIM = Aim("2x512", f"against the {BARE}", 1.5)
"""Where the processor has instructions for bfloat16."""


@dataclass(kw_only=True)
class MeasuredTraining(Measured):
    """All that was measured of one network: rates are targets."""

    recipe: Recipe

    @property
    def title(self) -> str:
        """Its name and the precision that rnnchat takes."""
        return f"{self.name} ({self.recipe.precision})"

    def to_json(self) -> dict[str, Any]:
        """All of it as plain JSON values."""
        config = self.recipe.build_config(VOCAB_SIZE)
        return {
            "name": self.name,
            "network": config.describe(),
            "vocab_size": VOCAB_SIZE,
            "parameters": config.parameters,
            "recipe": self.recipe.to_json(),
            "ways": self.describe_ways("targets_per_s"),
            "figures": self.describe_figures(),
        }


class OwnTraining:
    """What the trainer does from one step to the next, on ids in memory."""

    def __init__(self, recipe: Recipe, ids: np.ndarray, vocab_size: int) -> None:
        """Args: a recipe of this machine, see `settle_machine`; ids (N,); V."""
        self._recipe = recipe
        self._streams = Streams(ids, recipe.batch_size, recipe.window)
        with tempfile.TemporaryDirectory() as folder:  # a run without files: nothing to go on from
            self.learner = build_learner(recipe, vocab_size, RunFolder(Path(folder)))
        self._schedule = Schedule(recipe, len(ids), Clock())
        self._guard, self._meter = Guard(GuardState()), Meter()
        self._step = 0

    def step(self) -> Tensor:
        """Learn from the next window; its loss ()."""
        rate = self._schedule.compute_rate(self._step)
        ALONE.seed_step(self._recipe.seed, self._step)
        state = forget_some(self.learner.state, self._recipe, self._step, ALONE)
        ids = self._streams.read(self._step)
        loss = take_step(self.learner, self._recipe, ids, state, rate, ALONE)
        self._step += 1
        self._meter.add(loss)
        self._guard.add(loss, self._step)
        return loss


def choose_aims() -> tuple[Aim, ...]:
    """What this machine should come to."""
    return (BFLOAT16_AIM, *AIMS) if has_bfloat16() else AIMS


def has_bfloat16() -> bool:
    """Has the processor instructions for products of bfloat16 numbers (AVX512-BF16)?"""
    return bool(torch.cpu._is_avx512_bf16_supported())


def build_recipe(training: Training) -> Recipe:
    """How rnnchat trains it on this machine's processor: in the precision that is measured to be faster."""
    recipe = Recipe(
        level="char",
        cell="lstm",
        hidden_sizes=training.hidden_sizes,
        embedding_size=training.embedding_size,
        dropout=0.0,
        tied=False,
        max_vocab=None,
        batch_size=training.batch_size,
        window=training.window,
        learning_rate=1e-3,
        minutes=None,
        epochs=None,
        steps=STEPS,
        threads=count_threads(beside_tui=False),
    )
    return settle_machine(recipe, VOCAB_SIZE)


def measure_training(name: str, seconds: float, rounds: int) -> MeasuredTraining:
    """Measure one of `SIZES`.

    Args:
        name: of the size.
        seconds: for each way in each round.
        rounds: how many.
    """
    threads = torch.get_num_threads()
    training = SIZES[name]
    with flush_denormals():
        try:
            recipe = build_recipe(training)
            measured = MeasuredTraining(name=name, recipe=recipe)
            measured.measure(list_ways(training, recipe), seconds, rounds)
        finally:
            torch.set_num_threads(threads)
    for other in training.others:
        article = "the " if other in (BARE, SAME) else ""
        measured.figures[f"against {article}{other}"] = compare(measured.rates[OWN], measured.rates[other])
    return measured


def list_ways(training: Training, recipe: Recipe) -> list[Way]:
    """rnnchat's way, and those that it is measured against."""
    ids = np.random.default_rng(1).integers(VOCAB_SIZE, size=LENGTH).astype(np.uint8)
    symbols = recipe.batch_size * recipe.window
    build: dict[str, Callable[[], OwnTraining | WindowTraining | SymbolTraining | TargetTraining]] = {
        MUON: lambda: OwnTraining(replace(recipe, optimiser="muon"), ids, VOCAB_SIZE),
        BARE: lambda: WindowTraining(replace(recipe, precision="float32"), ids, VOCAB_SIZE),
        SAME: lambda: WindowTraining(recipe, ids, VOCAB_SIZE, is_fused=True),
        BY_SYMBOL: lambda: SymbolTraining(recipe, ids, VOCAB_SIZE),
        BY_TARGET: lambda: TargetTraining(recipe, ids, VOCAB_SIZE),
    }
    own = Way(OWN, OwnTraining(recipe, ids, VOCAB_SIZE).step, symbols, recipe.threads, _prepare(recipe.threads, True))
    others = [
        Way(
            other,
            build[other]().step,
            recipe.batch_size if other == BY_TARGET else symbols,
            threads := recipe.threads if other == MUON else DEFAULT_THREADS,
            _prepare(threads, other == MUON),
        )
        for other in training.others
    ]
    return [own, *others]


def _prepare(threads: int, is_flushed: bool) -> Callable[[], None]:
    """What has to be set before a way is run: the trainer takes numbers too small to matter for 0, others do not."""

    def prepare() -> None:
        torch.set_num_threads(threads)
        torch.set_flush_denormal(is_flushed)

    return prepare
