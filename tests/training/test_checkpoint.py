"""A checkpoint holds everything, and is there as a whole or not at all."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from rnnchat.errors import TrainingError
from rnnchat.model.config import ModelConfig
from rnnchat.network.network import Network
from rnnchat.training import optimiser
from rnnchat.training.averaging import Average
from rnnchat.training.checkpoint import Progress, load_checkpoint, save_checkpoint
from rnnchat.training.guard import GuardState
from rnnchat.training.learner import Learner

PROGRESS = Progress(
    step=3,
    elapsed_s=4.5,
    curve=((1, 3.5), (2, 3.25)),
    next_evaluation_s=6.0,
    train_bits=3.1,
    setbacks=2,
    bounds=GuardState(0.1, 3, 4.2, 3.9, 1),
    advised=("size",),
)


def build(cell: str = "lstm", seed: int = 1, kind: str = "adamw", average: str | None = None) -> Learner:
    torch.manual_seed(seed)
    network = Network(ModelConfig(11, cell, (6, 4), 5, dropout=0.3))  # type: ignore[arg-type]
    momentum = 0.9 if kind in ("sgd", "rmsprop") else 0.0
    changer = optimiser.build(kind, network, 0.01, momentum=momentum)  # type: ignore[arg-type]
    averaged = Average(network, average) if average else None  # type: ignore[arg-type]
    return Learner(network, changer, network.initial_state(2), averaged)


def learn(learner: Learner, steps: int) -> None:
    ids = torch.tensor([[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]])
    for _ in range(steps):
        logits, state = learner.network(ids, learner.state)
        learner.optimizer.zero_grad()
        logits.logsumexp(-1).mean().backward()
        learner.optimizer.step()
        if learner.average:
            learner.average.update(learner.network)
        learner.state = state.map(torch.Tensor.detach)


@pytest.mark.parametrize(
    "parts",
    [
        {"cell": "lstm"},
        {"cell": "gru"},
        {"kind": "adam", "average": "ema"},
        {"kind": "sgd", "average": "tail"},
        {"kind": "rmsprop"},
    ],
    ids=str,
)
def test_a_learner_from_a_checkpoint_goes_on_bit_for_bit(parts: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.safetensors"
    learner = build(**parts)
    if learner.average:
        learner.average.begin()
    learn(learner, 3)
    save_checkpoint(path, learner, PROGRESS)
    learn(learner, 4)

    other = build(**parts, seed=2)
    assert load_checkpoint(path, other) == PROGRESS
    learn(other, 4)

    for ours, theirs in zip(other.network.parameters(), learner.network.parameters(), strict=True):
        assert torch.equal(ours, theirs)
    if learner.average:
        with other.show_best() as mine, learner.show_best() as yours:
            for ours, theirs in zip(mine.parameters(), yours.parameters(), strict=True):
                assert torch.equal(ours, theirs)
    for ours, theirs in zip(other.state.arrays, learner.state.arrays, strict=True):
        assert torch.equal(ours, theirs)
    assert list(map(len, other.state.layers)) == list(map(len, learner.state.layers))


def test_a_checkpoint_before_the_first_step_is_one(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.safetensors"
    save_checkpoint(path, build(), Progress())
    assert load_checkpoint(path, build(seed=2)) == Progress()


def test_a_checkpoint_of_an_older_version_is_read(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.safetensors"
    learner = build()
    learn(learner, 3)
    save_checkpoint(path, learner, PROGRESS)
    with safe_open(path, framework="pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        record = json.loads(file.metadata()["progress"])
    kept = {name: record[name] for name in ("step", "elapsed_s", "curve", "next_evaluation_s")}
    save_file(tensors, path, metadata={"progress": json.dumps(kept)})
    assert {name.split(".")[0] for name in tensors} == {"weights", "moments", "state", "random"}
    assert {name.split(".")[1] for name in tensors if name.startswith("moments")} == {"first", "second"}
    assert load_checkpoint(path, build(seed=2)) == Progress(3, 4.5, PROGRESS.curve, 6.0)


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "other"])
def test_a_damaged_checkpoint_is_told_in_a_sentence(damage: str, tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.safetensors"
    save_checkpoint(path, build("gru" if damage == "other" else "lstm"), PROGRESS)
    content = path.read_bytes()
    path.write_bytes(
        {"cut": content[: len(content) // 2], "flip": b"\xff" * 8 + content[8:], "empty": b"", "other": content}[damage]
    )
    with pytest.raises(TrainingError, match=r"checkpoint\.safetensors is damaged .*--replace"):
        load_checkpoint(path, build())


KILLED_WHILE_SAVING = """
import os, signal, sys
sys.path.insert(0, os.path.dirname(sys.argv[1]))
from pathlib import Path
from rnnchat import paths
from test_checkpoint import build, learn, PROGRESS, save_checkpoint

path = Path(sys.argv[2])
learner = build()
save_checkpoint(path, learner, PROGRESS)
print("saved", flush=True)
learn(learner, 1)
paths.os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)
save_checkpoint(path, learner, PROGRESS)
"""


@pytest.mark.skipif(os.name != "posix", reason="no SIGKILL")
def test_a_kill_during_a_save_leaves_the_old_checkpoint_whole(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.safetensors"
    command = [sys.executable, "-c", KILLED_WHILE_SAVING, __file__, str(path)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == -9, ended.stderr
    assert ended.stdout == "saved\n"
    learner = build(seed=2)
    assert load_checkpoint(path, learner) == PROGRESS
    for ours, theirs in zip(learner.network.parameters(), build().network.parameters(), strict=True):
        assert torch.equal(ours, theirs)
    assert len(list(tmp_path.iterdir())) == 2  # the half of the new one lies beside it, under another name
