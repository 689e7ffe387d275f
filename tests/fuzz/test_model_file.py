"""Model files that were damaged by chance or by intent: each gives results, or one sentence that says what is wrong."""

import json
import math
import random
import tracemalloc
import warnings
from collections.abc import Callable
from functools import cache
from itertools import islice, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rnnchat.analysis.score import score_text
from rnnchat.errors import ModelError, RnnchatError
from rnnchat.generation.language_model import LanguageModel
from rnnchat.generation.settings import Settings
from rnnchat.model.cell import OFFERED_CELLS
from rnnchat.model.config import ModelConfig
from rnnchat.model.file import METADATA_KEY, Model, read_header, read_model, write_model
from rnnchat.model.record import ModelCard, TrainingRecord
from rnnchat.text.byte import ByteTokenizer
from rnnchat.text.char import CharTokenizer
from rnnchat.text.tokenizer import BpeTokenizer, Tokenizer, WordTokenizer

CONSTANT_BYTES = 8 * 2**20
"""Memory beyond twice the file: the table of code points takes 4.5 MB whatever the file, Python's own the rest."""
PROMPT = "ab the\n é"

TOKENIZERS: tuple[Tokenizer, ...] = (
    CharTokenizer("\n abcdefgh", has_unknown=False),
    CharTokenizer("\n abcéh😀", has_unknown=True),
    ByteTokenizer(),
    WordTokenizer(["the", " (", ")", "\n", "ab", "    "], [" ("]),
    BpeTokenizer("é😀", ["th", "the", " the"], range(128, 192)),
)
KINDS = list(product(OFFERED_CELLS, TOKENIZERS, ("float32", "float16")))


@cache
def make_file(kind: int, folder: Path) -> bytes:
    """The content of a sound file, of the cell, the vocabulary and the type of weights that ``kind`` counts."""
    cell, tokenizer, dtype = KINDS[kind]
    chance = np.random.default_rng(kind)
    embedding_size, tied = ((0, False), (3, False), (3, True), (4, True))[kind % 4]
    config = ModelConfig(tokenizer.vocab_size, cell, (5, 4), embedding_size, 0.1, tied)
    weights = {name: chance.normal(0, 0.7, shape).astype(np.float32) for name, shape in config.weight_shapes().items()}
    training = TrainingRecord("letters", ("ab",), 900, 800, curve=((1, 2.0), (3, 1.5)), recipe={"minutes": 2.0})
    path = folder / f"{kind}.safetensors"
    write_model(Model(config, tokenizer, weights, training, ModelCard("Letters", examples=("Dear ",))), path, dtype)
    return path.read_bytes()


def damage_bytes(content: bytes, chance: random.Random) -> bytes:
    """A file that was damaged without regard to what its bytes mean; some of the time in its header."""
    end = 8 + int.from_bytes(content[:8], "little") if chance.random() < 0.3 else len(content)
    begin, length = chance.randrange(max(1, end)), chance.choice((1, 2, 4, 8, 64, 500))
    other = chance.randrange(end)
    before, part, after = content[:begin], content[begin : begin + length], content[begin + length :]
    return chance.choice(
        (
            lambda: before + bytes([part[0] ^ 1 << chance.randrange(8)]) + content[begin + 1 :],
            lambda: before + chance.randbytes(len(part)) + after,
            lambda: before + bytes([chance.choice((0, 0x22, 0x5B, 0x7B, 0x7F, 0xFF))]) * len(part) + after,
            lambda: before,
            lambda: before + after,
            lambda: before + part + part + after,
            lambda: before + content[other : other + len(part)] + after,
            lambda: content + chance.randbytes(length),
            lambda: content[:other] + part + content[other:],
            lambda: chance.randbytes(chance.choice((1, 7, 8))) + content[8:],
            lambda: chance.choice((0, 1, 2**20, 2**31, 2**40, 2**63, 2**64 - 1)).to_bytes(8, "little") + content[8:],
        )
    )()


def damage_weights(content: bytes, chance: random.Random) -> bytes:
    """A file whose numbers are strange: not finite, huge, tiny, or zero; a few of them or all."""
    begin = 8 + int.from_bytes(content[:8], "little")
    dtype = np.dtype("<f4" if b'"F32"' in content[:begin] else "<f2")
    count = (len(content) - begin) // dtype.itemsize
    if count < 1:
        return content
    weights = np.frombuffer(content, dtype, count, begin).copy()
    largest, smallest = float(np.finfo(dtype).max), float(np.finfo(dtype).smallest_subnormal)
    value = chance.choice(
        (np.nan, np.inf, largest, smallest, 0, 100, 6e4, *(min(x, largest) for x in (1e9, 9e14, 1e15)))
    )
    places = [chance.randrange(count) for _ in range(chance.choice((1, 3, count, 10 * count)))]
    weights[places] = value * chance.choice((1, -1))
    return content[:begin] + weights.tobytes()


def strange_value(chance: random.Random, old: Any) -> Any:
    """What does not belong there, or nearly does."""
    near = [old + 1, old - 1, -old, old * 2] if isinstance(old, int | float) else [[old], [old, old], {"a": old}]
    numbers = [0, -1, 1, 2, 256, 2**31, 2**53, 2**63, 2**64, -(2**63), 10**400, 0.5, 1e308, math.nan, math.inf]
    texts = [
        "",
        "x",
        "0",
        "\ud800",
        "\x00",
        "😀",
        "a" * 10_000,
        "@deep@",
        "@twice@",
        "F64",
        "word",
        "bpe",
        "byte",
        "gru",
    ]
    others: list[Any] = [None, True, False, [], {}, [[]] * 100, [0] * 5_000, ["ab"] * 50, [str(n) for n in range(300)]]
    return chance.choice(chance.choice((near, numbers, texts, others)))


def damage_tree(tree: Any, chance: random.Random) -> Any:
    """JSON with one of its values changed, taken away, added or moved."""
    places: list[tuple[Any, Any]] = []
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        keys = list(node) if isinstance(node, dict) else range(len(node))
        places += [(node, key) for key in keys]
        waiting += [node[key] for key in keys if isinstance(node[key], dict | list)]
    node, key = chance.choice(places)
    other, other_key = chance.choice(places)
    match chance.randrange(8):
        case 0:
            del node[key]
        case 1 if isinstance(node, dict):
            node[chance.choice(("x", "", "\ud800", "dtype", "__metadata__", "a" * 5_000))] = node.pop(key)
        case 2 if isinstance(node, dict):
            node[chance.choice(("x", "weight", "level"))] = strange_value(chance, node[key])
        case 3 if isinstance(node, list):
            node.insert(chance.randrange(len(node) + 1), node[key])
        case 4:
            node[key], other[other_key] = json.loads(json.dumps((other[other_key], node[key])))
        case _:
            node[key] = strange_value(chance, node[key])
    return tree


def print_json(tree: Any, chance: random.Random) -> str:
    """Write JSON, with what no writer of JSON would write where a damaged tree asks for it."""
    text = json.dumps(tree, ensure_ascii=chance.random() < 0.5)
    depth = chance.choice((100, 1_000, 70_000))
    text = text.replace('"@deep@"', "[" * depth + "]" * depth)
    return text.replace('"@twice@"', '{"shape": [1], "shape": [2]}')


def damage_header(content: bytes, chance: random.Random) -> bytes:
    """A file in whose list of weights, or in whose description, something is changed."""
    begin = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:begin])
    if chance.random() < 0.7:
        description = damage_tree(json.loads(header["__metadata__"][METADATA_KEY]), chance)
        header["__metadata__"][METADATA_KEY] = print_json(description, chance)
    else:
        header = damage_tree(header, chance)
    text = print_json(header, chance).encode("utf-8", "surrogatepass")
    return len(text).to_bytes(8, "little") + text + content[begin:]


DAMAGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    damage_bytes, damage_weights, damage_weights, damage_header, damage_header, damage_header,
)  # fmt: skip


def use(path: Path, chance: random.Random) -> None:
    """Read a model, write with it and score a text; what comes must be text and numbers."""
    model = LanguageModel.open(path, chance.choice(("float32", "int8")))
    text = "".join(piece.text for piece in islice(model.write(PROMPT, Settings(seed=1, length=20)), 20))
    text.encode()
    score = score_text(model.network.predictor, model.tokenizer, [PROMPT, "dg"])
    assert score.bits_per_char >= 0  # NaN is not


def check_sentence(message: str) -> None:
    """One line that a person reads to its end, with an advice behind a colon."""
    assert message.isprintable()
    assert ": " in message
    assert len(message) < 700


def test_every_sound_file_can_be_used(tmp_path_factory):
    folder = tmp_path_factory.getbasetemp()
    for kind in range(len(KINDS)):
        path = folder / "sound.safetensors"
        path.write_bytes(make_file(kind, folder))
        use(path, random.Random(kind))


def test_a_damaged_file_ends_in_results_or_in_a_sentence(seeds, tmp_path):
    path = tmp_path / "m.safetensors"
    for seed in seeds:
        chance = random.Random(seed)
        content = make_file(seed % len(KINDS), tmp_path)
        for _ in range(chance.choice((1, 1, 1, 2, 5))):
            try:
                content = chance.choice(DAMAGES)(content, chance)
            except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError):
                break  # damaged so much already that there is nothing left to damage in this way
        path.write_bytes(content)
        tracemalloc.start()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                use(path, chance)
        except RnnchatError as e:
            check_sentence(str(e))
        except BaseException as e:
            raise AssertionError(f"case {seed} ended in {type(e).__name__}") from e
        finally:
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        assert peak <= 2 * len(content) + CONSTANT_BYTES, f"case {seed}"


def test_a_list_of_models_shows_what_reading_says(few_seeds, tmp_path):
    path = tmp_path / "m.safetensors"
    for seed in few_seeds:
        chance = random.Random(seed)
        path.write_bytes(damage_header(make_file(seed % len(KINDS), tmp_path), chance))
        try:
            header = read_header(path)
        except ModelError as e:
            with pytest.raises(ModelError) as again:
                read_model(path)
            assert str(again.value) == str(e)
        else:
            assert read_model(path).config == header.config
