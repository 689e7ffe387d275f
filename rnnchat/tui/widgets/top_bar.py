"""The line above every screen: the four screens, the story, the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from rnnchat.desk.figures import format_bits
from rnnchat.desk.model_slot import ModelState
from rnnchat.model.name import name_model
from rnnchat.tui.keys import APP_KEYS, SCREENS, show_key

if TYPE_CHECKING:
    from rnnchat.tui.app import RnnchatApp

ROOMY = 100
"""Columns from which on there is room for everything."""
DOTS = {"none": "○", "opening": "◌", "ready": "●", "dead": "✗"}


class ScreenName(Static):
    """One of the four names; a click opens its screen."""

    ALLOW_SELECT = False

    def __init__(self, mode: str, *, is_current: bool) -> None:
        """Make the name of the screen ``mode``."""
        super().__init__(SCREENS[mode], classes="-current" if is_current else "")
        self.mode = mode
        key = next(binding for binding in APP_KEYS if isinstance(binding, Binding) and binding.id == f"app.{mode}").key
        self.tooltip = show_key(key)

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.app.switch_mode(self.mode)


class TopBar(Horizontal):
    """Shows where one is, in which story, and with which model. Follows ``app.model_state`` and ``app.story_title``."""

    app: RnnchatApp

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    TopBar {
        height: 1;
        padding: 0 1;
        color: $quiet;
        Static { width: auto; height: 1; }
        #brand { color: $foreground; text-style: bold; margin-right: 2; }
        ScreenName {
            margin-right: 2;
            &:hover { color: $accent; }
            &.-current { color: $accent; text-style: bold underline; }
        }
        #story-title { width: 1fr; text-align: right; padding: 0 2; text-wrap: nowrap; text-overflow: ellipsis; }
        #model { text-align: right; text-wrap: nowrap; text-overflow: ellipsis; max-width: 40; }
    }
    """

    def __init__(self, current: str) -> None:
        """Make the bar of the screen ``current``."""
        super().__init__()
        self.current = current

    def compose(self) -> ComposeResult:
        yield Static("rnnchat", id="brand")
        for mode in SCREENS:
            yield ScreenName(mode, is_current=mode == self.current)
        yield Static(id="story-title")
        yield Static(id="model")

    def on_mount(self) -> None:
        self.watch(self.app, "story_title", self._show_title)
        self.watch(self.app, "model_state", self._show_model)

    def _show_title(self, title: str) -> None:
        self.query_one("#story-title", Static).update(Content(title))

    def _show_model(self, state: ModelState) -> None:
        is_short = self.app.size.width < ROOMY
        self.query_one("#model", Static).update(describe_model(state, is_short=is_short))

    def on_resize(self) -> None:
        self._show_model(self.app.model_state)

    def on_click(self, event: events.Click) -> None:
        if event.widget is not None and event.widget.id == "model":
            self.app.switch_mode("models")


def describe_model(state: ModelState, *, is_short: bool = False) -> Content:
    """Say which model is open and, where there is room, how good it is; or what has become of it."""
    dot = Content.styled(DOTS[state.phase], "$error" if state.phase == "dead" else "$accent")
    if state.phase == "none":
        return Content.assemble(dot, " no model")
    if state.phase == "opening":
        return Content.assemble(dot, f" {name_model(state.opening)}  opening …")
    if state.phase == "dead":
        return Content.assemble(dot, f" {name_model(state.name or state.opening)}  stopped")
    name = Content.styled(state.name, "$foreground")
    if state.opening:
        return Content.assemble(dot, " ", name, f"  opening {name_model(state.opening)} …")
    if state.bits_per_char is None or is_short:
        return Content.assemble(dot, " ", name)
    return Content.assemble(dot, " ", name, f"  {format_bits(state.bits_per_char)} bits/char")
