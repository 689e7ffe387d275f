"""Write together with small recurrent language models: the same program as a library.

    import rnnchat

    model = rnnchat.load("shakespeare")
    for piece in model.write("ROMEO:", length=300, seed=1):
        print(piece.text, end="")

    model.score("To be, or not to be").bits_per_char
    reading = model.read("To be")
    reading.next(3)

    for event in rnnchat.train("letters/", name="mine", minutes=5):
        print(event)

docs/api.md shows all of it. Importing this costs nothing: what a name needs is imported when it is used, and torch
by ``train`` alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from rnnchat.errors import RnnchatError as RnnchatError

if TYPE_CHECKING:
    from rnnchat.analysis.insight import Explanation as Explanation
    from rnnchat.analysis.score import Score as Score
    from rnnchat.generation.beam import Beam as Beam
    from rnnchat.generation.language_model import LanguageModel as LanguageModel
    from rnnchat.generation.ranking import Ranked as Ranked
    from rnnchat.generation.reading import Guess as Guess
    from rnnchat.generation.reading import Reading as Reading
    from rnnchat.generation.settings import Settings as Settings
    from rnnchat.generation.stream import Piece as Piece
    from rnnchat.generation.writing import Continuation as Continuation
    from rnnchat.generation.writing import Writing as Writing
    from rnnchat.generation.writing import Writings as Writings
    from rnnchat.runs.event import Event

__version__ = "0.1.0"

_HOMES = {
    "Beam": "generation.beam",
    "Continuation": "generation.writing",
    "Explanation": "analysis.insight",
    "Guess": "generation.reading",
    "LanguageModel": "generation.language_model",
    "Piece": "generation.stream",
    "Ranked": "generation.ranking",
    "Reading": "generation.reading",
    "Score": "analysis.score",
    "Settings": "generation.settings",
    "Writing": "generation.writing",
    "Writings": "generation.writing",
}
"""The module that each class is in."""


def load(
    model: str | Path, precision: Literal["int8", "float32"] | None = None, threads: int | None = 1
) -> LanguageModel:
    """Open a model.

    Args:
        model: a name of `models`, a run's name, or a file.
        precision: ``int8``, fast, or ``float32``, exact; None takes int8 where the model loses next to nothing by it.
        threads: processor threads to write with; None takes the fastest number, which is measured once for each
            machine and size of model, and kept.

    Raises:
        ModelError: there is no such model, or its file is damaged.
        UsageError: the precision or the number of threads cannot be.
    """
    from rnnchat.generation.language_model import LanguageModel
    from rnnchat.model.library import find_model

    return LanguageModel.open(find_model(str(model)), precision, threads)


def models() -> list[str]:
    """The names of the models on this machine that `load` can open: your own, those of runs, those that came along."""
    from rnnchat.model.library import list_models

    return [entry.name for entry in list_models() if entry.header]


def score(model: str | Path, text: str | Iterable[str]) -> Score:
    """Say how well a model predicts a text, given whole or in pieces that end at line ends: `LanguageModel.score`.

    Raises:
        ModelError: there is no such model, or its file is damaged.
        TextError: the text is empty.
    """
    return load(model, "float32").score(text)


def train(*corpus: str | Path, **options: Any) -> Iterator[Event]:
    """Train a model: yields events; not asking for the next one stops.

    Args:
        corpus: files, folders, patterns, or names of the catalogue.
        options: the fields of ``rnnchat.plan.options.TrainingOptions``.

    Raises:
        UsageError: options are unknown or contradict each other.
        TextError: a text cannot be found, read or learnt from.
    """
    from rnnchat.generation.keyword import adapt_keywords
    from rnnchat.plan.options import TrainingOptions
    from rnnchat.runs.new import make_run
    from rnnchat.training.trainer import train as learn

    return learn(make_run(TrainingOptions(tuple(map(str, corpus)), **adapt_keywords(TrainingOptions, options))))


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"rnnchat.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'rnnchat' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted((*globals(), *_HOMES))
