"""What a person asks for is checked when it is put together."""

import json
from typing import Any

import pytest

from rnnchat.errors import UsageError
from rnnchat.training.options import TrainingOptions, parse_sizes


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
        ({"tied": True, "embedding_size": 0}, "tied"),
        ({"layers": 3, "hidden_sizes": (8, 8)}, "--layers 3"),
    ],
)
def test_an_impossible_wish_names_its_option(wrong: dict[str, Any], named: str) -> None:
    with pytest.raises(UsageError, match=named):
        TrainingOptions(corpus=("a.txt",), **wrong)


def test_options_survive_json() -> None:
    options = TrainingOptions(corpus=("a", "b"), validation=("c",), hidden_sizes=(128, 64), minutes=2.5, tied=True)
    assert TrainingOptions.from_json(json.loads(json.dumps(options.to_json()))) == options


def test_sizes_are_read_as_people_write_them() -> None:
    assert parse_sizes("512") == (512,)
    assert parse_sizes("128, 64") == (128, 64)
    with pytest.raises(UsageError, match="--hidden big"):
        parse_sizes("big")
