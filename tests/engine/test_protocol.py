import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnchat.engine.protocol import (
    Cancel,
    Change,
    Chunk,
    Explain,
    Explained,
    Failed,
    Loaded,
    ModelInfo,
    Offer,
    Offered,
    Score,
    ScoreInfo,
    Write,
    decode_line,
    encode_line,
)
from rnnchat.errors import UsageError
from rnnchat.generation.settings import Settings

INFO = ModelInfo("a", "/a.safetensors", "char", "gru", (6, 5), 100, 2000, 30, None, "plays", "int8")
MESSAGES = [
    Write(1, "To be\u2028or\n", Settings(temperature=0, seed=5, stop=("\n", "END"))),
    Change(Settings(top_k=3)),
    Cancel(1),
    Score(2, "text"),
    Offer(3, "text", 2),
    Offer(3, "text", 2, Settings(bias=(("the", 2.0),), temperature_cycle=(0.5, 1))),
    Explain(4, "text", 2),
    Loaded(INFO),
    Chunk("é", 1, 10.5, 7, ("ß",), True, "sentence", (-0.5,), "é é ", 1),
    ScoreInfo(1.5, 2.8, 10, 10, 0, 2),
    Offered(("␣",), (" ",), (0.5,), (0.7,), 3),
    Explained(("a", ""), (-0.5, -1.5), (1, 4), (0.1, 2.5), ((("a", -0.5), ("b", -1.0)), ()), 4),
    Failed("it failed", 3, "ModelError"),
]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_every_message_comes_back_as_it_went(message: object) -> None:
    assert decode_line(encode_line(message)) == message


@given(st.text(st.characters(codec=None)))
def test_no_character_breaks_a_line(text: str) -> None:
    line = encode_line(Score(1, text))
    assert line.count(b"\n") == 1
    assert line.isascii()
    assert decode_line(line) == Score(1, text)


@pytest.mark.parametrize(
    "line", [b"", b"no json", b"[]", b"7", b'{"kind": "dance"}', b'{"kind": "score"}', b'{"kind": "cancel", "x": 1}']
)
def test_a_line_that_is_no_message_is_a_value_error(line: bytes) -> None:
    with pytest.raises(ValueError, match="not a message"):
        decode_line(line)


def test_settings_out_of_range_are_refused_by_name() -> None:
    record = json.loads(encode_line(Change(Settings())))
    record["settings"]["temperature"] = 9
    with pytest.raises(UsageError, match="temperature"):
        decode_line(json.dumps(record).encode())
