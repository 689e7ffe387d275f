"""A process of a distributed training that follows rank 0."""

from pathlib import Path

import torch

from rnnchat.errors import TrainingError
from rnnchat.runs.folder import RunFolder
from rnnchat.training.machine import flush_denormals
from rnnchat.training.rank import Order, Together
from rnnchat.training.worker import Worker


def follow(rank: Together) -> None:
    """Take the steps that rank 0 commands until it ends the training.

    Raises:
        TrainingError: another process has exited, or this process sees a different run folder than rank 0.
    """
    told = rank.hear()
    if told.order is not Order.BEGIN:
        return
    run = RunFolder(Path(told.folder))
    info = run.read_info()
    torch.set_num_threads(rank.count_threads(info.get_recipe().threads))
    with flush_denormals():
        _obey(rank, Worker(run, info, rank), run)


def _obey(rank: Together, worker: Worker, run: RunFolder) -> None:
    while (told := rank.hear()).order is not Order.END:
        if told.order is Order.STEP:
            _check_step(run, worker.step, told.step)
            worker.take_step(told.rate)
        elif told.order is Order.BACK:
            worker.load(run.good_path)
        elif told.order is Order.GATHER:
            worker.gather()


def _check_step(run: RunFolder, own: int, ordered: int) -> None:
    """Refuse a checkpoint older than that of rank 0, which a shared disk may serve: the weights would silently
    differ."""
    if own != ordered:
        raise TrainingError(
            f"the checkpoint in {run.path} is of step {own:,} here but of step {ordered:,} on rank 0: make sure that "
            f"both see the same disk, then continue with --resume {run.typed_name}"
        )
