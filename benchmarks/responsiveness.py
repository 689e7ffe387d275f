"""How soon a key is on the screen, and how fast a model writes, alone and while a training runs beside it.

    python benchmarks/responsiveness.py [--model NAME] [--keys 300]

Keys go to ``rnnchat`` in a pseudo-terminal of 120×36, one at a time, each a letter that was not typed before; a key
is on the screen when its letter comes out of the terminal. The training is ``rnnchat train python --beside-tui``, as
the Train screen starts it. Writing speed is what ``rnnchat generate`` reports, medians of several runs.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from terminal import PATIENCE_S, Terminal

READY_MARK = "help"
WRITING_MARK = "chars/s"
FIRST_LETTER = 0x0100
"""Letters of Latin Extended: in no text that a model here writes."""
PAUSE_S = 0.03
ROUNDS = 5
PYTHON = (sys.executable, "-m", "rnnchat")


def measure_keys(model: str, num_keys: int, is_writing: bool) -> list[float]:
    """Milliseconds from each key to its letter on the screen, sorted."""
    times_ms = []
    with Terminal("--model", model) as terminal:
        terminal.read_until(READY_MARK)
        terminal.read_for(2.0)
        if is_writing:
            terminal.press("\x1b[200~ROMEO:\x1b[201~\r")
            terminal.read_until(WRITING_MARK)
        for number in range(num_keys):
            letter = chr(FIRST_LETTER + number)
            started_s = time.perf_counter()
            terminal.press(letter)
            terminal.read_until(letter)
            times_ms.append((time.perf_counter() - started_s) * 1000)
            terminal.read_for(PAUSE_S)
    return sorted(times_ms)


def measure_writing(model: str) -> float:
    """Characters per second of one stream, the median of several runs."""
    command = [*PYTHON, "generate", model, "-p", "ROMEO:", "--length", "10000", "--seed", "1", "--json"]
    rates = []
    for _ in range(ROUNDS):
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        rates.append(json.loads(done.stdout.splitlines()[-1])["chars_per_s"])
    return statistics.median(rates)


@contextmanager
def train_beside() -> Iterator[None]:
    """Train a model of 512 units on the Python library, as the Train screen would."""
    command = [
        *PYTHON,
        "train",
        "python",
        "--name",
        "beside",
        "--hidden",
        "512",
        "--minutes",
        "60",
        "--beside-tui",
        "--json",
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        deadline_s = time.monotonic() + PATIENCE_S
        while '"stepped"' not in process.stdout.readline().lower():
            if time.monotonic() > deadline_s or process.poll() is not None:
                sys.exit("the training did not begin")
        os.set_blocking(process.stdout.fileno(), False)
        yield
    finally:
        process.kill()
        process.wait()


def measure_all(model: str, num_keys: int, where: str) -> float:
    """Print a row for keys at rest and one for keys while a model writes; give the speed of writing."""
    for is_writing in (False, True):
        times_ms = measure_keys(model, num_keys, is_writing)
        p99 = times_ms[int(0.99 * (len(times_ms) - 1))]
        label = f"{where}, {'a model writing' if is_writing else 'at rest'}"
        print(f"{label:<42}{statistics.median(times_ms):7.1f}{p99:9.1f}{times_ms[-1]:9.1f}", flush=True)
    return measure_writing(model)


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="shakespeare")
    parser.add_argument("--keys", type=int, default=300)
    arguments = parser.parse_args()
    from rnnchat.model.library import find_model

    model = str(find_model(arguments.model).absolute())
    with tempfile.TemporaryDirectory() as home:
        os.environ["RNNCHAT_HOME"] = home
        os.makedirs(home, exist_ok=True)
        (Path(home) / "settings.toml").write_text("[writing]\nlength = 100000\n", encoding="utf-8")
        print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
        print(f"model {Path(model).name}, {arguments.keys} keys\n")
        print(f"{'key to screen, ms':<42}{'median':>7}{'p99':>9}{'max':>9}")
        alone = measure_all(model, arguments.keys, "alone")
        with train_beside():
            beside = measure_all(model, arguments.keys, "training beside")
    print(
        f"\nwriting: {alone:,.0f} chars/s alone, {beside:,.0f} beside a training ({beside / alone:.2f}x, at least 0.5)"
    )


if __name__ == "__main__":
    main()
