"""The screen Models: every model on this machine, and what is known about the one under the cursor."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Static

from rnnchat import paths
from rnnchat.desk.figures import count_things
from rnnchat.desk.model_rows import find_precision, fingerprint_models
from rnnchat.errors import RnnchatError
from rnnchat.tui.screens.ask import AskChoice, AskYesNo
from rnnchat.tui.screens.base import MainScreen
from rnnchat.tui.screens.model_import import ModelImport
from rnnchat.tui.settings import PRECISIONS
from rnnchat.tui.widgets.model_card import ModelCard
from rnnchat.tui.widgets.model_table import ModelTable

if TYPE_CHECKING:
    from rnnchat.model.library import ModelEntry

PERIOD_S = 2.0
"""Seconds between two looks at the folders while the screen is open."""


class ModelsScreen(MainScreen):
    """Every model on this machine. Files are read in a thread; the list follows what happens on the disk."""

    MODE: ClassVar[str] = "models"
    CSS_PATH = "models.tcss"
    AUTO_FOCUS = "ModelTable"
    HORIZONTAL_BREAKPOINTS: ClassVar = [(0, "-narrow"), (100, "-wide"), (140, "-wider"), (180, "-huge")]  # type: ignore[misc]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "write", id="models.open", tooltip="write with this model"),
        Binding("s", "sort", "sort", id="models.sort", tooltip="sort by the next column"),
        Binding("S", "reverse_sort", "reverse", show=False, id="models.reverse", tooltip="reverse the order"),
        Binding("slash", "filter", "filter", id="models.filter", tooltip="filter by words"),
        Binding("o", "open_file", "open", id="models.open-file", tooltip="write with any model file"),
        Binding("i", "import_file", "import", id="models.import", tooltip="copy a model file into the library"),
        Binding("p", "switch_precision", "precision", id="models.precision", tooltip="switch between int8 and float32"),
        Binding("e", "export", "export", id="models.export", tooltip="copy this model to a file"),
        Binding("x,delete", "remove", "remove", key_display="x", id="models.remove", tooltip="delete this model"),
        Binding("escape", "leave_filter", "all", show=False, id="models.leave-filter", tooltip="show all models"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._seen: object = None
        """The fingerprint of the files that are shown."""
        self._is_reading = False

    def compose_body(self) -> ComposeResult:
        with Horizontal(id="models"):
            with Vertical(id="listing"):
                yield Static("reading the models …", id="count")
                yield Input(placeholder="name, level, network or text", id="filter", compact=True)
                yield ModelTable()
            yield ModelCard()

    def on_mount(self) -> None:
        self.watch(self.app, "model_state", self._mark_open, init=False)
        self.set_interval(PERIOD_S, self.look)

    def on_screen_resume(self) -> None:
        self.look()

    # The list

    def look(self) -> None:
        """Read the models in the background if the screen is open and anything has changed."""
        if self.is_current and not self._is_reading:
            self._is_reading = True
            self.run_worker(self._look(), group="models", name="list models")

    async def _look(self) -> None:
        try:
            seen, entries = await asyncio.to_thread(_read_models, self._seen)
        finally:
            self._is_reading = False
        if entries is not None:
            self._seen = seen
            table = self.query_one(ModelTable)
            table.show_models(entries, self._open_path())
            self._show_count()

    def _open_path(self) -> Path | None:
        engine = self.app.slot.engine
        return Path(engine.info.path) if engine is not None else None

    def _mark_open(self) -> None:
        table = self.query_one(ModelTable)
        table.show_models(table.entries, self._open_path())

    def _show_count(self) -> None:
        table = self.query_one(ModelTable)
        count = count_things(len(table.entries), "model") + " on this machine"
        if table.words:
            count = f"{len(table.shown)} of {count}"
        elif not table.entries:
            count = "no models yet: train one (f4), or open a file (o)"
        self.query_one("#count", Static).update(count)

    @on(ModelTable.Pointed)
    def _show_card(self, event: ModelTable.Pointed) -> None:
        self._show_entry(event.entry)

    def _show_entry(self, entry: ModelEntry | None) -> None:
        self.query_one(ModelCard).show_model(entry, self.app.settings.precision)

    def action_sort(self) -> None:
        """Sort by the next column."""
        self.query_one(ModelTable).sort_by_next()

    def action_reverse_sort(self) -> None:
        """Reverse the order."""
        self.query_one(ModelTable).reverse()

    # Filter

    def action_filter(self) -> None:
        """Show the line in which words narrow the list."""
        field = self.query_one("#filter", Input)
        field.add_class("-open")
        field.focus()

    def action_leave_filter(self) -> None:
        """Show all models again."""
        field = self.query_one("#filter", Input)
        field.value = ""
        field.remove_class("-open")
        self.query_one(ModelTable).focus()

    @on(Input.Changed, "#filter")
    def _narrow(self, event: Input.Changed) -> None:
        self.query_one(ModelTable).filter_by(event.value)
        self._show_count()

    @on(Input.Submitted, "#filter")
    def _take_filter(self) -> None:
        self.query_one(ModelTable).focus()

    # Open, import, export, remove

    @on(ModelTable.Chosen)
    def action_open(self) -> None:
        """Write with the model under the cursor; it opens behind the screen."""
        entry = self.query_one(ModelTable).pointed
        if entry is None:
            return
        if entry.problem is not None:
            self.app.notify_error(entry.problem)
        else:
            self._write_with(str(entry.path))

    def _write_with(self, source: str) -> None:
        self.app.open_model(source)
        self.app.switch_mode("write")

    def action_switch_precision(self) -> None:
        """Switch the precision of the model under the cursor; if it is open, it is opened again."""
        entry = self.query_one(ModelTable).pointed
        precision = find_precision(entry, self.app.settings.precision) if entry else ""
        if entry and precision:
            self.app.choose_precision(entry.name, next(other for other in PRECISIONS if other != precision))
            self._show_entry(entry)

    def action_open_file(self) -> None:
        """Write with a model file from anywhere, without copying it."""
        self._pick_file("Open a model", lambda path: self._write_with(str(path)))

    def action_import_file(self) -> None:
        """Copy a model file from anywhere into the library."""
        self._pick_file("Import a model", ModelImport(self, self.look).ask_name, with_foreign=True)

    def _pick_file(self, title: str, take: Callable[[Path], None], with_foreign: bool = False) -> None:
        from rnnchat.tui.screens.files import pick_model_file

        self.app.push_screen(pick_model_file(title, with_foreign), lambda path: take(path) if path else None)

    def action_export(self) -> None:
        """Copy the model under the cursor to a file."""
        entry = self.query_one(ModelTable).pointed
        if entry is None:
            return
        from rnnchat.tui.screens.files import pick_destination

        dialog = pick_destination(f"Export {entry.name}", f"{entry.name}{paths.MODEL_SUFFIX}")
        self.app.push_screen(dialog, lambda path: self._export(entry, path) if path else None)

    def _export(self, entry: ModelEntry, destination: Path) -> None:
        if destination.suffix != paths.MODEL_SUFFIX:
            destination = destination.with_name(destination.name + paths.MODEL_SUFFIX)

        def export(with_text: bool) -> None:
            self._work(
                lambda library: library.export_model(str(entry.path), destination, with_text=with_text),
                f"{entry.name} exported to {destination}",
            )

        if not (entry.header and entry.header.text_bytes):
            export(True)
            return
        question = f"{entry.name} remembers its text word for word. Whoever gets the file can read it."
        answers = {"without": "Leave the text out", "with": "Export it as well"}
        self.app.push_screen(
            AskChoice(question, answers, title="Models"), lambda answer: export(answer == "with") if answer else None
        )

    def action_remove(self) -> None:
        """Delete the model under the cursor, after a question."""
        entry = self.query_one(ModelTable).pointed
        if entry is None:
            return
        if entry.is_shipped:
            self.app.notify_error(f"{entry.name} comes with rnnchat: only your own models can be removed")
        elif entry.is_run:
            self.app.notify_error(f"{entry.name} belongs to a run: remove the run on the Train screen (f4)")
        else:
            question = AskYesNo(f"Remove {entry.name}? Its file is deleted.", "Remove", title="Models")
            self.app.push_screen(question, lambda yes: self._remove(entry) if yes else None)

    def _remove(self, entry: ModelEntry) -> None:
        self._work(lambda library: library.remove_model(entry.name), f"{entry.name} removed")

    def _work(self, do: Callable[[ModuleType], object], done: str) -> None:
        """Do something slow with the library in a thread; say ``done``, or what went wrong."""

        async def work() -> None:
            from rnnchat.model import library

            try:
                await asyncio.to_thread(do, library)
            except RnnchatError as error:
                self.app.notify_error(error)
            else:
                self.notify(done, markup=False)
                self.look()

        self.run_worker(work(), group="library", name=done)

    def commands(self) -> Iterable[SystemCommand]:
        yield SystemCommand("Open a model file", "Write with any model file", self.action_open_file)
        yield SystemCommand("Import a model", "Copy a model file into the library", self.action_import_file)
        yield SystemCommand("Precision", "Switch this model between int8 and float32", self.action_switch_precision)
        yield SystemCommand("Export this model", "Copy it to a file", self.action_export)
        yield SystemCommand("Remove this model", "Delete its file, after a question", self.action_remove)


def _read_models(seen: object) -> tuple[object, list[ModelEntry] | None]:
    """List the models unless their files are those ``seen``; runs in a thread, where loading numpy hurts nobody."""
    from rnnchat.model.library import list_models

    found = fingerprint_models()
    return found, None if found == seen else list_models()
