"""File dialogs: those of textual-fspicker in our own dress."""

from __future__ import annotations

from pathlib import Path

from rich.text import Text
from textual.widgets import Button, Input, Select
from textual_fspicker import FileOpen, FileSave, Filters, SelectDirectory
from textual_fspicker.base_dialog import FileSystemPickerScreen
from textual_fspicker.icons import Icons
from textual_fspicker.safe_tests import is_dir

from rnnchat.paths import MODEL_SUFFIX

FOLDER, FILE = Text("▸"), Text(" ")
DRESS = """
    background: $background 60%;
    Dialog { width: 90%; max-width: 100; border: round $border; border-title-color: $accent; padding: 0 1; }
    Button { min-width: 10; }
    InputBar { padding-bottom: 0; }
    Input { background: $surface; }
    FileFilter { width: 16; }
    CurrentDirectory { border: none; height: 1; color: $quiet; }
    OptionList > .option-list--option-highlighted { background: $accent 25%; color: $foreground; }
"""


def _pick_icon(location: str | Path) -> Text:
    """A mark of one column, which every font has."""
    return FOLDER if is_dir(Path(location)) else FILE


Icons.set_picker(_pick_icon)


def _make_compact(dialog: FileSystemPickerScreen) -> None:
    """Give the lower row of ``dialog`` one row of height."""
    for kind in (Button, Input, Select):
        for widget in dialog.query(kind):
            widget.compact = True  # type: ignore[attr-defined]


class PickFile(FileOpen):
    """Choose an existing file; typing a path works as well."""

    DEFAULT_CSS = f"PickFile {{ {DRESS} }}"

    def on_mount(self) -> None:
        _make_compact(self)


class PickFolder(SelectDirectory):
    """Choose a folder."""

    DEFAULT_CSS = f"PickFolder {{ {DRESS} }}"

    def on_mount(self) -> None:
        _make_compact(self)


class PickDestination(FileSave):
    """Choose where to write a file; an existing one is not replaced."""

    DEFAULT_CSS = f"PickDestination {{ {DRESS} }}"

    def on_mount(self) -> None:
        _make_compact(self)


def pick_model_file(title: str) -> PickFile:
    """A dialog that shows model files first."""
    models = ("Models", lambda path: path.suffix == MODEL_SUFFIX)
    return PickFile(Path.cwd(), title, filters=Filters(models, ("All files", lambda path: True)))


def pick_destination(title: str, name: str) -> PickDestination:
    """A dialog for a new file called ``name`` at first."""
    return PickDestination(Path.cwd(), title, default_file=name, can_overwrite=False)
