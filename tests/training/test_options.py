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
