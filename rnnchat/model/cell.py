"""What a recurrent cell is: its weights, its state, and what both implementations and other programs call it.

A new cell is a line of ``CELLS``, one class in ``rnnchat.network.cell`` that computes it in torch, and one in
``rnnchat.runtime.cell`` that writes it down in ONNX.

Letters: B texts, H hidden, I input of a layer, G gates.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

CellName = Literal["lstm", "gru", "rnn-tanh", "rnn-relu"]
"""The keys of ``CELLS``."""


@dataclass(frozen=True)
class Cell:
    """A recurrent cell; a subclass may have weights and states of other shapes than torch's own modules."""

    gates: tuple[str, ...]
    """G letters, in the order in which the gates' weights are stacked along the first axis."""
    states: tuple[str, ...] = ("hidden",)
    """What is remembered; the first is also what the layer hands on, and lies (B, H)."""
    recurrent: tuple[str, ...] = ("weight_hh",)
    """The weights that bring the past in: those that weight drop leaves out parts of."""
    is_bounded: bool = True
    """Whether every number of the first state lies between -1 and 1."""
    torch_module: str = ""
    """The class of ``torch.nn`` that computes the same; empty if there is none."""
    torch_arguments: Mapping[str, str] = field(default_factory=dict)
    """What that class needs besides its sizes."""
    onnx_operator: str = ""
    """The operator of the ONNX standard that computes the same; empty if there is none."""
    onnx_gates: tuple[str, ...] = ()
    """The gates in that operator's order."""
    onnx_attributes: Mapping[str, int | list[str]] = field(default_factory=dict)
    """What that operator needs besides its size."""

    def weight_shapes(self, input_size: int, hidden_size: int) -> dict[str, tuple[int, ...]]:
        """Names and shapes of a layer's weights: ``weight_ih`` (G*H, I), ``weight_hh`` (G*H, H), two biases (G*H,)."""
        rows = len(self.gates) * hidden_size
        return {
            "weight_ih": (rows, input_size), "weight_hh": (rows, hidden_size), "bias_ih": (rows,), "bias_hh": (rows,)
        }  # fmt: skip

    def state_shapes(self, hidden_size: int) -> dict[str, tuple[int, ...]]:
        """Names and shapes of what a layer remembers of one text: (H,) each."""
        return dict.fromkeys(self.states, (hidden_size,))


CELLS: dict[str, Cell] = {
    "lstm": Cell(
        ("i", "f", "g", "o"),
        ("hidden", "cell"),
        torch_module="LSTM",
        onnx_operator="LSTM",
        onnx_gates=("i", "o", "f", "g"),
    ),
    "gru": Cell(
        ("r", "z", "n"),
        torch_module="GRU",
        onnx_operator="GRU",
        onnx_gates=("z", "r", "n"),
        onnx_attributes={"linear_before_reset": 1},  # the reset gate acts after the recurrent product
    ),
    "rnn-tanh": Cell(
        ("h",),
        torch_module="RNN",
        torch_arguments={"nonlinearity": "tanh"},
        onnx_operator="RNN",
        onnx_gates=("h",),
        onnx_attributes={"activations": ["Tanh"]},
    ),
    "rnn-relu": Cell(
        ("h",),
        is_bounded=False,
        torch_module="RNN",
        torch_arguments={"nonlinearity": "relu"},
        onnx_operator="RNN",
        onnx_gates=("h",),
        onnx_attributes={"activations": ["Relu"]},
    ),
}
"""Every cell by its name in model files and on the command line."""
