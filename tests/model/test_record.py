"""What is known about a model, as JSON and back."""

import json

import pytest

from rnnchat.model.record import TrainingRecord


@pytest.mark.parametrize("loss", [None, 0.0, 0.0031, -0.0002])
def test_the_loss_of_int8_comes_back_as_it_was_written(loss):
    record = TrainingRecord(int8_loss=loss)
    assert TrainingRecord.from_json(json.loads(json.dumps(record.to_json()))) == record


def test_a_record_from_before_the_loss_of_int8_was_measured_says_that_it_was_not():
    older = {name: value for name, value in TrainingRecord(steps=3).to_json().items() if name != "int8_loss"}
    assert TrainingRecord.from_json(older) == TrainingRecord(steps=3)


def test_a_record_with_more_than_is_known_is_read():
    newer = {**TrainingRecord(steps=3).to_json(), "something_of_the_future": [1]}
    assert TrainingRecord.from_json(newer) == TrainingRecord(steps=3)
