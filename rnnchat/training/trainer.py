"""Train the network of a run folder, reporting progress as events.

Truncated back-propagation through time over parallel streams: the state is carried from window to window, the gradient
is not. Gradients are clipped; the learning rate warms up and then decays to zero. The network with the lowest
validation loss is kept, and everything that a resume needs is saved twice a minute. If the loss diverges, training
returns to the last good checkpoint with half the learning rate.
"""

import contextlib
import errno
import os
import shutil
import sys
import time
from collections.abc import Generator, Iterator
from dataclasses import replace

import torch

from rnnchat.errors import RnnchatError, TrainingError
from rnnchat.plan.recipe import Recipe
from rnnchat.runs.custody import take_over
from rnnchat.runs.event import Event, Failed, Noted, Paused, Resumed, Saved, Started
from rnnchat.runs.folder import RunFolder
from rnnchat.runs.heartbeat import Heartbeat
from rnnchat.runs.info import RunInfo
from rnnchat.training.failure import explain
from rnnchat.training.guard import Guard
from rnnchat.training.judge import DivergenceError, Judge
from rnnchat.training.keeper import Keeper
from rnnchat.training.machine import flush_denormals, measure_speed, settle_machine
from rnnchat.training.preparation import find_changed, prepare
from rnnchat.training.rank import ALONE, Order, Rank
from rnnchat.training.reporter import Reporter
from rnnchat.training.schedule import Clock, Schedule
from rnnchat.training.worker import Worker

CONTROL_EVERY_S = 0.2
MOST_SETBACKS = 4
"""How many times a training returns to its last good checkpoint before it fails."""


def train(run: RunFolder, rank: Rank = ALONE) -> Generator[Event, None, None]:
    """Train ``run`` from its start or its last checkpoint until its budget is used up.

    Every event is written to the run folder before it is yielded. Closing the iterator early interrupts the training: a
    checkpoint is saved, from which ``train`` resumes. ``run.ask("stop")`` ends it properly.

    Args:
        run: the folder of the run.
        rank: rank 0 of several processes; the others call `follower.follow`.

    Raises:
        TextError: a text of the run cannot be read or is too short.
        TrainingError: the run is active elsewhere, done or diverged, or a file cannot be written.
    """
    take_over(run)
    # The heart beats until a failure is recorded: a run whose heart stopped before would be taken for crashed.
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(flush_denormals())
            stack.enter_context(Heartbeat(run.heartbeat_path))
            for event in stack.enter_context(contextlib.closing(_work(run, rank))):
                run.append_event(event)
                yield event
        except RnnchatError as e:
            yield _record_failure(run, str(e))
            raise
        except Exception as e:
            message = explain(run, e)
            yield _record_failure(run, message)
            raise TrainingError(message) from e


def _work(run: RunFolder, rank: Rank) -> Generator[Event, None, None]:
    for unfinished in run.path.glob(".*.tmp"):
        # What a killed process was just writing. Others write these two, perhaps this very moment.
        if not unfinished.name.startswith((".control.", ".heartbeat.")):
            unfinished.unlink()
    info = run.read_info()
    if info.recipe is None:
        yield from prepare(run, measure_speed)
        info = run.read_info()
    recipe = settle_machine(info.get_recipe(), info.vocab_size)
    if recipe != info.recipe:
        info = replace(info, recipe=recipe)
        run.write_info(info)
    rank.check_batch(recipe.batch_size)
    torch.set_num_threads(rank.count_threads(recipe.threads))
    rank.order(Order.BEGIN, folder=str(run.path.absolute()))
    training = _Training(run, info, rank)
    if run.replaced_path.exists():
        shutil.rmtree(run.replaced_path)
    yield from training.begin()
    yield from training.learn()
    yield from training.finish()


def _record_failure(run: RunFolder, message: str) -> Failed:
    failed = Failed(message)
    # Where the folder is gone or the disk is full there is nowhere to write it.
    with contextlib.suppress(OSError):
        run.append_event(failed)
    return failed


class _Training:
    """One training in this process."""

    def __init__(self, run: RunFolder, info: RunInfo, rank: Rank) -> None:
        self._run, self._info, self._recipe, self._rank = run, info, info.get_recipe(), rank
        self._worker = Worker(run, info, rank)
        self._keeper = Keeper(run, self._worker, rank)
        progress = self._worker.begun
        self._setbacks = progress.setbacks
        self._guard = Guard(progress.bounds)
        self._clock = Clock(progress.elapsed_s)
        self._schedule = Schedule(self._recipe, info.train_tokens, self._clock)
        self._judge = Judge(run, info, self._worker.learner, self._schedule, progress)
        self._reporter = Reporter(info, self._schedule, progress.step)
        self._samples_asked = 0
        self._control_read_s = time.monotonic()
        self._is_stopping = self._is_used_up = False

    @property
    def _step(self) -> int:
        return self._worker.step

    def begin(self) -> Iterator[Event]:
        """Report what is about to happen."""
        info, name = self._info, self._run.name
        if self._worker.is_new:
            total = self._schedule.total_steps
            yield Started(name, info.parameters, info.train_chars, info.train_tokens, info.vocab_size, total)
        else:
            yield Resumed(self._step)
        # A run without a checkpoint may have been killed behind its preparation.
        if changed := find_changed(info):
            yield Noted(f"Changed since the run began: {changed}. Training continues on the text as it was then.")
        yield Noted(f"Precision: {self._recipe.precision}, on {_describe_device(self._recipe)}{self._rank.describe()}.")
        if self._worker.is_new and self._run.base_path.exists():
            # The base model itself is the first model of the run: it can be used at once, and is never made worse.
            yield from self._judge.look(self._step)

    def learn(self) -> Iterator[Event]:
        """Take steps until the budget is used up or a stop is requested."""
        try:
            while not self._is_stopping and not self._is_over():
                try:
                    yield from self._go_on()
                except DivergenceError as e:
                    yield from self._go_back(e)
        except GeneratorExit:
            # At interpreter exit what saving needs is already gone; the last checkpoint stands.
            if self._run.exists and not sys.is_finalizing():
                self._save()
            raise

    def finish(self) -> Iterator[Event]:
        """Make the best network a model of the library."""
        if self._is_stopping and not self._judge.has_best():
            try:
                yield from self._judge.look(self._step)
            except DivergenceError as e:
                raise self._give_up(e) from e
        if looks := 0 if self._is_stopping or self._is_used_up else self._judge.find_end():
            yield Noted(
                f"Stopped early: no improvement in the last {looks} validations. The model with the lowest validation "
                "loss is kept."
            )
        yield self._save()
        self._rank.order(Order.END)
        yield from self._judge.conclude(self._step, self._is_stopping)
        if not self._is_stopping:
            for path in (self._run.good_path, self._run.base_path):
                path.unlink(missing_ok=True)

    def _is_over(self) -> bool:
        """Whether the budget is used up or training stops early, and the last step has been evaluated."""
        # Once used up, a budget stays so, even if the last evaluation took less time than was reserved for it.
        self._is_used_up = self._is_used_up or self._schedule.measure_progress(self._step) >= 1
        has_looked = self._judge.has_looked_at(self._step)
        return has_looked and (self._is_used_up or self._judge.find_end() > 0)

    def _go_on(self) -> Iterator[Event]:
        """Do whatever is due, then take the next step, so that a resumed run starts with the former; after the last
        step evaluate."""
        if self._is_used_up:
            if self._reporter.has_news:
                yield self._reporter.report(self._step)
            yield from self._judge.look(self._step)
            return
        yield from self._look_up()
        yield from self._obey()
        if self._is_stopping or self._is_over():
            return
        self._take_step()

    def _take_step(self) -> None:
        rate = self._schedule.compute_rate(self._step) * 0.5**self._setbacks
        self._rank.order(Order.STEP, rate, self._step)
        loss = self._worker.take_step(rate)
        self._reporter.add(loss, rate)
        self._judge.add(loss)
        if self._guard.add(loss, self._step):
            raise DivergenceError(f"the loss diverged by step {self._step:,}")

    def _go_back(self, cause: DivergenceError) -> Iterator[Event]:
        """Return to the last good checkpoint with half the learning rate."""
        rate = self._recipe.learning_rate * 0.5**self._setbacks
        if self._setbacks >= MOST_SETBACKS:
            raise self._give_up(cause) from cause
        self._setbacks += 1
        self._is_used_up = False
        progress = self._keeper.go_back()
        self._guard = Guard(progress.bounds)
        self._judge.go_back(progress)
        self._reporter = Reporter(self._info, self._schedule, self._step)
        yield Noted(f"{str(cause).capitalize()}: back to step {self._step:,}, at learning rate {rate / 2:g}.")
        yield Resumed(self._step)
        yield self._save()

    def _give_up(self, cause: DivergenceError) -> TrainingError:
        rate = self._recipe.learning_rate * 0.5**self._setbacks
        kept = f"the best model so far is kept as {self._run.name!r}; " if self._run.best_path.exists() else ""
        return TrainingError(f"{cause}: {kept}start again with --lr below {rate:g}")

    def _look_up(self) -> Iterator[Event]:
        """Between two steps: report, evaluate, sample and save, each where it is due."""
        if not self._run.exists:
            # Writing a file would bring a deleted folder back, with that file alone in it.
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), self._run.path)
        if self._judge.keep_milestone(self._step):
            self._reporter.leave_out()
        is_evaluation_due = self._judge.is_evaluation_due(self._step)
        if self._reporter.is_due() or (is_evaluation_due and self._reporter.has_news):
            yield self._reporter.report(self._step)
        if is_evaluation_due:
            yield from self._judge.look(self._step)
            if self._guard.is_well:
                yield self._save()
                self._keeper.keep_good()
            self._reporter.leave_out()
        yield from self._judge.judge_size(self._step)
        if self._judge.is_sample_due():
            yield from self._judge.write_samples(self._step)
            self._reporter.leave_out()
        if self._keeper.is_due():
            yield self._save()
            self._reporter.leave_out()

    def _obey(self) -> Iterator[Event]:
        """Carry out what a watcher requested."""
        if time.monotonic() - self._control_read_s < CONTROL_EVERY_S:
            return
        control = self._run.read_control()
        if control.request == "pause":
            yield self._save()
            yield Paused(self._step)
            paused = time.monotonic()
            while (control := self._run.read_control()).request == "pause":
                self._rank.order(Order.WAIT)
                time.sleep(CONTROL_EVERY_S)
            self._clock.leave_out(time.monotonic() - paused)
            self._reporter.leave_out()
            yield Resumed(self._step)
        if control.samples > self._samples_asked:
            self._samples_asked = control.samples
            yield from self._judge.write_samples(self._step)
        self._is_stopping = control.request == "stop"
        self._control_read_s = time.monotonic()

    def _save(self) -> Saved:
        progress = self._judge.tell_progress(self._step)
        return self._keeper.save(replace(progress, setbacks=self._setbacks, bounds=self._guard.tell()))


def _describe_device(recipe: Recipe) -> str:
    if recipe.device == "cuda":
        return torch.cuda.get_device_name()
    if recipe.device == "mps":
        return "the Apple GPU"
    return f"{recipe.threads} processor core{'s' if recipe.threads > 1 else ''}"
