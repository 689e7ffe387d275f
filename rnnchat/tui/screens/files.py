"""File dialogs: those of textual-fspicker in our own dress, with readable sizes and dates, narrowed by typing."""

from __future__ import annotations

from pathlib import Path

from rich.text import Text
from textual import events, on
from textual.widgets import Button, Input, Select
from textual_fspicker import FileOpen, FileSave, Filters
from textual_fspicker.file_dialog import BaseFileDialog
from textual_fspicker.icons import Icons
from textual_fspicker.parts import DirectoryNavigation
from textual_fspicker.parts.directory_navigation import DirectoryEntry
from textual_fspicker.safe_tests import is_dir

from rnnchat.desk.figures import NOTHING, format_ago, format_bytes
from rnnchat.paths import MODEL_SUFFIX

FOREIGN_SUFFIXES = (".pt", ".pth", ".net", ".t7", ".hdf5", ".h5", ".keras")
"""Of files that `rnnchat.importers` reads."""
ML5_FILE = "manifest.json"
"""Names the folder that it is in."""
FOLDER, FILE = Text("▸"), Text(" ")
DRESS = """
    background: $background 60%;
    Dialog { width: 90%; max-width: 100; border: round $border; border-title-color: $accent; padding: 0 1; }
    Button { min-width: 10; }
    InputBar { padding-bottom: 0; }
    Input { background: $surface; }
    FileFilter { width: 16; }
    CurrentDirectory { border: none; height: 1; color: $quiet; }
    DirectoryNavigation { scrollbar-size-vertical: 1; }
    OptionList > .option-list--option-highlighted { background: $accent 25%; color: $foreground; }
"""


def show_size(location: Path) -> str:
    """The size of a file as people read it; nothing for a folder."""
    try:
        return "" if is_dir(location) else format_bytes(location.stat().st_size)
    except OSError:
        return NOTHING


def show_date(location: Path) -> str:
    """When a file or folder was last changed, seen from now."""
    try:
        return "" if location.name == ".." else format_ago(location.stat().st_mtime)
    except OSError:
        return NOTHING


# The library has one place each for icon, size and date; only that of the icon can be set in a documented way.
Icons.set_picker(lambda location: FOLDER if is_dir(Path(location)) else FILE)
DirectoryEntry._size = staticmethod(show_size)  # type: ignore[method-assign]
DirectoryEntry._mtime = staticmethod(show_date)  # type: ignore[method-assign]


class TypedFilter(BaseFileDialog):
    """What all dialogs do: the lower row is one row high, and what is typed narrows the list."""

    def on_mount(self) -> None:
        for kind in (Button, Input, Select):
            for widget in self.query(kind):
                widget.compact = True  # type: ignore[attr-defined]
        line = self.query_one(Input)
        line.placeholder, line.select_on_focus = "Type to filter, or a path", False

    def on_key(self, event: events.Key) -> None:
        """Type into the line from the list; a full stop there shows hidden files."""
        if event.is_printable and event.character not in (None, ".") and self.query_one(DirectoryNavigation).has_focus:
            event.stop()
            line = self.query_one(Input)
            line.focus()
            line.insert_text_at_cursor(event.character or "")

    @on(Input.Changed)
    def _narrow(self, event: Input.Changed) -> None:
        """Show only what contains the words; a path, or the name of the entry under the cursor, hides nothing."""
        listed = self.query_one(DirectoryNavigation)
        words = event.value.casefold()
        if any(sign in words for sign in "/\\~") or self._read_highlighted() == event.value:
            words = ""
        hide = type(listed).hide
        listed.hide = lambda path: words not in path.name.casefold() or hide(listed, path)  # type: ignore[method-assign]
        listed._repopulate_display()

    def _read_highlighted(self) -> str:
        entry = self.query_one(DirectoryNavigation).highlighted_option
        return entry.location.name if isinstance(entry, DirectoryEntry) else ""


class OpenTyped(TypedFilter):
    """A dialog for something that exists: enter takes the first entry that the words have left."""

    @on(Input.Submitted)
    def _complete(self, event: Input.Submitted) -> None:
        listed = self.query_one(DirectoryNavigation)
        if not event.value or (listed.location / Path(event.value).expanduser()).exists():
            return
        entries = [entry for entry in listed.options if isinstance(entry, DirectoryEntry)]
        found = next((entry.location.name for entry in entries if entry.location.name != ".."), None)
        if found is not None and event.value.casefold() in found.casefold():
            event.input.value = found


class PickFile(OpenTyped, FileOpen):
    """Choose an existing file."""

    DEFAULT_CSS = f"PickFile {{ {DRESS} }}"


class PickFolder(OpenTyped):
    """Choose a folder: the one that is shown, or the one whose name or path is typed."""

    DEFAULT_CSS = f"PickFolder {{ {DRESS} }}"

    def on_mount(self) -> None:
        self.query_one(DirectoryNavigation).show_files = False

    @on(Button.Pressed, "#select")
    def _take(self, event: Button.Pressed) -> None:
        event.stop()
        event.prevent_default()
        folder = self.query_one(DirectoryNavigation).location / Path(self.query_one(Input).value).expanduser()
        if folder.is_dir():
            self.dismiss(folder.resolve())
        else:
            self._set_error("there is no such folder")


class PickDestination(FileSave):
    """Choose where to write a file; an existing one is not replaced."""

    DEFAULT_CSS = f"PickDestination {{ {DRESS} }}"

    def on_mount(self) -> None:
        for widget in (*self.query(Button), *self.query(Input)):
            widget.compact = True
        self.call_after_refresh(self.query_one(Input).focus)


def pick_model_file(title: str, with_foreign: bool = False) -> PickFile:
    """A dialog that shows model files first, those of other programs too where they can be taken."""
    suffixes = {MODEL_SUFFIX, *FOREIGN_SUFFIXES} if with_foreign else {MODEL_SUFFIX}
    models = ("Models", lambda path: path.suffix.lower() in suffixes or (with_foreign and path.name == ML5_FILE))
    return PickFile(Path.cwd(), title, filters=Filters(models, ("All files", lambda path: True)))


def pick_text_file(title: str) -> PickFile:
    """A dialog for a text."""
    return PickFile(Path.cwd(), title)


def pick_destination(title: str, name: str) -> PickDestination:
    """A dialog for a new file called ``name`` at first."""
    return PickDestination(Path.cwd(), title, default_file=name, can_overwrite=False)
