"""A checkpoint holds everything, and is there as a whole or not at all."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from rnnchat.errors import TrainingError
from rnnchat.model.config import ModelConfig
from rnnchat.network.language_model import LanguageModel
from rnnchat.training.checkpoint import Learner, Progress, load_checkpoint, save_checkpoint

PROGRESS = Progress(step=3, elapsed_s=4.5, curve=((1, 3.5), (2, 3.25)), next_evaluation_s=6.0)


def build(cell: str = "lstm", seed: int = 1) -> Learner:
    torch.manual_seed(seed)
    network = LanguageModel(ModelConfig(11, cell, (6, 4), 5, dropout=0.3))  # type: ignore[arg-type]
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.01, fused=True)
    return Learner(network, optimizer, network.initial_state(2))


def learn(learner: Learner, steps: int) -> None:
    ids = torch.tensor([[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]])
    for _ in range(steps):
        logits, state = learner.network(ids, learner.state)
        learner.optimizer.zero_grad()
        logits.logsumexp(-1).mean().backward()
        learner.optimizer.step()
        learner.state = state.detach()


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_a_learner_from_a_checkpoint_goes_on_bit_for_bit(cell: str, tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.safetensors"
    learner = build(cell)
    learn(learner, 3)
    save_checkpoint(path, learner, PROGRESS)
    learn(learner, 4)

    other = build(cell, seed=2)
    assert load_checkpoint(path, other) == PROGRESS
    learn(other, 4)

    for ours, theirs in zip(other.network.parameters(), learner.network.parameters(), strict=True):
        assert torch.equal(ours, theirs)
    for ours, theirs in zip(sum(other.state, ()), sum(learner.state, ()), strict=True):
        assert torch.equal(ours, theirs)
    assert len(other.state.cell) == len(learner.state.cell)


def test_a_checkpoint_before_the_first_step_is_one(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.safetensors"
    save_checkpoint(path, build(), Progress())
    assert load_checkpoint(path, build(seed=2)) == Progress()


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
