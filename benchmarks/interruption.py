"""Does a training that is killed again and again end like one that never stopped, bit for bit?

    python benchmarks/interruption.py [--each 10] [--seed 1] [--level char] [--threads 1] [--minutes M]

A small network learns a made-up text once in peace. Then runs of the same recipe are killed with SIGKILL while they
start, prepare, learn, write a file or finish, in each of these at least ``--each`` times, and each time the command is
typed again that a person would type: ``rnnchat train --resume NAME``, or the first one where there is no run yet. A run
that has come to its end is compared with the first, and the next one begins; the last run is then left in peace.
Dropout, and a model that is an average of the weights, let a lost random state or a lost average show. With a budget
of minutes, or several threads, two runs are never equal bit for bit: there it counts that each comes to its end.
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
from rnnchat.runs.event import Finished, Resumed, Started, Stepped
from rnnchat.runs.folder import RunFolder, read_status

STEPS = 2000
RECIPE = (
    *("--hidden", "48,32", "--embedding", "16", "--batch", "8", "--window", "32"),
    *("--dropout", "0.2", "--average", "ema", "--device", "cpu", "--precision", "float32"),
)
WORDS = "a the old small grey boat sea stone gull net sings waits falls over under beside and never again"
SENTENCES = 1200
PHASES = ("starting", "preparing", "learning", "saving", "finishing")
LINGER_S = {"starting": 1.0, "preparing": 0.3, "learning": 1.0, "saving": 0.004, "finishing": 0.1}
"""At most how long after the beginning of a phase the kill comes."""
POLL_S = 0.001


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


def start(run: RunFolder, text: Path, recipe: tuple[str, ...]) -> subprocess.Popen[str]:
    """Begin ``run``, or resume it where it is there."""
    what = ("--resume", run.name) if run.exists else (str(text), "--name", run.name, *recipe)
    command = [sys.executable, "-m", "rnnchat", "train", *what, "--quiet"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def tell_phase(run: RunFolder, offset: int) -> str:
    """How far the process came, by the events that it wrote behind byte ``offset``."""
    events, _ = run.read_events(offset)
    if not events:
        return "starting"
    if any(isinstance(event, Finished) for event in events):
        return "finishing"  # the process still closes its files
    if not any(isinstance(event, Started | Resumed) for event in events):
        return "preparing"
    progress = max((event.progress for event in events if isinstance(event, Stepped)), default=0.0)
    return "finishing" if progress >= 1.0 else "learning"


def find_halves(run: RunFolder) -> set[Path]:
    """Files that are being written, or never were written to their end."""
    return set(run.path.parents[1].rglob("*.tmp"))


def wait_for_phase(process: subprocess.Popen[str], run: RunFolder, phase: str, offset: int, draw: random.Random) -> str:
    """Wait for ``phase`` and a moment more; give the phase in which the process is then, "" where it has ended."""
    before = find_halves(run)
    while process.poll() is None:
        # A file is being written: what counts is to be quick.
        here = "saving" if find_halves(run) - before else tell_phase(run, offset)
        if here == phase or here == "finishing":
            time.sleep(draw.uniform(0, LINGER_S[here]))
            return "" if process.poll() is not None else here
        time.sleep(POLL_S)
    return ""


def endure(run: RunFolder, text: Path, recipe: tuple[str, ...], each: int, draw: random.Random, tally: Tally) -> None:
    """Bring ``run`` to its end through kills, as long as a phase had fewer than ``each`` of them."""
    while True:
        wanted = [phase for phase in PHASES if tally.kills[phase] < each]
        offset, halves = run.read_events()[1], find_halves(run)
        process = start(run, text, recipe)
        phase = wait_for_phase(process, run, draw.choice(wanted), offset, draw) if wanted else ""
        if phase:
            process.kill()
        complaint = process.communicate()[1]
        if not phase:
            if process.returncode:
                tally.lost += 1
                print(f"{run.name} is lost: {complaint}")
            return
        tally.kills[phase] += 1
        tally.while_writing += bool(find_halves(run) - halves)
        if read_status(run).state == "done":
            return
        if run.exists:
            tally.resumes += 1
        else:
            tally.begun_again += 1


def read_weights(run: RunFolder) -> dict[str, bytes]:
    """The model that ``run`` put into the library, tensor by tensor; nothing where it did not come so far."""
    path = run.path.parents[1] / "models" / f"{run.name}.safetensors"
    return {name: part.tobytes() for name, part in read_model(path).weights.items()} if path.exists() else {}


def main() -> None:
    """Kill, resume, compare, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", type=int, default=10, help="kills in each phase")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--level", choices=("char", "byte", "word", "bpe"), default="char")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--minutes", type=float, help="a budget of time instead of steps")
    arguments = parser.parse_args()
    draw, tally = random.Random(arguments.seed), Tally()
    budget = ("--minutes", str(arguments.minutes)) if arguments.minutes else ("--steps", str(STEPS))
    recipe = (*RECIPE, *budget, "--level", arguments.level, "--threads", str(arguments.threads))
    is_exact = arguments.threads == 1 and not arguments.minutes
    identical: list[bool] = []
    with tempfile.TemporaryDirectory() as home:
        os.environ["RNNCHAT_HOME"] = home
        text, runs = Path(home) / "text.txt", Path(home) / "runs"
        write_text(text, draw)
        reference, started_s = RunFolder(runs / "reference"), time.perf_counter()
        if start(reference, text, recipe).wait():
            sys.exit("the run that was left in peace failed")
        life_s = time.perf_counter() - started_s
        expected = read_weights(reference)
        while any(tally.kills[phase] < arguments.each for phase in PHASES):
            run = RunFolder(runs / f"killed-{len(identical) + 1}")
            endure(run, text, recipe, arguments.each, draw, tally)
            weights = read_weights(run)
            identical.append(weights == expected if is_exact else weights.keys() == expected.keys())
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
    print(f"{'identical at the end' if is_exact else 'complete at the end':<34}{sum(identical):4}")
    sys.exit(tally.lost > 0 or not all(identical))


if __name__ == "__main__":
    main()
