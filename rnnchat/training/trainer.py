"""Trains the network of a run folder, telling what happens event by event.

Truncated back-propagation through time over parallel streams: the state is carried from window to window, the
error only through one. Gradients are clipped, and the rate rises first and then comes down to zero. The best network
on the held-out text is kept; everything that a resume needs is saved twice a minute. A loss that goes out of bounds
sends the training back to where it last was not, with half the rate.
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
from rnnchat.runs.event import Event, Failed, Noted, Paused, Resumed, Saved, Started
from rnnchat.runs.folder import RunFolder, take_over
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
"""So often a training goes back to where its loss was not out of bounds, before it is given up."""


def train(run: RunFolder, rank: Rank = ALONE) -> Generator[Event, None, None]:
    """Start the training of ``run``, or go on from where it was interrupted, until its budget is used up.

    Every event is written to the run folder before it is given. Whoever closes the iterator early interrupts the
    training: a checkpoint is saved, and ``train`` goes on from it. ``run.ask("stop")`` ends it properly.

    Args:
        run: the folder of the run.
        rank: rank 0 of several processes; the others call `follower.follow`.

    Raises:
        TextError: a text of the run cannot be read or is too short.
        TrainingError: the run is under way elsewhere or done, diverged, or the disk refuses.
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
        """Say what is about to happen."""
        info, name = self._info, self._run.name
        if self._worker.is_new:
            total = self._schedule.total_steps
            yield Started(name, info.parameters, info.train_chars, info.train_tokens, info.vocab_size, total)
        else:
            yield Resumed(self._step)
        # A run without a checkpoint may have been killed behind its preparation.
        if changed := find_changed(info):
            yield Noted(f"Changed since the run began: {changed}. It goes on with the text as it was then.")
        yield Noted(
            f"Computing in {self._recipe.precision} on {_describe_device(self._recipe)}{self._rank.describe()}."
        )

    def learn(self) -> Iterator[Event]:
        """Take steps until the budget is used up or a stop is asked for."""
        try:
            while not self._is_stopping and not self._is_over():
                try:
                    yield from self._go_on()
                except DivergenceError as e:
                    yield from self._go_back(e)
        except GeneratorExit:
            # A program that ends with the iterator open has lost what saving needs; the last checkpoint stands.
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
                f"Ended early: the last {looks} looks at the held-out text found nothing better than before. "
                "The model is that of the best one."
            )
        yield self._save()
        self._rank.order(Order.END)
        yield from self._judge.conclude(self._step, self._is_stopping)
        if not self._is_stopping:
            for path in (self._run.good_path, self._run.base_path):
                path.unlink(missing_ok=True)

    def _is_over(self) -> bool:
        """Is there nothing left to learn, or no time for it? The last step has been looked at then."""
        # Once used up, a budget stays so, whatever the last look says of the time that such a look takes.
        self._is_used_up = self._is_used_up or self._schedule.measure_progress(self._step) >= 1
        has_looked = self._judge.has_looked_at(self._step)
        return has_looked and (self._is_used_up or self._judge.find_end() > 0)

    def _go_on(self) -> Iterator[Event]:
        """The next step, and before it all that is due, so that a resumed run does that first; after the last step
        the last look."""
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
            raise DivergenceError(f"the loss rose out of bounds by step {self._step:,}")

    def _go_back(self, cause: DivergenceError) -> Iterator[Event]:
        """Take up the training where all was well for the last time, with half the learning rate."""
        rate = self._recipe.learning_rate * 0.5**self._setbacks
        if self._setbacks >= MOST_SETBACKS:
            raise self._give_up(cause) from cause
        self._setbacks += 1
        self._is_used_up = False
        progress = self._keeper.go_back()
        self._guard = Guard(progress.bounds)
        self._judge.go_back(progress)
        self._reporter = Reporter(self._info, self._schedule, self._step)
        yield Noted(f"{str(cause).capitalize()}: back to step {self._step:,}, with a learning rate of {rate / 2:g}.")
        yield Resumed(self._step)
        yield self._save()

    def _give_up(self, cause: DivergenceError) -> TrainingError:
        rate = self._recipe.learning_rate * 0.5**self._setbacks
        kept = f"the best model so far stays as {self._run.name!r}; " if self._run.best_path.exists() else ""
        return TrainingError(f"{cause}: {kept}start again with a lower --lr than {rate:g}")

    def _look_up(self) -> Iterator[Event]:
        """Between two steps: report, look at the held-out text, sample and save, each where it is due."""
        if not self._run.exists:
            # Writing a file would bring a deleted folder back, with that file alone in it.
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), self._run.path)
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
        """Do what a watcher asks for."""
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
