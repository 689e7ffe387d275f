"""Writing with torch alone, symbol by symbol: what rnnchat is measured against.

Letters: V vocabulary, E embedding, H hidden, I input of a layer, G gates.

``ModuleLoop`` is the loop as people write it. ``CellLoop`` and ``JoinedLoop`` are what it can be made into without
leaving torch; which of them is the fastest, and on how many threads, depends on the machine and the size. All draw
from the same distribution.
"""

from collections.abc import Callable, Iterator
from itertools import accumulate, pairwise
from typing import Any, Literal

import torch
from torch import Tensor, nn

from rnnchat.bench.stopwatch import Way, count_calls, list_thread_counts
from rnnchat.model.cell import CELLS
from rnnchat.model.file import Model
from rnnchat.runtime.constant import has_table

TEMPERATURE = 0.8
DEFAULT_THREADS = torch.get_num_threads()
"""What torch chooses by itself."""


JOINABLE: dict[str, Callable[[Tensor], Tensor]] = {
    "lstm": torch.tanh_, "rnn-tanh": torch.tanh_, "rnn-relu": torch.relu_
}  # fmt: skip
"""The cells whose two products can be joined, and what is applied to the sum; a gru's reset gate stands between."""


class PlainLoop:
    """One text that grows by a symbol with each ``step``; how the layers are computed is left to its kinds."""

    def __init__(self, model: Model) -> None:
        """Args: any model."""
        self._config = config = model.config
        self._weights = weights = {name: torch.from_numpy(weight) for name, weight in model.weights.items()}
        # One-hot symbols are rows of the identity.
        self._embedding = weights.get("embedding.weight", torch.eye(config.vocab_size))  # (V, E)
        self._projection = weights.get("projection.weight")
        self._output = self._embedding if config.tied else weights["output.weight"]
        self._last = torch.zeros(1, dtype=torch.long)

    def step(self) -> int:
        """Draw one symbol, remember the state, give the symbol's id."""
        with torch.inference_mode():
            top = self._advance()  # (H,)
            if self._projection is not None:
                top = torch.mv(self._projection, top)  # (E,)
            logits = torch.addmv(self._weights["output.bias"], self._output, top)  # (V,)
            self.probabilities = (logits / TEMPERATURE).softmax(0)
            # The same as torch.multinomial, without its checks: the first of V exponential clocks to ring.
            self._last = (self.probabilities / torch.empty_like(logits).exponential_()).argmax(0, keepdim=True)
        return int(self._last)

    def _advance(self) -> Tensor:
        """Read the last symbol: the last layer's hidden state (H,)."""
        raise NotImplementedError


class ModuleLoop(PlainLoop):
    """One call of ``nn.LSTM`` (or ``nn.GRU``, ``nn.RNN``) for each symbol; equal layers are one module."""

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        sizes = (self._config.input_size, *self._config.hidden_sizes)
        is_even = len(set(self._config.hidden_sizes)) == 1 and not self._config.residual
        shapes = [(sizes[0], sizes[1], len(sizes) - 1)] if is_even else [(i, h, 1) for i, h in pairwise(sizes)]
        first_layers = accumulate((num_layers for _, _, num_layers in shapes), initial=0)
        self._modules = [self._build(*shape, first) for shape, first in zip(shapes, first_layers, strict=False)]
        self._states: list[Any] = [None] * len(self._modules)

    def step(self) -> int:
        """As it stands in tutorials: ``no_grad``, ``multinomial``."""
        with torch.no_grad():
            logits = self._advance() if self._projection is None else self._projection @ self._advance()
            logits = self._output @ logits + self._weights["output.bias"]  # (V,)
            self.probabilities = torch.softmax(logits / TEMPERATURE, 0)
            self._last = torch.multinomial(self.probabilities, 1)
        return int(self._last)

    def _build(self, input_size: int, hidden_size: int, num_layers: int, first_layer: int) -> Any:
        """One module with the weights of ``num_layers`` layers."""
        cell = CELLS[self._config.cell]
        module = getattr(nn, cell.torch_module)(input_size, hidden_size, num_layers, **cell.torch_arguments)
        for layer in range(num_layers):
            for part in CELLS[self._config.cell].weight_shapes(1, 1):
                getattr(module, f"{part}_l{layer}").data.copy_(self._weights[f"layers.{first_layer + layer}.{part}"])
        return module

    def _advance(self) -> Tensor:
        x = self._embedding[self._last].unsqueeze(0)  # (1, 1, I)
        for index, module in enumerate(self._modules):
            hidden, self._states[index] = module(x, self._states[index])  # (1, 1, H)
            x = hidden + x if self._config.adds_input(index) else hidden
        return x[0, 0]


class CellLoop(PlainLoop):
    """One call of ``nn.LSTMCell`` (or ``nn.GRUCell``, ``nn.RNNCell``) for each layer."""

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        sizes = (self._config.input_size, *self._config.hidden_sizes)
        self._cells = [self._build(layer, i, h) for layer, (i, h) in enumerate(pairwise(sizes))]
        self._states: list[Any] = [None] * len(self._cells)

    def _build(self, layer: int, input_size: int, hidden_size: int) -> Any:
        cell = CELLS[self._config.cell]
        module = getattr(nn, f"{cell.torch_module}Cell")(input_size, hidden_size, **cell.torch_arguments)
        for part in CELLS[self._config.cell].weight_shapes(1, 1):
            getattr(module, part).data.copy_(self._weights[f"layers.{layer}.{part}"])
        return module

    def _advance(self) -> Tensor:
        x = self._embedding[self._last]  # (1, I)
        for index, cell in enumerate(self._cells):
            self._states[index] = state = cell(x, self._states[index])
            hidden = state[0] if isinstance(state, tuple) else state  # (1, H)
            x = hidden + x if self._config.adds_input(index) else hidden
        return x[0]


class JoinedLoop(PlainLoop):
    """Written by hand: a table of the first layer's input products, one product for a layer, one sigmoid for i, f, o.

    Args:
        model: with any cell but gru, whose two products cannot be joined.
        product: ``addmv`` with weights (G*H, I+H), or ``addmm`` with their transpose.
    """

    def __init__(self, model: Model, product: Literal["addmv", "addmm"]) -> None:
        super().__init__(model)
        self._is_addmm = product == "addmm"
        self._activation = JOINABLE[self._config.cell]
        self._has_gates = len(CELLS[self._config.cell].gates) == 4
        self._table: Tensor | None = None
        self._layers: list[tuple[Tensor, Tensor]] = []  # weight, bias
        for layer in range(self._config.num_layers):
            self._add_layer(layer)
        self._hidden = [torch.zeros(size) for size in self._config.hidden_sizes]
        self._cell = [torch.zeros(size) for size in self._config.hidden_sizes]

    def _add_layer(self, layer: int) -> None:
        parts = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        inputs, recurrent, *biases = (self._reorder(self._weights[f"layers.{layer}.{part}"]) for part in parts)
        bias = biases[0] + biases[1]
        if layer == 0 and has_table(self._config):
            self._table, weight = self._embedding @ inputs.T + bias, recurrent
        else:
            weight = torch.cat((inputs, recurrent), 1)
        self._layers.append((weight.T.contiguous() if self._is_addmm else weight, bias))

    def _reorder(self, weight: Tensor) -> Tensor:
        """An lstm's gates in the order i, f, o, g instead of i, f, g, o."""
        if not self._has_gates:
            return weight
        i, f, g, o = weight.chunk(4)
        return torch.cat((i, f, o, g))

    def _advance(self) -> Tensor:
        row = self._last[0]
        x = self._embedding[row]  # (I,)
        for layer, (weight, bias) in enumerate(self._layers):
            hidden = self._hidden[layer]
            if layer == 0 and self._table is not None:
                joined, bias = hidden, self._table[row]
            else:
                joined = torch.cat((x, hidden))
            product = (
                torch.addmm(bias[None], joined[None], weight)[0]
                if self._is_addmm
                else torch.addmv(bias, weight, joined)
            )
            self._hidden[layer] = hidden = self._activate(layer, product)
            x = hidden + x if self._config.adds_input(layer) else hidden
        return x

    def _activate(self, layer: int, gates: Tensor) -> Tensor:
        """From (G*H,) to the new hidden state (H,)."""
        if not self._has_gates:
            return self._activation(gates)
        size = self._config.hidden_sizes[layer]
        sigmoid, new = gates[: 3 * size].sigmoid_(), gates[3 * size :].tanh_()
        cell = torch.addcmul(sigmoid[size : 2 * size] * self._cell[layer], sigmoid[:size], new)
        self._cell[layer] = cell
        return sigmoid[2 * size :] * cell.tanh()


def list_loops(model: Model) -> Iterator[tuple[str, PlainLoop]]:
    """All loops that write with this model, by what they call; the first is the plainest."""
    module = CELLS[model.config.cell].torch_module
    yield f"nn.{module}", ModuleLoop(model)
    yield f"nn.{module}Cell", CellLoop(model)
    if model.config.cell in JOINABLE:
        yield "addmv, joined weights", JoinedLoop(model, "addmv")
        yield "addmm, joined weights", JoinedLoop(model, "addmm")


def choose_ways(model: Model, cores: int, seconds: float) -> tuple[Way, Way, str]:
    """The loop as people write it, with torch's own number of threads; the fastest loop, and what that one calls.

    Args:
        model: any model.
        cores: the most threads to try.
        seconds: how long each loop is tried on each number of threads.
    """
    loops = dict(list_loops(model))
    plainest = next(iter(loops.values()))
    rates = {}
    for threads in list_thread_counts(cores):
        torch.set_num_threads(threads)
        for name, loop in loops.items():
            loop.step()
            rates[name, threads] = count_calls(loop.step, seconds)
    name, threads = max(rates, key=rates.__getitem__)
    prepare = torch.set_num_threads
    plain = Way("plain torch loop", plainest.step, 1, DEFAULT_THREADS, lambda: prepare(DEFAULT_THREADS))
    return plain, Way("best torch loop", loops[name].step, 1, threads, lambda: prepare(threads)), name
