"""What the screen Write does with its panel: take changes, open it, close it, stand in for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.content import Content

from rnnchat.desk.summary import summarize
from rnnchat.tui.keys import show_key
from rnnchat.tui.screens.base import MainScreen
from rnnchat.tui.widgets.field import Field, NumberField, SeedField
from rnnchat.tui.widgets.model_field import ModelField, PrecisionField
from rnnchat.tui.widgets.notice import NoticeLine
from rnnchat.tui.widgets.panel import MoreRow, Panel
from rnnchat.tui.widgets.preset_row import PresetRow
from rnnchat.tui.widgets.prompt_box import PromptBox

if TYPE_CHECKING:
    from rnnchat.desk.writing import Writer
    from rnnchat.generation.settings import Settings

PANEL_KEYS = [
    *PresetRow.BINDINGS,
    *Field.BINDINGS,
    *NumberField.BINDINGS,
    *SeedField.BINDINGS,
    *MoreRow.BINDINGS,
    *ModelField.BINDINGS,
    *PrecisionField.BINDINGS,
]
"""The keys of the panel's fields."""


class PanelActions(MainScreen):
    """Actions on the panel; the screen that uses them has a ``writer``, a ``Panel`` and a ``NoticeLine``."""

    writer: Writer

    @on(Panel.Changed)
    async def _change_settings(self, event: Panel.Changed) -> None:
        await self._use_settings(event.settings)

    async def _use_settings(self, settings: Settings) -> None:
        self.app.settings.writing = settings
        self.app.save_settings_soon()
        await self.writer.change(settings)
        self.show_settings()

    async def action_escape_loops(self) -> None:
        """Leave stretches that repeat themselves from the next symbol on, or leave them alone again."""
        settings = self.writer.settings.change(escape_loops=not self.writer.settings.escape_loops)
        self.query_one(Panel).show(settings)
        await self._use_settings(settings)
        said = "loops are escaped from here on" if settings.escape_loops else "loops are left alone"
        self.query_one(NoticeLine).show_notice(said)

    def action_toggle_panel(self) -> None:
        """Open or close the panel: beside the story, or over it where there is no room."""
        if self.has_class("-narrow"):
            self.toggle_class("-panel-open")
            if self.has_class("-panel-open"):
                self.query_one(Panel).query(Field)[1].focus()
            else:
                self.query_one(PromptBox).focus()
            return
        self.app.settings.panel = not self.app.settings.panel
        self.app.save_settings_soon()
        self.set_class(not self.app.settings.panel, "-panel-closed")
        self.query_one(PromptBox).focus()
        self.call_after_refresh(self.show_settings)

    def on_resize(self) -> None:
        # Over the story, the lines above and below stay free; style sheets cannot subtract.
        self.query_one(Panel).styles.max_height = self.size.height - 2
        self.call_after_refresh(self.show_settings)

    def show_settings(self) -> None:
        """Show the settings in one line, and which key leads to them, where the panel is not seen."""
        if self.query_one(Panel).display and not self.has_class("-narrow"):
            self.query_one(NoticeLine).show_standing("")
            return
        key = show_key(self.app.settings.keys.get("write.panel", "ctrl+e"))
        line = Content.assemble(summarize(self.writer.settings), "   ", (key, "$accent"), " panel")
        self.query_one(NoticeLine).show_standing(line)
