"""A new cell is one description and one class for each implementation, whatever its weights and states are.

The throwaway cell here remembers a matrix beside its hidden state, as no module of torch does, and goes the whole way:
it is trained, saved, resumed, opened, written with, scored.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import torch

from rnnchat.description import find_types
from rnnchat.errors import ModelError
from rnnchat.generation.language_model import LanguageModel
from rnnchat.generation.settings import Settings
from rnnchat.model.cell import CELLS, OFFERED_CELLS, Cell
from rnnchat.model.file import Model
from rnnchat.model.library import find_model
from rnnchat.network.cell import TORCH_CELLS, LayerState, TorchCell, Weights
from rnnchat.network.network import Network, load_weights
from rnnchat.network.state_dict import build_state_dict
from rnnchat.plan.options import TrainingOptions
from rnnchat.plan.recipe import Recipe
from rnnchat.runs.new import make_run
from rnnchat.runtime.cell import GRAPH_CELLS, GraphCell
from rnnchat.runtime.constant import Constants
from rnnchat.runtime.graph import Builder
from rnnchat.runtime.onnx_file import write_onnx
from rnnchat.runtime.runtime import Runtime
from rnnchat.training.trainer import train


class Trace(Cell):
    """k = tanh(W x + b); M' = M / 2 + k kᵀ / H; h' = tanh(k + M' k)."""

    def weight_shapes(self, input_size: int, hidden_size: int) -> dict[str, tuple[int, ...]]:
        return {"weight_ih": (hidden_size, input_size), "bias": (hidden_size,)}

    def state_shapes(self, hidden_size: int) -> dict[str, tuple[int, ...]]:
        return {"hidden": (hidden_size,), "matrix": (hidden_size, hidden_size)}


class TraceInTorch(TorchCell):
    def step(self, x: torch.Tensor, state: LayerState, weights: Weights) -> LayerState:
        k = torch.tanh(torch.nn.functional.linear(x, weights["weight_ih"], weights["bias"]))
        matrix = state[1] / 2 + k[:, :, None] * k[:, None, :] / k.shape[1]
        return torch.tanh(k + (matrix @ k[:, :, None])[:, :, 0]), matrix


class TraceGraph(GraphCell):
    def add_constants(self, constants: Constants, layer: int) -> None:
        part = f"layers.{layer}"
        constants.add_inputs(layer, constants.gather(f"{part}.weight_ih"), constants.gather(f"{part}.bias"))

    def add_step(self, builder: Builder, layer: int, x: str | None, ids: str) -> str:
        add, part, size = builder.add, f"layers.{layer}", builder.config.hidden_sizes[layer]
        k = add("Tanh", [builder.add_input_products(layer, x, ids)], f"{part}.k")
        column, row = (
            add("Unsqueeze", [k, builder.constant(f"axis.{axis}", np.array([axis]))], f"{part}.k{axis}")
            for axis in (2, 1)
        )
        scale = builder.constant(f"{part}.scale", np.array(1 / size, np.float32))
        new = add("Mul", [add("MatMul", [column, row], f"{part}.outer"), scale], f"{part}.new")
        half = builder.constant("half", np.array(0.5, np.float32))
        kept = add("Mul", [f"matrix.{layer}", half], f"{part}.kept")
        matrix = add("Add", [kept, new], f"matrix.{layer}.next")
        seen = add("MatMul", [matrix, column], f"{part}.seen")  # (B, H, 1)
        flat = add("Squeeze", [seen, builder.constant("axis.2", np.array([2]))], f"{part}.flat")
        return add("Tanh", [add("Add", [k, flat], f"{part}.sum")], f"hidden.{layer}.next")


@pytest.fixture(autouse=True)
def trace(monkeypatch: pytest.MonkeyPatch) -> None:
    """All that a new cell needs."""
    cell = Trace(("k",), ("hidden", "matrix"), recurrent=())
    monkeypatch.setitem(CELLS, "trace", cell)
    monkeypatch.setitem(TORCH_CELLS, "trace", TraceInTorch(cell))
    monkeypatch.setitem(GRAPH_CELLS, "trace", TraceGraph(cell))
    monkeypatch.setitem(find_types(TrainingOptions), "cell", Literal["trace"] | None)  # a word of CellName
    monkeypatch.setitem(find_types(Recipe), "cell", Literal["trace"])


def test_both_implementations_of_a_new_cell_compute_the_same(make_model: Callable[..., Model]) -> None:
    model = make_model("trace", (7, 5))
    network = Network(model.config).eval()
    load_weights(network, model.weights)
    ids = np.random.default_rng(1).integers(0, 10, (3, 40))
    with torch.no_grad():
        logits, state = network(torch.from_numpy(ids))
    runtime = Runtime(model)
    log_probs, read_state = runtime.read(ids, runtime.initial_state(3))
    np.testing.assert_allclose(log_probs, logits.log_softmax(-1).numpy(), atol=1e-4)
    stepped = runtime.initial_state(3)
    for step in range(40):
        last, stepped = runtime.step(ids[:, step], stepped)
    np.testing.assert_allclose(last, log_probs[:, -1], atol=1e-5)
    for ours, theirs, expected in zip(stepped.arrays, read_state.arrays, state.arrays, strict=True):
        np.testing.assert_allclose(ours, expected.numpy(), atol=1e-4)
        np.testing.assert_allclose(theirs, expected.numpy(), atol=1e-4)
    assert [array.shape for array in stepped.arrays] == [(3, 7), (3, 7, 7), (3, 5), (3, 5, 5)]


def test_a_new_cell_is_trained_resumed_opened_and_written_with(text_file: Path) -> None:
    options = TrainingOptions((str(text_file),), name="new", cell="trace", hidden_sizes=(12,), steps=6)
    run = make_run(options)
    events = train(run)
    for event in events:
        if type(event).__name__ == "Evaluated":
            break
    events.close()
    list(train(run))
    model = LanguageModel.open(find_model("new"))
    assert model.model.config.cell == "trace"
    texts = {model.write_text("the sea", Settings(length=60, seed=1, top_k=top_k)) for top_k in (0, 10_000)}
    assert len(texts) == 1  # drawn by the graph, and by the pipeline
    reading = model.read("the sea")
    branch = reading.fork().write_text(length=20, seed=2)
    assert reading.write_text(length=20, seed=2) == branch
    assert model.score("the sea").bits_per_char > 0
    assert model.explain("the sea", with_hidden=True).hidden[0].shape[1] == 12


def test_what_a_new_cell_cannot_be_exported_as_is_told(make_model: Callable[..., Model], tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="the ONNX standard has no operator for the cell trace"):
        write_onnx(make_model("trace"), tmp_path / "model.onnx")
    with pytest.raises(ModelError, match="torch has no module for the cell trace"):
        build_state_dict(make_model("trace"))


@pytest.mark.parametrize("name", [name for name in CELLS if name != "trace"])
def test_every_cell_is_there_in_both_implementations_and_hands_on_its_hidden_state(name: str) -> None:
    assert set(CELLS) == set(TORCH_CELLS) == set(GRAPH_CELLS)
    assert CELLS[name].states[0] == "hidden"
    assert TORCH_CELLS[name].cell is GRAPH_CELLS[name].cell is CELLS[name]
    if CELLS[name].onnx_operator:
        assert sorted(CELLS[name].gates) == sorted(CELLS[name].onnx_gates)


@pytest.mark.parametrize("name", OFFERED_CELLS)
def test_every_cell_that_a_training_may_choose_can_be_exported_to_torch_and_onnx(name: str) -> None:
    assert name in CELLS
    assert CELLS[name].torch_module
    assert CELLS[name].onnx_operator
