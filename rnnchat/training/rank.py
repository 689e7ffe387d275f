"""Data-parallel training: torchrun starts several processes, and each trains on its share of the streams.

Rank 0 leads: it alone prepares the run, writes to its folder, looks at the clock and at what is asked for, and orders
each step. The others follow: they take the steps that are ordered, with the rate that is ordered, so that nothing that
they could decide differently is left to them. Each step the gradients of all are averaged, in one buffer with the
loss: every process then changes its own copy of the network in the same way.

Letters: B streams of all, H hidden.
"""

import contextlib
import os
from collections.abc import Iterator
from datetime import timedelta
from enum import IntEnum
from typing import NamedTuple

import torch
from torch import Tensor, distributed, nn

from rnnchat.errors import TrainingError
from rnnchat.model.state import State

PATIENCE = timedelta(hours=6)
"""How long the others wait for rank 0, which may have a long text to prepare."""


class Order(IntEnum):
    """What rank 0 commands the others to do next."""

    BEGIN = 0
    """Open the run in the given folder."""
    STEP = 1
    """Take the given step at the given learning rate."""
    GATHER = 2
    """Send the states of the streams to rank 0."""
    WAIT = 3
    """Do nothing; more commands follow."""
    END = 4
    BACK = 5
    """Return to the last good checkpoint."""


class Told(NamedTuple):
    """A command of rank 0 with its arguments."""

    order: Order
    rate: float
    """The learning rate of a step."""
    step: int
    """How many steps were taken before it."""
    folder: str
    """Of the run that begins."""


class Rank:
    """A process that trains alone; base class of one among several."""

    number = 0
    size = 1
    local_size = 1
    """Processes on this machine."""

    def count_threads(self, threads: int) -> int:
        """How many of a machine's ``threads`` this process takes."""
        return max(1, threads // self.local_size)

    def describe(self) -> str:
        """The rest of a sentence about what computes: " in 2 processes"."""
        return f", in {self.size} processes" if self.size > 1 else ""

    def cut(self, streams: Tensor) -> Tensor:
        """The share of this process in something that has a row for each stream: (B, …) to (B / size, …)."""
        own = streams.shape[0] // self.size
        return streams[self.number * own : (self.number + 1) * own]

    def cut_state(self, state: State[Tensor]) -> State[Tensor]:
        """The share of this process in the states of all streams."""
        return state.map(self.cut)

    def check_batch(self, streams: int) -> None:
        """Refuse B streams that have no equal shares.

        Raises:
            TrainingError: saying what would do.
        """
        if streams % self.size:
            fitting = -(-streams // self.size) * self.size
            raise TrainingError(
                f"{streams} streams cannot be divided among {self.size} processes: choose --batch {fitting}"
            )

    def order(self, order: Order, rate: float = 0.0, step: int = 0, folder: str = "") -> None:
        """Let the others do something; rank 0 only."""

    def seed_step(self, seed: int, step: int) -> None:
        """Let what this process draws in a step depend on nothing but the step and its rank."""

    def average(self, network: nn.Module, loss: Tensor) -> Tensor:
        """Replace the gradients of ``network`` by their mean over all processes, and give that of the loss ()."""
        return loss

    def gather_state(self, state: State[Tensor]) -> State[Tensor]:
        """The states of all streams, from the shares of all processes."""
        return state


ALONE = Rank()


class Together(Rank):
    """One of several processes that train together."""

    def __init__(self) -> None:
        self.number, self.size = distributed.get_rank(), distributed.get_world_size()
        self.local_size = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
        self.is_over = self.is_lost = False
        """Whether the training has ended; whether a process was lost."""
        self._is_in_step = False

    def order(self, order: Order, rate: float = 0.0, step: int = 0, folder: str = "") -> None:
        # Within a step the others expect gradients; all they can notice is that this process has exited.
        if self.is_over or self._is_in_step:
            return
        with self._talk():
            distributed.broadcast(torch.tensor([order, rate, step], dtype=torch.float64), 0)
            if order is Order.BEGIN:
                distributed.broadcast_object_list([folder], 0)
        self._is_in_step = order is Order.STEP
        self.is_over = order is Order.END

    def hear(self) -> Told:
        """Wait for what rank 0 orders next."""
        told, folder = torch.zeros(3, dtype=torch.float64), [""]
        with self._talk():
            distributed.broadcast(told, 0)
            number, rate, step = told.tolist()
            order = Order(int(number))
            if order is Order.BEGIN:
                distributed.broadcast_object_list(folder, 0)
        return Told(order, rate, int(step), folder[0])

    def seed_step(self, seed: int, step: int) -> None:
        torch.manual_seed((seed * 1_000_003 + step * self.size + self.number) % 2**63)

    def average(self, network: nn.Module, loss: Tensor) -> Tensor:
        gradients = {p: p.grad for p in network.parameters() if p.grad is not None}
        buffer = torch.cat([loss.detach().reshape(1), *(gradient.flatten() for gradient in gradients.values())])
        with self._talk():
            distributed.all_reduce(buffer)
        self._is_in_step = False
        buffer /= self.size
        place = 1
        for parameter in gradients:
            parameter.grad = buffer[place : place + parameter.numel()].view_as(parameter)
            place += parameter.numel()
        return buffer[0]

    def gather_state(self, state: State[Tensor]) -> State[Tensor]:
        return state.map(self._gather)

    @contextlib.contextmanager
    def _talk(self) -> Iterator[None]:
        """Turn a connection error into one sentence."""
        try:
            yield
        except (RuntimeError, ValueError) as e:
            self.is_over = self.is_lost = True
            raise TrainingError(
                f"another process of this training has exited ({_shorten(e)}): "
                "continue from the last checkpoint with --resume NAME"
            ) from e

    def _gather(self, own: Tensor) -> Tensor:
        """(B / size, H) of each process to (B, H)."""
        parts = [torch.empty_like(own) for _ in range(self.size)]
        with self._talk():
            distributed.all_gather(parts, own.contiguous())
        return torch.cat(parts)


@contextlib.contextmanager
def join() -> Iterator[Together]:
    """Join the other processes that torchrun started for the duration of the block.

    Raises:
        TrainingError: they cannot connect.
    """
    has_gpus = torch.cuda.is_available() and distributed.is_nccl_available()
    if has_gpus:
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")) % torch.cuda.device_count())
    try:
        distributed.init_process_group("cpu:gloo,cuda:nccl" if has_gpus else "gloo", timeout=PATIENCE)
    except (RuntimeError, ValueError) as e:
        raise TrainingError(f"the processes of this training cannot connect ({_shorten(e)}): see docs/scale.md") from e
    together = Together()
    try:
        yield together
    finally:
        if together.number == 0:
            with contextlib.suppress(TrainingError):
                together.order(Order.END)
        # Whoever waits for a process that is gone waits for ever.
        if not together.is_lost:
            distributed.destroy_process_group()


def _shorten(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:200]
