"""Processes that train together: as one would with all the streams, whatever happens to them."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from rnnchat.errors import TrainingError
from rnnchat.model.state import State
from rnnchat.plan.options import TrainingOptions
from rnnchat.runs.event import Failed, Resumed, Started, Stepped
from rnnchat.runs.folder import RunFolder, find_run, read_status
from rnnchat.runs.new import find_begun, make_run
from rnnchat.training import reporter
from rnnchat.training.follower import follow
from rnnchat.training.rank import ALONE, Order, Rank, Told
from rnnchat.training.trainer import train as train_here

pytestmark = pytest.mark.skipif(os.name != "posix", reason="started by torchrun, which is for POSIX")

NETWORK = (
    *("--hidden", "12,9", "--embedding", "7", "--window", "11", "--dropout", "0", "--threads", "1"),
    *("--precision", "float32", "--device", "cpu", "--quiet"),
)
PATIENCE_S = 300
UPSET = """
import itertools, sys, zlib
import torch
from rnnchat.cli.main import main
from rnnchat.training import judge, reporter, worker

judge.MOST_EVALUATIONS = 6
judge._FORWARD_SHARE = 1e-6
reporter.REPORT_EVERY_S = 0.0
take, taken = worker.take_step, itertools.count(1)

def take_step(learner, *arguments):
    loss = take(learner, *arguments)
    weights = torch.cat([part.detach().flatten() for part in learner.network.parameters()])
    print(zlib.crc32(weights.numpy().tobytes()), file=sys.stderr)
    if next(taken) != 13:
        return loss
    with torch.no_grad():
        next(learner.network.parameters()).mul_(torch.nan)
    return loss * torch.nan

worker.take_step = take_step
main()
"""
"""``rnnchat`` that tells the weights after each step, and whose 13th makes network and loss no numbers."""


def start(
    ranks: int, *arguments: str, restarts: int = 0, program: tuple[str, ...] = ("-m", "rnnchat")
) -> list[subprocess.Popen[str]]:
    """Start so many processes as torchrun does, without its own seconds."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    shared = {"WORLD_SIZE": str(ranks), "LOCAL_WORLD_SIZE": str(ranks), "MASTER_ADDR": "127.0.0.1"}
    shared |= {"MASTER_PORT": port, "TORCHELASTIC_RESTART_COUNT": str(restarts)}
    command = [sys.executable, *program, "train", *arguments]
    return [
        subprocess.Popen(
            command, env=os.environ | shared | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for rank in range(ranks)
    ]  # fmt: skip


def wait(processes: list[subprocess.Popen[str]]) -> list[tuple[int, str]]:
    """The status of each, and what it said on stderr; none is left behind."""
    try:
        ended = [(process, process.communicate(timeout=PATIENCE_S)[1]) for process in processes]
    finally:
        for process in processes:
            process.kill()
    return [(process.returncode, said) for process, said in ended]


def train(ranks: int, *arguments: str) -> None:
    assert wait(start(ranks, *arguments)) == [(0, "")] * ranks


def assert_alike(one: str, other: str) -> None:
    ours, theirs = (load_file(find_run(name).checkpoint_path) for name in (one, other))
    assert ours.keys() == theirs.keys()
    for name in ours:
        if not name.startswith("random."):
            np.testing.assert_allclose(ours[name], theirs[name], atol=2e-5, err_msg=name)


def test_two_processes_come_to_the_end_of_one_with_all_streams(begin_run: Callable[..., RunFolder]) -> None:
    one, two = (begin_run(name=name, batch_size=6, dropout=0.0, steps=40) for name in ("one", "two"))
    list(train_here(one))
    two.heartbeat_path.unlink()  # as if whoever made it had handed it on
    train(2, "--resume", "two", "--quiet")
    assert_alike("one", "two")
    ours, theirs = read_status(one), read_status(two)
    assert (theirs.state, theirs.step) == ("done", 40)
    assert theirs.bits_per_char == pytest.approx(ours.bits_per_char, abs=1e-4)
    assert two.read_info().recipe == one.read_info().recipe


def test_a_run_goes_on_with_another_number_of_processes(
    begin_run: Callable[..., RunFolder], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporter, "REPORT_EVERY_S", 0.0)
    whole, broken = (begin_run(name=name, batch_size=6, dropout=0.0, steps=30) for name in ("whole", "broken"))
    list(train_here(whole))
    events = train_here(broken)
    while not isinstance(next(events), Stepped):
        pass
    events.close()
    assert 0 < read_status(broken).step < 30
    broken.heartbeat_path.unlink(missing_ok=True)
    train(3, "--resume", "broken", "--quiet")
    assert read_status(broken).state == "done"
    assert_alike("whole", "broken")


def test_two_processes_go_back_together_to_the_same_weights(begin_run: Callable[..., RunFolder]) -> None:
    told: list[str] = []
    for ranks, name in enumerate(("one", "two"), start=1):
        run = begin_run(name=name, batch_size=6, dropout=0.0, average="ema")
        run.heartbeat_path.unlink()
        ended = wait(start(ranks, "--resume", name, "--quiet", program=("-c", UPSET)))
        assert [status for status, _ in ended] == [0] * ranks
        assert [event.step for event in run.read_events()[0] if isinstance(event, Resumed)] == [10]
        assert (read_status(run).state, read_status(run).step) == ("done", 30)
        told = [said for _, said in ended]
    assert len(told[0].splitlines()) == 30 + 3
    assert told[0] == told[1]
    assert_alike("one", "two")


def test_a_process_that_reads_an_older_checkpoint_than_rank_0_says_so(
    begin_run: Callable[..., RunFolder],
) -> None:
    class Heard(Rank):
        """Rank 0's orders, told one after the other."""

        def hear(self) -> Told:
            return next(orders)

    run = begin_run()
    events = train_here(run)
    while not isinstance(next(events), Started):
        pass
    events.close()
    orders = iter((Told(Order.BEGIN, 0.0, 0, str(run.path)), *(Told(Order.STEP, 0.1, step, "") for step in (0, 1, 7))))
    with pytest.raises(TrainingError, match="is of step 2 here but of step 7 on rank 0"):
        follow(Heard())


def test_all_processes_pause_and_stop_together(text_file: Path, wait_until: Callable[..., None], home: Path) -> None:
    processes = start(2, str(text_file), *NETWORK, "--batch", "6", "--minutes", "5")
    run = RunFolder(home / "runs" / "sea")
    wait_until(lambda: run.exists)
    run.ask("pause")
    wait_until(lambda: read_status(run).state == "paused")
    for process in reversed(processes):  # as torchrun passes on; rank 0 decides
        process.send_signal(signal.SIGTERM)
    assert wait(processes) == [(128 + signal.SIGTERM, ""), (0, "")]
    assert read_status(run).state == "stopped"
    assert load_file(run.checkpoint_path)["state.hidden.0"].shape == (6, 12)


def test_a_killed_process_ends_the_others_and_a_restart_goes_on(
    text_file: Path, wait_until: Callable[..., None], home: Path
) -> None:
    arguments = (str(text_file), *NETWORK, "--batch", "4", "--minutes", "5")
    processes = start(2, *arguments)
    run = RunFolder(home / "runs" / "sea")
    wait_until(lambda: read_status(run).step > 0)
    processes[1].kill()
    (status, said), _ = wait(processes)
    assert status == 1
    assert "another process of this training has exited" in said
    assert isinstance(run.read_events()[0][-1], Failed)
    processes = start(2, *arguments, restarts=1)
    wait_until(lambda: read_status(run).state == "running")
    run.ask("stop")
    assert wait(processes) == [(0, ""), (0, "")]
    assert [path.name for path in (home / "runs").glob("[!.]*")] == ["sea"]


def test_what_is_refused_ends_all_processes_and_is_told_once(text_file: Path) -> None:
    (status, said), other = wait(start(2, str(text_file), *NETWORK, "--batch", "5", "--steps", "4"))
    assert status == 1
    assert "5 streams cannot be divided among 2 processes: choose --batch 6" in said
    assert other == (0, "")


def test_the_run_that_is_begun_again_is_the_one_with_the_same_options(text_file: Path) -> None:
    options = TrainingOptions((str(text_file),), steps=3)
    assert find_begun(options) is None
    first = make_run(options)
    make_run(TrainingOptions((str(text_file),), steps=4))
    assert find_begun(options) == first


def test_shares_cover_all_streams_once() -> None:
    rows = torch.arange(12).reshape(6, 2)
    state = State(((rows, rows),))
    assert torch.equal(ALONE.cut(rows), rows)
    shares = []
    for number in range(3):
        rank = Rank()
        rank.number, rank.size = number, 3
        assert torch.equal(rank.cut_state(state).layers[0][1], rank.cut(rows))
        shares.append(rank.cut(rows))
    assert torch.equal(torch.cat(shares), rows)
    rank.check_batch(6)
    with pytest.raises(TrainingError, match="choose --batch 9"):
        rank.check_batch(7)
