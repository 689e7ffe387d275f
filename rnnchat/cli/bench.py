"""``rnnchat bench``: how fast this machine is, as a ratio to the plainest way of doing the same."""

import statistics
import time
from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rnnchat.cli import option
from rnnchat.cli.output import print_fields, print_json
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
    """Measure one stream of writing against a plain torch loop: one call of nn.LSTM (or GRU, RNN) a symbol.

    Both use the same weights and draw at the same temperature; rounds alternate, and medians are compared.
    """
    from rnnchat.generation.generator import Generator  # ONNX Runtime: 0.2 s
    from rnnchat.model.file import read_model
    from rnnchat.model.library import find_model

    name = option.choose_model(model)
    loaded = read_model(find_model(name))
    generator = Generator(loaded, precision)
    pieces = generator.write(Settings(temperature=TEMPERATURE, length=10_000_000, seed=1))
    step_plainly = make_plain_loop(loaded)
    ours, plain = [], []
    for _ in range(ROUNDS):
        ours.append(_measure(lambda: next(pieces), seconds))
        plain.append(_measure(step_plainly, seconds))
    ours_per_s, plain_per_s = statistics.median(ours), statistics.median(plain)
    record = {
        "model": name,
        "network": loaded.config.describe(),
        "precision": precision,
        "symbols_per_s": round(ours_per_s, 1),
        "plain_loop_symbols_per_s": round(plain_per_s, 1),
        "ratio": round(ours_per_s / plain_per_s, 2),
    }
    if is_json:
        print_json(record)
        return
    unit = f"{loaded.tokenizer.level}s per second"
    print_fields([
        ("model", f"{name}, {loaded.config.describe()}, {precision}"),
        ("rnnchat", f"{ours_per_s:,.0f} {unit}"),
        ("plain torch loop", f"{plain_per_s:,.0f} {unit}"),
        ("ratio", f"{ours_per_s / plain_per_s:.1f}"),
    ])  # fmt: skip


def make_plain_loop(model: "Model") -> Callable[[], None]:
    """A function that draws one symbol in the plainest way torch offers, and remembers the state.

    Equal layers are one module, as people write it; torch keeps its own number of threads.
    """
    import torch  # 2 s; the only place of the command line that loads it
    from torch import nn

    config = model.config
    weights = {name: torch.from_numpy(weight) for name, weight in model.weights.items()}
    kinds: dict[str, Any] = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn-tanh": nn.RNN, "rnn-relu": nn.RNN}
    nonlinearity = {"nonlinearity": config.cell.removeprefix("rnn-")} if config.cell.startswith("rnn-") else {}
    is_even = len(set(config.hidden_sizes)) == 1
    sizes = (config.input_size, *config.hidden_sizes)
    shapes = [(sizes[0], sizes[1], config.num_layers)] if is_even else [(i, h, 1) for i, h in pairwise(sizes)]
    modules = [kinds[config.cell](i, h, num_layers=n, batch_first=True, **nonlinearity) for i, h, n in shapes]
    first_layer = 0
    for module, (_, _, num_layers) in zip(modules, shapes, strict=True):
        for layer in range(num_layers):
            for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
                parameter = getattr(module, f"{part}_l{layer}")
                parameter.data.copy_(weights[f"layers.{first_layer + layer}.{part}"])
        first_layer += num_layers
    embedding = weights.get("embedding.weight", torch.eye(config.vocab_size))  # one-hot: a row of the identity
    output = embedding if config.tied else weights["output.weight"]
    states: list[Any] = [None] * len(modules)
    last = torch.zeros(1, 1, dtype=torch.long)

    @torch.no_grad()
    def step() -> None:
        nonlocal last
        x = embedding[last]  # (1, 1, E)
        for index, module in enumerate(modules):
            x, states[index] = module(x, states[index])  # (1, 1, H)
        if config.has_projection:
            x = x @ weights["projection.weight"].T
        logits = x[0, 0] @ output.T + weights["output.bias"]  # (V,)
        last = torch.multinomial(torch.softmax(logits / TEMPERATURE, 0), 1).unsqueeze(0)
        last.item()

    return step


def _measure(step: Callable[[], object], seconds: float) -> float:
    """Calls of ``step`` per second, over about ``seconds``."""
    count, started_s = 0, time.perf_counter()
    while (elapsed_s := time.perf_counter() - started_s) < seconds:
        step()
        count += 1
    return count / elapsed_s
