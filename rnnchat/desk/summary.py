"""Settings in words: the value of each, and all of them in one line. No widgets here."""

from __future__ import annotations

from dataclasses import fields

from rnnchat.generation.settings import DrawAt, Settings, Until

UNTIL_NAMES: dict[Until, str] = {
    "length": "this length",
    "line": "the line's end",
    "sentence": "the sentence's end",
    "paragraph": "the paragraph's end",
}
DRAW_NAMES: dict[DrawAt, str] = {"symbol": "each symbol", "word": "each word"}
LOOP_NAMES = {False: "left alone", True: "escaped"}
OFF = "off"
SELDOM = (
    "min_length",
    "draw_at",
    "presence_penalty",
    "frequency_penalty",
    "penalty_window",
    "penalty_decay",
    "escape_loops",
    "ban",
)
"""The settings that the panel keeps folded, in their order."""


def summarize(settings: Settings) -> str:
    """Say the settings in one line, leaving out what is off."""
    parts = [f"temperature {show_temperatures(settings)}", show_length(settings.length)]
    if settings.until != "length":
        parts[-1] += f", to {UNTIL_NAMES[settings.until]}"
    if settings.top_k:
        parts.append(f"top-k {settings.top_k}")
    if settings.top_p < 1:
        parts.append(f"top-p {settings.top_p:.2f}")
    if settings.min_p:
        parts.append(f"min-p {settings.min_p:.2f}")
    if settings.repetition_penalty != 1:
        parts.append(f"repetition {settings.repetition_penalty:.2f}")
    if settings.seed is not None:
        parts.append(f"seed {settings.seed}")
    if (count := count_changed(settings, (*SELDOM, "bias", "stop"))) > 0:
        parts.append(f"{count} more")
    return "   ".join(parts)


def count_changed(settings: Settings, names: tuple[str, ...] = SELDOM) -> int:
    """How many of these settings are not what they are by default."""
    defaults = {field.name: field.default for field in fields(Settings)}
    return sum(getattr(settings, name) != defaults[name] for name in names)


def show_temperatures(settings: Settings) -> str:
    """``0.80``, or ``0.2 0.5 1 in turn``."""
    if not settings.temperature_cycle:
        return f"{settings.temperature:.2f}"
    shown = " ".join(f"{temperature:g}" for temperature in settings.temperature_cycle[:4])
    return f"{shown}{' …' * (len(settings.temperature_cycle) > 4)} in turn"


def show_length(value: float) -> str:
    """A length in characters."""
    return f"{value:,.0f} chars"


def show_least_length(value: float) -> str:
    """A length in characters, or that there is none."""
    return show_length(value) if value else OFF


def show_symbols(value: float) -> str:
    """A number of symbols."""
    return f"{value:,.0f} symbols"


def show_count(value: float) -> str:
    """A whole number above 0, or that it is off."""
    return f"{value:.0f}" if value else OFF


def show_below_1(value: float) -> str:
    """A share, or that it is off at 1."""
    return f"{value:.2f}" if value < 1 else OFF


def show_decay(value: float) -> str:
    """What an older use counts, for each symbol that it is older."""
    return f"× {value:.3f}".removesuffix("0") if value < 1 else "fully"


def show_above_0(value: float) -> str:
    """A share, or that it is off at 0."""
    return f"{value:.3f}".removesuffix("0") if value else OFF


def show_above_1(value: float) -> str:
    """A factor, or that it is off at 1."""
    return f"{value:.2f}" if value != 1 else OFF


def show_nats(value: float) -> str:
    """What a symbol loses, or that it is off at 0."""
    return f"{value:.2f}" if value else OFF
