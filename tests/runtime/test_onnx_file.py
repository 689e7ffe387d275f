"""What is exported computes what rnnchat computes, in programs that do not have rnnchat."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import nn

from rnnchat.errors import ModelError
from rnnchat.model.cell import OFFERED_CELLS
from rnnchat.network.state_dict import build_state_dict, write_state_dict
from rnnchat.runtime import onnx_file
from rnnchat.runtime.onnx_file import build_onnx, write_onnx
from rnnchat.runtime.runtime import Runtime
from rnnchat.text.tokenizer import fit_tokenizer

DOCS = Path(__file__).parents[2] / "docs" / "export.md"
ONNX_SCRIPT, TORCH_SCRIPT, LAYERS_SNIPPET, *DECODERS = re.findall(
    r"```python\n((?!import json, sys, zipfile).*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL
)
SHAPES = [
    {"hidden_sizes": (7,), "embedding_size": 3},
    {"hidden_sizes": (5, 5), "embedding_size": 4},
    {"hidden_sizes": (5, 7, 6), "embedding_size": 0},
    {"hidden_sizes": (7, 5), "embedding_size": 5, "tied": True},
    {"hidden_sizes": (6, 6), "embedding_size": 4, "tied": True},
    {"hidden_sizes": (6, 6), "embedding_size": 4, "residual": True},
    {"hidden_sizes": (7, 5, 5), "embedding_size": 7, "residual": True, "tied": True},
]
IDS = np.random.default_rng(5).integers(0, 10, (2, 9))  # (B, T); V is 10
PROMPT = "bad\na"

cells_and_shapes = [(cell, shape) for cell in OFFERED_CELLS for shape in SHAPES]


def read_with_rnnchat(model, ids):
    runtime = Runtime(model)
    log_probs, state = runtime.read(ids, runtime.initial_state(len(ids)))
    return log_probs, list(state.arrays)


def run_script(script, path, remember, tmp_path):
    """Run a script of the docs by itself, and give what it wrote and what it had in its variables at the end."""
    file = tmp_path / "write.py"
    file.write_text(f"{script}\nimport json\njson.dump({remember}, open(sys.argv[3], 'w'))\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-I", file, path, PROMPT, tmp_path / "end.json"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, np.array(json.loads((tmp_path / "end.json").read_text()))


def check_written(model, written, last_log_probs):
    """Are ``last_log_probs`` what rnnchat expects after the prompt and all that was written but the last symbol?"""
    assert len(written) == 300
    ids = model.tokenizer.encode(PROMPT + written[:-1])
    expected, _ = read_with_rnnchat(model, ids[None])
    np.testing.assert_allclose(last_log_probs, expected[0, -1], atol=1e-4)


def test_the_scripts_are_as_short_as_promised():
    assert len(ONNX_SCRIPT.splitlines()) <= 15
    assert len(TORCH_SCRIPT.splitlines()) <= 20
    assert "rnnchat" not in ONNX_SCRIPT
    assert "import rnnchat" not in TORCH_SCRIPT


@pytest.mark.parametrize(("cell", "shape"), [("lstm", SHAPES[0]), ("gru", SHAPES[3])], ids=str)
def test_the_documented_script_for_onnx_writes_text(make_model, tmp_path, cell, shape):
    model = make_model(cell, **shape)
    write_onnx(model, tmp_path / "model.onnx")
    written, log_probs = run_script(ONNX_SCRIPT, tmp_path / "model.onnx", "log_probs[0, -1].tolist()", tmp_path)
    check_written(model, written, log_probs)


@pytest.mark.parametrize(("cell", "shape"), [("lstm", SHAPES[1]), ("gru", SHAPES[4])], ids=str)
def test_the_documented_script_for_torch_writes_text(make_model, tmp_path, cell, shape):
    model = make_model(cell, **shape)
    write_state_dict(model, tmp_path / "model.pt")
    written, log_probs = run_script(TORCH_SCRIPT, tmp_path / "model.pt", "log_probs[0].tolist()", tmp_path)
    check_written(model, written, log_probs)


@pytest.mark.parametrize(("cell", "shape"), cells_and_shapes, ids=str)
def test_onnx_equals_rnnchat_and_its_state_goes_on(make_model, cell, shape):
    model = make_model(cell, **shape)
    proto = build_onnx(model)
    onnx.checker.check_model(proto, full_check=True)
    assert {node.domain for node in proto.graph.node} | {opset.domain for opset in proto.opset_import} == {""}
    session = onnxruntime.InferenceSession(proto.SerializeToString())
    names = [array.name for array in session.get_inputs()[1:]]
    assert [array.name for array in session.get_outputs()[1:]] == [f"{name}.next" for name in names]
    state = {array.name: np.zeros((2, array.shape[1]), np.float32) for array in session.get_inputs()[1:]}
    parts = []
    for part in (IDS[:, :4], IDS[:, 4:]):
        log_probs, *arrays = session.run(None, {"ids": part, **state})
        state = dict(zip(state, arrays, strict=True))
        parts.append(log_probs)
    expected, expected_state = read_with_rnnchat(model, IDS)
    np.testing.assert_allclose(np.concatenate(parts, axis=1), expected, rtol=1e-5, atol=1e-4)
    for array, expected_array in zip(state.values(), expected_state, strict=True):
        np.testing.assert_allclose(array, expected_array, rtol=1e-5, atol=1e-4)


def read_with_torch(state_dict, ids):
    about = state_dict._metadata["rnnchat"]
    vocab_size = len(about["vocabulary"]["symbols"])
    embedding = state_dict.setdefault("embedding.weight", torch.eye(vocab_size))
    model = nn.ModuleDict({"embedding": nn.Embedding(*embedding.shape), "output": None})
    if "rnn" in about:
        model["rnn"] = getattr(nn, about["module"])(**about["rnn"])
        size = about["rnn"]["hidden_size"]
    else:
        model["layers"] = nn.ModuleList(getattr(nn, about["module"])(**arguments) for arguments in about["layers"])
        size = about["layers"][-1]["hidden_size"]
    model["output"] = nn.Linear(size, vocab_size)
    model.load_state_dict(state_dict)  # strict: names and shapes are those of torch's modules
    with torch.inference_mode():
        if "rnn" in about:
            x, _ = model["rnn"](model["embedding"](ids))
        else:
            scope = {"nn": nn, "about": about, "layers": model["layers"], "embedding": model["embedding"], "ids": ids}
            exec(LAYERS_SNIPPET.split("\n", 1)[1], scope)  # all but the line that makes the modules
            x = scope["x"]
        return model["output"](x).log_softmax(-1).numpy()


@pytest.mark.parametrize(("cell", "shape"), cells_and_shapes, ids=str)
def test_a_state_dict_equals_rnnchat_in_torchs_own_modules(make_model, tmp_path, cell, shape):
    model = make_model(cell, **shape)
    write_state_dict(model, tmp_path / "model.pt")
    state_dict = torch.load(tmp_path / "model.pt", weights_only=True)
    assert all(isinstance(tensor, torch.Tensor) for tensor in state_dict.values())
    log_probs = read_with_torch(state_dict, torch.from_numpy(IDS))
    np.testing.assert_allclose(log_probs, read_with_rnnchat(model, IDS)[0], rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("level", ["char", "byte", "word", "bpe"])
def test_the_vocabulary_in_both_files_gives_back_any_text(make_model, level):
    text = "He said, “12 cafés (or so)...”\n\n    Don't go -- yet.\n漢字\t\n"
    tokenizer = fit_tokenizer(level, [text * 300], 400)
    model = make_model(tokenizer=tokenizer)
    metadata = {entry.key: json.loads(entry.value) for entry in build_onnx(model).metadata_props}
    assert build_state_dict(model)._metadata["rnnchat"]["vocabulary"] == metadata["vocabulary"]
    assert metadata["tokenizer"] == tokenizer.to_json()
    assert metadata["vocabulary"]["level"] == tokenizer.level == level
    scope = {}
    exec("\n".join(DECODERS), scope)
    decode = scope["decode_words" if level == "word" else "decode"]
    assert decode(metadata["vocabulary"], tokenizer.encode(text).tolist()) == text
    random_ids = np.random.default_rng(1).integers(0, tokenizer.vocab_size, 500).tolist()
    assert decode(metadata["vocabulary"], random_ids) == tokenizer.decode(random_ids)


def test_weights_that_do_not_fit_into_one_file_are_refused_in_a_sentence(make_model, monkeypatch, tmp_path):
    monkeypatch.setattr(onnx_file, "MAX_BYTES", 100)
    with pytest.raises(ModelError, match="holds 2 GB: use --torch"):
        write_onnx(make_model(), tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []
