"""The panel beside the story: how the model writes, which model, and the training that runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message

from rnnchat.errors import UsageError
from rnnchat.generation.settings import MAX_SEED, PRESETS, Settings
from rnnchat.tui.widgets.field import CycleField, Field, NumberField, SeedField
from rnnchat.tui.widgets.slider import Slider
from rnnchat.tui.widgets.training_note import TrainingNote

if TYPE_CHECKING:
    from rnnchat.tui.app import RnnchatApp
    from rnnchat.tui.model_slot import ModelState

WIDTH = 36
UNTIL_NAMES = {
    "length": "this length",
    "line": "the line's end",
    "sentence": "the sentence's end",
    "paragraph": "the paragraph's end",
}
OFF = "off"


class PresetRow(Field):
    """The named settings in a row; the one that the panel agrees with is marked."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "move(1)", "next preset", show=False, id="presets.next"),
    ]

    @dataclass
    class Chosen(Message):
        """The person chose the preset ``name``."""

        name: str

    def __init__(self) -> None:
        """Make a row that offers all presets."""
        super().__init__("")
        self.current: str | None = None

    def show_preset(self, settings: Settings) -> None:
        """Mark the preset that ``settings`` agree with, if any does."""
        matching = [name for name, changes in PRESETS.items() if settings.change(**changes) == settings]
        self.current = matching[0] if matching else None
        self.refresh()

    def _places(self) -> list[tuple[str, int]]:
        """Give each name and the column where it begins: spread evenly over the row."""
        names = list(PRESETS)
        free = self.content_size.width - sum(cell_len(name) for name in names)
        gap = max(1, free // max(1, len(names) - 1))
        places, x = [], 0
        for name in names:
            places.append((name, x))
            x += cell_len(name) + gap
        return places

    def render(self) -> Content:
        parts: list[tuple[str, str]] = []
        at = 0
        for name, x in self._places():
            style = "bold $accent underline" if name == self.current else "$accent"
            parts += [(" " * (x - at), ""), (name, style)]
            at = x + cell_len(name)
        return Content.assemble(*parts)

    def action_move(self, direction: int) -> None:
        names = list(PRESETS)
        if self.current is None:
            place = 0 if direction > 0 else len(names) - 1
        else:
            place = (names.index(self.current) + direction) % len(names)
        self.post_message(self.Chosen(names[place]))

    def on_click(self, event: events.Click) -> None:
        for name, x in self._places():
            if x <= event.x < x + cell_len(name):
                self.post_message(self.Chosen(name))


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


class Panel(VerticalScroll, can_focus=False):
    """Shows the settings and says when the person changes one.

    Attributes:
        settings: What the panel shows.
    """

    app: RnnchatApp

    DEFAULT_CSS = f"""
    Panel {{
        width: {WIDTH};
        height: 1fr;
        padding: 0 2 0 1;
        scrollbar-size-vertical: 1;
        Field {{ margin-bottom: 0; }}
        .gap {{ margin-top: 1; }}
    }}
    """

    @dataclass
    class Changed(Message):
        """The person changed the settings."""

        settings: Settings

    def __init__(self, settings: Settings, id: str | None = None) -> None:
        """Make a panel that shows ``settings``."""
        super().__init__(id=id)
        self.settings = settings

    def compose(self) -> ComposeResult:
        now = self.settings
        yield PresetRow()
        yield Slider("Temperature", now.temperature, 0, 2, step=0.05, fine_step=0.01, id="temperature", classes="gap")
        yield NumberField(
            "Length", now.length, 10, 100_000, step=50, fine_step=10, show=_show_length, id="length", classes="gap"
        )
        yield CycleField("Up to", list(UNTIL_NAMES.values()), UNTIL_NAMES[now.until], id="until")
        yield NumberField("Top-k", now.top_k, 0, 500, step=5, fine_step=1, show=_show_count, id="top_k", classes="gap")
        yield NumberField("Top-p", now.top_p, 0.05, 1, step=0.05, fine_step=0.01, show=_show_below_1, id="top_p")
        yield NumberField("Min-p", now.min_p, 0, 0.5, step=0.01, fine_step=0.005, show=_show_above_0, id="min_p")
        yield NumberField(
            "Repetition penalty",
            now.repetition_penalty,
            1,
            2,
            step=0.05,
            fine_step=0.01,
            show=_show_above_1,
            id="repetition_penalty",
        )
        seed = SeedField(now.seed, MAX_SEED, id="seed")
        seed.add_class("gap")
        yield seed
        model = ModelField()
        model.add_class("gap")
        yield model
        yield TrainingNote()

    def on_mount(self) -> None:
        self.query_one(PresetRow).show_preset(self.settings)

    def show(self, settings: Settings) -> None:
        """Show ``settings`` in all fields."""
        self.settings = settings
        for field in self.query(NumberField):
            if field.id is not None:
                field.value = getattr(settings, field.id)
        self.query_one("#until", CycleField).value = UNTIL_NAMES[settings.until]
        self.query_one(PresetRow).show_preset(settings)

    def show_seed(self, seed: int | None) -> None:
        """Show the seed that was used last."""
        self.query_one(SeedField).last_seed = seed

    @on(NumberField.Changed)
    def _take_number(self, event: NumberField.Changed) -> None:
        event.stop()
        name = event.field.id or ""
        is_whole = isinstance(getattr(Settings(), name), int) and event.value is not None
        self._take(**{name: int(event.value or 0) if is_whole else event.value})

    @on(CycleField.Changed)
    def _take_until(self, event: CycleField.Changed) -> None:
        event.stop()
        self._take(until=next(until for until, name in UNTIL_NAMES.items() if name == event.value))

    @on(PresetRow.Chosen)
    def _take_preset(self, event: PresetRow.Chosen) -> None:
        event.stop()
        self._take(**PRESETS[event.name])

    def _take(self, **changes: object) -> None:
        """Change the settings and say so; what the settings refuse leaves them as they were."""
        try:
            settings = self.settings.change(**changes)
        except UsageError as error:
            self.app.notify_error(error)
            settings = self.settings
        self.show(settings)
        self.post_message(self.Changed(settings))


def summarize(settings: Settings) -> str:
    """Say the settings in one line, leaving out what is off."""
    parts = [f"temperature {settings.temperature:.2f}", _show_length(settings.length)]
    if settings.until != "length":
        parts[-1] += f", to {UNTIL_NAMES[settings.until]}"
    if settings.top_k:
        parts.append(f"top-k {settings.top_k}")
    if settings.top_p < 1:
        parts.append(f"top-p {settings.top_p:.2f}")
    if settings.min_p:
        parts.append(f"min-p {settings.min_p:.2f}")
    if settings.repetition_penalty != 1:
        parts.append(f"repetition {settings.repetition_penalty:.2f}")
    if settings.seed is not None:
        parts.append(f"seed {settings.seed}")
    return "   ".join(parts)


def _show_length(value: float) -> str:
    return f"{value:,.0f} chars"


def _show_count(value: float) -> str:
    return f"{value:.0f}" if value else OFF


def _show_below_1(value: float) -> str:
    return f"{value:.2f}" if value < 1 else OFF


def _show_above_0(value: float) -> str:
    return f"{value:.3f}".removesuffix("0") if value else OFF


def _show_above_1(value: float) -> str:
    return f"{value:.2f}" if value != 1 else OFF
