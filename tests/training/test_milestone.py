"""The network is kept as it was at steps 0, 1, 2, 4, 8 …"""

from collections.abc import Callable

import numpy as np
import pytest

from rnnchat.errors import ModelError
from rnnchat.generation.language_model import LanguageModel
from rnnchat.model.file import read_model
from rnnchat.model.library import find_model
from rnnchat.model.name import name_model
from rnnchat.runs.folder import RunFolder
from rnnchat.training.trainer import train


@pytest.fixture
def run(begin_run: Callable[..., RunFolder]) -> RunFolder:
    run = begin_run(name="sea", steps=20)
    for _ in train(run):
        pass
    return run


def test_a_training_leaves_its_networks_at_logarithmic_spacing(run: RunFolder) -> None:
    assert run.list_milestones() == [0, 1, 2, 4, 8, 16]
    for step in run.list_milestones():
        model = read_model(find_model(f"sea@{step}"))
        assert model.training.steps == step
        assert name_model(find_model(f"sea@{step}")) == f"sea@{step}"


def test_a_milestone_writes_and_scores_like_any_model_and_learns_from_one_to_the_next(
    run: RunFolder, text: str
) -> None:
    first, last = (LanguageModel.open(find_model(f"sea@{step}")) for step in (0, 16))
    assert len(first.write_text("The", length=20, seed=1)) == 20
    assert last.score(text).bits_per_char < first.score(text).bits_per_char


def test_a_milestone_is_small(run: RunFolder) -> None:
    kept = run.milestone_path(16).stat().st_size
    assert kept < 0.75 * run.best_path.stat().st_size


def test_a_step_that_is_not_kept_names_those_that_are(run: RunFolder) -> None:
    with pytest.raises(ModelError, match="keeps no network of step 3: choose one of 0, 1, 2, 4, 8, 16"):
        find_model("sea@3")
    with pytest.raises(ModelError, match="no run called 'lake'"):
        find_model("lake@3")
    with pytest.raises(ModelError, match="no run called"):
        find_model("@")


def test_keeping_them_changes_nothing_of_what_is_learnt(
    begin_run: Callable[..., RunFolder], monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = []
    for name in ("with", "without"):
        if name == "without":
            monkeypatch.setattr("rnnchat.training.judge.Judge.keep_milestone", lambda self, step: False)
        run = begin_run(name=name, steps=9)
        for _ in train(run):
            pass
        weights.append(read_model(run.best_path).weights)
    assert all(np.array_equal(weights[0][name], weights[1][name]) for name in weights[0])
