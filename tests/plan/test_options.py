"""What a person asks for is checked when it is put together."""

import json
from typing import Any, get_args

import pytest

from rnnchat.errors import UsageError
from rnnchat.plan import options
from rnnchat.plan.options import TrainingOptions
from rnnchat.training import averaging, loss, optimiser


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"minutes": 1.0, "steps": 5}, "--minutes and --steps"),
        ({"minutes": 0.0}, "minutes must be "),
        ({"epochs": -1.0}, "epochs must be "),
        ({"steps": 0}, "steps must be "),
        ({"level": "sentence"}, "level must be "),
        ({"cell": "transformer"}, "cell must be "),
        ({"preset": "huge"}, "preset must be "),
        ({"device": "tpu"}, "device must be "),
        ({"learning_rate": 0.0}, "learning-rate must be "),
        ({"batch_size": 0}, "batch-size must be "),
        ({"window": 1}, "window must be "),
        ({"threads": 0}, "threads must be "),
        ({"seed": -1}, "seed must be "),
        *(
            ({name: value}, option)
            for name, option in (
                ("minutes", "minutes must be "),
                ("epochs", "epochs must be "),
                ("learning_rate", "learning-rate must be "),
            )
            for value in (float("nan"), float("inf"), -1.0, 1e300, 0)
        ),
        ({"seed": 2**63}, "seed must be "),
        ({"threads": 100_000}, "threads must be "),
        ({"steps": 10**30}, "steps must be "),
        ({"batch_size": 10**9}, "batch-size must be "),
        ({"max_vocab": 3}, "max-vocab must be "),
        ({"hidden_sizes": (0,)}, "hidden-sizes must be from 1 to 65,536, not 0"),
        ({"hidden_sizes": (10**9,)}, "hidden-sizes must be from 1 to 65,536, not 1000000000"),
        ({"embedding_size": -1}, "embedding-size must be from 0 to 65,536, not -1"),
        ({"dropout": float("nan")}, "dropout must be a number from 0 to below 1, not nan"),
        ({"dropout": 1.0}, "dropout must be from 0 to below 1, not 1.0"),
        ({"input_dropout": 1.0}, "input-dropout must be .*not 1.0"),
        ({"weight_drop": -0.1}, "weight-drop must be .*not -0.1"),
        ({"embedding_dropout": float("nan")}, "embedding-dropout must be .*not nan"),
        ({"temporal": -1.0}, "temporal must be .*not -1.0"),
        ({"weight_decay": float("inf")}, "weight-decay must be .*not inf"),
        ({"clip_norm": 0.0}, "clip-norm must be .*not 0.0"),
        ({"warmup": -1}, "warmup must be .*not -1"),
        ({"patience": -1}, "patience must be .*not -1"),
        ({"optimiser": "lion"}, "optimiser must be .*not lion"),
        ({"loss": "hinge"}, "loss must be .*not hinge"),
        ({"average": "swa"}, "average must be .*not swa"),
        ({"decay": "step"}, "decay must be .*not step"),
        ({"momentum": 0.9}, "--momentum is for --optimiser sgd"),
        ({"tied": True, "embedding_size": 0}, "tied"),
        ({"layers": 3, "hidden_sizes": (8, 8)}, "--layers 3"),
    ],
)
def test_an_impossible_wish_names_its_option(wrong: dict[str, Any], named: str) -> None:
    with pytest.raises(UsageError, match=named):
        TrainingOptions(corpus=("a.txt",), **wrong)


def test_options_survive_json() -> None:
    wishes = TrainingOptions(corpus=("a", "b"), validation=("c",), hidden_sizes=(128, 64), minutes=2.5, tied=True)
    assert TrainingOptions.from_json(json.loads(json.dumps(wishes.to_json()))) == wishes


def test_the_names_of_choices_are_those_of_the_modules_that_make_them() -> None:
    assert get_args(options.Optimiser) == get_args(optimiser.Optimiser)
    assert get_args(options.Loss) == get_args(loss.Loss)
    assert get_args(options.Averaging) == ("none", *get_args(averaging.Averaging))


def test_a_network_beside_that_of_a_model_is_refused() -> None:
    with pytest.raises(UsageError, match="omit --hidden and --tied"):
        TrainingOptions(corpus=("a",), base="sea", hidden_sizes=(8,), tied=False)
    assert TrainingOptions(corpus=("a",), base="sea", dropout=0.5).dropout == 0.5
