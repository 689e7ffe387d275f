"""The keys that work on every screen, and how keys are shown to people.

Every binding has an id; ``[keys]`` in the settings file maps an id to other keys. Keys that terminals take away or
cannot tell apart (ctrl with m, i, h, s, q) are never the only way to anything.
"""

from collections.abc import Iterable, Mapping

from textual.binding import Binding, BindingType

SCREENS = {"write": "Write", "models": "Models", "train": "Train", "compare": "Compare"}
"""The four screens in their order: mode and title."""

APP_KEYS: list[BindingType] = [
    Binding("f1", "help", "help", id="app.help", tooltip="All keys, and what they do"),
    Binding("f2", "open_screen('write')", "Write", id="app.write", show=False),
    Binding("f3", "open_screen('models')", "Models", id="app.models", show=False),
    Binding("f4", "open_screen('train')", "Train", id="app.train", show=False),
    Binding("f5", "open_screen('compare')", "Compare", id="app.compare", show=False),
    Binding("ctrl+p", "command_palette", "all commands", id="app.palette", show=False, priority=True),
    Binding("ctrl+q", "quit", "quit", id="app.quit", show=False, priority=True),
]

KEY_NAMES = {
    "escape": "esc",
    "pageup": "page up",
    "pagedown": "page down",
    "question_mark": "?",
    "slash": "/",
    "plus": "+",
    "minus": "-",
    "equals_sign": "=",
}


def show_key(key: str) -> str:
    """Say a key as people write it: ``^r``, ``alt+←``, ``f1``, ``esc``."""
    *modifiers, name = key.split("+")
    arrows = {"left": "←", "right": "→", "up": "↑", "down": "↓"}
    name = arrows.get(name) or KEY_NAMES.get(name, name)
    if modifiers == ["ctrl"] and len(name) == 1:
        return f"^{name}"
    return "+".join([*modifiers, name])


def flatten_bindings(bindings: Iterable[BindingType], keymap: Mapping[str, str]) -> list[Binding]:
    """Give ``bindings`` with one entry for each action, with the person's own keys put in."""
    flat = []
    for binding in bindings:
        binding = binding if isinstance(binding, Binding) else Binding(*binding)
        if binding.id is not None and binding.id in keymap:
            binding = binding.with_key(keymap[binding.id], None)
        flat.append(binding)
    return flat


def list_ids(groups: Iterable[tuple[str, list[BindingType]]]) -> list[str]:
    """Give the ids of all bindings in ``groups``."""
    flat = [binding for _, bindings in groups for binding in flatten_bindings(bindings, {})]
    return [binding.id for binding in flat if binding.id is not None]
