"""A new sampler is a function, a line of the pipeline and a field of the settings: it is obeyed everywhere."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from rnnchat.model.file import Model, write_model
from rnnchat.text.tokenizer import LEVELS, fit_tokenizer

WAYS = ("alone", "keyword", "symbol by symbol", "lockstep", "beams", "mixture", "command")


def test_a_new_sampler_is_obeyed_at_every_level_in_every_way_of_writing(
    make_model: Callable[..., Model], tmp_path: Path
) -> None:
    paths = []
    for level in LEVELS:
        tokenizer = fit_tokenizer(level, ["the sea was wide and about the cab a bird was seen\n" * 50])
        paths.append(tmp_path / f"{level}.safetensors")
        write_model(make_model(tokenizer=tokenizer), paths[-1])
    program = Path(__file__).with_name("new_sampler.py")
    done = subprocess.run([sys.executable, program, *paths], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == [
        *(f"{level} {way} obeys" for level in LEVELS for way in WAYS),
        "panel obeys",
    ], done.stderr
