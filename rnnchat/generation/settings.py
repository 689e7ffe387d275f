"""How a model is asked to write: temperature, length, what to leave out, when to stop.

Pure values, cheap to import: the screen and the stories keep them without loading any numeric library. A new setting
is a field of `Settings` with its description; command line, screen and checks follow from that.
"""

from dataclasses import dataclass, fields, replace
from typing import Any, Literal

from rnnchat.description import Bounds, Reach, check_fields, cut, described
from rnnchat.errors import UsageError

Until = Literal["length", "near-sentence", "line", "sentence", "paragraph"]
ENDS_AT_LENGTH: tuple[Until, ...] = ("length", "near-sentence")
"""With these the length says how long the text is, and not only how long at least."""
DrawAt = Literal["symbol", "word"]
Words = Literal["any", "known"]

WHAT, SAMPLING, REPETITION = "What to write", "Sampling", "Repetition"
"""The headings of the settings."""
MAX_LENGTH = 10_000_000
MAX_BIAS = 100.0
MAX_SEED = 2**63 - 1
OFF = "off"


@dataclass(frozen=True)
class Settings:
    """What steers one continuation. Out-of-range values are refused at birth."""

    temperature: float = described(
        0.8,
        "0 always takes the most probable symbol, 1 samples from the model's own distribution, 2 is wildest; several, "
        "as in 0.2,0.5,1, take turns.",
        Bounds(0, 2),
        label="Temperature",
        form="{:.2f}",
        reach=Reach(0, 2, 0.05, 0.01),
    )
    """Below 0.001 it counts as 0."""
    temperature_cycle: tuple[float, ...] = described(
        (), "Temperatures that take turns, one symbol each, in place of the temperature.", Bounds(0, 2)
    )
    length: int = described(
        300,
        "Characters to write (300); with --until line, sentence or paragraph, at least this many (0).",
        Bounds(0, MAX_LENGTH),
        unit="characters",
        heading=WHAT,
        metavar="N",
        label="Length",
        form="{:,.0f} chars",
        reach=Reach(10, 100_000, 50, 10),
    )
    """Characters after which the text ends; with ``until``, the earliest place where it may end."""
    min_length: int = described(
        0,
        "Characters before which nothing ends the text; no stop text is written there.",
        Bounds(0, MAX_LENGTH),
        unit="characters",
        heading=WHAT,
        metavar="N",
        label="Minimum length",
        form="{:,.0f} chars",
        words={0: OFF},
        reach=Reach(0, 100_000, 50, 10),
        is_folded=True,
    )
    until: Until = described(
        "length",
        "Stop at the length, at the end of a sentence near it, or at the next end of a line, sentence or paragraph.",
        heading=WHAT,
        label="Stop at",
        words={
            "length": "length",
            "near-sentence": "sentence near it",
            "line": "end of line",
            "sentence": "end of sentence",
            "paragraph": "end of paragraph",
        },
    )
    stop: tuple[str, ...] = described(
        (), "Stop before this text; may be repeated, like --ban and --bias.", heading=WHAT, metavar="TEXT"
    )
    """Texts at which to stop; they are not written themselves."""
    top_k: int = described(
        0,
        "Sample only from the K most probable symbols; 0 for all.",
        Bounds(0, 2**24),  # as many as the largest vocabulary has
        heading=SAMPLING,
        metavar="K",
        label="Top-k",
        short="top-k",
        words={0: OFF},
        reach=Reach(0, 500, 5),
    )
    top_p: float = described(
        1.0,
        "Sample only from the most probable symbols that together reach probability P; 1 for all.",
        Bounds(0, 1, has_low=False),
        heading=SAMPLING,
        metavar="P",
        label="Top-p",
        short="top-p",
        form="{:.2f}",
        words={1: OFF},
        reach=Reach(0.05, 1, 0.05, 0.01),
    )
    min_p: float = described(
        0.0,
        "Leave out symbols less probable than P times the most probable one; 0 for none.",
        Bounds(0, 1),
        heading=SAMPLING,
        metavar="P",
        label="Min-p",
        short="min-p",
        words={0: OFF},
        reach=Reach(0, 0.5, 0.01, 0.005),
    )
    draw_at: DrawAt = described(
        "symbol",
        "Sample every symbol, or only where a word starts and take the most probable symbols within it.",
        heading=SAMPLING,
        label="Sample",
        words={"symbol": "every character", "word": "word starts"},
        is_folded=True,
    )
    words: Words = described(
        "known",
        "At char and byte level: any words, or only words of the training text and of the text so far.",
        heading=SAMPLING,
        label="Words",
        is_folded=True,
    )
    repetition_penalty: float = described(
        1.0,
        "Above 1, recently used symbols become less probable; 1 for off.",
        Bounds(0.5, 5),
        heading=REPETITION,
        metavar="R",
        label="Repetition penalty",
        short="repetition",
        form="{:.2f}",
        words={1: OFF},
        reach=Reach(1, 2, 0.05, 0.01),
    )
    presence_penalty: float = described(
        0.0,
        "Subtract this many nats from recently used symbols, however often they were used; below 0 adds them.",
        Bounds(-10, 10),
        unit="nats",
        heading=REPETITION,
        metavar="NATS",
        label="Presence penalty",
        form="{:.2f}",
        words={0: OFF},
        reach=Reach(-2, 2, 0.1, 0.02),
        is_folded=True,
    )
    frequency_penalty: float = described(
        0.0,
        "Subtract this many nats for each recent use of a symbol; below 0 adds them.",
        Bounds(-10, 10),
        unit="nats",
        heading=REPETITION,
        metavar="NATS",
        label="Frequency penalty",
        form="{:.2f}",
        words={0: OFF},
        reach=Reach(-2, 2, 0.1, 0.02),
        is_folded=True,
    )
    penalty_window: int = described(
        64,
        "How many of the last symbols count as recent for the three penalties.",
        Bounds(1, 10_000),
        heading=REPETITION,
        metavar="N",
        label="Penalty window",
        form="{:,.0f} characters",
        reach=Reach(1, 10_000, 16),
        is_folded=True,
    )
    penalty_decay: float = described(
        1.0,
        "What a use counts compared with one that is a symbol more recent; 1 for no decay.",
        Bounds(0, 1, has_low=False),
        heading=REPETITION,
        metavar="D",
        label="Penalty decay",
        form="× {:g}",
        words={1: "none"},
        reach=Reach(0.5, 1, 0.01, 0.002),
        is_folded=True,
    )
    escape_loops: bool = described(
        False,
        "Leave a stretch that repeats itself, by forbidding the symbol that would continue it.",
        heading=REPETITION,
        label="Repetition guard",
        words={False: OFF, True: "on"},
        is_folded=True,
    )
    ban: tuple[str, ...] = described(
        (),
        "Never write this symbol, word or phrase.",
        heading=WHAT,
        metavar="TEXT",
        label="Never write",
        is_folded=True,
    )
    bias: tuple[tuple[str, float], ...] = described(
        (),
        "Add this many nats to the symbol that completes a text; below 0 makes it less probable.",
        Bounds(-MAX_BIAS, MAX_BIAS),
        unit="nats",
        heading=WHAT,
        metavar="TEXT=NATS",
    )
    memory: bool = described(
        True,
        "Whether the text so far, and what else the model remembers, counts in what is expected next.",
        label="Memory",
        words={False: OFF, True: "this story"},
    )
    seed: int | None = described(
        None,
        "The same model, prompt, settings and seed give the same text; a new seed by default.",
        Bounds(0, MAX_SEED),
        heading=SAMPLING,
        metavar="N",
        label="Seed",
        short="seed",
        form="{:.0f}",
        reach=Reach(0, MAX_SEED),
    )

    def __post_init__(self) -> None:
        check_fields(self)
        if self.length == 0 and self.ends_at_length:
            raise UsageError("length 0 writes nothing: give at least 1, or use until with line, sentence or paragraph")
        if self.ends_at_length and self.min_length > self.length:
            raise UsageError(f"min-length must be at most the length, {self.length}, not {self.min_length}")
        if "" in (*self.stop, *self.ban, *(text for text, _ in self.bias)):
            raise UsageError("stop, ban and bias must not list an empty text: remove it, or give it a character")
        if both := set(self.ban) & {text for text, _ in self.bias}:
            raise UsageError(f"{cut(min(both))} is both banned and biased: choose one of them")

    @property
    def ends_at_length(self) -> bool:
        """Whether the length says how long the text is."""
        return self.until in ENDS_AT_LENGTH

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
            raise UsageError(f"settings must be an object of names and values, not {cut(record)}")
        return cls(**{field.name: _with_tuples(record[field.name]) for field in fields(cls) if field.name in record})


USUAL = Settings(until="near-sentence")
"""What the command line and the screen start from: nothing that they write ends within a word."""

PRESETS: dict[str, dict[str, Any]] = {
    "careful": {"temperature": 0.5, "top_k": 0, "top_p": 0.9, "min_p": 0.0, "repetition_penalty": 1.0},
    "balanced": {"temperature": 0.8, "top_k": 0, "top_p": 1.0, "min_p": 0.0, "repetition_penalty": 1.0},
    "wild": {"temperature": 1.2, "top_k": 0, "top_p": 1.0, "min_p": 0.02, "repetition_penalty": 1.0},
}
"""Named changes of the sampling settings; ``Settings().change(**PRESETS[name])`` applies one."""


def _with_lists(value: Any) -> Any:
    return [_with_lists(part) for part in value] if isinstance(value, tuple) else value


def _with_tuples(value: Any) -> Any:
    return tuple(_with_tuples(part) for part in value) if isinstance(value, list) else value
