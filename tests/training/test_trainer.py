"""A whole training: what it tells, what it leaves, and that no interruption changes where it ends."""

import errno
import itertools
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from rnnchat.analysis.copied_text import share_copied
from rnnchat.analysis.score import score_text
from rnnchat.errors import TextError, TrainingError
from rnnchat.model.file import read_model
from rnnchat.model.library import find_model
from rnnchat.model.state import State
from rnnchat.plan.choice import count_threads
from rnnchat.runs.event import (
    Evaluated,
    Event,
    Failed,
    Finished,
    Noted,
    Paused,
    Resumed,
    Sampled,
    Saved,
    Started,
    Stepped,
)
from rnnchat.runs.folder import RunFolder, read_status
from rnnchat.runtime.precision import measure_int8_loss
from rnnchat.runtime.runtime import Runtime
from rnnchat.training import best_model, guard, judge, keeper, learner, reporter, schedule, trainer, worker
from rnnchat.training.preparation import prepare
from rnnchat.training.rank import ALONE
from rnnchat.training.trainer import train

BeginRun = Callable[..., RunFolder]


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tell of every step, obey before every step, look at the held-out text every five steps of thirty."""
    monkeypatch.setattr(judge, "MOST_EVALUATIONS", 6)
    monkeypatch.setattr(judge, "_FORWARD_SHARE", 1e-6)
    monkeypatch.setattr(reporter, "REPORT_AT_LATEST_S", 0.0)  # however long it takes
    monkeypatch.setattr(trainer, "CONTROL_EVERY_S", 0.0)


def find(events: list[Event], kind: type) -> list[Event]:
    return [event for event in events if isinstance(event, kind)]


def spoil(*losses: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """No numbers."""
    return tuple(loss * torch.nan for loss in losses)


def train_until(run: RunFolder, is_enough: Callable[[Event], bool]) -> None:
    """Train, and stop asking for more after the first event that is enough."""
    events = train(run)
    for event in events:
        if is_enough(event):
            events.close()
            return
    raise AssertionError("the run ended before")


def assert_same_end(one: RunFolder, other: RunFolder) -> None:
    ours, theirs = load_file(one.checkpoint_path), load_file(other.checkpoint_path)
    assert ours.keys() == theirs.keys()
    for name, array in ours.items():
        assert np.array_equal(array, theirs[name]), name
    ours, theirs = read_model(one.best_path).weights, read_model(other.best_path).weights
    assert all(np.array_equal(array, theirs[name]) for name, array in ours.items())


def test_a_training_tells_its_story_and_leaves_a_model(begin_run: BeginRun, text: str) -> None:
    run = begin_run(name="sea", steps=40)
    events = list(train(run))
    (started,) = find(events, Started)
    (finished,) = find(events, Finished)
    steps = [event.step for event in find(events, Stepped)]
    evaluated = find(events, Evaluated)
    assert started.total_steps == 40
    assert started.chars == int(len(text) * 0.9)
    assert steps == list(range(1, 41))
    assert events[-1] is finished
    assert (finished.step, finished.reason) == (40, "done")
    assert evaluated[-1].step == 40
    assert evaluated[-1].best_bits_per_char == min(event.bits_per_char for event in evaluated)
    assert evaluated[-1].best_bits_per_char < evaluated[0].bits_per_char
    assert find(events, Sampled)
    assert {event.path for event in find(events, Saved)} == {str(run.best_path), str(run.checkpoint_path)}
    assert run.read_events()[0] == events
    assert read_status(run).state == "done"
    assert not run.heartbeat_path.exists()


def test_the_model_says_where_it_comes_from(begin_run: BeginRun, text: str) -> None:
    run = begin_run(name="sea", steps=12)
    finished = list(train(run))[-1]
    path = find_model("sea")
    model = read_model(path)
    record = model.training
    assert finished.model_path == str(path)
    assert record.bits_per_char == finished.bits_per_char
    assert (record.corpus, record.chars, record.steps) == ("sea.txt", len(text), 12)
    assert record.tokens_seen == 12 * 5 * 11
    assert len(record.sha256[0]) == 64
    assert "last 10%" in record.split
    assert record.recipe["hidden_sizes"] == [12, 9]
    assert record.curve[-1][0] == 12
    assert record.trained_at
    assert model.tokenizer.decode(model.tokenizer.encode(text)) == text


def test_a_network_learns(begin_run: BeginRun) -> None:
    events = list(train(begin_run(steps=150, hidden_sizes=(32,), dropout=0.0, batch_size=8, learning_rate=0.02)))
    assert find(events, Stepped)[0].loss_bits_per_char > 4
    assert events[-1].bits_per_char < 2.2  # a sentence of known words; a guess costs log2(24) = 4.6


@pytest.mark.parametrize("level", ["byte", "word"])
def test_every_level_trains(level: str, begin_run: BeginRun) -> None:
    finished = list(train(begin_run(name="sea", level=level, steps=4)))[-1]
    assert finished.reason == "done"
    assert read_model(find_model("sea")).tokenizer.level == level


@pytest.mark.parametrize(
    "network",
    [
        {"cell": "gru", "embedding_size": 0},
        {"cell": "rnn-relu", "tied": True},
        {"cell": "rnn-tanh", "tied": True, "embedding_size": 9},
    ],
    ids=lambda network: network["cell"],
)
def test_every_cell_trains(network: dict, begin_run: BeginRun) -> None:
    assert list(train(begin_run(steps=4, **network)))[-1].reason == "done"


def test_the_same_recipe_gives_the_same_network(begin_run: BeginRun) -> None:
    one, other = begin_run(name="one"), begin_run(name="other")
    list(train(one))
    list(train(other))
    assert_same_end(one, other)
    third = begin_run(name="third", seed=2)
    list(train(third))
    with pytest.raises(AssertionError):
        assert_same_end(one, third)


EVERYTHING = {
    "variational": True, "input_dropout": 0.3, "output_dropout": 0.1, "embedding_dropout": 0.1, "weight_drop": 0.3,
    "activation": 0.2, "temporal": 0.1, "residual": True, "average": "ema", "hidden_sizes": (12, 12), "tied": True,
}  # fmt: skip


@pytest.mark.parametrize(
    "wishes",
    [
        {},
        {"cell": "gru"},
        EVERYTHING,
        {"optimiser": "sgd", "momentum": 0.9, "average": "tail", "loss": "mse"},
        {"optimiser": "rmsprop", "momentum": 0.5, "decay": "cosine", "average": "tail"},
        {"optimiser": "adam", "warmup": 0, "clip_norm": 0.1},
    ],
    ids=["plain", "gru", "everything", "sgd", "rmsprop", "adam"],
)
def test_interruptions_change_nothing(wishes: dict[str, Any], begin_run: BeginRun) -> None:
    whole, broken = begin_run(name="whole", **wishes), begin_run(name="broken", **wishes)
    list(train(whole))
    for step in (1, 2, 9, 17):
        train_until(broken, lambda event, step=step: isinstance(event, Stepped) and event.step == step)
    train_until(broken, lambda event: isinstance(event, Evaluated) and event.step >= 20)
    train_until(broken, lambda event: isinstance(event, Saved) and event.step == 30)
    list(train(broken))
    assert_same_end(whole, broken)
    told = {event.step for event in find(whole.read_events()[0], Evaluated)}
    assert {event.step for event in find(broken.read_events()[0], Evaluated)} == told


@pytest.mark.parametrize("is_gone", [False, True])
def test_a_text_that_changed_since_is_told_and_changes_nothing(
    is_gone: bool, begin_run: BeginRun, text_file: Path
) -> None:
    whole, broken = begin_run(name="whole"), begin_run(name="broken")
    list(train(whole))
    train_until(broken, lambda event: isinstance(event, Stepped) and event.step == 7)
    text_file.unlink() if is_gone else text_file.write_text("another text\n" * 99, encoding="utf-8")
    events = list(train(broken))
    assert sum("Changed since the run began: sea.txt." in event.message for event in find(events, Noted)) == 1
    assert_same_end(whole, broken)


def test_a_text_that_changed_before_the_first_checkpoint_is_told_too(begin_run: BeginRun, text_file: Path) -> None:
    run = begin_run(steps=2)
    list(prepare(run))
    text_file.unlink()
    assert sum("Changed since the run began: sea.txt." in event.message for event in find(list(train(run)), Noted)) == 1


def test_a_resumed_run_says_from_where(begin_run: BeginRun) -> None:
    run = begin_run()
    train_until(run, lambda event: isinstance(event, Stepped) and event.step == 5)
    (run.path / ".checkpoint.safetensors.abc.tmp").write_bytes(b"half of one")
    (run.path / ".control.json.abc.tmp").write_bytes(b"what a watcher is just writing")
    events = list(train(run))
    assert find(events, Started) == []
    assert [path.name for path in run.path.glob(".*")] == [".control.json.abc.tmp"]
    assert find(events, Resumed)[0].step == 5
    assert find(events, Stepped)[0].step == 6


KILLED = """
import os, signal, sys
from rnnchat.training import judge, keeper, reporter, trainer
from rnnchat.runs.event import Stepped
from rnnchat.runs.folder import find_run

judge.MOST_EVALUATIONS = 6
judge._FORWARD_SHARE = 1e-6
reporter.REPORT_AT_LATEST_S = 0.0
keeper.CHECKPOINT_EVERY_S = float(sys.argv[2])
keeper.MOST_CHECKPOINT_SHARE = 1e9
for event in trainer.train(find_run("broken")):
    if isinstance(event, Stepped) and event.step == int(sys.argv[1]):
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(os.name != "posix", reason="no SIGKILL")
def test_a_killed_run_goes_on_from_its_checkpoint_to_the_same_end(begin_run: BeginRun) -> None:
    whole, broken = begin_run(name="whole"), begin_run(name="broken")
    list(train(whole))
    broken.heartbeat_path.unlink()  # as if whoever made it had handed it on
    for step, save_every_s in ((8, 0.0), (19, 999.0)):
        command = [sys.executable, "-c", KILLED, str(step), str(save_every_s)]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        assert ended.returncode == -signal.SIGKILL, ended.stderr
        assert read_status(broken).state == "crashed"
        assert find(broken.read_events()[0], Saved)
    events = list(train(broken))
    assert find(events, Resumed)[0].step == 15  # saved at the last look
    assert_same_end(whole, broken)


def test_a_stop_keeps_the_best_and_can_go_on(begin_run: BeginRun) -> None:
    whole, run = begin_run(name="whole"), begin_run(name="sea")
    list(train(whole))
    events = []
    for event in train(run):
        events.append(event)
        if isinstance(event, Stepped) and event.step == 3:
            run.ask("stop")
    assert (events[-1].reason, events[-1].step) == ("stopped", 3)
    assert read_status(run).state == "stopped"
    assert read_model(find_model("sea")).training.steps == 3
    list(train(run))
    assert_same_end(whole, run)
    assert read_status(run).state == "done"


def test_a_stop_before_the_first_look_still_makes_a_model(begin_run: BeginRun) -> None:
    run = begin_run(name="sea", steps=3_000)
    for event in train(run):
        if isinstance(event, Started):
            run.ask("stop")
    assert read_model(find_model("sea")).training.bits_per_char is not None


def test_a_paused_run_waits_and_goes_on(begin_run: BeginRun, monkeypatch: pytest.MonkeyPatch) -> None:
    run = begin_run()
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            run.ask("run")

    monkeypatch.setattr(trainer.time, "sleep", wait)
    events = []
    for event in train(run):
        events.append(event)
        if isinstance(event, Stepped) and event.step == 4:
            run.ask("pause")
    paused = events.index(Paused(4))
    assert isinstance(events[paused - 1], Saved)
    assert events[paused + 1] == Resumed(4)
    assert len(waits) == 3
    assert events[-1].reason == "done"


def test_a_sample_is_written_when_it_is_asked_for(begin_run: BeginRun) -> None:
    run = begin_run()
    events = []
    for event in train(run):
        events.append(event)
        if isinstance(event, Stepped) and event.step in (4, 9):
            run.ask_sample()
    assert {4, 9} <= {event.step for event in find(events, Sampled)}


def test_minutes_end_in_time(begin_run: BeginRun, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = itertools.count()
    # A clock on which every look at it takes a hundredth of a second, however busy the machine is.
    monkeypatch.setattr(schedule.time, "monotonic", lambda: next(looks) / 100)
    events = list(train(begin_run(minutes=0.05)))
    assert events[-1].reason == "done"
    steps = find(events, Stepped)
    assert len(steps) > 5
    assert steps[-1].progress > 0.95  # the last look at the clock may fall behind the last report
    assert steps[-1].learning_rate < 0.2 * max(event.learning_rate for event in steps)
    assert events[-1].elapsed_s < 0.05 * 60 + 0.5


def test_a_loss_that_is_no_number_ends_the_run_and_keeps_the_best(
    begin_run: BeginRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = begin_run(name="sea")
    measure = learner.measure_output
    monkeypatch.setattr(
        learner, "measure_output", lambda *a: spoil(*measure(*a)) if run.best_path.exists() else measure(*a)
    )
    with pytest.raises(TrainingError, match="not finite at step 6: the best model so far is kept as 'sea'"):
        list(train(run))
    events, _ = run.read_events()
    assert isinstance(events[-1], Failed)
    assert "--lr" in events[-1].message
    assert read_status(run).state == "failed"
    assert all(np.isfinite(array).all() for array in read_model(find_model("sea")).weights.values())


def test_a_run_is_never_taken_for_crashed_before_its_failure_is_told(begin_run: BeginRun, text_file: Path) -> None:
    text_file.write_text("too short", encoding="utf-8")
    run = begin_run()
    events = train(run)
    told = next(event for event in events if isinstance(event, Failed))
    assert "too short" in told.message
    assert run.check_life() == "alive"
    with pytest.raises(TextError):
        next(events)
    assert run.check_life() == "gone"


def test_no_best_model_is_promised_where_there_is_none(begin_run: BeginRun, monkeypatch: pytest.MonkeyPatch) -> None:
    measure = learner.measure_output
    monkeypatch.setattr(learner, "measure_output", lambda *a: spoil(*measure(*a)))
    with pytest.raises(TrainingError, match="at step 1: start again with --lr below"):
        list(train(begin_run()))


@pytest.fixture
def upset(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Let the network and the loss of a step be no numbers, the first time that it is taken."""

    def upset(step: int) -> None:
        take, taken = worker.take_step, itertools.count()

        def take_step(learner: Any, *arguments: Any) -> torch.Tensor:
            loss = take(learner, *arguments)
            if next(taken) != step:
                return loss
            with torch.no_grad():
                next(learner.network.parameters()).mul_(torch.nan)
            return loss * torch.nan

        monkeypatch.setattr(worker, "take_step", take_step)

    return upset


@pytest.mark.parametrize(("step", "back"), [(2, 0), (12, 10)])
def test_a_loss_that_is_no_number_sends_a_training_back_with_half_the_rate(
    step: int, back: int, begin_run: BeginRun, upset: Callable[..., None]
) -> None:
    upset(step)
    events = list(train(begin_run(name="sea", decay="linear", warmup=0)))
    (resumed,) = find(events, Resumed)
    assert resumed.step == back
    (note,) = (event.message for event in find(events, Noted) if "back to step" in event.message)
    assert f"not finite at step {step + 1}: back to step {back}, at learning rate " in note
    place = events.index(resumed)
    before = {event.step: event.learning_rate for event in events[:place] if isinstance(event, Stepped)}
    after = {event.step: event.learning_rate for event in events[place:] if isinstance(event, Stepped)}
    assert list(after) == list(range(back + 1, 31))
    assert all(after[step] == pytest.approx(rate / 2) for step, rate in before.items() if step > back)
    assert (events[-1].reason, events[-1].step) == ("done", 30)
    assert all(np.isfinite(array).all() for array in read_model(find_model("sea")).weights.values())


def test_a_run_that_went_back_and_was_interrupted_ends_like_one_that_was_not(
    begin_run: BeginRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    take = worker.take_step
    steps: list[tuple[np.ndarray, float]] = []
    with monkeypatch.context() as patch:
        patch.setattr(worker, "take_step", lambda *given: steps.append((given[2][0], given[4])) or take(*given))
        list(train(begin_run(name="scout")))

    window, full_rate = steps[12]

    def explode(learner: Any, recipe: Any, ids: Any, state: Any, rate: float, rank: Any) -> torch.Tensor:
        """No number at the 13th window, unless the rate is lower."""
        loss = take(learner, recipe, ids, state, rate, rank)
        return loss * torch.nan if rate == full_rate and np.array_equal(ids[0], window) else loss

    monkeypatch.setattr(worker, "take_step", explode)
    whole, broken = begin_run(name="whole"), begin_run(name="broken")
    events = list(train(whole))
    assert [event.step for event in find(events, Resumed)] == [10]
    for step in (3, 12, 14, 21):
        train_until(broken, lambda event, step=step: isinstance(event, Stepped) and event.step == step)
    list(train(broken))
    assert_same_end(whole, broken)


def test_a_loss_that_stays_high_sends_a_training_back(begin_run: BeginRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "EVERY_STEPS", 2)
    monkeypatch.setattr(guard, "PATIENCE", 3)
    take, taken = worker.take_step, []

    def take_step(*arguments: Any) -> torch.Tensor:
        taken.append(0)
        return take(*arguments) * (3 if 11 < len(taken) < 20 else 1)

    monkeypatch.setattr(worker, "take_step", take_step)
    events = list(train(begin_run()))
    assert [event.step for event in find(events, Resumed)] == [10]
    assert any("diverged by step 16: back to step 10" in event.message for event in find(events, Noted))
    assert events[-1].reason == "done"


def test_patience_ends_a_training_early(begin_run: BeginRun, monkeypatch: pytest.MonkeyPatch) -> None:
    run = begin_run(name="sea", patience=2)
    figures = iter((3.0, 2.0, 4.0, 5.0))
    monkeypatch.setattr(judge, "evaluate", lambda *_: next(figures, 7.0))
    events = list(train(run))
    assert (events[-1].reason, events[-1].step) == ("done", 20)
    said = "Stopped early: no improvement in the last 2 validations"
    assert any(said in event.message for event in find(events, Noted))
    assert read_model(find_model("sea")).training.steps == 10
    assert read_status(run).state == "done"
    assert not run.good_path.exists()


def test_the_best_model_is_the_average(begin_run: BeginRun) -> None:
    plain, averaged = begin_run(name="plain"), begin_run(name="averaged", average="ema")
    list(train(plain))
    list(train(averaged))
    ours, theirs = load_file(averaged.checkpoint_path), load_file(plain.checkpoint_path)
    assert all(np.array_equal(theirs[name], ours[name]) for name in theirs)  # averages change no step
    best = read_model(averaged.best_path)
    assert best.training.steps == 30
    assert all(np.array_equal(best.weights[name], ours[f"average.{name}"]) for name in best.weights)
    assert any(not np.array_equal(best.weights[name], ours[f"weights.{name}"]) for name in best.weights)


def test_samples_say_how_much_of_them_was_learnt_by_heart(begin_run: BeginRun, text: str) -> None:
    run = begin_run(steps=3)
    sampled = find(list(train(run)), Sampled)
    assert [event.temperature for event in sampled[-3:]] == [1.1, 0.5, 0.8]
    learnt = text[: int(len(text) * 0.9)]
    assert all(event.copied == pytest.approx(share_copied(event.text, [learnt]), abs=1e-4) for event in sampled)
    assert all(event.compared == 1.0 for event in sampled)


def test_copies_are_looked_for_in_the_beginning_of_a_long_text(
    begin_run: BeginRun, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judge, "_MOST_COMPARED", 1_000)
    monkeypatch.setattr(judge, "sample", lambda *_: [text[:300], text[3_000:3_300], text[:300]])
    sampled = find(list(train(begin_run(steps=3))), Sampled)
    assert [event.copied for event in sampled[:2]] == [1.0, 0.0]
    assert sampled[0].compared == pytest.approx(1_000 / (0.9 * len(text)), abs=1e-3)


def test_a_network_that_is_too_big_is_told_so_before_it_learns(begin_run: BeginRun) -> None:
    events = list(train(begin_run(hidden_sizes=(80,), dropout=0.0, epochs=20)))
    notes = [event.message for event in find(events, Noted)]
    assert sum("too big for this text" in note for note in notes) == 1


def test_learning_by_heart_is_told_once_and_at_the_end(begin_run: BeginRun, monkeypatch: pytest.MonkeyPatch) -> None:
    figures = iter((3.0, 4.0, 5.0, 6.0, 7.0))
    monkeypatch.setattr(judge, "evaluate", lambda *_: next(figures, 8.0))
    run = begin_run(name="sea")
    train_until(run, lambda event: isinstance(event, Evaluated) and event.step == 20)
    events = run.read_events()[0] + list(train(run))
    assert sum("Overfitting: training loss" in event.message for event in find(events, Noted)) == 1
    assert "lowest at step 5 of 30" in events[-1].advice


def test_a_full_disk_is_told_in_a_sentence(begin_run: BeginRun, monkeypatch: pytest.MonkeyPatch) -> None:
    run = begin_run(name="sea")
    train_until(run, lambda event: isinstance(event, Stepped) and event.step == 5)

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(keeper, "save_checkpoint", refuse)
        with pytest.raises(TrainingError, match="the disk is full: make room"):
            list(train(run))
    assert read_status(run).state == "failed"
    assert find(list(train(run)), Resumed)[0].step == 5


@pytest.mark.parametrize(
    "error", [MemoryError(), torch.OutOfMemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory")]
)
def test_too_little_memory_is_told_in_a_sentence(
    error: Exception, begin_run: BeginRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr(learner, "measure_output", refuse)
    run = begin_run()
    with pytest.raises(TrainingError, match="not enough memory for this network"):
        list(train(run))
    assert read_status(run).state == "failed"


def test_an_error_of_ours_is_told_and_its_place_is_in_the_log(
    begin_run: BeginRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ValueError("shapes do not fit")

    monkeypatch.setattr(learner, "measure_output", fail)
    run = begin_run()
    with pytest.raises(TrainingError, match="ValueError: shapes do not fit") as caught:
        list(train(run))
    assert isinstance(caught.value.__cause__, ValueError)
    assert read_status(run).state == "failed"
    assert str(run.log_path) in read_status(run).message
    assert "in take_step" in run.log_path.read_text(encoding="utf-8")


def test_what_is_asked_of_a_run_that_is_starting_is_done(begin_run: BeginRun) -> None:
    run = begin_run(name="sea", steps=3_000)
    run.ask("stop")
    assert list(train(run))[-1].reason == "stopped"
    # Whoever starts it again does not ask for what was asked then.
    train_until(run, lambda event: isinstance(event, Stepped))


def test_a_replaced_run_is_there_until_the_new_one_begins(begin_run: BeginRun, text_file: Path) -> None:
    old = begin_run(name="sea", steps=2)
    list(train(old))
    new = begin_run(name="sea", steps=3, replace=True)
    assert read_status(RunFolder(new.replaced_path)).state == "done"
    for event in train(new):
        if isinstance(event, Noted | Started):
            is_prepared = new.read_info().recipe is not None
            assert new.replaced_path.exists() or is_prepared
        if isinstance(event, Started):
            assert not new.replaced_path.exists()
    assert read_model(find_model("sea")).training.steps == 3


def test_the_figure_of_a_model_is_what_scoring_it_gives(begin_run: BeginRun, text: str) -> None:
    run = begin_run(name="sea", level="word", max_vocab=16, steps=60)
    bits = list(train(run))[-1].bits_per_char
    model = read_model(find_model("sea"))
    score = score_text(Runtime(model, "float32"), model.tokenizer, [text[int(len(text) * 0.9) :]])
    assert score.unknown_chars > 100
    assert bits == pytest.approx(score.bits_per_char, rel=0.02)


def test_what_int8_loses_is_kept_with_the_model(begin_run: BeginRun, text: str) -> None:
    run = begin_run(name="sea", steps=60)
    list(train(run))
    model = read_model(find_model("sea"))
    expected = measure_int8_loss(model, [text[int(len(text) * 0.9) :]])
    assert model.training.int8_loss == pytest.approx(expected, abs=1e-4)
    assert read_model(run.best_path).training.int8_loss == model.training.int8_loss


def test_a_training_ends_well_where_the_loss_of_int8_cannot_be_measured(
    begin_run: BeginRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object) -> float:
        raise RuntimeError("no memory")

    monkeypatch.setattr(best_model, "measure_int8_loss", refuse)
    events = list(train(begin_run(name="sea", steps=3)))
    assert isinstance(events[-1], Finished)
    assert read_model(find_model("sea")).training.int8_loss is None


def test_the_best_step_is_still_known_after_a_stop(begin_run: BeginRun, monkeypatch: pytest.MonkeyPatch) -> None:
    run = begin_run(name="sea")
    figures = iter((3.0, 2.0, 4.0, 5.0, 6.0))
    monkeypatch.setattr(judge, "evaluate", lambda *_: next(figures, 7.0))
    for event in train(run):
        if isinstance(event, Evaluated) and event.step == 15:
            run.ask("stop")
    assert read_model(find_model("sea")).training.steps == 10
    assert len(read_model(find_model("sea")).training.curve) >= 3
    resumed = find(list(train(run)), Evaluated)
    assert {event.best_step for event in resumed} == {10}


def test_some_streams_start_from_nothing_drawn_from_seed_and_step_alone(begin_run: BeginRun) -> None:
    run = begin_run(seed=2**63 - 1)
    train_until(run, lambda event: isinstance(event, Started))

    def draw(seed: int) -> list[list[bool]]:
        recipe = replace(run.read_info().get_recipe(), reset_probability=0.3, seed=seed)
        state = State(tuple((torch.ones(5, size), torch.ones(5, size)) for size in (12, 9)))
        drawn = []
        for step in range(200):
            torch.rand(step % 3)  # what others draw does not matter
            kept = list(learner.forget_some(state, recipe, step, ALONE).arrays)
            assert all(torch.equal(part[:, 0], kept[0][:, 0]) and torch.equal(part, part[:, :1].expand_as(part))
                       for part in kept)  # fmt: skip
            drawn.append((kept[0][:, 0] == 0).tolist())
        return drawn

    one = draw(2**63 - 1)
    assert draw(2**63 - 1) == one
    assert draw(3) != one
    assert 0.25 < np.mean(one) < 0.35  # 1,000 draws at 0.3: further off once in 2,000 seeds


def test_a_sample_of_a_text_without_line_ends_begins_with_a_known_word(begin_run: BeginRun, text_file: Path) -> None:
    text_file.write_text(text_file.read_text(encoding="utf-8").replace("\n", " "), encoding="utf-8")
    sampled = find(list(train(begin_run(level="word", max_vocab=16, steps=3))), Sampled)
    assert sampled
    assert not any("\ufffd" in event.prompt for event in sampled)


def test_a_deleted_folder_is_told_in_a_sentence(begin_run: BeginRun) -> None:
    run = begin_run(name="sea")
    events = train(run)
    while not isinstance(next(events), Stepped):
        pass
    shutil.rmtree(run.path)
    with pytest.raises(TrainingError, match="the folder of run 'sea' was deleted during training"):
        list(events)
    assert not run.path.exists()


def test_a_text_that_cannot_be_learnt_from_is_a_failure_that_watchers_see(begin_run: BeginRun, text_file: Path) -> None:
    run = begin_run()
    text_file.write_text("too short", encoding="utf-8")
    with pytest.raises(TextError, match="too short"):
        list(train(run))
    assert read_status(run).state == "failed"
    assert "too short" in read_status(run).message


def test_a_device_that_is_not_there_is_told_in_a_sentence(begin_run: BeginRun) -> None:
    if torch.cuda.is_available():
        pytest.skip("this machine has one")
    with pytest.raises(TrainingError, match="no CUDA device"):
        list(train(begin_run(device="cuda")))


def test_no_more_threads_are_used_than_there_are_cores(begin_run: BeginRun) -> None:
    run = begin_run(threads=4_096)
    train_until(run, lambda event: isinstance(event, Started))
    assert run.read_info().get_recipe().threads == count_threads(beside_tui=False)


def test_the_precision_that_was_measured_is_kept(begin_run: BeginRun) -> None:
    run = begin_run(precision="auto", device="auto")
    train_until(run, lambda event: isinstance(event, Stepped))
    recipe = run.read_info().get_recipe()
    assert recipe.precision in ("float32", "bfloat16")
    assert recipe.device in ("cpu", "cuda")
    list(train(run))
    assert run.read_info().get_recipe() == recipe


def test_a_kept_model_is_not_given_up_for_a_worse_one(begin_run: BeginRun) -> None:
    """A crash may leave a best model that is newer than the checkpoint."""
    run = begin_run()
    train_until(run, lambda event: isinstance(event, Evaluated))
    checkpoint = run.checkpoint_path.read_bytes()
    train_until(run, lambda event: isinstance(event, Evaluated) and event.step > 20)
    best = read_model(run.best_path).training.bits_per_char
    run.checkpoint_path.write_bytes(checkpoint)
    events = train(run)
    resumed = next(event for event in events if isinstance(event, Evaluated))
    events.close()
    assert resumed.bits_per_char > resumed.best_bits_per_char == best


def test_numbers_are_what_they_were_when_a_training_has_ended(begin_run: BeginRun) -> None:
    tiny = np.float32(1e-40)  # below the smallest normal number: 0 while denormal numbers are flushed
    for interrupted in (False, True):
        events = train(begin_run(name=f"ends-{interrupted}", steps=2))
        next(events)
        events.close() if interrupted else list(events)
        assert tiny / np.float32(2) > 0
