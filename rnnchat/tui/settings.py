"""What the screen remembers between two starts, in a TOML file that people may edit.

Comments and keys that rnnchat does not know stay in the file. A file that cannot be read is kept aside under
another name and the defaults are used; nothing in it ever stops the program from starting.
"""

from __future__ import annotations

import contextlib
import difflib
import errno
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from rnnchat.errors import UsageError
from rnnchat.generation.settings import USUAL, Settings
from rnnchat.paths import read_small, settings_path, write_text_atomically

MAX_BYTES = 2**20
"""A settings file is no larger."""
MAX_COMPLAINTS = 5
"""More sentences at a start nobody reads."""
PRECISIONS = ("int8", "float32")
KINDS: dict[str, tuple[type[Any], str]] = {
    "panel": (bool, "true or false"),
    "ghost": (bool, "true or false"),
    "hints": (list, "a list"),
    "writing": (dict, "a table"),
    "keys": (dict, "a table"),
    "precision": (dict, "a table"),
}
"""What each setting must be, and how to say it; all others are text."""
PLAIN = ("theme", "model", "story", "panel", "ghost", "hints")
"""The settings that are no tables."""


@dataclass
class ScreenSettings:
    """Everything remembered. ``load`` reads it, ``save`` writes it; in between it is a plain object."""

    theme: str = "rnnchat-dark"
    """Name of the theme."""
    model: str = ""
    """Name or path of the model that was open last; empty for the one that comes with rnnchat."""
    story: str = ""
    """Id of the story that was open last."""
    panel: bool = True
    """Is the panel beside the story open, where there is room for it?"""
    ghost: bool = True
    """Whether ghost text stands in the box after a pause."""
    hints: list[str] = field(default_factory=list)
    """Names of the hints whose key was used: they are not shown again."""
    writing: Settings = USUAL
    """The values of the panel."""
    keys: dict[str, str] = field(default_factory=dict)
    """Own keys: id of a binding to its keys, as in ``"write.take" = "alt+r"``."""
    precision: dict[str, str] = field(default_factory=dict)
    """Own choices of how models compute: name of a model to ``int8`` or ``float32``."""

    @classmethod
    def load(cls, path: Path | None = None) -> tuple[ScreenSettings, list[str]]:
        """Read the settings file.

        Args:
            path: The file; None for the usual place.

        Returns:
            The settings, and a sentence for each thing in the file that could not be used.
        """
        path = path or settings_path()
        try:
            record = tomllib.loads(read_small(path, MAX_BYTES))
        except FileNotFoundError:
            return cls(), []
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError, ValueError) as problem:
            return cls(), [_set_aside(path, str(problem))]
        except OSError as problem:
            if problem.errno == errno.EFBIG:
                return cls(), [_set_aside(path, str(problem.strerror))]
            return cls(), [f"the settings file {path} cannot be read ({problem.strerror}): defaults are used"]
        settings, complaints = cls(), []
        for key, value in record.items():
            complaints += settings._take(key, value)
        if len(complaints) > MAX_COMPLAINTS:
            complaints[MAX_COMPLAINTS:] = [f"{len(complaints) - MAX_COMPLAINTS} more settings cannot be used"]
        return settings, [f"{path.name}: {complaint}" for complaint in complaints]

    def learn(self, name: str) -> None:
        """Take note that the person has used the key of the hint ``name``: it is not shown again."""
        if name not in self.hints:
            self.hints.append(name)

    def _take(self, key: str, value: Any) -> list[str]:
        """Put one entry of the file in its place; say what cannot be used."""
        known = [entry.name for entry in fields(self)]
        if key not in known:
            return [f"no setting named {key!r:.60}{suggest(key, known)}"]
        expected, kind = KINDS.get(key, (str, "text in quotes"))
        if not isinstance(value, expected):
            return [f"{key} must be {kind}, not {value!r:.60}"]
        match key:
            case "writing":
                return self._take_writing(value)
            case "keys":
                return self._take_keys(value)
            case "precision":
                return self._take_precision(value)
        setattr(self, key, value)
        return []

    def _take_writing(self, record: dict[str, Any]) -> list[str]:
        """Take the values of the panel one by one, so that one wrong value costs only itself."""
        known = list(Settings().to_json())
        with contextlib.suppress(
            UsageError, TypeError, ValueError
        ):  # together they may be right where one after the other they are not
            self.writing = Settings.from_json({**USUAL.to_json(), **record})
            record = {name: value for name, value in record.items() if name not in known}
        complaints = []
        for name, value in record.items():
            if name not in known:
                complaints.append(f"no setting named writing.{name}{suggest(name, known)}")
                continue
            try:
                self.writing = Settings.from_json({**self.writing.to_json(), name: value})
            except (UsageError, TypeError, ValueError) as problem:
                complaints.append(f"writing.{name}: {problem}")
        return complaints

    def _take_keys(self, record: dict[str, Any]) -> list[str]:
        """Take the person's own keys; whether their ids exist, only the screens know."""
        self.keys = {binding: keys for binding, keys in record.items() if isinstance(keys, str)}
        return [f"keys.{binding} must be text in quotes" for binding in record if binding not in self.keys]

    def _take_precision(self, record: dict[str, Any]) -> list[str]:
        """Take how the person wants models to compute."""
        self.precision = {name: value for name, value in record.items() if value in PRECISIONS}
        either = " or ".join(f'"{precision}"' for precision in PRECISIONS)
        return [f"precision.{name} must be {either}" for name in record if name not in self.precision]

    def save(self, path: Path | None = None) -> None:
        """Write the settings, keeping the file's comments and what it holds besides.

        Raises:
            OSError: the file cannot be written.
        """
        import tomlkit  # 90 ms, and only needed when something has changed

        path = path or settings_path()
        try:
            text = self._dump_into(tomlkit.parse(read_small(path, MAX_BYTES)))
        except (FileNotFoundError, ValueError, RecursionError):
            text = ""
        if not self._is_held_by(text):  # of another form than ours: what is there cannot be kept
            document = tomlkit.document()
            document.add(tomlkit.comment("What rnnchat remembers. Edit it while rnnchat is closed."))
            text = self._dump_into(document)
            with contextlib.suppress(FileNotFoundError):
                path.rename(path.with_name(f"{path.name}.damaged"))
        write_text_atomically(path, text)

    def _dump_into(self, document: Any) -> str:
        """The text of ``document`` with these settings in it."""
        import tomlkit

        for name in PLAIN:
            document[name] = getattr(self, name)
        _update_table(document, "writing", self.writing.to_json())
        _update_table(document, "keys", self.keys)
        _update_table(document, "precision", self.precision)
        # A path that is not UTF-8 cannot stand in the file.
        return tomlkit.dumps(document).encode("utf-8", "replace").decode()

    def _is_held_by(self, text: str) -> bool:
        """Whether a file with this text gives these settings back; a key may have come to stand in another table."""
        try:
            record = tomllib.loads(text)
        except (ValueError, RecursionError):
            return False
        tables = (record.get(name) for name in ("writing", "keys", "precision"))
        return all(isinstance(table, dict) for table in tables) and all(
            record.get(name) == _encodable(getattr(self, name)) for name in PLAIN
        )


def _update_table(document: Any, name: str, values: dict[str, Any]) -> None:
    """Put ``values`` into the table ``name``; TOML has no null, so None is left out."""
    import tomlkit

    if not isinstance(document.get(name), dict):
        document.pop(name, None)
        document[name] = tomlkit.table()
    table = document[name]
    for key, value in values.items():
        if value is None:
            table.pop(key, None)
        else:
            table[key] = value


def _encodable(value: Any) -> Any:
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def _set_aside(path: Path, problem: str) -> str:
    """Rename a damaged file so that nothing of it is lost, and say so."""
    aside = path.with_name(f"{path.name}.damaged")
    try:
        path.replace(aside)
    except OSError:
        return f"the settings file {path} cannot be read ({problem}); defaults are used"
    return f"the settings file cannot be read ({problem}); it was renamed to {aside}, and defaults are used"


def suggest(name: str, known: list[str]) -> str:
    """Name the nearest known key, if one is near."""
    near = difflib.get_close_matches(name, known, n=1)
    if near:
        return f": did you mean {near[0]!r}?"
    return f"; known are {', '.join(known)}" if len(known) <= 12 else ""
