import errno
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file

from rnnchat.errors import ModelError
from rnnchat.memory.default import find_default
from rnnchat.memory.mixing import Rates
from rnnchat.model.cell import OFFERED_CELLS
from rnnchat.model.config import ModelConfig
from rnnchat.model.file import METADATA_KEY, Model, read_header, read_model, write_model
from rnnchat.model.record import ModelCard, TrainingRecord, thin_curve
from rnnchat.text.byte import ByteTokenizer
from rnnchat.text.char import CharTokenizer
from rnnchat.text.tokenizer import fit_tokenizer


@pytest.mark.parametrize("cell", OFFERED_CELLS)
def test_a_model_comes_back_as_it_was_written(make_model, tmp_path, cell):
    model = make_model(cell, (7, 5), embedding_size=4, tied=True)
    write_model(model, tmp_path / "m.safetensors")
    back = read_model(tmp_path / "m.safetensors")
    assert back.config == model.config
    assert back.tokenizer.to_json() == model.tokenizer.to_json()
    assert all(np.array_equal(back.weights[name], weight) for name, weight in model.weights.items())


def test_vocabularies_of_every_level_travel_with_the_model(make_model, tmp_path):
    text = "Der Fluß, und das Meer.\n" * 3
    for tokenizer in (ByteTokenizer(), fit_tokenizer("word", [text]), fit_tokenizer("char", [text])):
        write_model(make_model(tokenizer=tokenizer), tmp_path / "m.safetensors")
        assert read_model(tmp_path / "m.safetensors").tokenizer.decode(tokenizer.encode(text)) == text


def test_record_and_card_come_back_as_they_were_written(make_model, tmp_path):
    training = TrainingRecord(
        corpus="letters", sha256=("ab",), chars=9, tokens=8, chars_per_token=1.125, split="the last 10 %", steps=3,
        recipe={"minutes": 2.0}, bits_per_char=1.5, curve=((1, 2.0), (3, 1.5)), trained_at="2026-01-01T00:00:00Z",
    )  # fmt: skip
    card = ModelCard("Letters", "My letters", "mine", ("Dear ",))
    model = make_model()
    write_model(Model(model.config, model.tokenizer, model.weights, training, card), tmp_path / "m.safetensors")
    header = read_header(tmp_path / "m.safetensors")
    assert (header.training, header.card) == (training, card)
    assert header.size_bytes == (tmp_path / "m.safetensors").stat().st_size


def test_float16_halves_the_weights_and_rounds_them(make_model, tmp_path):
    model = make_model(hidden_sizes=(40,))
    write_model(model, tmp_path / "half.safetensors", "float16")
    assert read_header(tmp_path / "half.safetensors").dtype == "float16"
    for name, weight in read_model(tmp_path / "half.safetensors").weights.items():
        assert weight.dtype == np.float32
        np.testing.assert_array_equal(weight, model.weights[name].astype(np.float16).astype(np.float32))


def test_a_curve_is_thinned_to_200_points_with_both_ends_kept():
    thinned = thin_curve(tuple((step, 1.0) for step in range(1234)))
    assert len(thinned) == 200
    assert (thinned[0][0], thinned[-1][0]) == (0, 1233)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e6])
def test_weights_that_are_not_finite_are_never_written(make_model, tmp_path, value):
    model = make_model()
    model.weights["output.bias"][2] = value
    with pytest.raises(ModelError, match="output.bias"):
        write_model(model, tmp_path / "m.safetensors", "float16")
    assert list(tmp_path.iterdir()) == []


WRITE_FOR_EVER = """
import sys, numpy as np
from pathlib import Path
from rnnchat.model.config import ModelConfig
from rnnchat.model.file import Model, write_model
from rnnchat.text.byte import ByteTokenizer
config = ModelConfig(256, "lstm", (64,), 16)
number = 0
while True:
    number += 1
    weights = {name: np.full(shape, number % 1000, np.float32) for name, shape in config.weight_shapes().items()}
    write_model(Model(config, ByteTokenizer(), weights), Path(sys.argv[1]))
"""


def test_kill_9_during_a_save_leaves_a_whole_file(tmp_path):
    path = tmp_path / "m.safetensors"
    delays = np.random.default_rng(0).uniform(0, 0.02, 5)
    for delay_s in delays:
        writer = subprocess.Popen([sys.executable, "-c", WRITE_FOR_EVER, str(path)])
        deadline = time.monotonic() + 60
        start = path.stat().st_mtime_ns if path.exists() else 0
        while not (path.exists() and path.stat().st_mtime_ns > start):
            assert writer.poll() is None
            assert time.monotonic() < deadline
        time.sleep(delay_s)  # a random moment of a save, not a wait for a condition
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait()
        weights = read_model(path).weights
        assert len({float(value) for weight in weights.values() for value in weight.flat}) == 1


def test_a_missing_file_and_a_folder_are_told_in_a_sentence(tmp_path):
    with pytest.raises(ModelError, match="no model file at"):
        read_model(tmp_path / "none.safetensors")
    with pytest.raises(ModelError, match="is a folder"):
        read_model(tmp_path)


@pytest.mark.parametrize("keep", [0, 1, 7, 8, 9, 100, -1])
def test_a_truncated_file_is_told_in_a_sentence(tiny_model, keep):
    tiny_model.write_bytes(tiny_model.read_bytes()[:keep])
    with pytest.raises(ModelError, match="not a readable model file"):
        read_model(tiny_model)


def _rewrite(path, change_record=lambda record: None, change_tensors=lambda tensors: None):
    """Write the model at ``path`` again with its record or tensors changed."""
    model = read_model(path)
    record = {
        "format": 1,
        "config": model.config.to_json(),
        "tokenizer": model.tokenizer.to_json(),
        "training": model.training.to_json(),
        "card": model.card.to_json(),
    }
    tensors = dict(model.weights)
    change_record(record)
    change_tensors(tensors)
    save_file(tensors, str(path), metadata={METADATA_KEY: json.dumps(record)})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda r: r.update(format=2), "newer rnnchat"),
        (lambda r: r.update(format=0), "unknown format 0"),
        (lambda r: r.update(format="x"), "description is damaged"),
        (lambda r: r.pop("config"), "description is damaged"),
        (lambda r: r["config"].update(cell="hopfield"), "description is damaged"),
        (lambda r: r["config"].update(hidden_sizes=[7, 5_000]), "its configuration says"),
        (lambda r: r["config"].update(hidden_sizes=[7, 50_000]), "weights, not 10,002,300,376: choose smaller sizes"),
        (lambda r: r["config"].update(hidden_sizes=[7.0, 5]), "7.0 is not int"),
        (lambda r: r["config"].update(hidden_sizes=["7\n", 5]), r"'7\\n' is not int"),
        (lambda r: r["config"].update(tied="no"), "'no' is not bool"),
        (lambda r: r["config"].update(vocab_size=12), "10 symbols, the network 12"),
        (lambda r: r["tokenizer"].update(level="emoji"), "description is damaged"),
        (lambda r: r.update(training=[1, 2]), "description is damaged"),
    ],
)
def test_a_description_that_does_not_agree_is_told_in_a_sentence(tiny_model, change, message):
    _rewrite(tiny_model, change_record=change)
    with pytest.raises(ModelError, match=message):
        read_header(tiny_model)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.pop("output.bias"), "output.bias are missing"),
        (lambda t: t.update(evil=np.zeros(3, np.float32)), "unknown weights evil"),
        (lambda t: t.update({"output.bias": np.zeros(9, np.float32)}), r"output.bias is \(9,\)"),
        (lambda t: t.update({"output.bias": np.zeros(10, np.int32)}), "type I32"),
        (lambda t: t.update({"output.bias": np.full(10, np.nan, np.float32)}), "not finite"),
    ],
)
def test_weights_that_do_not_agree_are_told_in_a_sentence(tiny_model, change, message):
    _rewrite(tiny_model, change_tensors=change)
    with pytest.raises(ModelError, match=message):
        read_model(tiny_model)


def test_what_the_disk_refuses_is_told_as_the_system_does_and_the_old_file_stays(tiny_model, make_model, full_disk):
    before = tiny_model.read_bytes()
    with pytest.raises(OSError, match="too large") as told, full_disk(100):
        write_model(make_model(seed=1), tiny_model)
    assert told.value.errno == errno.EFBIG
    assert tiny_model.read_bytes() == before
    assert list(tiny_model.parent.iterdir()) == [tiny_model]


def test_a_file_of_another_program_is_not_taken_for_a_model(tmp_path):
    save_file({"w": np.zeros(3, np.float32)}, str(tmp_path / "other.safetensors"))
    with pytest.raises(ModelError, match="not written by rnnchat"):
        read_model(tmp_path / "other.safetensors")


@given(position=st.floats(0, 1, exclude_max=True), value=st.integers(0, 255))
@settings(max_examples=60, deadline=None)
def test_a_file_with_an_altered_byte_loads_or_is_told_in_a_sentence(tmp_path_factory, position, value):
    path = tmp_path_factory.mktemp("altered") / "m.safetensors"
    config = ModelConfig(5, "gru", (3,), 2)
    weights = {name: np.ones(shape, np.float32) for name, shape in config.weight_shapes().items()}
    write_model(Model(config, CharTokenizer("abcde", has_unknown=False), weights), path)
    data = bytearray(path.read_bytes())
    data[int(position * len(data))] = value
    path.write_bytes(data)
    try:
        model = read_model(path)
    except ModelError as e:
        assert str(path) in str(e)
    else:
        assert {name: weight.shape for name, weight in model.weights.items()} == model.config.weight_shapes()


def test_a_remembered_text_and_a_mixing_survive_their_file(make_model, tmp_path):
    model = make_model()
    size = model.config.vocab_size
    mixing = replace(find_default(size), rates=Rates(np.full(size, 1 / size), 0.5))
    write_model(replace(model, text="naïve “words”\n" * 9, mixing=mixing), tmp_path / "m.safetensors")
    read = read_model(tmp_path / "m.safetensors")
    assert read.text == "naïve “words”\n" * 9
    assert read.mixing is not None
    assert read.mixing.rates.shares == pytest.approx(mixing.rates.shares, rel=0.1)


def test_a_damaged_remembered_text_is_told_in_a_sentence(make_model, tmp_path):
    path = tmp_path / "m.safetensors"
    write_model(replace(make_model(), text="Dear Anna " * 50), path)
    data = bytearray(path.read_bytes())
    place = data.rindex(b"\x78\xda")  # where zlib begins
    for at, byte in ((place, 0), (place + 20, data[place + 20] ^ 0xFF)):
        path.write_bytes(data[:at] + bytes((byte,)) + data[at + 1 :])
        with pytest.raises(ModelError, match="remembered text is"):
            read_model(path)
