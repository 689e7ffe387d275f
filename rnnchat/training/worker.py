"""What every process of a training does, whether it is alone, rank 0 or a follower: take steps on its share of the
streams, and restore checkpoints.
"""

from dataclasses import replace
from pathlib import Path

from torch import Tensor

from rnnchat.runs.folder import RunFolder
from rnnchat.runs.info import RunInfo
from rnnchat.text.ids import open_ids
from rnnchat.training.checkpoint import Progress, load_checkpoint
from rnnchat.training.learner import Learner, build_learner, forget_some, take_step
from rnnchat.training.rank import Rank
from rnnchat.training.window import Streams


class Worker:
    """The learner of a training in this process, and how many steps it has taken."""

    def __init__(self, run: RunFolder, info: RunInfo, rank: Rank) -> None:
        """Start at the newest checkpoint of the run, or at the beginning if there is none."""
        self._recipe, self._rank, recipe = info.get_recipe(), rank, info.get_recipe()
        ids = open_ids(run.ids_path, info.vocab_size)
        self._streams = Streams(ids, recipe.batch_size, recipe.window, rank.number, rank.size)
        self.learner = build_learner(recipe, info.vocab_size, run)
        """Its state is that of this process's share of the streams."""
        self.learner.state = rank.cut_state(self.learner.state)
        if rank.number != 0:
            self.learner.average = None  # rank 0 has it
        self.step = 0
        """How many steps were taken."""
        self.is_new = not run.checkpoint_path.exists()
        """Whether it started at the beginning."""
        self.begun = Progress() if self.is_new else self.load(run.checkpoint_path)
        """Where it started."""

    def take_step(self, rate: float) -> Tensor:
        """Learn from the next window, at a learning rate; its loss () in nats."""
        self._rank.seed_step(self._recipe.seed, self.step)
        state = forget_some(self.learner.state, self._recipe, self.step, self._rank)
        ids = self._streams.read(self.step)
        loss = take_step(self.learner, self._recipe, ids, state, rate, self._rank)
        self.step += 1
        return loss

    def load(self, path: Path) -> Progress:
        """Go on from a checkpoint, which holds the states of all streams.

        Raises:
            TrainingError: the file cannot be read, or belongs to another network.
        """
        progress = load_checkpoint(path, self.learner)
        self.learner.state = self._rank.cut_state(self.learner.state)
        self.step = progress.step
        return progress

    def gather(self) -> Learner:
        """What a checkpoint holds: the learner with the states of all streams; all processes do it together."""
        return replace(self.learner, state=self._rank.gather_state(self.learner.state))
