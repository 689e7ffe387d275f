"""What a model is called. Kept apart from the library, which reads files and so loads NumPy."""

import re
from pathlib import Path

from rnnchat.errors import ModelError
from rnnchat.paths import MODEL_SUFFIX

RUN_MODEL_FILE = f"best{MODEL_SUFFIX}"
"""The best model so far of a run, in the run's folder."""
NAME_PATTERN = re.compile(r"[\w][\w .+-]{0,99}")


def name_model(model: str | Path) -> str:
    """The name of a model given by name or path: a file's name without its suffix; for the best of a run, the run's."""
    path = Path(str(model).replace("\\", "/"))
    return path.absolute().parent.name if path.name == RUN_MODEL_FILE else path.name.removesuffix(MODEL_SUFFIX)


def check_name(name: str) -> str:
    """Return ``name`` if a model or run may be called that: letters, digits, spaces and ``_ . + -``.

    Raises:
        ModelError: It may not.
    """
    if not NAME_PATTERN.fullmatch(name) or name != name.strip():
        raise ModelError(f"{name!r} is not a valid name: use letters, digits, spaces and _ . + - (at most 100)")
    return name


def suggest_name(path: Path) -> str:
    """A name for the library from that of a foreign file, or from its folder's where ml5 has a name for all."""
    path = path.absolute()
    stem = path.parent.name if path.name == "manifest.json" else path.stem.removesuffix("_weights")
    letters = "".join(char if char.isalnum() or char in " _.+-" else "-" for char in stem)
    return letters.strip(" .-")[:100] or "imported"
