"""The checkpoints of a run: the newest, and the last good one.

Only rank 0 writes them; the others read the same files. Before writing it gathers the states of all streams, which the
others send after they have read what they were told to: no file is replaced under a reader.
"""

import os
import shutil
import time
from pathlib import Path

from rnnchat import paths
from rnnchat.runs.event import Saved
from rnnchat.runs.folder import RunFolder
from rnnchat.training.checkpoint import Progress, save_checkpoint
from rnnchat.training.rank import Order, Rank
from rnnchat.training.worker import Worker

CHECKPOINT_EVERY_S = 30.0
MOST_CHECKPOINT_SHARE = 0.05
"""Checkpoints of a big network are written less often, so that they take at most this share of the time."""


class Keeper:
    """Saves checkpoints, and returns a training to the last good one."""

    def __init__(self, run: RunFolder, worker: Worker, rank: Rank) -> None:
        """Make sure that there is a good checkpoint."""
        self._run, self._worker, self._rank = run, worker, rank
        self._took_s = 0.0
        if worker.is_new:
            self._write(run.good_path, worker.begun)
        elif not run.good_path.exists():
            self.keep_good()
        self._saved_s = time.monotonic()

    def is_due(self) -> bool:
        """Whether to save now: twice a minute, or less often where saving takes long."""
        return time.monotonic() - self._saved_s >= max(CHECKPOINT_EVERY_S, self._took_s / MOST_CHECKPOINT_SHARE)

    def save(self, progress: Progress) -> Saved:
        """Write the newest checkpoint."""
        started = time.monotonic()
        self._write(self._run.checkpoint_path, progress)
        self._saved_s = time.monotonic()
        self._took_s = self._saved_s - started
        return Saved(progress.step, str(self._run.checkpoint_path))

    def keep_good(self) -> None:
        """Mark the newest checkpoint, just saved, as the last good one."""
        with paths.replace_atomically(self._run.good_path) as temporary:
            temporary.unlink()
            try:
                os.link(self._run.checkpoint_path, temporary)
            except OSError:  # not every file system has hard links
                shutil.copyfile(self._run.checkpoint_path, temporary)

    def go_back(self) -> Progress:
        """Return all processes to the last good checkpoint."""
        self._rank.order(Order.BACK)
        return self._worker.load(self._run.good_path)

    def _write(self, path: Path, progress: Progress) -> None:
        self._rank.order(Order.GATHER)
        save_checkpoint(path, self._worker.gather(), progress)
