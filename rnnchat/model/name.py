"""What a model is called. Kept apart from the library, which reads files and so loads NumPy."""

import unicodedata
from pathlib import Path

from rnnchat.errors import ModelError
from rnnchat.paths import MODEL_SUFFIX

RUN_MODEL_FILE = f"best{MODEL_SUFFIX}"
"""The best model so far of a run, in the run's folder."""
MAX_NAME_CHARS = 100
_SIGNS = "_ .+-"
_JOINERS = "\u200c\u200d"
"""Part of the spelling of Persian, Hindi and other words."""
MILESTONES = "milestones"
"""The folder in a run's folder where the network is kept as it was at steps 0, 1, 2, 4, 8 and so on."""


def name_model(model: str | Path) -> str:
    """The name of a model given by name or path: a file's name without its suffix; for the best of a run, the run's.

    The network of the run ``mine`` as it was at step 64 is called ``mine@64``.
    """
    path = Path(str(model).replace("\\", "/"))
    if path.parent.name == MILESTONES:
        return f"{path.absolute().parent.parent.name}@{path.name.removesuffix(MODEL_SUFFIX)}"
    return path.absolute().parent.name if path.name == RUN_MODEL_FILE else path.name.removesuffix(MODEL_SUFFIX)


def check_name(name: str) -> str:
    """Return ``name`` in NFC if a model or run may be called that: letters, digits, spaces and ``_ . + -``.

    Vowel signs and accents belong to the letters that they follow.

    Raises:
        ModelError: It may not.
    """
    name = unicodedata.normalize("NFC", name)
    is_sound = 0 < len(name) <= MAX_NAME_CHARS and (name[0].isalnum() or name[0] == "_") and name == name.strip()
    if not is_sound or not all(may_stand_in_name(char) for char in name):
        raise ModelError(f"{name!r} is not a valid name: use letters, digits, spaces and _ . + - (at most 100)")
    return name


def suggest_name(path: Path) -> str:
    """A name for the library from that of a foreign file, or from its folder's where ml5 has a name for all."""
    path = path.absolute()
    stem = path.parent.name if path.name == "manifest.json" else path.stem.removesuffix("_weights")
    letters = "".join(char if may_stand_in_name(char) else "-" for char in stem)
    return letters.strip(" .-")[:100] or "imported"


def may_stand_in_name(char: str) -> bool:
    """Whether a name may contain a character."""
    return char.isalnum() or char in _SIGNS or char in _JOINERS or unicodedata.category(char)[0] == "M"
