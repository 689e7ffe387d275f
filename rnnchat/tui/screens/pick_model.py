"""Choosing one model of those on this machine: type a few letters, press enter."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from rnnchat.tui.widgets.model_table import ModelTable

if TYPE_CHECKING:
    from rnnchat.model.library import ModelEntry


class PickModel(ModalScreen["ModelEntry | None"]):
    """Gives a model that can be read, or None."""

    DEFAULT_CSS = """
    PickModel {
        align: center middle;
        background: $background 60%;
        #pick-box {
            width: 90%;
            max-width: 100;
            height: 70%;
            padding: 1 2;
            background: $panel;
            border: round $border;
            border-title-color: $accent;
        }
        Input { margin-bottom: 1; background: $surface; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "back", id="pick.leave"),
        Binding("down", "to_table", "list", show=False, id="pick.list"),
    ]

    def compose(self) -> ComposeResult:
        with Vertical(id="pick-box") as box:
            box.border_title = "Choose a model"
            yield Input(placeholder="Type to filter", compact=True)
            yield ModelTable()

    def on_mount(self) -> None:
        self.query_one(Input).focus()
        self.run_worker(self._list_models())

    async def _list_models(self) -> None:
        entries = await asyncio.to_thread(_read_models)
        self.query_one(ModelTable).show_models([entry for entry in entries if entry.header is not None], None)

    @on(Input.Changed)
    def _narrow(self, event: Input.Changed) -> None:
        self.query_one(ModelTable).filter_by(event.value)

    @on(Input.Submitted)
    def _take_first(self) -> None:
        if entry := self.query_one(ModelTable).pointed:
            self.dismiss(entry)

    @on(ModelTable.Chosen)
    def _take(self, event: ModelTable.Chosen) -> None:
        self.dismiss(event.entry)

    def action_to_table(self) -> None:
        """Go from the line to the list."""
        self.query_one(ModelTable).focus()


def _read_models() -> list[ModelEntry]:
    from rnnchat.model.library import list_models

    return list_models()
