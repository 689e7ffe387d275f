"""Reading the container, with the library safetensors as the oracle and hostile files that no library writes."""

import itertools
import json
import os
import string
import tracemalloc

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from rnnchat.errors import ModelError
from rnnchat.model import container
from rnnchat.model.config import ModelConfig
from rnnchat.model.container import Container
from rnnchat.model.file import DESCRIPTION_FACTOR, METADATA_KEY, Model, read_header, read_model, write_model
from rnnchat.text.char import CharTokenizer
from rnnchat.text.tokenizer import WordTokenizer

CONSTANT_BYTES = 8 * 2**20


def put(path, header, data=b""):
    """Write a container by hand; ``header`` is JSON, or text that may not be."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
    return path


def measure_peak(call):
    """The most memory that ``call`` takes, in bytes, whether it succeeds or raises ModelError."""
    tracemalloc.start()
    try:
        call()
    except ModelError:
        pass
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return peak


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_tensors_are_those_that_safetensors_reads(tmp_path, monkeypatch, dtype):
    monkeypatch.setattr(container, "BLOCK_BYTES", 1000)  # several blocks, the last one not full
    chance = np.random.default_rng(0)
    tensors = {name: chance.normal(size=shape).astype(dtype) for name, shape in {"a": (7, 90), "b": (1,)}.items()}
    path = tmp_path / "t.safetensors"
    save_file(tensors, str(path), metadata={"x": "y"})
    with path.open("rb") as file:
        read = Container(file)
        assert read.metadata == {"x": "y"}
        for name, expected in load_file(path).items():
            tensor = read.read(name)
            assert tensor.dtype == np.float32
            np.testing.assert_array_equal(tensor, expected.astype(np.float32))


def info(begin, end, shape=None, dtype="F32"):
    return {"dtype": dtype, "shape": [(end - begin) // 4] if shape is None else shape, "data_offsets": [begin, end]}


@pytest.mark.parametrize(
    ("header", "complaint"),
    [
        ({"a": info(0, 8), "b": info(4, 12)}, "b begins at byte 4 of the data instead of 8"),
        ({"a": info(0, 8), "b": info(0, 8)}, "b begins at byte 0"),
        ({"a": info(0, 4), "b": info(8, 12)}, "b begins at byte 8 of the data instead of 4"),
        ({"a": info(0, 8)}, "its data has 12 bytes, its header says 8"),
        ({"a": info(0, 4 * 10**12)}, "its header says 4,000,000,000,000"),
        ({"a": info(0, 12, [2])}, "a has 12 bytes"),
        ({"a": info(0, 12, [2**40, 2**40])}, "a has 12 bytes"),
        ({"a": info(0, 12, [-3])}, "does not say where 'a' is"),
        ({"a": info(0, 12, [3.0])}, "does not say where 'a' is"),
        ({"a": info(0, 12, [True])}, "does not say where 'a' is"),
        ({"a": info(12, 0)}, "does not say where 'a' is"),
        ({"a": {**info(0, 12), "more": 1}}, "does not say where 'a' is"),
        ({"a": None}, "does not say where 'a' is"),
        ({"__metadata__": {"x": 1}, "a": info(0, 12)}, "not a table of texts"),
        ([], "not a table"),
        (b'{"a": {}, "a": {}}', "a name stands twice"),
        (b'{"a": ' + b"[" * 60_000, "nested too deeply"),
        (b"[" + b"[]," * 70_000 + b"[]]", "more lists"),
        (b'{"a": 1e400}', "number 1e400"),
        (b'{"a": 123456789012345678901234567890}', "number 12345678901234567890"),
        (b'{"a": NaN}', "number NaN"),
        (b'{"a": "\\ud800"}', "half a character"),
        (b"\xff\xfe{}", "not text"),
        ("{}".encode("utf-16"), "not text"),
        (b"", "not JSON"),
    ],
)
def test_what_is_no_container_is_told(tmp_path, header, complaint):
    with pytest.raises(ModelError, match=complaint):
        read_model(put(tmp_path / "m.safetensors", header, bytes(12)))


def test_a_character_beyond_the_basic_plane_may_be_written_as_two_halves(tmp_path):
    path = put(tmp_path / "m.safetensors", b'{"__metadata__": {"x": "\\ud83d\\ude00"}}')
    with path.open("rb") as file:
        assert Container(file).metadata == {"x": "😀"}


@pytest.mark.parametrize("claim", [2**20, 2**40, 2**63, 2**64 - 1])
def test_a_header_that_claims_to_be_long_costs_no_memory(tmp_path, claim):
    path = tmp_path / "m.safetensors"
    path.write_bytes(claim.to_bytes(8, "little") + b"{}")
    os.truncate(path, 2**33)  # sparse: it takes no room on the disk
    with pytest.raises(ModelError, match="not a readable model file"):
        read_model(path)
    assert measure_peak(lambda: read_model(path)) < 2**20 + CONSTANT_BYTES


def test_a_sparse_file_of_terabytes_is_no_model_and_costs_no_memory(tmp_path):
    path = put(tmp_path / "m.safetensors", {"a": info(0, 2**42)})
    os.truncate(path, path.stat().st_size + 2**42)
    with pytest.raises(ModelError, match="not written by rnnchat"):
        read_model(path)
    assert measure_peak(lambda: read_model(path)) < CONSTANT_BYTES


@pytest.mark.parametrize(("dtype", "factor"), [("float32", 1), ("float16", 2)])
def test_weights_take_the_memory_of_float32_and_nothing_beside(tmp_path, dtype, factor):
    config = ModelConfig(9, "lstm", (512,), 0)
    weights = {name: np.zeros(shape, np.float32) for name, shape in config.weight_shapes().items()}
    path = tmp_path / "m.safetensors"
    write_model(Model(config, CharTokenizer("abcdefghi", has_unknown=False), weights), path, dtype)
    read_model(path)  # what is made once is made
    peak = measure_peak(lambda: read_model(path))
    assert peak < factor * path.stat().st_size + 4 * container.BLOCK_BYTES
    assert peak <= 2 * path.stat().st_size + 4 * container.BLOCK_BYTES


def test_reading_a_vocabulary_takes_the_memory_that_is_stated(tmp_path):
    short = itertools.product(string.ascii_letters, repeat=3)  # the shorter a word, the more its tables weigh
    words = ["😀", *map("".join, itertools.islice(short, 19_999))]
    config = ModelConfig(20_003, "rnn-tanh", (1,), 1)
    weights = {name: np.zeros(shape, np.float32) for name, shape in config.weight_shapes().items()}
    path = tmp_path / "m.safetensors"
    write_model(Model(config, WordTokenizer(words, []), weights), path)
    header_size = int.from_bytes(path.read_bytes()[:8], "little")
    peak = measure_peak(lambda: read_model(path))
    assert peak < 2 * path.stat().st_size + DESCRIPTION_FACTOR * header_size


@pytest.mark.parametrize(
    "entry", ["[]", "{}", '{"":0}', "0", "999", "0.5", '"ab"', '"éé"', '"\\u0100\\u0100"', "[[]]", "null"]
)
def test_a_description_of_junk_takes_the_memory_that_is_stated(tmp_path, entry):
    junk = ",".join([entry] * min(400_000 // len(entry), 65_000 // max(1, entry.count("[") + entry.count("{"))))
    path = put(tmp_path / "m.safetensors", {"__metadata__": {METADATA_KEY: f'["😀",{junk}]'}})
    with pytest.raises(ModelError, match="damaged"):
        read_header(path)
    assert measure_peak(lambda: read_header(path)) < DESCRIPTION_FACTOR * path.stat().st_size + CONSTANT_BYTES


def test_a_vocabulary_that_could_not_be_read_again_is_not_written(make_model, tmp_path, monkeypatch):
    monkeypatch.setattr("rnnchat.model.file.MAX_DESCRIPTION_BYTES", 500)
    with pytest.raises(ModelError, match="choose a smaller vocabulary"):
        write_model(make_model(tokenizer=WordTokenizer([f"w{index}" for index in range(99)], [])), tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes with names")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "m.safetensors")
    with pytest.raises(ModelError, match="a pipe or a device"):
        read_model(tmp_path / "m.safetensors")


def test_a_file_that_shrinks_while_it_is_read_is_told(tiny_model, monkeypatch):
    read = Container.read

    def cut_and_read(self, name):
        os.truncate(tiny_model, 8 + int.from_bytes(tiny_model.read_bytes()[:8], "little"))
        return read(self, name)

    monkeypatch.setattr(Container, "read", cut_and_read)
    with pytest.raises(ModelError, match="became shorter"):
        read_model(tiny_model)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e16, -3e38])
def test_a_number_that_cannot_be_computed_with_is_found_wherever_it_is(make_model, tmp_path, monkeypatch, value):
    monkeypatch.setattr(container, "BLOCK_BYTES", 64)
    path = tmp_path / "m.safetensors"
    write_model(make_model(), path)
    content = path.read_bytes()
    begin = 8 + int.from_bytes(content[:8], "little")
    for place in range(begin, len(content), 148):
        path.write_bytes(content[:place] + np.float32(value).tobytes() + content[place + 4 :])
        with pytest.raises(ModelError, match="not finite"):
            read_model(path)


def test_memory_that_does_not_suffice_is_told(tiny_model, monkeypatch):
    def fail(self, name):
        raise MemoryError

    monkeypatch.setattr(Container, "read", fail)
    with pytest.raises(ModelError, match="does not fit into the memory"):
        read_model(tiny_model)
