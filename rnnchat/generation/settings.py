"""How a model is asked to write: temperature, length, what to leave out, when to stop.

Pure values, cheap to import: the screen and the stories keep them without loading any numeric library.
"""

import math
import types
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from rnnchat.errors import UsageError

Until = Literal["length", "line", "sentence", "paragraph"]
UNTIL: tuple[Until, ...] = get_args(Until)
DrawAt = Literal["symbol", "word"]
DRAW_AT: tuple[DrawAt, ...] = get_args(DrawAt)

MAX_LENGTH = 10_000_000
MAX_WINDOW = 10_000
"""The longest memory of the penalties, in symbols."""
MAX_BIAS = 100.0
MAX_TEXTS = 1_000
"""The most texts that one setting lists."""
MAX_TOP_K = 2**24
"""As many as the largest vocabulary has."""
MAX_SEED = 2**63 - 1


@dataclass(frozen=True)
class Settings:
    """What steers one continuation. Out-of-range values are refused at birth."""

    temperature: float = 0.8
    """0 to 2. 0, and all below 0.001, takes the most probable symbol always; 1 follows the model; above, rarer
    symbols come more often."""
    temperature_cycle: tuple[float, ...] = ()
    """Temperatures that take turns, one symbol each, in place of ``temperature``."""
    length: int = 300
    """Characters after which the text ends; with ``until``, the earliest place where it may end."""
    min_length: int = 0
    """Characters before which nothing ends the text; no stop text is written there."""
    until: Until = "length"
    """Where it ends then: right there, or at the next end of a line, a sentence or a paragraph."""
    top_k: int = 0
    """Draw only from the k most probable symbols; 0 for all."""
    top_p: float = 1.0
    """Draw only from the most probable symbols that together reach this probability; 1 for all."""
    min_p: float = 0.0
    """Leave out symbols less probable than this share of the most probable one; 0 for none."""
    draw_at: DrawAt = "symbol"
    """Where chance decides: at each symbol, or only where a word begins, the rest of it being the most probable."""
    repetition_penalty: float = 1.0
    """Above 1 makes symbols that were used lately less probable; 1 leaves them alone."""
    presence_penalty: float = 0.0
    """Nats that each symbol used lately loses, however often it was used; below 0 it gains them."""
    frequency_penalty: float = 0.0
    """Nats that a symbol loses for each time it was used lately; below 0 it gains them."""
    penalty_window: int = 64
    """How many of the last symbols count as lately for the three penalties."""
    penalty_decay: float = 1.0
    """What a use counts, compared with one that is a symbol younger: below 1 old uses are forgotten gradually."""
    escape_loops: bool = False
    """Leave a stretch that repeats itself again and again, by forbidding the symbol that would go on with it."""
    ban: tuple[str, ...] = ()
    """Texts that are never written: symbols, words, phrases."""
    bias: tuple[tuple[str, float], ...] = ()
    """Texts and the nats by which the symbol that completes them gains; below 0 it loses them."""
    seed: int | None = None
    """Same model, prompt, settings and seed give the same text; None draws a new seed each time."""
    stop: tuple[str, ...] = ()
    """Texts at which to stop; they are not written themselves."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value, wanted = getattr(self, field.name), _TYPES[field.name]
            if not _fits(value, wanted):
                raise UsageError(f"{_option(field.name)} {_cut(value)} cannot be: give {_describe(wanted)}")
        self._check_numbers()
        self._check_texts()

    def _check_numbers(self) -> None:
        for temperature in (self.temperature, *self.temperature_cycle):
            _check(0 <= temperature <= 2, "temperature", temperature, "from 0 to 2")
        _check(0 <= self.length <= MAX_LENGTH, "length", self.length, f"from 1 to {MAX_LENGTH:,} characters")
        _check(self.until in UNTIL, "until", self.until, ", ".join(UNTIL))
        if self.length == 0 and self.until == "length":
            raise UsageError("length 0 writes nothing: give at least 1, or say --until line, sentence or paragraph")
        _check(0 <= self.min_length <= MAX_LENGTH, "min_length", self.min_length, "0 or more characters")
        if self.until == "length" and self.min_length > self.length:
            raise UsageError(f"min-length {self.min_length} is above the length, {self.length}: choose one up to that")
        _check(0 <= self.top_k <= MAX_TOP_K, "top_k", self.top_k, f"from 0 (all symbols) to {MAX_TOP_K:,}")
        _check(0 < self.top_p <= 1, "top_p", self.top_p, "above 0, at most 1")
        _check(0 <= self.min_p <= 1, "min_p", self.min_p, "from 0 to 1")
        _check(self.draw_at in DRAW_AT, "draw_at", self.draw_at, " or ".join(DRAW_AT))
        _check(0.5 <= self.repetition_penalty <= 5, "repetition_penalty", self.repetition_penalty, "from 0.5 to 5")
        _check(-10 <= self.presence_penalty <= 10, "presence_penalty", self.presence_penalty, "from -10 to 10")
        _check(-10 <= self.frequency_penalty <= 10, "frequency_penalty", self.frequency_penalty, "from -10 to 10")
        _check(
            1 <= self.penalty_window <= MAX_WINDOW, "penalty_window", self.penalty_window, f"from 1 to {MAX_WINDOW:,}"
        )
        _check(0 < self.penalty_decay <= 1, "penalty_decay", self.penalty_decay, "above 0, at most 1")
        _check(self.seed is None or 0 <= self.seed <= MAX_SEED, "seed", self.seed, f"from 0 to {MAX_SEED}")

    def _check_texts(self) -> None:
        for name in ("stop", "ban", "bias", "temperature_cycle"):
            if len(getattr(self, name)) > MAX_TEXTS:
                raise UsageError(f"{_option(name)} lists more than {MAX_TEXTS:,} values: give fewer")
        if "" in self.stop:
            raise UsageError("an empty stop text would stop at once: leave it out or give it a character")
        if "" in self.ban or any(not text for text, _ in self.bias):
            raise UsageError("an empty text to ban or bias is nowhere: leave it out or give it a character")
        for text, nats in self.bias:
            _check(-MAX_BIAS <= nats <= MAX_BIAS, "bias", nats, f"from -{MAX_BIAS:g} to {MAX_BIAS:g} for {_cut(text)}")
        if both := set(self.ban) & {text for text, _ in self.bias}:
            raise UsageError(f"{_cut(min(both))} is both banned and biased: choose one of them")

    def change(self, **values: Any) -> "Settings":
        """The same settings but for ``values``."""
        return replace(self, **values)

    def to_json(self) -> dict[str, Any]:
        """The settings as plain JSON values."""
        return {field.name: _with_lists(getattr(self, field.name)) for field in fields(self)}

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> "Settings":
        """Read what ``to_json`` wrote; what is missing keeps its default, what is unknown is passed over.

        Raises:
            UsageError: a value is out of range.
        """
        if not isinstance(record, dict):
            raise UsageError(f"{_cut(record)} is no record of settings: give an object of names and values")
        return cls(**{field.name: _with_tuples(record[field.name]) for field in fields(cls) if field.name in record})


_TYPES: dict[str, Any] = get_type_hints(Settings)

PRESETS: dict[str, dict[str, Any]] = {
    "careful": {"temperature": 0.5, "top_k": 0, "top_p": 0.9, "min_p": 0.0, "repetition_penalty": 1.0},
    "balanced": {"temperature": 0.8, "top_k": 0, "top_p": 1.0, "min_p": 0.0, "repetition_penalty": 1.0},
    "wild": {"temperature": 1.2, "top_k": 0, "top_p": 1.0, "min_p": 0.02, "repetition_penalty": 1.0},
}
"""Named changes of the sampling settings; ``Settings().change(**PRESETS[name])`` applies one."""


def _check(is_fine: bool, name: str, value: object, expected: str) -> None:
    if not is_fine:
        raise UsageError(f"{_option(name)} {_cut(value)} cannot be: choose {expected}")


def _option(name: str) -> str:
    return name.replace("_", "-")


def _cut(value: object) -> str:
    """A value as a sentence can hold it: short, in one line, without half characters."""
    try:
        text = value if isinstance(value, str) and value.isprintable() else repr(value)
    except ValueError:  # a whole number of more digits than Python writes
        text = "of thousands of digits"
    return text[:40] + "…" if len(text) > 40 else text


def _fits(value: object, wanted: Any) -> bool:
    """Is a value of the type that a field is declared with, and every number in it a number to work with?"""
    origin, parts = get_origin(wanted), get_args(wanted)
    if origin is Literal:
        return isinstance(value, str)  # which one is checked with its own words
    if origin in (Union, types.UnionType):
        return any(_fits(value, part) for part in parts)
    if origin is tuple:
        if not isinstance(value, tuple):
            return False
        kinds = parts[:1] * len(value) if parts[-1] is Ellipsis else parts
        return len(kinds) == len(value) and all(map(_fits, value, kinds))
    if wanted is float:
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return is_number and abs(value) < 1e300 and math.isfinite(value)  # type: ignore[arg-type]
    if wanted is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, wanted)


def _describe(wanted: Any) -> str:
    """A field's type in words."""
    if get_origin(wanted) is tuple:
        return (
            "texts with numbers" if get_origin(get_args(wanted)[0]) else f"a list of {_describe(get_args(wanted)[0])}s"
        )
    if get_origin(wanted) in (Union, types.UnionType):
        return " or ".join(_describe(part) for part in get_args(wanted) if part is not type(None))
    return {int: "a whole number", float: "a number", bool: "true or false", str: "text"}.get(
        wanted, "one of its words"
    )


def _with_lists(value: Any) -> Any:
    return [_with_lists(part) for part in value] if isinstance(value, tuple) else value


def _with_tuples(value: Any) -> Any:
    return tuple(_with_tuples(part) for part in value) if isinstance(value, list) else value
