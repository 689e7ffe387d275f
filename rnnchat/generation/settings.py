"""How a model is asked to write: temperature, length, what to leave out, when to stop.

Pure values, cheap to import: the screen and the stories keep them without loading any numeric library.
"""

import math
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, get_args

from rnnchat.errors import UsageError

Until = Literal["length", "line", "sentence", "paragraph"]
UNTIL: tuple[Until, ...] = get_args(Until)

MAX_LENGTH = 10_000_000
MAX_SEED = 2**63 - 1
LEAST_TEMPERATURE = 1e-3
"""Below it the most probable symbol is taken, as at 0: dividing by less would overflow, and change nothing."""


@dataclass(frozen=True)
class Settings:
    """What steers one continuation. Out-of-range values are refused at birth."""

    temperature: float = 0.8
    """0 to 2. 0, and all below 0.001, takes the most probable symbol always; 1 follows the model; above, rarer
    symbols come more often."""
    length: int = 300
    """Characters after which the text ends; with ``until``, the earliest place where it may end."""
    until: Until = "length"
    """Where it ends then: right there, or at the next end of a line, a sentence or a paragraph."""
    top_k: int = 0
    """Draw only from the k most probable symbols; 0 for all."""
    top_p: float = 1.0
    """Draw only from the most probable symbols that together reach this probability; 1 for all."""
    min_p: float = 0.0
    """Leave out symbols less probable than this share of the most probable one; 0 for none."""
    repetition_penalty: float = 1.0
    """Above 1 makes symbols that were used lately less probable; 1 leaves them alone."""
    seed: int | None = None
    """Same model, prompt, settings and seed give the same text; None draws a new seed each time."""
    stop: tuple[str, ...] = ()
    """Texts at which to stop; they are not written themselves."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, float) and not math.isfinite(value):
                raise UsageError(f"{_option(field.name)} {value} is not a number to work with")
        _check(0 <= self.temperature <= 2, "temperature", self.temperature, "from 0 to 2")
        _check(0 <= self.length <= MAX_LENGTH, "length", self.length, f"from 1 to {MAX_LENGTH:,} characters")
        _check(self.until in UNTIL, "until", self.until, ", ".join(UNTIL))
        if self.length == 0 and self.until == "length":
            raise UsageError("length 0 writes nothing: give at least 1, or say --until line, sentence or paragraph")
        _check(self.top_k >= 0, "top_k", self.top_k, "0 (all symbols) or more")
        _check(0 < self.top_p <= 1, "top_p", self.top_p, "above 0, at most 1")
        _check(0 <= self.min_p <= 1, "min_p", self.min_p, "from 0 to 1")
        _check(0.5 <= self.repetition_penalty <= 5, "repetition_penalty", self.repetition_penalty, "from 0.5 to 5")
        _check(self.seed is None or 0 <= self.seed <= MAX_SEED, "seed", self.seed, f"from 0 to {MAX_SEED}")
        if any(not text for text in self.stop):
            raise UsageError("an empty stop text would stop at once: leave it out or give it a character")

    def change(self, **values: Any) -> "Settings":
        """The same settings but for ``values``."""
        return replace(self, **values)

    def to_json(self) -> dict[str, Any]:
        """The settings as plain JSON values."""
        record: dict[str, Any] = {field.name: getattr(self, field.name) for field in fields(self)}
        record["stop"] = list(self.stop)
        return record

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> "Settings":
        """Read what ``to_json`` wrote; what is missing keeps its default, what is unknown is passed over.

        Raises:
            UsageError: a value is out of range.
        """
        known = {field.name: record[field.name] for field in fields(cls) if field.name in record}
        if "stop" in known:
            known["stop"] = tuple(known["stop"])
        return cls(**known)


PRESETS: dict[str, dict[str, Any]] = {
    "careful": {"temperature": 0.5, "top_k": 0, "top_p": 0.9, "min_p": 0.0, "repetition_penalty": 1.0},
    "balanced": {"temperature": 0.8, "top_k": 0, "top_p": 1.0, "min_p": 0.0, "repetition_penalty": 1.0},
    "wild": {"temperature": 1.2, "top_k": 0, "top_p": 1.0, "min_p": 0.02, "repetition_penalty": 1.0},
}
"""Named changes of the sampling settings; ``Settings().change(**PRESETS[name])`` applies one."""


def _check(is_fine: bool, name: str, value: object, expected: str) -> None:
    if not is_fine:
        raise UsageError(f"{_option(name)} {value} cannot be: choose {expected}")


def _option(name: str) -> str:
    return name.replace("_", "-")
