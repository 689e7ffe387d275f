"""Does the screen keep its memory flat while a model writes for a long time?

    python benchmarks/soak.py [--minutes 10] [--model NAME]

``rnnchat`` writes in a pseudo-terminal of 120×36, story after story of 20,000 characters. Resident memory of the screen
and of the model's process is read every second; the figures are the means of the second and of the last quarter of the
time. Linux only.
"""

import argparse
import os
import platform
import statistics
import sys
import tempfile
import time
from pathlib import Path

from terminal import Terminal

MOST_GROWTH = 0.05
STORY_S = 15
"""Seconds after which another story is begun."""
SETTINGS = "panel = false\n[writing]\nlength = 20000\n"


def read_memory(pid: int) -> float:
    """Resident memory of a process and its children, in MB."""
    total = 0
    for path in Path("/proc").glob("[0-9]*/status"):
        try:
            fields = dict(line.split(":", 1) for line in path.read_text().splitlines())
        except OSError:
            continue  # it ended meanwhile
        if pid in (int(fields["Pid"]), int(fields["PPid"])) and "VmRSS" in fields:
            total += int(fields["VmRSS"].split()[0])
    return total / 1000


def main() -> None:
    """Write, read the memory, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--model", default="shakespeare")
    arguments = parser.parse_args()
    from rnnchat.model.library import find_model

    model = str(find_model(arguments.model).absolute())
    memory_mb: list[float] = []
    with tempfile.TemporaryDirectory() as home:
        os.environ["RNNCHAT_HOME"] = home
        (Path(home) / "settings.toml").write_text(SETTINGS, encoding="utf-8")
        with Terminal("--model", model) as terminal:
            terminal.read_until("Write")
            end_s = time.perf_counter() + 60 * arguments.minutes
            while time.perf_counter() < end_s:
                terminal.press("\x0e\x1b[200~ROMEO:\x1b[201~\r")
                for _ in range(STORY_S):
                    terminal.read_for(1.0)
                    memory_mb.append(read_memory(terminal.pid))
    quarter = len(memory_mb) // 4
    early, late = statistics.mean(memory_mb[quarter : 2 * quarter]), statistics.mean(memory_mb[-quarter:])
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(f"model {Path(model).name}, {arguments.minutes:g} minutes\n")
    print(f"memory in the second quarter  {early:8.1f} MB\nmemory in the last quarter    {late:8.1f} MB")
    print(f"growth                        {late / early - 1:8.1%}   (at most {MOST_GROWTH:.0%})")
    sys.exit(late / early - 1 > MOST_GROWTH)


if __name__ == "__main__":
    main()
