"""What ``rnnchat bench generate`` measures of one model: rates of several ways of writing, and the figures they make.

Letters: V vocabulary, B streams.

Everything that is compared is measured in the same rounds, on the same weights, in turns.
"""

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from rnnchat.bench.aim import Aim
from rnnchat.bench.plain_loop import TEMPERATURE, choose_ways
from rnnchat.bench.stopwatch import (
    Figure,
    Measured,
    Way,
    compare,
    list_thread_counts,
    measure_rates,
    summarise,
    time_call,
)
from rnnchat.generation.language_model import LanguageModel
from rnnchat.generation.open_network import OpenNetwork
from rnnchat.generation.settings import MAX_LENGTH, Settings
from rnnchat.generation.writing import Writing, Writings
from rnnchat.model.config import ModelConfig
from rnnchat.model.file import Model
from rnnchat.runtime.constant import Precision
from rnnchat.runtime.predictor import State
from rnnchat.runtime.runtime import Runtime
from rnnchat.runtime.thread import choose_threads, count_cores, count_work
from rnnchat.text.char import CharTokenizer
from rnnchat.text.tokenizer import SYMBOL_NAMES, Level
from rnnchat.text.word import WordTokenizer

PRECISIONS: tuple[Precision, ...] = ("float32", "int8")
BYTES: dict[Precision, int] = {"float32": 4, "int8": 1}
CANDIDATES = (8, 64)
READ_BYTES = 256 * 2**20
"""More than the caches hold."""
PROMPT = "ROMEO:"
WRITING = Settings(temperature=TEMPERATURE, length=MAX_LENGTH, seed=1)
CHARS = "\n !$&',-.3:;?" + "ABCDEFGHIJKLMNOPQRSTUVWXYZ" + "abcdefghijklmnopqrstuvwxyz"
"""65 symbols, those of Shakespeare's plays as they are commonly learnt from."""
EVERY_SAMPLER: dict[str, Any] = {
    "top_k": 40,
    "top_p": 0.95,
    "min_p": 0.05,
    "repetition_penalty": 1.1,
    "presence_penalty": 0.2,
    "frequency_penalty": 0.1,
    "penalty_decay": 0.98,
    "escape_loops": True,
}
"""Top-k, top-p, min-p, the temperature and the window of 64 symbols are those that llama.cpp takes by default."""


class Size(NamedTuple):
    """The network of a model with random weights."""

    hidden_sizes: tuple[int, ...]
    embedding_size: int = 64
    words: int = 0
    """The vocabulary of a word model; 0 for characters."""


SIZES: dict[str, Size] = {
    "1x128": Size((128,), 32),
    "2x512": Size((512,) * 2),
    "2x1024": Size((1024,) * 2),
    "3x1024": Size((1024,) * 3),
    "words": Size((512,) * 2, 256, words=20_000),
}
"""Embeddings are those that ``rnnchat train`` would choose; the output of words is tied to theirs, as there."""
AIMS = (
    Aim("2x512", "float32 against the plain torch loop", 25),
    Aim("2x512", "int8 against the plain torch loop", 50),
    Aim("2x512", "int8 against the best torch loop", 5),
    Aim("2x512", "float32, 8 candidates against one", 5),
    Aim("2x512", "int8, 8 candidates against one", 5),
    Aim("2x512", "float32, 64 candidates against one", 20),
    Aim("2x512", "int8, 64 candidates against one", 20),
    Aim("2x1024", "float32, share of the memory limit", 0.6),
    Aim("words", "float32, all samplers against a step", 0.4, is_most=True),
    Aim("words", "int8, all samplers against a step", 0.4, is_most=True),
    Aim("2x512", "float32, file to first character", 0.15, is_most=True),
    Aim("2x512", "int8, file to first character", 0.15, is_most=True),
)


@dataclass(kw_only=True)
class MeasuredModel(Measured):
    """All that was measured of one model: rates are symbols of all streams."""

    config: ModelConfig
    level: Level
    best_loop: str
    """What the best torch loop calls."""
    bytes_per_s: float = 0
    """How fast a big array was read, at most."""

    @property
    def title(self) -> str:
        """Its name and what it writes."""
        return f"{self.name} ({SYMBOL_NAMES[self.level]}s)"

    def to_json(self) -> dict[str, Any]:
        """All of it as plain JSON values."""
        return {
            "name": self.name,
            "network": self.config.describe(),
            "level": self.level,
            "vocab_size": self.config.vocab_size,
            "parameters": self.config.parameters,
            "weights_per_step": count_work(self.config),
            "best_torch_loop": self.best_loop,
            "memory_bytes_per_s": round(self.bytes_per_s),
            "ways": self.describe_ways("symbols_per_s"),
            "figures": self.describe_figures(),
        }


def make_model(size: Size, seed: int = 1) -> Model:
    """A model with random weights, as torch draws them before a training.

    The output's biases give words the frequencies of a language (Zipf's law), and characters uneven ones: what
    sampling costs depends on how many symbols are likely.
    """
    tokenizer: CharTokenizer | WordTokenizer
    if size.words:
        tokenizer = WordTokenizer([*CHARS, *(f"word{number}" for number in range(size.words - 3 - len(CHARS)))], ())
    else:
        tokenizer = CharTokenizer(CHARS, has_unknown=False)
    vocab_size = tokenizer.vocab_size
    config = ModelConfig(vocab_size, "lstm", size.hidden_sizes, size.embedding_size, tied=size.words > 0)
    random = np.random.default_rng(seed)
    bound = size.hidden_sizes[-1] ** -0.5
    weights = {
        name: random.uniform(-bound, bound, shape).astype(np.float32) for name, shape in config.weight_shapes().items()
    }
    weights["output.bias"] = -np.log(1 + random.permutation(vocab_size)).astype(np.float32)
    return Model(config, tokenizer, weights)


def choose_all_threads(model: Model) -> dict[tuple[Precision, int], int]:
    """How many threads rnnchat takes for each precision and number of streams."""
    counts = [(precision, count) for precision in PRECISIONS for count in (1, *CANDIDATES)]
    return {(precision, count): choose_threads(model, precision, count) for precision, count in counts}


def choose_reading_way(cores: int, seconds: float) -> Way:
    """The fastest way to read a big array once; its amount is in bytes."""
    array = torch.ones(READ_BYTES // 4096, 1024)
    row, flat = torch.ones(1024), array.view(-1)
    runs: dict[str, Callable[[], object]] = {
        "sum": flat.sum, "dot": lambda: torch.dot(flat, flat), "mv": lambda: torch.mv(array, row)
    }  # fmt: skip
    ways = [
        Way(f"read by {name}", run, READ_BYTES, threads, partial(torch.set_num_threads, threads))
        for threads in list_thread_counts(cores)
        for name, run in runs.items()
    ]
    rates = [measure_rates([way], seconds, rounds=1)[way.name][0] for way in ways]
    return ways[rates.index(max(rates))]


def measure_model(
    name: str, model: Model, path: Path, threads: dict[tuple[Precision, int], int], reading: Way, seconds: float,
    rounds: int,
) -> MeasuredModel:  # fmt: skip
    """Measure everything of one model.

    Args:
        name: what it is called.
        model: what is measured.
        path: a file with the same model.
        threads: see ``choose_all_threads``.
        reading: see ``choose_reading_way``.
        seconds: for each way in each round.
        rounds: how many.
    """
    plain, best, best_loop = choose_ways(model, count_cores(), seconds / 4)
    measured = MeasuredModel(name=name, config=model.config, level=model.tokenizer.level, best_loop=best_loop)
    measured.measure([plain, best, *list_writing_ways(model, threads), reading], seconds, rounds)
    del measured.threads[reading.name]
    measured.bytes_per_s = max(measured.rates.pop(reading.name))
    measured.figures = find_ratios(measured.rates)
    for precision in PRECISIONS:
        limit = measured.bytes_per_s / (BYTES[precision] * count_work(model.config))  # steps a second
        shares = [rate / limit for rate in measured.rates[precision]]
        measured.figures[f"{precision}, share of the memory limit"] = summarise(shares)
    for precision in PRECISIONS:
        runtime = Runtime(model, precision, threads[precision, 1])
        shares = [measure_samplers(model, runtime, seconds) for _ in range(rounds)]
        measured.figures[f"{precision}, all samplers against a step"] = summarise(shares)
    for precision in PRECISIONS:
        times = [time_call(partial(write_first, path, precision)) for _ in range(rounds + 2)]
        measured.figures[f"{precision}, file to first character"] = summarise(times)
    times = [time_call(lambda: write_in_new_process(path)) for _ in range(3)]
    measured.figures["new process to first character"] = summarise(times)
    return measured


def list_writing_ways(model: Model, threads: dict[tuple[Precision, int], int]) -> list[Way]:
    """Writing with the whole of rnnchat: one text, and several candidates in one batch."""
    ways = []
    runtimes: dict[tuple[Precision, int], Runtime] = {}
    for (precision, count), num_threads in threads.items():
        if (precision, num_threads) not in runtimes:
            runtimes[precision, num_threads] = Runtime(model, precision, num_threads)
        network = OpenNetwork(model.tokenizer, runtimes[precision, num_threads])
        name = precision if count == 1 else f"{precision}, {count} candidates"
        writing: Writing | Writings = Writing(network, "", network.start, WRITING)
        if count > 1:
            writing = Writings(network, [""], [network.start], WRITING, count)
        ways.append(Way(name, partial(next, writing), count, num_threads))
    return ways


def find_ratios(rates: dict[str, list[float]]) -> dict[str, Figure]:
    """The figures that compare two ways."""
    figures = {}
    for loop in ("plain torch loop", "best torch loop"):
        for precision in PRECISIONS:
            figures[f"{precision} against the {loop}"] = compare(rates[precision], rates[loop])
    for count in CANDIDATES:
        for precision in PRECISIONS:
            name = f"{precision}, {count} candidates"
            figures[f"{name} against one"] = compare(rates[name], rates[precision])
    return figures


def measure_samplers(model: Model, runtime: Runtime, seconds: float) -> float:
    """With every sampler on: how long a symbol takes beside the network's step, as a share of that step."""
    timed = _TimedRuntime(runtime)
    network = OpenNetwork(model.tokenizer, timed, model.training.words)
    last_id = model.config.vocab_size - 1
    banned, favoured = (model.tokenizer.decode([id]) for id in (last_id, last_id - 1))
    settings = WRITING.change(**EVERY_SAMPLER, ban=(banned,), bias=((favoured, 1.0),))
    writing = Writing(network, "", network.start, settings)
    beside_s: list[float] = []
    timed.step_s.clear()
    while sum(beside_s) + sum(timed.step_s) < seconds:
        symbol_s = time_call(lambda: next(writing))
        beside_s.append(symbol_s - timed.step_s[-1])
    return summarise(beside_s).median / summarise(timed.step_s).median


class _TimedRuntime:
    """A runtime that remembers how long its steps took."""

    def __init__(self, runtime: Runtime) -> None:
        self.config, self.precision = runtime.config, runtime.precision
        self.initial_state, self.read, self.read_hidden = runtime.initial_state, runtime.read, runtime.read_hidden
        self.step_s: list[float] = []
        """Seconds of each step."""
        self._step = runtime.step

    def step(self, ids: np.ndarray, state: State) -> tuple[np.ndarray, State]:
        """See ``Runtime.step``."""
        started_s = time.perf_counter()
        result = self._step(ids, state)
        self.step_s.append(time.perf_counter() - started_s)
        return result


def write_first(path: Path, precision: Precision) -> None:
    """From a file and a prompt to the first character."""
    next(LanguageModel.open(path, precision).write(PROMPT, WRITING))


def write_in_new_process(path: Path) -> None:
    """The same with all that comes before, and the end of the process."""
    command = [sys.executable, "-m", "rnnchat", "generate", str(path), "--prompt", PROMPT, "--length", "1"]
    subprocess.run(command, check=True, capture_output=True)
