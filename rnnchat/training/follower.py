"""A process that trains together with others and does not lead: it does what rank 0 orders."""

from pathlib import Path

import torch

from rnnchat.errors import TrainingError
from rnnchat.runs.folder import RunFolder
from rnnchat.training.machine import flush_denormals
from rnnchat.training.rank import Order, Together
from rnnchat.training.worker import Worker


def follow(rank: Together) -> None:
    """Take the steps that rank 0 orders, until it ends the training.

    Raises:
        TrainingError: another process is gone, or the run folder cannot be read from here as it is there.
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
    """A disk that machines share may give one of them an older checkpoint than rank 0 has: the network would be
    another one, and nobody would notice."""
    if own != ordered:
        raise TrainingError(
            f"a checkpoint in {run.path} reads as that of step {own:,} here, and of step {ordered:,} where rank 0 "
            f"runs: let both see the same disk, then go on with --resume {run.typed_name}"
        )
