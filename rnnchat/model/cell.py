"""What a recurrent cell is: its weights, its state, and what both implementations and other programs call it.

A new cell is a line of ``CELLS``, one class in ``rnnchat.network.cell`` that computes it in torch, and one in
``rnnchat.runtime.cell`` that writes it down in ONNX.

Letters: B texts, H hidden, I input of a layer, G gates.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

CellName = Literal["lstm", "gru", "rnn-tanh", "rnn-relu"]
"""The cells that a training may choose; all others come with models of other programs."""
OFFERED_CELLS: tuple[CellName, ...] = get_args(CellName)


@dataclass(frozen=True)
class Cell:
    """A recurrent cell; a subclass may have weights and states of other shapes than torch's own modules."""

    gates: tuple[str, ...]
    """G letters, in the order in which the gates' weights are stacked along the first axis."""
    states: tuple[str, ...] = ("hidden",)
    """What is remembered; the first is also what the layer hands on, and lies (B, H)."""
    recurrent: tuple[str, ...] = ("weight_hh",)
    """The weights that bring the past in: those that weight drop leaves out parts of."""
    has_hard_gates: bool = False
    """Whether gates are clip(x / 5 + 1/2) instead of the logistic function, as in Keras before 2.3."""
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

    def suits(self, embedding_size: int, hidden_sizes: Sequence[int]) -> bool:
        """Whether a network can be made of layers of these sizes."""
        return True


@dataclass(frozen=True)
class WindowCell(Cell):
    """The network of textgenrnn (Woolf 2017) as one layer: LSTMs that read a window anew for every next symbol.

    At each symbol the LSTMs start with nothing, read the last W symbols, and what they and the embedding gave at each
    place is averaged, weighted by attention. Here all windows that the present symbol is in are read at once, one
    *run* for each place of it: a run's state is that of the LSTMs, and the sums of its average so far.

    Before a text the window holds padding: run k begins where k + 1 paddings were read, and ``runs`` holds the
    difference to that, which is zero.

    Letters: I embedding, K layers, U units of a layer, W window, D = I + K*U what is averaged.
    """

    recurrent: tuple[str, ...] = ("lstm_0_weight_hh", "lstm_1_weight_hh")
    layers: int = 2
    """K"""
    window: int = 40
    """W"""

    def find_units(self, input_size: int, hidden_size: int) -> int:
        """U"""
        return max(1, (hidden_size - input_size) // self.layers)

    def suits(self, embedding_size: int, hidden_sizes: Sequence[int]) -> bool:
        """See `Cell.suits`: one layer, of an embedding and K LSTMs side by side."""
        units = hidden_sizes[0] - embedding_size
        return len(hidden_sizes) == 1 and embedding_size > 0 and units > 0 and units % self.layers == 0

    def weight_shapes(self, input_size: int, hidden_size: int) -> dict[str, tuple[int, ...]]:
        """See `Cell.weight_shapes`: those of each LSTM, ``attention`` (1, D) and ``padding`` (1, I)."""
        units = self.find_units(input_size, hidden_size)
        shapes: dict[str, tuple[int, ...]] = {}
        for layer in range(self.layers):
            of_layer = Cell.weight_shapes(self, units if layer else input_size, units)
            shapes |= {f"lstm_{layer}_{name}": shape for name, shape in of_layer.items()}
        return {**shapes, "attention": (1, hidden_size), "padding": (1, input_size)}

    def state_shapes(self, hidden_size: int) -> dict[str, tuple[int, ...]]:
        """See `Cell.state_shapes`: the average (D,), and of each run 3*D + 2 numbers, of which 2*I are spare."""
        return {"hidden": (hidden_size,), "runs": (self.window, 3 * hidden_size + 2)}


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
    "gru-reset-first": Cell(
        ("r", "z", "n"),
        onnx_operator="GRU",
        onnx_gates=("z", "r", "n"),
        onnx_attributes={"linear_before_reset": 0},
    ),
    "lstm-hard": Cell(
        ("i", "f", "g", "o"),
        ("hidden", "cell"),
        has_hard_gates=True,
        onnx_operator="LSTM",
        onnx_gates=("i", "o", "f", "g"),
        onnx_attributes={"activations": ["HardSigmoid", "Tanh", "Tanh"]},
    ),
    "gru-hard": Cell(
        ("r", "z", "n"),
        has_hard_gates=True,
        onnx_operator="GRU",
        onnx_gates=("z", "r", "n"),
        onnx_attributes={"linear_before_reset": 1, "activations": ["HardSigmoid", "Tanh"]},
    ),
    "gru-reset-first-hard": Cell(
        ("r", "z", "n"),
        has_hard_gates=True,
        onnx_operator="GRU",
        onnx_gates=("z", "r", "n"),
        onnx_attributes={"linear_before_reset": 0, "activations": ["HardSigmoid", "Tanh"]},
    ),
    "textgenrnn": WindowCell(("i", "f", "g", "o"), ("hidden", "runs"), is_bounded=False),
}
"""Every cell by its name in model files and on the command line."""
