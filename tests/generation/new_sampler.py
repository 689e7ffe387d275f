"""A program of the tests: adds a sampler as its author would, and writes with it in every way there is.

Arguments: model files. Every step of the author is here: the function, the line of the pipeline, the field.
"""

import asyncio
import dataclasses
import json
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np

import rnnchat.generation.settings as home
from rnnchat.description import described


@dataclasses.dataclass(frozen=True)
class Settings(home.Settings):
    only_even: bool = described(False, "Symbols with an even id only.", heading=home.SAMPLING, label="Only even")


home.Settings = Settings  # type: ignore[misc]
home.USUAL = Settings(until=home.USUAL.until)

import rnnchat.generation.sampling as sampling  # noqa: E402


def keep_even(scores: np.ndarray) -> np.ndarray:
    return np.where(np.arange(scores.shape[1]) % 2 == 0, scores, -np.inf)


sampling.PIPELINE = (
    sampling.PIPELINE[0],
    sampling.SamplingStep(
        "only even",
        "a test",
        lambda settings, past: settings.only_even,
        lambda scores, settings, past: keep_even(scores),
    ),
    *sampling.PIPELINE[1:],
)

from typer.testing import CliRunner  # noqa: E402

import rnnchat  # noqa: E402
from rnnchat.cli.command import app as commands  # noqa: E402
from rnnchat.tui.app import RnnchatApp  # noqa: E402


def check(way: str, ids: Iterable[int]) -> None:
    """Print how a way of writing obeys."""
    found = list(ids)
    obeys = found and all(id % 2 == 0 for id in found)
    sys.stdout.write(f"{way} {'obeys' if obeys else f'writes {found}'}\n")


def write(path: Path) -> None:
    """Write in every way that the library knows, and by command."""
    level = path.stem
    model = rnnchat.load(path)
    plain, asked = Settings(length=60, seed=1), Settings(length=60, seed=1, only_even=True)
    assert any(id % 2 for id in model.write("ab", plain).finish().ids), "the test would prove nothing"
    check(f"{level} alone", model.write("ab", asked).finish().ids)
    check(f"{level} keyword", model.write("ab", length=60, only_even=True).finish().ids)  # type: ignore[call-arg]
    check(f"{level} symbol by symbol", (piece.id for piece in model.write("ab", asked, alternatives=2)))
    check(f"{level} lockstep", (id for text in model.candidates("ab", 3, asked) for id in text.ids))
    check(f"{level} beams", (id for beam in model.search("ab", 3, asked) for id in beam.ids))
    check(f"{level} mixture", model.mix(model).write("ab", asked).finish().ids)
    arguments = ["generate", str(path), "-p", "ab", "--only-even", "--explain", "1", "--json"]
    record = json.loads(CliRunner().invoke(commands, arguments).stdout)
    check(f"{level} command", (symbol["id"] for symbol in record["symbols"]))


async def turn_on() -> None:
    """Turn the sampler on in the panel."""
    app = RnnchatApp(model="none")
    async with app.run_test(size=(120, 60)) as pilot:
        app.screen.query_one("#only_even").focus()
        await pilot.press("right")
        await pilot.pause()
        obeys = app.settings.writing == home.USUAL.change(only_even=True)
        sys.stdout.write(f"panel {'obeys' if obeys else app.settings.writing}\n")


if __name__ == "__main__":
    for name in sys.argv[1:]:
        write(Path(name))
    asyncio.run(turn_on())
