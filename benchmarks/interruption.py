"""Does a training that is killed again and again end like one that never stopped, bit for bit?

    python benchmarks/interruption.py [--kills 50] [--seed 1]

A small network learns a made-up text once in peace. Then runs of the same recipe are killed with SIGKILL at random
moments of a process's life, from its first instant to its last, and each time the command is typed again that a
person would type: ``rnnchat train --resume NAME``, or the first one where there is no run yet. A run that has come to
its end is compared with the first, and the next one begins, until there were as many kills as were asked for; the
last run is then left in peace. Dropout, and a model that is an average of the weights, let a lost random state or a
lost average show. Takes about five minutes, on one core.
"""

import argparse
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from rnnchat.model.file import read_model
from rnnchat.runs.event import Evaluated, Finished, Resumed, Started
from rnnchat.runs.folder import RunFolder, read_status

STEPS = 2000
RECIPE = (
    *("--steps", str(STEPS), "--hidden", "48,32", "--embedding", "16", "--batch", "8", "--window", "32"),
    *("--dropout", "0.2", "--average", "ema", "--device", "cpu", "--threads", "1", "--precision", "float32"),
)
WORDS = "a the old small grey boat sea stone gull net sings waits falls over under beside and never again"
SENTENCES = 1200
PHASES = ("starting", "preparing", "learning", "finishing", "ended")


class Tally:
    """What was seen so far."""

    def __init__(self) -> None:
        self.kills: Counter[str] = Counter()
        """In which phase they fell."""
        self.while_writing = 0
        """Kills that left a half-written file behind."""
        self.resumes = self.begun_again = self.lost = 0
        """Processes after a kill that went on with the run, or began where there was none; runs that did not end."""


def write_text(path: Path, draw: random.Random) -> None:
    """Sentences of few words, drawn at random."""
    words = WORDS.split()
    sentences = (" ".join(draw.choices(words, k=draw.randint(4, 9))) + ".\n" for _ in range(SENTENCES))
    path.write_text("".join(sentences), encoding="utf-8")


def start(run: RunFolder, text: Path) -> subprocess.Popen[str]:
    """Begin ``run``, or go on with it where it is there."""
    what = ("--resume", run.name) if run.exists else (str(text), "--name", run.name, *RECIPE)
    command = [sys.executable, "-m", "rnnchat", "train", *what, "--quiet"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def tell_phase(run: RunFolder, offset: int) -> str:
    """How far the process came, by the events that it wrote behind byte ``offset``."""
    events, _ = run.read_events(offset)
    if not events:
        return "starting"
    if any(isinstance(event, Finished) for event in events):
        return "ended"
    steps = [event.step for event in events if isinstance(event, Evaluated | Resumed)]
    if not steps and not any(isinstance(event, Started) for event in events):
        return "preparing"
    return "finishing" if STEPS in steps else "learning"


def endure(run: RunFolder, text: Path, num_kills: int, life_s: float, draw: random.Random, tally: Tally) -> None:
    """Bring ``run`` to its end through kills at random moments, as long as ``tally`` has fewer than ``num_kills``."""
    home = run.path.parents[1]
    while True:
        offset, halves = run.read_events()[1], set(home.rglob("*.tmp"))
        process = start(run, text)
        try:
            is_last = tally.kills.total() >= num_kills
            complaint = process.communicate(timeout=None if is_last else draw.uniform(0, life_s))[1]
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            tally.kills[tell_phase(run, offset)] += 1
            tally.while_writing += bool(set(home.rglob("*.tmp")) - halves)
            if read_status(run).state == "done":
                return
            if run.exists:
                tally.resumes += 1
            else:
                tally.begun_again += 1
        else:
            if process.returncode:
                tally.lost += 1
                print(f"{run.name} is lost: {complaint}")
            return


def read_weights(run: RunFolder) -> dict[str, bytes]:
    """The model that ``run`` put into the library, tensor by tensor; nothing where it did not come so far."""
    path = run.path.parents[1] / "models" / f"{run.name}.safetensors"
    return {name: part.tobytes() for name, part in read_model(path).weights.items()} if path.exists() else {}


def main() -> None:
    """Kill, resume, compare, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    draw, tally = random.Random(arguments.seed), Tally()
    identical: list[bool] = []
    with tempfile.TemporaryDirectory() as home:
        os.environ["RNNCHAT_HOME"] = home
        text, runs = Path(home) / "text.txt", Path(home) / "runs"
        write_text(text, draw)
        reference, started_s = RunFolder(runs / "reference"), time.perf_counter()
        if start(reference, text).wait():
            sys.exit("the run that was left in peace failed")
        life_s = time.perf_counter() - started_s
        expected = read_weights(reference)
        while tally.kills.total() < arguments.kills:
            run = RunFolder(runs / f"killed-{len(identical) + 1}")
            endure(run, text, arguments.kills, life_s, draw, tally)
            identical.append(read_weights(run) == expected)
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(f"a run that is left in peace: {life_s:.1f} s; seed {arguments.seed}\n")
    print(f"{'kills':<34}{tally.kills.total():4}")
    for phase in PHASES:
        print(f"{'  ' + phase:<34}{tally.kills[phase]:4}")
    print(f"{'  of these while writing a file':<34}{tally.while_writing:4}")
    print(f"{'resumes':<34}{tally.resumes:4}")
    print(f"{'begun again, no run being there':<34}{tally.begun_again:4}")
    print(f"{'runs':<34}{len(identical):4}")
    print(f"{'lost runs':<34}{tally.lost:4}")
    print(f"{'identical at the end':<34}{sum(identical):4}")
    sys.exit(tally.lost > 0 or not all(identical))


if __name__ == "__main__":
    main()
