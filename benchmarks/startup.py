"""How long rnnchat takes to start: help, first frame, first generated character, each beside its yardstick.

    python benchmarks/startup.py [--model NAME] [--rounds 7]

Every round measures everything once, so that a busy moment hits all of it; medians are compared. The screen runs
in a pseudo-terminal of 120×36 with a home of its own; a frame counts when its footer has arrived, a generated
character when the speed of writing is shown. Needs Linux or macOS, and a warm disk (the first round is thrown
away).
"""

import argparse
import asyncio
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from terminal import Terminal

FRAME_MARK = "help"
"""In the footer of the first frame."""
WRITING_MARK = "chars/s"
"""In the footer as soon as the first chunk of text is there."""
TYPING_S = 0.1
"""What the fastest person needs to type six keys; part of the time to the first character."""
PYTHON = (sys.executable, "-m", "rnnchat")


def time_command(*command: str) -> float:
    """Seconds from start to end of a command."""
    started_s = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started_s


def time_screen(model: str) -> tuple[float, float]:
    """Seconds from the start of ``rnnchat`` to its first frame, and to the first generated character."""
    started_s = time.perf_counter()
    with Terminal("--model", model) as terminal:
        terminal.read_until(FRAME_MARK)
        frame_s = time.perf_counter() - started_s
        terminal.press("ROMEO:")
        time.sleep(TYPING_S)
        terminal.press("\r")
        terminal.read_until(WRITING_MARK)
        return frame_s, time.perf_counter() - started_s


async def time_engine(model: str) -> tuple[float, float]:
    """Seconds until an engine has loaded ``model``, and until its first chunk after that."""
    from rnnchat.engine.client import EngineClient
    from rnnchat.generation.settings import Settings

    started_s = time.perf_counter()
    engine = await EngineClient.start(model)
    loaded_s = time.perf_counter()
    async for _ in engine.write("ROMEO:", Settings()):
        break
    first_s = time.perf_counter()
    await engine.close()
    return loaded_s - started_s, first_s - loaded_s


def measure(model: str) -> dict[str, float]:
    """One round of everything."""
    frame_s, first_character_s = time_screen(model)
    loaded_s, chunk_s = asyncio.run(time_engine(model))
    return {
        "import typer, rich": time_command(sys.executable, "-c", "import typer, rich"),
        "rnnchat --help": time_command(*PYTHON, "--help"),
        "import textual.app": time_command(sys.executable, "-c", "import textual.app"),
        "rnnchat: first frame": frame_s,
        "rnnchat: first generated character": first_character_s,
        "engine: model loaded": loaded_s,
        "engine: first chunk after that": chunk_s,
    }


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="shakespeare")
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    from rnnchat.model.library import find_model

    model = str(find_model(arguments.model).absolute())
    with tempfile.TemporaryDirectory() as home:
        os.environ["RNNCHAT_HOME"] = home
        measure(model)
        rounds = [measure(model) for _ in range(arguments.rounds)]
    medians = {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"model {Path(model).name}, medians of {arguments.rounds} rounds, load {os.getloadavg()[0]:.1f}\n")
    for name, seconds in medians.items():
        print(f"{name:<36}{seconds:6.3f} s")
    help_ratio = medians["rnnchat --help"] / medians["import typer, rich"]
    allowed_s = 2 * medians["import textual.app"] + 0.2
    print(f"\nhelp: {help_ratio:.2f}x the import of typer and rich (at most 1.5)")
    print(f"first frame: {medians['rnnchat: first frame']:.3f} s (at most {allowed_s:.3f})")
    print(f"first generated character: {medians['rnnchat: first generated character']:.3f} s (at most 2)")


if __name__ == "__main__":
    main()
