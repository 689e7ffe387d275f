"""Files of other programs that were damaged by chance or by intent: each gives a model, or one sentence."""

import io
import random
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from foreign import ForeignFile, write_char_rnn_pytorch, write_ml5, write_one_hot, write_safetensors, write_torch_tar
from foreign_keras import write_keras, write_textgenrnn
from foreign_lua import write_char_rnn, write_torch_rnn

from rnnchat.errors import ModelError
from rnnchat.importers.importer import read_foreign
from rnnchat.importers.source import Hints
from rnnchat.runtime.runtime import Runtime

CONSTANT_BYTES = 8 * 2**20
"""Memory beyond three times the file: a table of code points, the modules of Python, bounds for small files."""
RESIDENT_BYTES = 2**26
"""The same for memory in use: libraries that the first file loads."""
HDF5_KINDS = {"Keras in HDF5", "Keras in a zip", "textgenrnn"}
"""pyfive reserves room for as many texts as an attribute claims, and fails before it uses it."""
LAYERS = [("Embedding", {}), ("LSTM", {}), ("Dense", {})]

KINDS: dict[str, Callable[[Path], ForeignFile]] = {
    "torch": write_char_rnn_pytorch,
    "old torch": write_one_hot,
    "oldest torch": write_torch_tar,
    "safetensors": write_safetensors,
    "ml5": write_ml5,
    "Keras in HDF5": lambda folder: write_keras(folder, "model.h5", LAYERS),
    "Keras in a zip": lambda folder: write_keras(folder, "model.keras", LAYERS),
    "textgenrnn": write_textgenrnn,
    "torch-rnn": write_torch_rnn,
    "torch-rnn in ASCII": lambda folder: write_torch_rnn(folder, is_ascii=True),
    "char-rnn": write_char_rnn,
}

WITHOUT_VOCAB = {"oldest torch", "safetensors", "Keras in HDF5", "Keras in a zip"}


@cache
def make_content(kind: str, folder: Path) -> tuple[Path, bytes]:
    """A sound file, or the manifest of a folder, and its content."""
    path = KINDS[kind](folder).path
    path = path / "manifest.json" if path.is_dir() else path
    return path, path.read_bytes()


def damage(content: bytes, chance: random.Random) -> bytes:
    """A file of which some bytes are others, missing, or there twice."""
    place, length = chance.randrange(len(content) + 1), chance.choice((1, 1, 2, 4, 8, 50))
    before, part, after = content[:place], content[place : place + length], content[place + length :]
    number = chance.choice((0, 1, 2**31 - 1, 2**31, 2**40, 2**63 - 1, 2**64 - 1)).to_bytes(8, "little")
    other = chance.randrange(len(content) + 1)
    return chance.choice(
        (
            lambda: before + bytes(byte ^ 1 << chance.randrange(8) for byte in part) + after,
            lambda: before + chance.randbytes(len(part)) + after,
            lambda: before + bytes([chance.choice(b"\x00\xff.]}(R\x85\x88Qcib0")]) * len(part) + after,
            lambda: before + number[: len(part)] + after,
            lambda: before + after,
            lambda: before + part * 3 + after,
            lambda: before + content[other : other + length] + after,
            lambda: before,
        )
    )()


def damage_zip(content: bytes, chance: random.Random) -> bytes:
    """A zip whose checksums are right and one of whose files is not."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = chance.choice(list(members))
    members[name] = damage(members[name], chance)
    result = io.BytesIO()
    with zipfile.ZipFile(result, "w", chance.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as archive:
        for name, part in members.items():
            archive.writestr(name, part)
    return result.getvalue()


def list_damaged(kind: str, seeds: range, folder: Path) -> Iterator[tuple[int, Path, int]]:
    """Damaged files one after the other, at the place of the sound one: the seed, the path, and the size."""
    path, content = make_content(kind, folder)
    for seed in seeds:
        chance = random.Random(f"{kind} {seed}")
        damaged = content
        for _ in range(chance.choice((1, 1, 1, 3))):
            is_sound_zip = damaged is content and content.startswith(b"PK")
            damaged = damage_zip(content, chance) if is_sound_zip and chance.random() < 0.8 else damage(damaged, chance)
        path.write_bytes(damaged)
        yield seed, path, len(damaged)
    path.write_bytes(content)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("foreign")


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_foreign_file_gives_a_model_or_one_sentence(kind: str, few_seeds: range, folder: Path) -> None:
    vocab = folder / "vocab.txt"
    vocab.write_text("\n".join("abcdefghijk"))
    for seed, path, size in list_damaged(kind, few_seeds, folder):
        resident = measure_resident_bytes()
        tracemalloc.start()
        try:
            model = read_foreign(path, Hints(vocab=vocab if kind in WITHOUT_VOCAB else None))
        except ModelError as e:
            assert "\n" not in str(e), seed
            assert len(str(e)) < 800, seed
        else:
            assert all(np.isfinite(weight).all() for weight in model.weights.values()), seed
            if seed % 10 == 0:
                write_one_symbol(Runtime(model))
        finally:
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
        assert peak < 3 * size + CONSTANT_BYTES or kind in HDF5_KINDS, seed
        assert measure_resident_bytes() - resident < 3 * size + RESIDENT_BYTES, seed


def measure_resident_bytes() -> int:
    """The most memory that this process has had in use so far; 0 where the system does not say."""
    try:
        import resource
    except ImportError:
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def write_one_symbol(runtime: Runtime) -> None:
    """Let a model that was read predict; its numbers may overflow, which it says."""
    try:
        runtime.step(np.zeros(1, np.int64), runtime.initial_state())
    except ModelError:
        return
