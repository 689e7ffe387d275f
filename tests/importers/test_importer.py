from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from foreign import (
    VOCAB,
    ForeignFile,
    V,
    write_char_rnn_pytorch,
    write_ml5,
    write_one_hot,
    write_safetensors,
    write_state_dict,
    write_torch_tar,
)
from foreign_keras import write_keras
from foreign_lua import write_char_rnn, write_torch_rnn

from rnnchat.errors import ModelError
from rnnchat.importers import importer
from rnnchat.importers.importer import import_file, read_foreign
from rnnchat.importers.source import Hints, Importer
from rnnchat.model.file import Model, read_model
from rnnchat.runtime.runtime import Runtime

Write = Callable[[Path], ForeignFile]
EMBEDDED = [("Embedding", {}), ("LSTM", {"return_sequences": True}), ("Dropout", {}), ("LSTM", {}), ("Dense", {})]

WRITERS: dict[str, Write] = {
    "char-rnn.pytorch": write_char_rnn_pytorch,
    "char-rnn.pytorch of an old torch": lambda folder: write_char_rnn_pytorch(folder, is_zip=False),
    "state dict": lambda folder: write_state_dict(folder, is_zip=True),
    "state dict of an old torch": lambda folder: write_state_dict(folder, is_zip=False, module="GRU"),
    "state dict with its characters": lambda folder: write_state_dict(folder, is_zip=True, chars=list(VOCAB)),
    "state dict of the first torch": write_torch_tar,
    "one-hot state dict": write_one_hot,
    "safetensors": write_safetensors,
    "ml5": write_ml5,
    "char-rnn": write_char_rnn,
    "char-rnn with simple cells": lambda folder: write_char_rnn(folder, "rnn"),
    "torch-rnn": write_torch_rnn,
    "torch-rnn in ASCII": lambda folder: write_torch_rnn(folder, is_ascii=True),
    "torch-rnn with simple cells": lambda folder: write_torch_rnn(folder, cell="rnn"),
    "Keras in HDF5": lambda folder: write_keras(folder, "model.h5", EMBEDDED),
    "Keras weights alone": lambda folder: write_keras(folder, "weights.h5", EMBEDDED),
    "Keras in a zip": lambda folder: write_keras(folder, "model.keras", EMBEDDED, "3.15.1"),
    "Keras GRU": lambda folder: write_keras(folder, "gru.h5", [("GRU", {}), ("Dense", {})]),
    "Keras SimpleRNN": lambda folder: write_keras(
        folder, "rnn.keras", [("SimpleRNN", {"activation": "relu"}), ("Dense", {})]
    ),
    "Keras with two dense layers": lambda folder: write_keras(
        folder, "dense.h5", [("LSTM", {}), ("Dense", {"units": 3, "activation": "linear"}), ("Dense", {})]
    ),
}


def read_file(file: ForeignFile, folder: Path) -> Model:
    """The model, with its vocabulary where the file lacks it."""
    vocab = folder / "symbols.json"
    vocab.write_text(repr(list(file.symbols)).replace("'", '"'), encoding="utf-8")
    return read_foreign(file.path, Hints(vocab=vocab if file.needs_vocab else None))


@pytest.mark.parametrize("kind", WRITERS)
def test_an_imported_model_gives_the_probabilities_of_the_original(kind: str, tmp_path: Path) -> None:
    file = WRITERS[kind](tmp_path)
    model = read_file(file, tmp_path)
    text = "a bad cafe\nbé"
    ids = model.tokenizer.encode(text)
    known = [file.symbols.index(char) for char in text if char in file.symbols]
    assert model.tokenizer.decode(ids) == "".join(file.symbols[id] for id in known)
    runtime = Runtime(model)
    log_probs, _ = runtime.read(ids[None], runtime.initial_state())
    for count in (1, len(known)):
        want = file.predict(known[:count])
        order = model.tokenizer.encode("".join(file.symbols))
        np.testing.assert_allclose(np.exp(log_probs[0, count - 1])[order], want, atol=1e-5)
