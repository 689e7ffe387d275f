"""What a training updates, and one step of it.

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
from rnnchat.plan.options import Freezing
from rnnchat.plan.recipe import Recipe
from rnnchat.runs.folder import RunFolder
from rnnchat.training import optimiser
from rnnchat.training.averaging import Average
from rnnchat.training.loss import measure_output
from rnnchat.training.machine import autocast
from rnnchat.training.rank import Rank


@dataclass
class Learner:
    """A network, its optimiser, the states of its streams, and the average of its weights if there is one."""

    network: Network
    optimizer: optim.Optimizer
    state: State[Tensor]
    average: Average | None = None
    start: tuple[Tensor, ...] = ()
    """The parameters at the start, where the weights are pulled towards them."""

    @contextlib.contextmanager
    def show_best(self) -> Iterator[Network]:
        """The network as it would be stored: for the duration of the block, with the average of its weights if there is
        one."""
        with self.average.swap(self.network) if self.average else contextlib.nullcontext():
            yield self.network


def build_learner(recipe: Recipe, vocab_size: int, run: RunFolder) -> Learner:
    """The learner at the start of a training, the same for the same seed; with the weights of the base model if the
    run has one."""
    torch.manual_seed(recipe.seed)
    network = Network(recipe.build_config(vocab_size))
    if run.base_path.exists():
        load_weights(network, read_model(run.base_path).weights)
    network = network.to(recipe.device)
    _freeze(network, recipe.freeze)
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
    start = tuple(parameter.detach().clone() for parameter in network.parameters()) if recipe.pull else ()
    return Learner(network, changer, network.initial_state(recipe.batch_size), average, start)


def _freeze(network: Network, part: Freezing) -> None:
    """Keep a part of the network as it is."""
    layers = {id(parameter) for parameter in network.layers.parameters()}
    for parameter in network.parameters():
        if part != "none":
            parameter.requires_grad_((id(parameter) in layers) == (part == "embedding"))


def take_step(
    learner: Learner, recipe: Recipe, ids: tuple[np.ndarray, np.ndarray], state: State[Tensor], rate: float, rank: Rank
) -> Tensor:
    """Take one optimiser step on one window.

    Args:
        learner: updated in place, including its state after the window.
        recipe: the hyperparameters.
        ids: inputs and targets, (B, T) each.
        state: before the window.
        rate: the learning rate.
        rank: this process among those that train together.

    Returns:
        The mean cross-entropy () in nats per symbol, whatever the loss.
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
    if learner.start:
        with torch.no_grad():
            torch._foreach_lerp_(list(learner.network.parameters()), list(learner.start), min(1.0, rate * recipe.pull))
    if learner.average is not None:
        learner.average.update(learner.network)
    learner.state = state.map(Tensor.detach)
    return nats


def forget_some(state: State[Tensor], recipe: Recipe, step: int, rank: Rank) -> State[Tensor]:
    """Reset the states of some streams; drawn from seed and step alone, so that a resume draws the same."""
    random = torch.Generator().manual_seed((recipe.seed * 1_000_003 + step) % 2**63)
    kept = torch.rand(recipe.batch_size, 1, generator=random) >= recipe.reset_probability  # (B, 1)
    if kept.all():
        return state
    kept = _move(rank.cut(kept), recipe.device)
    return state.map(lambda part: part * kept.view(-1, *[1] * (part.ndim - 1)))


def _move(tensor: Tensor, device: str) -> Tensor:
    """The tensor on the device."""
    if device != "cuda":
        return tensor.to(device)
    # Only from pinned memory is a copy asynchronous, so that it does not wait for the steps queued on the GPU.
    return tensor.contiguous().pin_memory().to(device, non_blocking=True)
