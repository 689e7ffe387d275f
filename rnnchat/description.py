"""What a field of the settings or of the training options is, said once: bounds, unit, words for every front end.

The command line makes its options of it, the screen its rows, the library its checks, so that all of them accept the
same values and call them by the same names.
"""

import dataclasses
import functools
import math
import types
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

from rnnchat.errors import UsageError

MAX_VALUES = 1_000
"""The most values that a field lists."""


class Bounds(NamedTuple):
    """The numbers from ``low`` to ``high``, with or without the ends themselves."""

    low: float
    high: float
    has_low: bool = True
    has_high: bool = True

    def holds(self, value: float) -> bool:
        """Whether ``value`` is within the bounds; what is no number is not."""
        is_above = value >= self.low if self.has_low else value > self.low
        return is_above and (value <= self.high if self.has_high else value < self.high)

    def __str__(self) -> str:
        if not self.has_low:
            return f"above {self.low:,g} and {'at most' if self.has_high else 'below'} {_group(self.high)}"
        return f"from {_group(self.low)} to {'' if self.has_high else 'below '}{_group(self.high)}"


class Reach(NamedTuple):
    """Where arrow keys lead on the screen."""

    low: float
    high: float
    step: float = 1
    fine_step: float = 1
    """With shift."""


@dataclass(frozen=True)
class Description:
    """What a front end has to know of a field."""

    help: str
    """A sentence for ``--help``."""
    bounds: Bounds | None = None
    """Of the number, or of each number that is listed."""
    unit: str = ""
    heading: str = ""
    """The heading of ``--help`` under which its option stands; without one there is no option."""
    option: str = ""
    """A short name of the option, ``--lr``; the name of the field is one too."""
    metavar: str | None = None
    label: str = ""
    """What the screen calls it; without one it has no row there."""
    hint: str = ""
    """What the row says while nothing is filled in."""
    short: str = ""
    """What a line of all settings calls it; without one, it is counted there."""
    form: str = "{:g}"
    """A number as the screen shows it."""
    words: Mapping[Any, str] = field(default_factory=dict)
    """Values that the screen calls by a word."""
    reach: Reach | None = None
    """Where arrow keys lead; typing leads everywhere within the bounds."""
    is_folded: bool = False
    """Whether the screen folds its row away."""

    def show(self, value: Any) -> str:
        """A value in words, unit included."""
        return self.words[value] if value in self.words else self.form.format(value)


def described(default: Any, help: str, bounds: Bounds | None = None, **parts: Any) -> Any:
    """A field of a dataclass with its default and its `Description`."""
    return field(default=default, metadata={"description": Description(help, bounds, **parts)})


@functools.cache
def find_descriptions(record: Any) -> dict[str, Description]:
    """The descriptions of a dataclass's fields, by name and in their order; fields without one are left out."""
    return {each.name: each.metadata["description"] for each in fields(record) if "description" in each.metadata}


@functools.cache
def find_types(record: Any) -> dict[str, Any]:
    """The types that a dataclass's fields are declared with."""
    return get_type_hints(record)


def check_fields(record: Any) -> None:
    """Make sure that every field of a dataclass holds what it is declared and described to hold.

    Raises:
        UsageError: one does not; the first one is named, with what it must be and what it is.
    """
    kind: Any = type(record)
    descriptions, hints = find_descriptions(kind), find_types(kind)
    for each in dataclasses.fields(record):
        description = descriptions.get(each.name, _NOTHING)
        check_value(name_field(each.name), getattr(record, each.name), hints[each.name], description)


def check_value(name: str, value: object, wanted: Any, description: Description) -> None:
    """Make sure that a value is what a field is declared and described to hold.

    Args:
        name: what the field is called in the sentence.
        value: anything.
        wanted: the type that the field is declared with.
        description: of the field.

    Raises:
        UsageError: saying what it must be, and what it is.
    """
    bounds = description.bounds
    if not _fits(value, wanted):
        beside = f" {bounds}" if bounds and not isinstance(value, tuple) else ""
        raise UsageError(f"{name} must be {_name_type(wanted)}{beside}, not {cut(value)}")
    values = value if isinstance(value, tuple) else (value,)
    if len(values) > MAX_VALUES:
        raise UsageError(f"{name} must list at most {MAX_VALUES:,} values, not {len(values):,}")
    for part in values:
        number = part[-1] if isinstance(part, tuple) else part
        if bounds and number is not None and not bounds.holds(number):
            unit = f" {description.unit}" if description.unit else ""
            raise UsageError(f"{name} must be {bounds}{unit}, not {cut(number)}")


def name_field(name: str) -> str:
    """A field as sentences and options name it: ``top-k``."""
    return name.replace("_", "-")


def find_choices(wanted: Any) -> tuple[str, ...]:
    """The words of which a field of the type ``wanted`` holds one; none where it holds something else."""
    if get_origin(wanted) is Literal:
        return get_args(wanted)
    parts = get_args(wanted) if get_origin(wanted) in (Union, types.UnionType) else ()
    return next((find_choices(part) for part in parts if get_origin(part) is Literal), ())


def parse_number(text: str) -> float:
    """A number as it is typed, whole where it is written as a whole one, of any length.

    Raises:
        ValueError: it is no number.
    """
    try:
        return int(text)
    except ValueError:
        return float(text)


def cut(value: object) -> str:
    """A value as a sentence can hold it: short, in one line, without half characters."""
    try:
        text = value if isinstance(value, str) and value.isprintable() else repr(value)
    except ValueError:  # a whole number of more digits than Python writes
        text = "a number of thousands of digits"
    return text[:40] + "…" if len(text) > 40 else text


def _fits(value: object, wanted: Any) -> bool:
    """Is a value of the type that a field is declared with, and every number in it a number to work with?"""
    origin, parts = get_origin(wanted), get_args(wanted)
    if origin is Literal:
        return isinstance(value, str) and value in parts
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


def _name_type(wanted: Any) -> str:
    """A field's type in words."""
    origin, parts = get_origin(wanted), [part for part in get_args(wanted) if part is not type(None)]
    if choices := find_choices(wanted):
        return f"{', '.join(choices[:-1])} or {choices[-1]}"
    if origin is tuple:
        return "texts with numbers" if get_origin(parts[0]) else f"a list of {_name_type(parts[0])}s"
    if origin in (Union, types.UnionType):
        return " or ".join(map(_name_type, parts))
    return {int: "a whole number", float: "a number", bool: "true or false", str: "text"}[wanted]


def _group(number: float) -> str:
    """A bound as people write it, with commas where it is long."""
    return f"{number:,}" if isinstance(number, int) else f"{number:,g}"


_NOTHING = Description("")
