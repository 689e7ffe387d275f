"""Events survive being written and read."""

import json

import pytest

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
    parse_event,
)

EVENTS: list[Event] = [
    Started("sea", 1234, 900, 850, 31, None),
    Stepped(7, 30, 4.2, 0.001, 12_000.5, 1.5, 4.5, 0.25),
    Evaluated(10, 2.0, 3.9, 3.8, 8, 3.7),
    Sampled(10, 0.7, 1, "\n", "the sea “ß” 海\x1b"),
    Saved(10, "/runs/sea/best.safetensors"),
    Paused(11),
    Resumed(11),
    Noted("The text is short."),
    Finished(30, "done", 2.5, "/models/sea.safetensors", 6.0),
    Failed("The disk is full."),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.kind)
def test_an_event_survives_json(event: Event) -> None:
    assert parse_event(json.loads(json.dumps(event.to_json()))) == event


def test_kinds_are_all_different() -> None:
    assert len({event.kind for event in EVENTS}) == len(EVENTS)


def test_fields_of_a_newer_version_are_left_out() -> None:
    assert parse_event({"kind": "paused", "step": 3, "mood": "calm"}) == Paused(3)


def test_an_unknown_kind_is_no_event() -> None:
    with pytest.raises(KeyError):
        parse_event({"kind": "danced"})
