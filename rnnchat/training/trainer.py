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
from pathlib import Path

import torch
from torch import Tensor

from rnnchat import paths
from rnnchat.errors import RnnchatError, TrainingError
from rnnchat.text.ids import open_ids
from rnnchat.training.batch import Streams
from rnnchat.training.checkpoint import Progress, load_checkpoint, save_checkpoint
from rnnchat.training.event import Event, Failed, Noted, Paused, Resumed, Saved, Started, Stepped
from rnnchat.training.failure import explain
from rnnchat.training.guard import Guard
from rnnchat.training.heartbeat import Heartbeat
from rnnchat.training.judge import DivergenceError, Judge, check_number
from rnnchat.training.learner import build_learner, forget_some, take_step
from rnnchat.training.machine import flush_denormals, settle_machine
from rnnchat.training.meter import Meter
from rnnchat.training.preparation import find_changed, prepare
from rnnchat.training.rank import ALONE, Order, Rank, Together
from rnnchat.training.recipe import Recipe
from rnnchat.training.run_folder import RunFolder, take_over
from rnnchat.training.run_info import RunInfo
from rnnchat.training.schedule import Clock, Schedule

REPORT_EVERY_S = 0.5
CONTROL_EVERY_S = 0.2
CHECKPOINT_EVERY_S = 30.0
MOST_CHECKPOINT_SHARE = 0.05
"""Checkpoints of a big network are written less often, so that they take no more of the time than this."""
MOST_SETBACKS = 4
"""So often a training goes back to where its loss was not out of bounds, before it is given up."""


def train(run: RunFolder, rank: Rank = ALONE) -> Generator[Event, None, None]:
    """Start the training of ``run``, or go on from where it was interrupted, until its budget is used up.

    Every event is written to the run folder before it is given. Whoever closes the iterator early interrupts the
    training: a checkpoint is saved, and ``train`` goes on from it. ``run.ask("stop")`` ends it properly.

    Args:
        run: the folder of the run.
        rank: rank 0 of several processes; the others call `follow`.

    Raises:
        TextError: a text of the run cannot be read or is too short.
        TrainingError: the run is under way elsewhere or done, diverged, or the disk refuses.
    """
    take_over(run)
    try:
        with flush_denormals(), Heartbeat(run.heartbeat_path), contextlib.closing(_work(run, rank)) as events:
            for event in events:
                run.append_event(event)
                yield event
    except RnnchatError as e:
        yield _record_failure(run, str(e))
        raise
    except Exception as e:
        message = explain(run, e)
        yield _record_failure(run, message)
        raise TrainingError(message) from e


def follow(rank: Together) -> None:
    """Take the steps that rank 0 orders, until it ends the training.

    Raises:
        TrainingError: another process is gone, or the run folder cannot be read from here.
    """
    order, _, folder = rank.hear()
    if order is Order.BEGIN:
        run = RunFolder(Path(folder))
        info = run.read_info()
        torch.set_num_threads(rank.count_threads(info.get_recipe().threads))
        with flush_denormals():
            _Training(run, info, rank).follow(rank)


def _work(run: RunFolder, rank: Rank) -> Generator[Event, None, None]:
    for unfinished in run.path.glob(".*.tmp"):
        # What a killed process was just writing. Others write these two, perhaps this very moment.
        if not unfinished.name.startswith((".control.", ".heartbeat.")):
            unfinished.unlink()
    info = run.read_info()
    if info.recipe is None:
        yield from prepare(run)
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

    def __init__(self, run: RunFolder, info: RunInfo, rank: Rank = ALONE) -> None:
        self._run, self._info, self._recipe, self._rank = run, info, info.get_recipe(), rank
        recipe = self._recipe
        ids = open_ids(run.ids_path, info.vocab_size)
        self._streams = Streams(ids, recipe.batch_size, recipe.window, rank.number, rank.size)
        self._learner = build_learner(recipe, info.vocab_size, run)
        self._is_new = not run.checkpoint_path.exists()
        progress = Progress() if self._is_new else load_checkpoint(run.checkpoint_path, self._learner)
        if self._is_new and not rank.number:
            save_checkpoint(run.good_path, self._learner, progress)
        elif not run.good_path.exists() and not rank.number:
            self._keep_good()
        self._learner.state = rank.cut_state(self._learner.state)
        self._step = self._first_step = progress.step
        self._setbacks = progress.setbacks
        self._guard = Guard(progress.bounds)
        self._clock = Clock(progress.elapsed_s)
        self._first_s = progress.elapsed_s
        self._schedule = Schedule(recipe, info.train_tokens, self._clock)
        self._judge = Judge(run, info, self._learner, self._schedule, progress)
        self._meter = Meter(progress.elapsed_s)
        self._rate = 0.0
        self._samples_asked = 0
        self._control_read_s = self._saved_s = time.monotonic()
        self._save_took_s = 0.0
        self._is_stopping = self._is_used_up = False

    def begin(self) -> Iterator[Event]:
        """Say what is about to happen."""
        info, name = self._info, self._run.name
        if self._is_new:
            total = self._schedule.total_steps
            yield Started(name, info.parameters, info.train_chars, info.train_tokens, info.vocab_size, total)
        else:
            yield Resumed(self._step)
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

    def follow(self, rank: Together) -> None:
        """Do what rank 0 orders until it ends the training."""
        while True:
            order, self._rate, _ = rank.hear()
            if order is Order.STEP:
                self._take_step()
            elif order is Order.BACK:
                self._load_good()
            elif order is Order.GATHER:
                rank.gather_state(self._learner.state)
            elif order is Order.END:
                return

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
            if self._meter.steps:
                yield self._report()
            yield from self._judge.look(self._step)
            return
        yield from self._look_up()
        yield from self._obey()
        if self._is_stopping or self._is_over():
            return
        self._rate = self._schedule.compute_rate(self._step) * 0.5**self._setbacks
        self._rank.order(Order.STEP, self._rate)
        if self._guard.add(self._take_step(), self._step):
            raise DivergenceError(f"the loss rose out of bounds by step {self._step:,}")

    def _take_step(self) -> Tensor:
        """Learn from the next window; its loss ()."""
        self._rank.seed_step(self._recipe.seed, self._step)
        state = forget_some(self._learner.state, self._recipe, self._step, self._rank)
        ids = self._streams.read(self._step)
        loss = take_step(self._learner, self._recipe, ids, state, self._rate, self._rank)
        self._step += 1
        self._meter.add(loss)
        self._judge.add(loss)
        return loss

    def _go_back(self, cause: DivergenceError) -> Iterator[Event]:
        """Take up the training where all was well for the last time, with half the learning rate."""
        rate = self._recipe.learning_rate * 0.5**self._setbacks
        if self._setbacks >= MOST_SETBACKS:
            raise self._give_up(cause) from cause
        self._setbacks += 1
        self._is_used_up = False
        self._rank.order(Order.BACK)
        progress = self._load_good()
        self._guard = Guard(progress.bounds)
        self._judge.go_back(progress)
        elapsed_s = self._clock.elapsed_s
        self._meter, self._first_step, self._first_s = Meter(elapsed_s), self._step, elapsed_s
        yield Noted(f"{str(cause).capitalize()}: back to step {self._step:,}, with a learning rate of {rate / 2:g}.")
        yield Resumed(self._step)
        yield self._save()

    def _give_up(self, cause: DivergenceError) -> TrainingError:
        rate = self._recipe.learning_rate * 0.5**self._setbacks
        kept = f"the best model so far stays as {self._run.name!r}; " if self._run.best_path.exists() else ""
        return TrainingError(f"{cause}: {kept}start again with a lower --lr than {rate:g}")

    def _load_good(self) -> Progress:
        progress = load_checkpoint(self._run.good_path, self._learner)
        self._learner.state = self._rank.cut_state(self._learner.state)
        self._step = progress.step
        return progress

    def _keep_good(self) -> None:
        """Let the checkpoint be the one to go back to."""
        with paths.replace_atomically(self._run.good_path) as temporary:
            temporary.unlink()
            try:
                os.link(self._run.checkpoint_path, temporary)
            except OSError:  # not every disk has links
                shutil.copyfile(self._run.checkpoint_path, temporary)

    def _look_up(self) -> Iterator[Event]:
        """Between two steps: report, look at the held-out text, sample and save, each where it is due."""
        if not self._run.exists:
            # Writing a file would bring a deleted folder back, with that file alone in it.
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), self._run.path)
        elapsed_s = self._clock.elapsed_s
        is_evaluation_due = self._judge.is_evaluation_due(self._step)
        report_every_s = min(5.0, max(REPORT_EVERY_S, elapsed_s / 1000))
        if self._meter.steps and (is_evaluation_due or elapsed_s - self._meter.started_s >= report_every_s):
            yield self._report()
        if is_evaluation_due:
            yield from self._judge.look(self._step)
            if self._guard.is_well:
                yield self._save()
                self._keep_good()
            self._meter.leave_out(self._clock.elapsed_s)
        yield from self._judge.judge_size(self._step)
        if self._judge.is_sample_due():
            yield from self._judge.write_samples(self._step)
            self._meter.leave_out(self._clock.elapsed_s)
        save_every_s = max(CHECKPOINT_EVERY_S, self._save_took_s / MOST_CHECKPOINT_SHARE)
        if time.monotonic() - self._saved_s >= save_every_s:
            yield self._save()
            self._meter.leave_out(self._clock.elapsed_s)

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
            self._meter.leave_out(self._clock.elapsed_s)
            yield Resumed(self._step)
        if control.samples > self._samples_asked:
            self._samples_asked = control.samples
            yield from self._judge.write_samples(self._step)
        self._is_stopping = control.request == "stop"
        self._control_read_s = time.monotonic()

    def _report(self) -> Stepped:
        elapsed_s, recipe = self._clock.elapsed_s, self._recipe
        loss, steps_per_s = self._meter.take(elapsed_s)
        check_number(loss, self._step)
        overall = (self._step - self._first_step) / max(1e-9, elapsed_s - self._first_s)
        return Stepped(
            step=self._step,
            total_steps=self._schedule.estimate_steps(self._step),
            loss_bits_per_char=self._info.to_bits(loss),
            learning_rate=self._rate,
            chars_per_s=steps_per_s * recipe.batch_size * recipe.window * self._info.chars_per_token,
            elapsed_s=elapsed_s,
            left_s=self._schedule.estimate_left_s(self._step, overall),
            progress=self._schedule.measure_progress(self._step),
        )

    def _save(self) -> Saved:
        started = time.monotonic()
        self._rank.order(Order.GATHER)
        learner = replace(self._learner, state=self._rank.gather_state(self._learner.state))
        progress = self._judge.tell_progress(self._step)
        progress = replace(progress, setbacks=self._setbacks, bounds=self._guard.tell())
        save_checkpoint(self._run.checkpoint_path, learner, progress)
        self._saved_s = time.monotonic()
        self._save_took_s = self._saved_s - started
        return Saved(self._step, str(self._run.checkpoint_path))


def _describe_device(recipe: Recipe) -> str:
    if recipe.device == "cuda":
        return torch.cuda.get_device_name()
    if recipe.device == "mps":
        return "the Apple GPU"
    return f"{recipe.threads} processor core{'s' if recipe.threads > 1 else ''}"
