"""The model that is open, in the panel, and how it computes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from rnnchat.tui.settings import PRECISIONS
from rnnchat.tui.widgets.field import Field

if TYPE_CHECKING:
    from rnnchat.desk.model_slot import ModelState
    from rnnchat.tui.app import RnnchatApp


class ModelField(Field):
    """The model that is open; Enter or a click leads to all of them."""

    app: RnnchatApp

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "app.open_screen('models')", "all models", show=False, id="model.choose"),
    ]

    def __init__(self) -> None:
        """Make the field; it follows ``app.model_state``."""
        super().__init__("Model")

    def on_mount(self) -> None:
        self.watch(self.app, "model_state", self._show_state)

    def _show_state(self, state: ModelState) -> None:
        self.refresh()

    def show_value(self) -> str:
        return self.app.model_state.name or "none"

    def action_move(self, direction: int) -> None:
        self.app.action_open_screen("models")

    def on_click(self) -> None:
        self.app.action_open_screen("models")


class PrecisionField(Field):
    """The precision of the open model: int8 is fast, float32 exact. A change opens it again and is remembered."""

    app: RnnchatApp

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "move(1)", "switch precision", show=False, id="precision.switch"),
    ]

    def __init__(self) -> None:
        """Make the field; it follows ``app.model_state``."""
        super().__init__("Precision", id="precision")

    def on_mount(self) -> None:
        self.watch(self.app, "model_state", self._show_state)

    def _show_state(self, state: ModelState) -> None:
        self.refresh()

    @property
    def _wanted(self) -> str:
        """What the person has chosen for the model, or else what it is open in."""
        state = self.app.model_state
        return self.app.settings.precision.get(state.name, state.precision)

    def show_value(self) -> str:
        state = self.app.model_state
        if not state.precision:
            return "–"
        if self._wanted != state.precision:
            return f"{self._wanted} …"
        return f"‹ {state.precision} ›" if self.has_focus else state.precision

    def action_move(self, direction: int) -> None:
        if self.app.model_state.precision:
            other = next(precision for precision in PRECISIONS if precision != self._wanted)
            self.app.choose_precision(self.app.model_state.name, other)
            self.refresh()

    def on_click(self) -> None:
        self.action_move(1)
