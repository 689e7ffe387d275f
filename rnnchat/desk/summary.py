"""Settings in words: all of them in one line. No widgets here."""

from __future__ import annotations

from rnnchat.description import find_descriptions
from rnnchat.generation.settings import Settings


def summarize(settings: Settings) -> str:
    """The settings in one line, without what is off."""
    descriptions = find_descriptions(Settings)
    parts = [f"temperature {show_temperatures(settings)}", descriptions["length"].show(settings.length)]
    if not settings.ends_at_length:
        parts[-1] += f", to {descriptions['until'].show(settings.until)}"
    changed = list_changed(settings)
    parts += [
        f"{descriptions[name].short} {descriptions[name].show(getattr(settings, name))}"
        for name in changed
        if descriptions[name].short
    ]
    if count := sum(not descriptions[name].short for name in changed):
        parts.append(f"{count} more")
    return "   ".join(parts)


def count_folded(settings: Settings) -> int:
    """How many of the settings that the panel folds away are not what they are by default."""
    descriptions = find_descriptions(Settings)
    return sum(descriptions[name].is_folded for name in list_changed(settings))


def list_changed(settings: Settings) -> list[str]:
    """The settings that are not what they are by default, but for temperature and length, which are always shown."""
    shown = ("temperature", "temperature_cycle", "length", "until")
    names = [name for name in find_descriptions(Settings) if name not in shown]
    return [name for name in names if getattr(settings, name) != getattr(Settings, name)]


def show_temperatures(settings: Settings) -> str:
    """``0.80``, or ``0.2 0.5 1 in turn``."""
    if not settings.temperature_cycle:
        return f"{settings.temperature:.2f}"
    shown = " ".join(f"{temperature:g}" for temperature in settings.temperature_cycle[:4])
    return f"{shown}{' …' * (len(settings.temperature_cycle) > 4)} in turn"
