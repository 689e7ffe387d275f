"""The panel beside the story: how the model writes, which model, and the training that runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.message import Message

from rnnchat.desk import summary
from rnnchat.errors import UsageError
from rnnchat.generation.settings import MAX_SEED, MAX_WINDOW, PRESETS, Settings
from rnnchat.tui.widgets.field import CycleField, Field, NumberField, SeedField
from rnnchat.tui.widgets.model_field import ModelField, PrecisionField
from rnnchat.tui.widgets.preset_row import PresetRow
from rnnchat.tui.widgets.slider import Slider
from rnnchat.tui.widgets.texts_field import TextsField
from rnnchat.tui.widgets.training_note import TrainingNote

if TYPE_CHECKING:
    from rnnchat.tui.app import RnnchatApp

WIDTH = 36
CHOICES: dict[str, dict[Any, str]] = {
    "until": {**summary.UNTIL_NAMES},
    "draw_at": {**summary.DRAW_NAMES},
    "escape_loops": summary.LOOP_NAMES,
}
"""Of each setting that is one of a few words: its values, and how they are called."""
FOLDED, UNFOLDED = "▸", "▾"


class MoreRow(Field):
    """Unfolds what is seldom changed, and says how much of it is changed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "move(0)", "fold or unfold", show=False, id="more.toggle"),
    ]

    @dataclass
    class Toggled(Message):
        """The person wants to see more, or less."""

        is_open: bool

    def __init__(self, settings: Settings) -> None:
        """Make the row, folded."""
        super().__init__("More", id="more")
        self.is_open = False
        self.count = summary.count_changed(settings)

    def show_settings(self, settings: Settings) -> None:
        """Say how many of the folded settings are changed."""
        self.count = summary.count_changed(settings)
        self.refresh()

    def show_value(self) -> str:
        mark = UNFOLDED if self.is_open else FOLDED
        return f"{self.count} changed {mark}" if self.count and not self.is_open else mark

    def action_move(self, direction: int) -> None:
        """Unfold to the right, fold to the left; 0 for whichever it is not."""
        is_open = not self.is_open if direction == 0 else direction > 0
        if is_open != self.is_open:
            self.is_open = is_open
            self.refresh()
            self.post_message(self.Toggled(is_open))

    def on_click(self) -> None:
        self.action_move(0)


PANEL_KEYS: list[BindingType] = [
    *PresetRow.BINDINGS,
    *Field.BINDINGS,
    *NumberField.BINDINGS,
    *SeedField.BINDINGS,
    *MoreRow.BINDINGS,
    *ModelField.BINDINGS,
    *PrecisionField.BINDINGS,
]
"""The keys of the panel's fields."""


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
        .seldom {{ display: none; padding-left: 1; }}
        &.-more .seldom {{ display: block; }}
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
        yield PresetRow()
        yield Slider(
            "Temperature",
            self.settings.temperature,
            0,
            2,
            step=0.05,
            fine_step=0.01,
            show=self._show_temperature,
            id="temperature",
            classes="gap",
        )
        yield self._number("Length", "length", 10, 100_000, 50, 10, summary.show_length, "gap")
        yield self._choice("Up to", "until")
        yield self._number("Top-k", "top_k", 0, 500, 5, 1, summary.show_count, "gap")
        yield self._number("Top-p", "top_p", 0.05, 1, 0.05, 0.01, summary.show_below_1)
        yield self._number("Min-p", "min_p", 0, 0.5, 0.01, 0.005, summary.show_above_0)
        yield self._number("Repetition penalty", "repetition_penalty", 1, 2, 0.05, 0.01, summary.show_above_1)
        yield MoreRow(self.settings)
        yield from self._compose_seldom()
        seed = SeedField(self.settings.seed, MAX_SEED, id="seed")
        seed.add_class("gap")
        yield seed
        model = ModelField()
        model.add_class("gap")
        yield model
        yield PrecisionField()
        yield TrainingNote()

    def _compose_seldom(self) -> ComposeResult:
        """The fields that are folded, in the order of ``summary.SELDOM``."""
        yield self._number("Write at least", "min_length", 0, 100_000, 50, 10, summary.show_least_length, "seldom")
        yield self._choice("Chance decides", "draw_at", "seldom")
        yield self._number("Presence penalty", "presence_penalty", -2, 2, 0.1, 0.02, summary.show_nats, "seldom")
        yield self._number("Frequency penalty", "frequency_penalty", -2, 2, 0.1, 0.02, summary.show_nats, "seldom")
        yield self._number("Penalties look at", "penalty_window", 1, MAX_WINDOW, 16, 1, summary.show_symbols, "seldom")
        yield self._number("Older uses count", "penalty_decay", 0.5, 1, 0.01, 0.002, summary.show_decay, "seldom")
        yield self._choice("Loops", "escape_loops", "seldom")
        yield TextsField("Never write", self.settings.ban, id="ban", classes="seldom")

    def _number(
        self,
        label: str,
        name: str,
        minimum: float,
        maximum: float,
        step: float,
        fine_step: float,
        show: Callable[[float], str],
        classes: str | None = None,
    ) -> NumberField:
        """The field of the setting ``name``."""
        value = getattr(self.settings, name)
        return NumberField(
            label, value, minimum, maximum, step=step, fine_step=fine_step, show=show, id=name, classes=classes
        )

    def _choice(self, label: str, name: str, classes: str | None = None) -> CycleField:
        """The field of the setting ``name``, one of ``CHOICES``."""
        names = CHOICES[name]
        value = names[getattr(self.settings, name)]
        return CycleField(label, list(names.values()), value, id=name, classes=classes)

    def _show_temperature(self, value: float) -> str:
        """The temperature that is chosen, or those that take turns in its place."""
        return summary.show_temperatures(self.settings) if self.settings.temperature_cycle else f"{value:.2f}"

    def on_mount(self) -> None:
        self.query_one(PresetRow).show_preset(self.settings)

    def focus_first(self) -> None:
        """Move to the first field below the presets."""
        self.query(Field)[1].focus()

    def show(self, settings: Settings) -> None:
        """Show ``settings`` in all fields."""
        self.settings = settings
        for field in self.query(NumberField):
            if field.id is not None:
                field.value = getattr(settings, field.id)
        for name, names in CHOICES.items():
            self.query_one(f"#{name}", CycleField).value = names[getattr(settings, name)]
        self.query_one(TextsField).value = settings.ban
        self.query_one(MoreRow).show_settings(settings)
        self.query_one(PresetRow).show_preset(settings)
        self.query_one(Slider).refresh()

    def show_seed(self, seed: int | None) -> None:
        """Show the seed that was used last."""
        self.query_one(SeedField).last_seed = seed

    @on(MoreRow.Toggled)
    def _fold(self, event: MoreRow.Toggled) -> None:
        event.stop()
        self.set_class(event.is_open, "-more")

    @on(NumberField.Changed)
    def _take_number(self, event: NumberField.Changed) -> None:
        event.stop()
        name = event.field.id or ""
        is_whole = isinstance(getattr(Settings(), name), int) and event.value is not None
        changes: dict[str, Any] = {name: int(event.value or 0) if is_whole else event.value}
        if name == "temperature":
            changes["temperature_cycle"] = ()  # those in turn would hide the one that was chosen
        self._take(**changes)

    @on(CycleField.Changed)
    def _take_choice(self, event: CycleField.Changed) -> None:
        event.stop()
        name = event.field.id or ""
        self._take(**{name: next(value for value, word in CHOICES[name].items() if word == event.value)})

    @on(TextsField.Changed)
    def _take_texts(self, event: TextsField.Changed) -> None:
        event.stop()
        self._take(ban=event.value)

    @on(PresetRow.Chosen)
    def _take_preset(self, event: PresetRow.Chosen) -> None:
        event.stop()
        self._take(**PRESETS[event.name], temperature_cycle=())

    def _take(self, **changes: Any) -> None:
        """Change the settings and say so; what the settings refuse leaves them as they were."""
        now = {**self.settings.to_json(), **changes}
        if (
            now["until"] == "length" and now["min_length"] > now["length"]
        ):  # the one that is moved takes the other along
            changes["length" if "min_length" in changes else "min_length"] = now[
                "min_length" if "min_length" in changes else "length"
            ]
        try:
            settings = self.settings.change(**changes)
        except UsageError as error:
            self.app.notify_error(error)
            settings = self.settings
        self.show(settings)
        self.post_message(self.Changed(settings))
