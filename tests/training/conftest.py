"""A small text, and runs that take a second."""

import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rnnchat.training.new_run import make_run
from rnnchat.training.options import TrainingOptions
from rnnchat.training.run_folder import RunFolder

WORDS = re.findall(
    r"\w+", "The sea was grey this morning and boats lay still beside old stones while gulls cried over nets"
)


@pytest.fixture(scope="session")
def text() -> str:
    """Some 6,000 characters of sentences made of few words."""
    draw = random.Random(1)
    sentences = (" ".join(draw.choices(WORDS, k=draw.randint(4, 9))) + ".\n" for _ in range(180))
    return "".join(sentences)


@pytest.fixture
def text_file(text: str, tmp_path: Path) -> Path:
    """The text as a file."""
    path = tmp_path / "sea.txt"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def begin_run(text_file: Path) -> Callable[..., RunFolder]:
    """Make a run of a tiny network: ``begin_run(name="a", steps=20)``."""

    def begin(**changes: Any) -> RunFolder:
        options = {
            "corpus": (str(text_file),),
            "hidden_sizes": (12, 9),
            "embedding_size": 7,
            "dropout": 0.2,
            "batch_size": 5,
            "window": 11,
            "threads": 1,
            "device": "cpu",
            "precision": "float32",
        }
        if not {"steps", "minutes", "epochs"} & changes.keys():
            options["steps"] = 30
        return make_run(TrainingOptions(**{**options, **changes}))

    return begin
