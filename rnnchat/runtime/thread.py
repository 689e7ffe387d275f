"""How many processor threads a model's step should take: measured once for each machine and size, and kept.

A second thread halves the work of a big step and only disturbs a small one; where the border lies depends on the
caches, on the cores and on what else they do. Numbers differ by no more than float rounding between thread counts.

The file is ``threads.json`` in the data folder: for each machine (processor, cores, version of ONNX Runtime) the
number of threads by size (cell, hidden sizes, vocabulary, precision, batch size). It holds nothing that could not be
measured again, so a damaged file counts as none, and one that cannot be written is no error.
"""

import contextlib
import functools
import json
import os
import platform
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from rnnchat.model.config import ModelConfig
from rnnchat.model.file import Model
from rnnchat.paths import threads_path, write_text_atomically
from rnnchat.runtime.constant import Precision
from rnnchat.runtime.runtime import Runtime

LEAST_WORK = 2**20
"""Multiplications in a step; a smaller one is quickest on one thread everywhere, and nothing is measured."""
LEAST_GAIN = 1.2
"""More threads have to be so much faster than fewer: they take their cores from whatever else runs."""
_ROUNDS = 3
_ROUND_S = 0.03
"""Each of the two counts compared is measured in turns, so that a moment's disturbance meets both."""


def choose_threads(model: Model, precision: Precision, batch_size: int = 1) -> int:
    """The number of threads for a ``Runtime`` of this model, for steps of ``batch_size`` streams.

    Measuring takes about half a second, and happens only where nothing is known yet. A busy machine tells nothing
    that would hold later: there it is one thread, which disturbs no one, and the measuring is left for another time.
    """
    batch_size = 1 << (batch_size - 1).bit_length()  # rounded up to a power of two
    cores = count_cores()
    if cores == 1 or count_work(model.config) * batch_size < LEAST_WORK:
        return 1
    machine, size = _describe_machine(cores), _describe_size(model.config, precision, batch_size)
    known = _read_known()
    threads = known.get(machine, {}).get(size)
    if not isinstance(threads, int) or not 1 <= threads <= cores:
        if _is_busy(cores):
            return 1
        threads = _find_fastest(Runtime(model, precision), batch_size, cores)
        known.setdefault(machine, {})[size] = threads
        with contextlib.suppress(OSError):
            write_text_atomically(threads_path(), json.dumps(known, indent=1, ensure_ascii=False))
    return threads


def count_cores() -> int:
    """The processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def count_work(config: ModelConfig) -> int:
    """Multiplications in one step of one stream: all matrices but those of the symbols, which are looked up."""
    looked_up = {"embedding.weight", "layers.0.weight_ih"} - ({"embedding.weight"} if config.tied else set())
    shapes = config.weight_shapes()
    return sum(shape[0] * shape[1] for name, shape in shapes.items() if len(shape) == 2 and name not in looked_up)


def _find_fastest(runtime: Runtime, batch_size: int, cores: int) -> int:
    """Try twice as many threads as long as that gains something, beginning with ``runtime`` on one."""
    threads = 1
    while threads < cores:
        doubled = min(2 * threads, cores)
        candidate = runtime.with_threads(doubled)
        few_s, more_s = _measure((runtime, candidate), batch_size)
        if few_s < LEAST_GAIN * more_s:
            break
        threads, runtime = doubled, candidate
    return threads


def _is_busy(cores: int) -> bool:
    """Have other programs taken half of the cores or more in the last minute? Unknown on Windows: then no."""
    return hasattr(os, "getloadavg") and os.getloadavg()[0] > cores / 2


def _measure(runtimes: tuple[Runtime, Runtime], batch_size: int) -> list[float]:
    """Seconds of a step with each of two runtimes: the median, since a person meets the usual one, not the best."""
    seconds: list[list[float]] = [[], []]
    ids = np.zeros(batch_size, np.int64)
    for turn in range(_ROUNDS):
        for runtime, measured in zip(runtimes, seconds, strict=True):
            state = runtime.initial_state(batch_size)
            until = time.perf_counter() + _ROUND_S
            while not measured or len(measured) <= turn or time.perf_counter() < until:
                started = time.perf_counter()
                _, state = runtime.step(ids, state)
                measured.append(time.perf_counter() - started)
    return [statistics.median(measured) for measured in seconds]


def _read_known() -> dict[str, dict[str, Any]]:
    """What was measured earlier, by machine and size."""
    try:
        known = json.loads(threads_path().read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(known, dict):
        return {}
    return {machine: sizes for machine, sizes in known.items() if isinstance(sizes, dict)}


def _describe_size(config: ModelConfig, precision: Precision, batch_size: int) -> str:
    hidden = ",".join(map(str, config.hidden_sizes))
    return f"{config.cell} {hidden} of {config.vocab_size} symbols in {precision}, batch {batch_size}"


def _describe_machine(cores: int) -> str:
    return f"{name_processor()}, {cores} cores, onnxruntime {onnxruntime.__version__}"


@functools.cache
def name_processor() -> str:
    """The processor's model, as it says itself."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
