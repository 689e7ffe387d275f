import pickle
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
from foreign_keras import write_keras, write_textgenrnn
from foreign_lua import write_char_rnn, write_torch_rnn
from safetensors.numpy import save_file

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
    "Keras GRU that resets first": lambda folder: write_keras(
        folder,
        "first.h5",
        [("Embedding", {}), ("GRU", {"reset_after": False}), ("GRU", {"reset_after": False}), ("Dense", {})],
    ),
    "Keras GRU with hard gates": lambda folder: write_keras(
        folder, "hard-gru.h5", [("GRU", {"recurrent_activation": "hard_sigmoid"}), ("Dense", {})]
    ),
    "Keras GRU of the first versions": lambda folder: write_keras(
        folder,
        "old.h5",
        [("GRU", {"reset_after": False, "recurrent_activation": "hard_sigmoid"}), ("Dense", {})],
        "2.1.6",
    ),
    "Keras LSTM with hard gates": lambda folder: write_keras(
        folder, "hard-lstm.h5", [("Embedding", {}), ("LSTM", {"recurrent_activation": "hard_sigmoid"}), ("Dense", {})]
    ),
    "textgenrnn": write_textgenrnn,
    "textgenrnn of a GPU": lambda folder: write_textgenrnn(folder, is_cudnn=True),
    "Keras with two dense layers": lambda folder: write_keras(
        folder, "dense.h5", [("LSTM", {}), ("Dense", {"units": 3, "activation": "linear"}), ("Dense", {})]
    ),
}

OTHER_CELLS = (
    "textgenrnn",
    "Keras GRU that resets first",
    "Keras GRU with hard gates",
    "Keras GRU of the first versions",
    "Keras LSTM with hard gates",
)


def read_file(file: ForeignFile, folder: Path) -> Model:
    """The model, with its vocabulary where the file lacks it."""
    vocab = folder / "symbols.json"
    vocab.write_text(repr(list(file.symbols)).replace("'", '"'), encoding="utf-8")
    return read_foreign(file.path, Hints(vocab=vocab if file.needs_vocab else None))


@pytest.mark.parametrize("kind", WRITERS)
def test_an_imported_model_gives_the_probabilities_of_the_original(kind: str, tmp_path: Path) -> None:
    file = WRITERS[kind](tmp_path)
    model = read_file(file, tmp_path)
    text = "a bad cafe\nbé" * 4  # more than the window of a textgenrnn
    ids = model.tokenizer.encode(text)
    known = [file.symbols.index(char) for char in text if char in file.symbols]
    assert model.tokenizer.decode(ids) == "".join(file.symbols[id] for id in known)
    runtime = Runtime(model)
    log_probs, _ = runtime.read(ids[None], runtime.initial_state())
    for count in (1, len(known)):
        want = file.predict(known[:count])
        order = model.tokenizer.encode("".join(file.symbols))
        want = want[[bool(symbol) for symbol in file.symbols]]
        np.testing.assert_allclose(np.exp(log_probs[0, count - 1])[order], want, atol=1e-5)


@pytest.mark.parametrize(
    "kind",
    ["textgenrnn", "Keras GRU that resets first", "Keras GRU of the first versions", "Keras LSTM with hard gates"],
)
def test_a_cell_of_other_programs_is_the_same_in_torch_stepped_and_read(kind: str, tmp_path: Path) -> None:
    import torch

    from rnnchat.network.network import Network, load_weights

    model = read_file(WRITERS[kind](tmp_path), tmp_path)
    network = Network(model.config).eval()
    load_weights(network, model.weights)
    ids = model.tokenizer.encode("a bad cafe é" * 4).astype(np.int64)
    runtime = Runtime(model)
    read, _ = runtime.read(ids[None], runtime.initial_state())
    with torch.inference_mode():
        logits, _ = network(torch.tensor(ids[None]))
    np.testing.assert_allclose(logits.log_softmax(-1)[0], read[0], atol=1e-4)
    state = runtime.initial_state()
    for place, id in enumerate(ids):
        log_probs, state = runtime.step(np.array([id]), state)
        np.testing.assert_allclose(log_probs[0], read[0, place], atol=1e-4)


def test_a_new_kind_of_file_is_one_importer_and_one_line_of_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_model: Callable[..., Model]
) -> None:
    model = make_model()
    new = Importer("new", lambda source: source.content == b"new", lambda source: model)
    path = tmp_path / "file.new"
    path.write_bytes(b"new")
    with pytest.raises(ModelError, match="not a model of a kind that can be imported"):
        read_foreign(path)
    monkeypatch.setattr(importer, "IMPORTERS", (*importer.IMPORTERS, new))
    assert read_model(import_file(path)).config == model.config


def test_a_file_is_imported_under_its_name_and_never_over_another_unasked(tmp_path: Path) -> None:
    file = write_ml5(tmp_path)
    assert import_file(file.path).name == "ml5.safetensors"
    with pytest.raises(ModelError, match="a model named 'ml5' already exists"):
        import_file(file.path)
    assert import_file(file.path, replace=True) == import_file(file.path, name="ml5", replace=True)


def test_a_vocabulary_comes_from_the_training_text(tmp_path: Path) -> None:
    file = write_state_dict(tmp_path, is_zip=True)
    with pytest.raises(ModelError, match=r"which symbols its 11 ids stand for.*--text FILE.*--vocab FILE"):
        read_foreign(file.path)
    text = tmp_path / "text.txt"
    text.write_text(f"{VOCAB[::-1]}\nabc", encoding="utf-8")
    assert read_foreign(file.path, Hints(texts=(text,))).tokenizer.decode(range(V)) == "".join(sorted(VOCAB))
    text.write_text("abc", encoding="utf-8")
    with pytest.raises(ModelError, match="3 different characters and 2 different words"):
        read_foreign(file.path, Hints(texts=(text,)))


def test_a_vocabulary_of_words_is_that_of_the_texts_in_their_order(tmp_path: Path) -> None:
    file = write_state_dict(tmp_path, is_zip=True)
    for name, text in (("train.txt", " the cat sat \n on the mat\n"), ("test.txt", "@-@ , dogs bark <unk>\n")):
        (tmp_path / name).write_text(text)
    tokenizer = read_foreign(file.path, Hints(texts=(tmp_path / "train.txt", tmp_path / "test.txt"))).tokenizer
    assert tokenizer.level == "word"
    ids = tokenizer.encode("the cat , dogs\nfly on")
    assert ids.tolist() == [0, 1, 7, 8, 3, 10, 4]
    assert tokenizer.decode(ids) == "the cat , dogs\n\N{REPLACEMENT CHARACTER} on"


@pytest.mark.parametrize(
    ("kinds", "reason"),
    [
        ([("Embedding", {}), ("LSTM", {}), ("Dense", {"units": 1, "activation": "sigmoid"})], "not softmax"),
        ([("Embedding", {}), ("LSTM", {}), ("Dense", {"units": 3})], "a classifier or a forecast"),
        ([("Embedding", {}), ("MultiHeadAttention", {}), ("Dense", {})], "is a transformer"),
        ([("Conv1D", {}), ("LSTM", {}), ("Dense", {})], "is a convolutional network"),
        ([("LSTM", {"go_backwards": True}), ("Dense", {})], "backwards"),
        ([("LSTM", {}), ("GRU", {}), ("Dense", {})], "several kinds"),
    ],
)
def test_a_keras_model_of_another_kind_is_named_for_what_it_is(
    kinds: list[tuple[str, dict[str, object]]], reason: str, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match=reason):
        read_foreign(write_keras(tmp_path, "model.h5", kinds).path)


@pytest.mark.parametrize(
    ("shapes", "reason"),
    [
        ({"blocks.0.attn.c_attn.weight": (6, 2), "wte.weight": (9, 2)}, "is a transformer"),
        ({"conv.weight": (4, 3, 3, 3), "fc.weight": (9, 4)}, "is a convolutional network"),
        ({"rnn.weight_ih_l0": (8, 3), "rnn.weight_hh_l0": (8, 2), "emb.weight": (9, 3), "fc.weight": (5, 2)},
         "chooses among 5 classes"),
        ({"rnn.weight_ih_l0": (8, 3), "rnn.weight_hh_l0": (8, 2), "rnn.weight_ih_l0_reverse": (8, 3)}, "bidirectional"),
        ({"rnn.weight_ih_l0": (2, 3), "rnn.weight_hh_l0": (2, 2), "emb.weight": (9, 3), "fc.weight": (9, 2)},
         "--cell rnn-tanh or --cell rnn-relu"),
        ({"fc.weight": (9, 4)}, "none of an LSTM, a GRU or a simple RNN"),
    ],
)  # fmt: skip
def test_weights_of_another_kind_are_named_for_what_they_are(
    shapes: dict[str, tuple[int, ...]], reason: str, tmp_path: Path
) -> None:
    save_file({name: np.ones(shape, np.float32) for name, shape in shapes.items()}, tmp_path / "w.safetensors")
    with pytest.raises(ModelError, match=reason):
        read_foreign(tmp_path / "w.safetensors")


def test_a_pickle_never_runs_what_it_asks_for(tmp_path: Path) -> None:
    touched = tmp_path / "touched"

    class Trap:
        def __reduce__(self) -> tuple[object, ...]:
            return Path.touch, (touched,)

    file = write_state_dict(tmp_path, is_zip=True, chars=list(VOCAB), trap=Trap())
    assert read_foreign(file.path).config.vocab_size == V
    vocab = tmp_path / "vocab.pkl"
    vocab.write_bytes(pickle.dumps([{char: id for id, char in enumerate(VOCAB)}, Trap()]))
    assert read_foreign(file.path, Hints(vocab=vocab)).tokenizer.decode([0, 2]) == VOCAB[0] + VOCAB[2]
    assert not touched.exists()


def test_a_manifest_reads_no_file_outside_its_folder(tmp_path: Path) -> None:
    file = write_ml5(tmp_path)
    manifest = file.path / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"filename": "embedding"', '"filename": "../embedding"'))
    (file.path / "embedding").rename(tmp_path / "embedding")
    with pytest.raises(ModelError, match="its manifest is damaged"):
        read_foreign(file.path)


def test_a_vocabulary_of_single_bytes_writes_bytes(tmp_path: Path) -> None:
    tokens = [bytes([value]) for value in (10, 32, 97, 98, 99, 100, 101, 102, 103, 0xC3, 0xA9)]
    file = write_torch_rnn(tmp_path, vocab=tokens)
    model = read_foreign(file.path)
    assert model.tokenizer.level == "byte"
    runtime = Runtime(model)
    log_probs, _ = runtime.read(model.tokenizer.encode("bé")[None], runtime.initial_state())
    probabilities = np.exp(log_probs[0, -1])
    np.testing.assert_allclose(probabilities[[token[0] for token in tokens]], file.predict([3, 9, 10]), atol=1e-5)
    assert probabilities.sum() == pytest.approx(1)


def test_a_file_that_ends_anywhere_is_refused_in_one_sentence(tmp_path: Path) -> None:
    for write in (write_one_hot, write_torch_tar, write_torch_rnn):
        path = write(tmp_path).path
        content = path.read_bytes()
        end = len(content.rstrip(b"\0"))  # a tar ends with room to spare
        for size in range(0, end - 1, end // 40):
            path.write_bytes(content[:size])
            with pytest.raises(ModelError, match="cannot be imported|not a model of a kind|is a"):
                read_foreign(path)
