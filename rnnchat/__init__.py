"""Write together with small recurrent language models: the same program as a library.

    import rnnchat

    model = rnnchat.load("shakespeare")
    model.seek("ROMEO:")
    for piece in model.write(rnnchat.Settings(length=300, seed=1)):
        print(piece.text, end="")

    rnnchat.score("shakespeare", text).bits_per_char
    for event in rnnchat.train("letters/", name="mine", minutes=5):
        print(event)

Importing this costs nothing: each function imports what it needs when it is called.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from rnnchat.generation.generator import Generator
    from rnnchat.generation.score import Score
    from rnnchat.generation.settings import Settings as Settings
    from rnnchat.training.event import Event

__version__ = "0.1.0"


def load(model: str | Path, precision: Literal["int8", "float32"] = "int8") -> Generator:
    """Open a model.

    Args:
        model: a name of ``rnnchat models list``, a run's name, or a file.
        precision: fast, or exact.

    Raises:
        ModelError: there is no such model, or its file is damaged.
    """
    from rnnchat.generation.generator import Generator
    from rnnchat.model.library import find_model

    return Generator.open(find_model(str(model)), precision)


def score(model: str | Path, text: str | Iterable[str]) -> Score:
    """Say how well a model predicts a text, given whole or in pieces that end at line ends.

    Raises:
        ModelError: there is no such model, or its file is damaged.
        TextError: the text is empty.
    """
    from rnnchat.generation.score import score_text

    generator = load(model, "float32")
    return score_text(generator.runtime, generator.tokenizer, [text] if isinstance(text, str) else text)


def train(*corpus: str, **options: Any) -> Iterator[Event]:
    """Train a model: yields events; not asking for the next one stops.

    Args:
        corpus: files, folders, patterns, or names of the catalogue.
        options: the fields of ``rnnchat.training.options.TrainingOptions``.

    Raises:
        UsageError: options contradict each other.
        TextError: a text cannot be found, read or learnt from.
    """
    from rnnchat.training.new_run import make_run
    from rnnchat.training.options import TrainingOptions
    from rnnchat.training.trainer import train as learn

    return learn(make_run(TrainingOptions(corpus, **options)))


def __getattr__(name: str) -> Any:
    if name == "Settings":
        from rnnchat.generation.settings import Settings

        return Settings
    raise AttributeError(f"module 'rnnchat' has no attribute {name!r}")
