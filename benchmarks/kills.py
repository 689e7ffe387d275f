"""Is what stood on the screen still there after the program was killed in the middle of a word?

    python benchmarks/kills.py [--kills 100] [--model NAME] [--seed 1]

``rnnchat`` writes in a pseudo-terminal of 120×36 and is killed with SIGKILL at a random moment. What the terminal
showed 200 ms before (as pyte, a terminal emulator, draws it) is looked for in the story that is on the disk, the
database is checked, and the next process goes on with the same file. Needs ``pip install pyte``.
"""

import argparse
import os
import platform
import random
import sqlite3
import sys
import tempfile
import time
from pathlib import Path

import pyte
from terminal import Terminal

SHOWN_S = 0.2
"""What was on the screen this long must not be lost."""
COLUMNS, ROWS = 120, 36
STORY_ROWS = slice(2, 25)
"""Rows of the screen that hold nothing but the story."""
MARKS = dict.fromkeys(range(0x2580, 0x25A0))
"""Blocks: what the screen draws beside the text, and at its end."""
WRITING_MARK = "chars/s"
SETTINGS = "panel = false\n[writing]\nlength = 1000000\n"


def squeeze(text: str) -> str:
    """The text without spaces and ends of lines, which wrapping changes."""
    return "".join(text.split())


def read_screen(chunks: list[tuple[float, bytes]], until_s: float) -> list[str]:
    """The rows of the story that the terminal showed at ``until_s``."""
    screen = pyte.Screen(COLUMNS, ROWS)
    stream = pyte.ByteStream(screen)
    for moment_s, chunk in chunks:
        if moment_s <= until_s:
            stream.feed(chunk)
    rows = (squeeze(row.translate(MARKS)) for row in screen.display[STORY_ROWS])
    return [row for row in rows if len(row) > 8]


def read_texts(path: Path) -> tuple[str, str]:
    """All texts of all stories, and what SQLite says of the file."""
    connection = sqlite3.connect(path)
    try:
        texts = connection.execute("SELECT text FROM passage ORDER BY number").fetchall()
        return squeeze("".join(text for (text,) in texts)), connection.execute("PRAGMA integrity_check").fetchone()[0]
    finally:
        connection.close()


def main() -> None:
    """Kill, compare, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--model", default="shakespeare")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    from rnnchat.model.library import find_model

    model, draw = str(find_model(arguments.model).absolute()), random.Random(arguments.seed)
    rows_checked = rows_lost = damaged = 0
    with tempfile.TemporaryDirectory() as home:
        os.environ["RNNCHAT_HOME"] = home
        (Path(home) / "settings.toml").write_text(SETTINGS, encoding="utf-8")
        for number in range(arguments.kills):
            with Terminal("--model", model) as terminal:
                terminal.read_until("Write")
                terminal.press("\x0e\x1b[200~ROMEO:\x1b[201~\r")
                chunks = terminal.record(draw.uniform(0.3, 3.0), after=WRITING_MARK)
                killed_s = time.perf_counter()  # leaving the block kills
            shown = read_screen(chunks, killed_s - SHOWN_S)
            kept, verdict = read_texts(Path(home) / "rnnchat.db")
            lost = [row for row in shown if row not in kept]
            rows_checked, rows_lost, damaged = (
                rows_checked + len(shown),
                rows_lost + len(lost),
                damaged + (verdict != "ok"),
            )
            for row in lost:
                print(f"kill {number}: lost {row!r}", file=sys.stderr)
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(f"model {Path(model).name}, seed {arguments.seed}\n")
    for name, count in (("kills", arguments.kills), ("rows shown for 200 ms", rows_checked), ("rows lost", rows_lost)):
        print(f"{name:<34}{count:6}")
    print(f"{'damaged databases':<34}{damaged:6}")
    sys.exit(rows_lost > 0 or damaged > 0 or rows_checked == 0)


if __name__ == "__main__":
    main()
