"""The moving parts of a training, and one step of it.

Letters: B streams, T window, V vocabulary.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, optim
from torch.nn import utils

from rnnchat.model.file import read_model
from rnnchat.model.state import State
from rnnchat.network.network import Network, load_weights
from rnnchat.plan.recipe import Recipe
from rnnchat.runs.folder import RunFolder
from rnnchat.training import optimiser
from rnnchat.training.averaging import Average
from rnnchat.training.loss import measure_output
from rnnchat.training.machine import autocast
from rnnchat.training.rank import Rank


@dataclass
class Learner:
    """A network, what changes it, what its streams remember, and the average of its weights where there is one."""

    network: Network
    optimizer: optim.Optimizer
    state: State[Tensor]
    average: Average | None = None

    @contextlib.contextmanager
    def show_best(self) -> Iterator[Network]:
        """The network as it would be kept: with the average of its weights, where there is one, while it lasts."""
        with self.average.swap(self.network) if self.average else contextlib.nullcontext():
            yield self.network


def build_learner(recipe: Recipe, vocab_size: int, run: RunFolder) -> Learner:
    """The parts of a training at its beginning, the same for a seed; the network is that which it goes on from, if
    there is one in the run's folder."""
    torch.manual_seed(recipe.seed)
    network = Network(recipe.build_config(vocab_size))
    if run.base_path.exists():
        load_weights(network, read_model(run.base_path).weights)
    network = network.to(recipe.device)
    changer = optimiser.build(
        recipe.optimiser,
        network,
        recipe.learning_rate,
        recipe.betas,
        recipe.weight_decay,
        recipe.momentum,
        torch.bfloat16 if recipe.precision == "bfloat16" else torch.float32,
    )
    average = None if recipe.average == "none" else Average(network, recipe.average)
    return Learner(network, changer, network.initial_state(recipe.batch_size), average)


def take_step(
    learner: Learner, recipe: Recipe, ids: tuple[np.ndarray, np.ndarray], state: State[Tensor], rate: float, rank: Rank
) -> Tensor:
    """Learn from one window.

    Args:
        learner: it is changed, and has the state after the window then.
        recipe: how to learn.
        ids: inputs and targets, (B, T) each.
        state: before the window.
        rate: the learning rate.
        rank: of this process among those that train together.

    Returns:
        The mean cross-entropy () in nats per symbol, whatever loss is made smaller.
    """
    inputs, targets = (_move(torch.from_numpy(part), recipe.device) for part in ids)
    for group in learner.optimizer.param_groups:
        group["lr"] = rate
    with autocast(recipe):
        features, state = learner.network.read(inputs, state, recipe.build_regularisation())  # (B, T, F)
        loss, nats = measure_output(features, *learner.network.output_layer, targets, recipe.loss)
    if learner.network.penalty is not None:
        loss = loss + learner.network.penalty
    learner.optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    nats = rank.average(learner.network, nats)
    utils.clip_grad_norm_(learner.network.parameters(), recipe.clip_norm)
    learner.optimizer.step()
    if learner.average is not None:
        learner.average.update(learner.network)
    learner.state = state.map(Tensor.detach)
    return nats


def forget_some(state: State[Tensor], recipe: Recipe, step: int, rank: Rank) -> State[Tensor]:
    """Start some streams from nothing; drawn from seed and step alone, so that a resume draws the same."""
    random = torch.Generator().manual_seed((recipe.seed * 1_000_003 + step) % 2**63)
    kept = torch.rand(recipe.batch_size, 1, generator=random) >= recipe.reset_probability  # (B, 1)
    if kept.all():
        return state
    kept = _move(rank.cut(kept), recipe.device)
    return state.map(lambda part: part * kept.view(-1, *[1] * (part.ndim - 1)))


def _move(tensor: Tensor, device: str) -> Tensor:
    """The same numbers on the device."""
    if device != "cuda":
        return tensor.to(device)
    # From pinned memory, and only as a whole, nobody waits for the steps that a GPU has yet to take.
    return tensor.contiguous().pin_memory().to(device, non_blocking=True)
