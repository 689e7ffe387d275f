"""``rnnchat bench``: how fast this machine is, as a ratio to the plainest way of doing the same."""

import math
import statistics
import time
from collections.abc import Callable
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rnnchat.cli import option
from rnnchat.cli.output import print_fields, print_json
from rnnchat.errors import UsageError
from rnnchat.generation.settings import Settings

if TYPE_CHECKING:
    from rnnchat.model.file import Model

app = typer.Typer(help="Measure the speed of this machine.", no_args_is_help=True)

TEMPERATURE = 0.8
ROUNDS = 3


@app.callback()
def _keep_group() -> None:
    """Measure the speed of this machine."""


@app.command("generate")
def bench_generate(
    model: Annotated[str | None, typer.Argument(help="Name of a model or a run, or a file.")] = None,
    seconds: Annotated[float, typer.Option(metavar="S", help="How long each way is measured in each round.")] = 1.0,
    precision: option.PrecisionName = "int8",
    is_json: option.Json = False,
) -> None:
    """Measure writing against a plain torch loop.

    The loop calls nn.LSTM (or GRU, RNN) once a symbol, with the same weights and temperature, on one thread or on
    as many as torch chooses, whichever is faster. Rounds alternate, and medians are compared.
    """
    if not 0 < seconds < math.inf:
        raise UsageError(f"--seconds {seconds} cannot be: give a number above 0")
    from rnnchat.generation.generator import Generator  # ONNX Runtime: 0.2 s
    from rnnchat.model.file import read_model
    from rnnchat.model.library import find_model
    from rnnchat.text.tokenizer import SYMBOL_NAMES

    name = option.choose_model(model)
    loaded = read_model(find_model(name))
    generator = Generator(loaded, precision)
    pieces = generator.write(Settings(temperature=TEMPERATURE, length=10_000_000, seed=1))
    plain_loop = PlainLoop(loaded)
    rates = [
        (count_calls(lambda: next(pieces), seconds), *plain_loop.measure(seconds))  # alternating
        for _ in range(ROUNDS)
    ]
    ours_per_s, one_thread_per_s, torch_per_s = map(statistics.median, zip(*rates, strict=True))
    ratio = ours_per_s / max(one_thread_per_s, torch_per_s)
    if is_json:
        print_json({
            "model": name,
            "network": loaded.config.describe(),
            "precision": precision,
            "symbols_per_s": round(ours_per_s, 1),
            "plain_loop_symbols_per_s": round(max(one_thread_per_s, torch_per_s), 1),
            "plain_loop_symbols_per_s_by_threads": {
                "one": round(one_thread_per_s, 1), "torch_default": round(torch_per_s, 1)
            },
            "ratio": round(ratio, 2),
        })  # fmt: skip
        return
    unit = f"{SYMBOL_NAMES[loaded.tokenizer.level]}s per second"
    print_fields([
        ("model", f"{name}, {loaded.config.describe()}, {precision}"),
        ("rnnchat", f"{ours_per_s:,.0f} {unit}"),
        ("plain torch loop", f"{one_thread_per_s:,.0f} on one thread, {torch_per_s:,.0f} on as many as torch chooses"),
        ("ratio to the faster", f"{ratio:.1f}"),
    ])  # fmt: skip


class PlainLoop:
    """Draws symbols in the plainest way torch offers: one call of ``nn.LSTM`` for each.

    Equal layers are one module, as people write it.
    """

    def __init__(self, model: "Model") -> None:
        import torch  # 2 s; the only place of the command line that loads it

        self._torch = torch
        self._config = config = model.config
        self._weights = {name: torch.from_numpy(weight) for name, weight in model.weights.items()}
        is_even = len(set(config.hidden_sizes)) == 1
        sizes = (config.input_size, *config.hidden_sizes)
        shapes = [(sizes[0], sizes[1], config.num_layers)] if is_even else [(i, h, 1) for i, h in pairwise(sizes)]
        first_layers = accumulate((num_layers for _, _, num_layers in shapes), initial=0)
        self._modules = [self._build(*shape, first) for shape, first in zip(shapes, first_layers, strict=False)]
        # One-hot symbols are rows of the identity.
        self._embedding = self._weights.get("embedding.weight", torch.eye(config.vocab_size))
        self._output = self._embedding if config.tied else self._weights["output.weight"]
        self._states: list[Any] = [None] * len(self._modules)
        self._last = torch.zeros(1, 1, dtype=torch.long)

    def _build(self, input_size: int, hidden_size: int, num_layers: int, first_layer: int) -> Any:
        """One module with the weights of ``num_layers`` layers."""
        nn, cell = self._torch.nn, self._config.cell
        if cell.startswith("rnn-"):
            module: Any = nn.RNN(input_size, hidden_size, num_layers, nonlinearity=cell.removeprefix("rnn-"))
        else:
            module = {"lstm": nn.LSTM, "gru": nn.GRU}[cell](input_size, hidden_size, num_layers)
        for layer in range(num_layers):
            for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
                getattr(module, f"{part}_l{layer}").data.copy_(self._weights[f"layers.{first_layer + layer}.{part}"])
        return module

    def step(self) -> int:
        """Draw one symbol, remember the state, give the symbol's id."""
        torch = self._torch
        with torch.no_grad():
            x = self._embedding[self._last]  # (1, 1, E)
            for index, module in enumerate(self._modules):
                x, self._states[index] = module(x, self._states[index])  # (1, 1, H)
            if self._config.has_projection:
                x = x @ self._weights["projection.weight"].T  # (1, 1, E)
            logits = x[0, 0] @ self._output.T + self._weights["output.bias"]  # (V,)
            self.probabilities = torch.softmax(logits / TEMPERATURE, 0)
            self._last = torch.multinomial(self.probabilities, 1).unsqueeze(0)
        return int(self._last)

    def measure(self, seconds: float) -> tuple[float, float]:
        """Symbols per second with one thread, and with as many as torch chooses."""
        default = self._torch.get_num_threads()
        self._torch.set_num_threads(1)
        one_thread_per_s = count_calls(self.step, seconds)
        self._torch.set_num_threads(default)
        return one_thread_per_s, count_calls(self.step, seconds)


def count_calls(step: Callable[[], object], seconds: float) -> float:
    """Calls of ``step`` per second, over about ``seconds`` and at least one call."""
    count, elapsed_s, started_s = 0, 0.0, time.perf_counter()
    while elapsed_s < seconds:
        step()
        count += 1
        elapsed_s = time.perf_counter() - started_s
    return count / elapsed_s
