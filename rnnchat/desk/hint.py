"""Which hint a person is shown: one at a time, and never again once its key was used. No tour, no dialog."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

FIRST_WORDS_CHARS = 20
"""Characters a person writes before ghost text is explained."""
STEPPING_PASSAGES = 3
"""Passages from which on a person may want to change one."""
SETTLED_S = 600.0
"""Seconds after the start from which training is mentioned."""


@dataclass(frozen=True)
class Scene:
    """What a hint depends on."""

    is_empty: bool = True
    """Whether nothing is written yet, in the story or in the box."""
    ghost: str = ""
    """The ghost text that is shown."""
    typed_chars: int = 0
    """Characters in the box."""
    passages: int = 0
    """Of the text shown."""
    model_passages: int = 0
    takes: int = 0
    """The most that any passage shown has."""
    elapsed_s: float = 0.0
    """Seconds since the start."""
    has_trained: bool = False
    """Whether a training has ended since the start."""


@dataclass(frozen=True)
class Hint:
    """A sentence, when it helps, and the key that ends it."""

    name: str
    """The id of the binding; once it was used, the hint is gone."""
    sentence: str
    """``{name}`` stands for the key of a binding."""
    is_due: Callable[[Scene], bool]


HINTS = (
    Hint(
        "app.train",
        "{app.train} trains a model on your own texts: two minutes are enough for a first one",
        lambda scene: scene.elapsed_s >= SETTLED_S,
    ),
    Hint("app.compare", "{app.compare} compares it with another one on your own text", lambda scene: scene.has_trained),
    Hint("write.take", "not good? {write.take} writes another take", lambda scene: scene.model_passages > 0),
    Hint(
        "write.take-before",
        "both are kept: {write.take-before} and {write.take-after} walk between them",
        lambda scene: scene.takes > 1,
    ),
    Hint(
        "page.enter",
        "↑ in the empty box steps into the text: change anything, or continue from there",
        lambda scene: scene.passages >= STEPPING_PASSAGES,
    ),
    Hint(
        "ghost.take",
        "the grey words are the model's: {ghost.take} takes them, {ghost.word} one word",
        lambda scene: bool(scene.ghost) and scene.typed_chars >= FIRST_WORDS_CHARS,
    ),
    Hint(
        "ghost.begin",
        "{ghost.take} takes the grey words, or write your own; {write.send} lets the model continue",
        lambda scene: scene.is_empty and bool(scene.ghost.strip()),
    ),
)
"""Of those that are due the last one is shown."""


def choose_hint(scene: Scene, used: Collection[str]) -> Hint | None:
    """The hint to show, if any; ``used`` are the names of those whose key the person has used."""
    return next((hint for hint in reversed(HINTS) if hint.name not in used and hint.is_due(scene)), None)


def say_hint(hint: Hint, show_key: Callable[[str], str]) -> str:
    """The sentence of ``hint``; ``show_key`` says the key of a binding as people write it."""
    return re.sub(r"{([\w.-]+)}", lambda found: show_key(found.group(1)), hint.sentence)
