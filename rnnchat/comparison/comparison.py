"""What a comparison is: contenders that write on from one prompt, and a column of results for each."""

import itertools
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rnnchat.errors import UsageError

MIN_CONTENDERS, MAX_CONTENDERS = 2, 6


@dataclass(frozen=True)
class Contender:
    """A model, and how it writes where that differs from the others."""

    model: str
    """The name of a model in the library or of a run, or the path of a file."""
    changes: Mapping[str, Any] = field(default_factory=dict)
    """Settings of its own (``Settings.change`` takes them); the others are the comparison's."""

    @property
    def label(self) -> str:
        """How it is called at the head of a column: ``shakespeare``, ``shakespeare T 0.8``."""
        names = {"temperature": "T"}
        changes = [f"{names.get(name, name.replace('_', '-'))} {value}" for name, value in self.changes.items()]
        return " ".join([self.model, *changes])


@dataclass(frozen=True)
class Column:
    """What one contender wrote, and how well and how fast."""

    contender: Contender
    text: str
    bits_per_char: float | None = None
    """How well it predicts the prompt; None where the prompt is too short to say."""
    chars_per_s: float | None = None
    size_bytes: int | None = None
    """The size of its model file."""


@dataclass(frozen=True)
class Comparison:
    """The same prompt and seed for every contender."""

    prompt: str
    seed: int
    settings: Mapping[str, Any]
    """What all contenders share, as ``Settings.to_json`` has it."""
    columns: tuple[Column, ...]
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    created: float = field(default_factory=time.time)
    """In seconds since 1970."""


def plan_contenders(models: Sequence[str], temperatures: Sequence[float] = ()) -> tuple[Contender, ...]:
    """Who takes part: each model at each temperature, or at the temperature that all share if none is given.

    Raises:
        UsageError: They are fewer than two or more than six, or one of them comes twice.
    """
    changes: list[dict[str, Any]] = [{"temperature": temperature} for temperature in temperatures] or [{}]
    contenders = tuple(Contender(model, change) for model, change in itertools.product(models, changes))
    if not MIN_CONTENDERS <= len(contenders) <= MAX_CONTENDERS:
        raise UsageError(
            f"a comparison has {MIN_CONTENDERS} to {MAX_CONTENDERS} columns and this one would have "
            f"{len(contenders)}: name two to six models, or one model with several temperatures"
        )
    for one, other in itertools.combinations(contenders, 2):
        if one == other:
            raise UsageError(f"“{one.label}” would stand in two columns: leave one out or change its temperature")
    return contenders
