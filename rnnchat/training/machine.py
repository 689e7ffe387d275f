"""Device and precision: what the machine has, and which is faster, measured."""

import contextlib
import time
import warnings
from collections.abc import Iterator
from dataclasses import replace

import torch

from rnnchat.errors import TrainingError
from rnnchat.network.network import Network
from rnnchat.plan.choice import FAST_BATCH, FAST_FLOP_PER_S, FAST_WINDOW, choose_recipe, count_threads
from rnnchat.plan.options import TrainingOptions
from rnnchat.plan.recipe import Recipe
from rnnchat.plan.size import count_flop, guess_symbols
from rnnchat.training.loss import measure_output

_TRIALS = 3


@contextlib.contextmanager
def flush_denormals() -> Iterator[None]:
    """Treat denormal numbers as 0 for the duration of the block: a CPU is a hundred times slower with them.

    This applies to all arithmetic of the thread, so it must end with the training.
    """
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


def settle_machine(recipe: Recipe, vocab_size: int) -> Recipe:
    """Replace ``auto`` in device and precision by what this machine has, and set torch's threads.

    Raises:
        TrainingError: the requested device is not available.
    """
    # More threads than cores slow each other down, and very many end the process.
    recipe = replace(recipe, threads=min(recipe.threads, count_threads(beside_tui=False)))
    torch.set_num_threads(recipe.threads)
    device = recipe.device
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cuda" and not torch.cuda.is_available():
        raise TrainingError("torch finds no CUDA device on this machine: use --device cpu")
    if device == "mps" and not torch.backends.mps.is_available():
        raise TrainingError("torch finds no Apple GPU on this machine: use --device cpu")
    # Weights under weight drop are not contiguous, as cuDNN wants them; the copy that it makes costs little.
    warnings.filterwarnings("ignore", "RNN module weights are not part of single contiguous chunk")
    recipe = replace(recipe, device=device)
    if recipe.precision != "auto":
        return recipe
    is_faster = _can_bfloat16(device) and _measure(recipe, vocab_size, True) < _measure(recipe, vocab_size, False)
    return replace(recipe, precision="bfloat16" if is_faster else "float32")


def measure_speed(options: TrainingOptions) -> float:
    """Floating-point operations per second at which this machine trains a network of the usual size; takes a second.

    Raises:
        TrainingError: the requested device is not available.
    """
    wishes = TrainingOptions(
        options.corpus, device=options.device, precision="float32", threads=options.threads, steps=1,
        beside_tui=options.beside_tui, preset="medium",
    )  # fmt: skip
    vocab_size = guess_symbols(wishes.own_level, None).size
    recipe = settle_machine(choose_recipe(wishes, 10**6, 10**6)[0], vocab_size)
    may_bfloat16 = options.precision != "float32" and _can_bfloat16(recipe.device)
    flop_per_token = count_flop(recipe.build_config(vocab_size).parameters)

    def measure_flop(recipe: Recipe) -> float:
        took_s = min(_measure(recipe, vocab_size, is_bfloat16) for is_bfloat16 in {False, may_bfloat16})
        return flop_per_token * recipe.batch_size * recipe.window / took_s

    flop_per_s = measure_flop(recipe)
    if flop_per_s < FAST_FLOP_PER_S:
        return flop_per_s
    return measure_flop(replace(recipe, batch_size=FAST_BATCH, window=FAST_WINDOW))  # as it will train then


def autocast(recipe: Recipe) -> torch.autocast:
    """A context in which matrix products run in the recipe's precision; weights stay float32."""
    return torch.autocast(recipe.device, torch.bfloat16, enabled=recipe.precision == "bfloat16")


def _can_bfloat16(device: str) -> bool:
    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    return device == "cpu" and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def _measure(recipe: Recipe, vocab_size: int, is_bfloat16: bool) -> float:
    """Seconds of the fastest of a few steps on random ids."""
    recipe = replace(recipe, precision="bfloat16" if is_bfloat16 else "float32")
    network = Network(recipe.build_config(vocab_size)).to(recipe.device)
    ids = torch.randint(vocab_size, (recipe.batch_size, recipe.window), device=recipe.device)
    best_s = float("inf")
    for _ in range(_TRIALS):
        started = time.perf_counter()
        with autocast(recipe):
            features, _ = network.read(ids)
            loss, _ = measure_output(features, *network.output_layer, ids)
        loss.backward()  # type: ignore[no-untyped-call]
        if recipe.device == "cuda":
            torch.cuda.synchronize()
        best_s = min(best_s, time.perf_counter() - started)
    return best_s
