"""What a person asks for is checked when it is put together."""

import json
from typing import Any, get_args

import pytest

from rnnchat.errors import UsageError
from rnnchat.plan import options
from rnnchat.plan.options import TrainingOptions, parse_sizes
from rnnchat.training import averaging, loss, optimiser


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"minutes": 1.0, "steps": 5}, "--minutes and --steps"),
        ({"minutes": 0.0}, "--minutes"),
        ({"epochs": -1.0}, "--epochs"),
        ({"steps": 0}, "--steps"),
        ({"level": "sentence"}, "--level"),
        ({"cell": "transformer"}, "--cell"),
        ({"preset": "huge"}, "--preset"),
        ({"device": "tpu"}, "--device"),
        ({"learning_rate": 0.0}, "--lr"),
        ({"batch_size": 0}, "--batch"),
        ({"window": 1}, "--window"),
        ({"threads": 0}, "--threads"),
        ({"seed": -1}, "--seed"),
        *(
            ({name: value}, option)
            for name, option in (("minutes", "--minutes"), ("epochs", "--epochs"), ("learning_rate", "--lr"))
            for value in (float("nan"), float("inf"), -1.0, 1e300, 0)
        ),
        ({"seed": 2**63}, "--seed"),
        ({"threads": 100_000}, "--threads"),
        ({"steps": 10**30}, "--steps"),
        ({"batch_size": 10**9}, "--batch"),
        ({"max_vocab": 3}, "--max-vocab"),
        ({"hidden_sizes": (0,)}, "hidden size 0"),
        ({"hidden_sizes": (10**9,)}, "hidden size 1000000000"),
        ({"embedding_size": -1}, "embedding size -1"),
        ({"dropout": float("nan")}, "dropout nan"),
        ({"dropout": 1.0}, "dropout 1.0"),
        ({"input_dropout": 1.0}, "--input-dropout 1.0"),
        ({"weight_drop": -0.1}, "--weight-drop -0.1"),
        ({"embedding_dropout": float("nan")}, "--embedding-dropout nan"),
        ({"temporal": -1.0}, "--tar -1.0"),
        ({"weight_decay": float("inf")}, "--weight-decay inf"),
        ({"clip_norm": 0.0}, "--clip 0.0"),
        ({"warmup": -1}, "--warmup -1"),
        ({"patience": -1}, "--patience -1"),
        ({"optimiser": "lion"}, "--optimiser lion"),
        ({"loss": "hinge"}, "--loss hinge"),
        ({"average": "swa"}, "--average swa"),
        ({"decay": "step"}, "--decay step"),
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


def test_sizes_are_read_as_people_write_them() -> None:
    assert parse_sizes("512") == (512,)
    assert parse_sizes("128, 64") == (128, 64)
    with pytest.raises(UsageError, match="--hidden big"):
        parse_sizes("big")


def test_the_names_of_choices_are_those_of_the_modules_that_make_them() -> None:
    assert get_args(options.Optimiser) == get_args(optimiser.Optimiser)
    assert get_args(options.Loss) == get_args(loss.Loss)
    assert get_args(options.Averaging) == ("none", *get_args(averaging.Averaging))


def test_a_network_beside_that_of_a_model_is_refused() -> None:
    with pytest.raises(UsageError, match="leave out --hidden and --tied"):
        TrainingOptions(corpus=("a",), base="sea", hidden_sizes=(8,), tied=False)
    assert TrainingOptions(corpus=("a",), base="sea", dropout=0.5).dropout == 0.5
