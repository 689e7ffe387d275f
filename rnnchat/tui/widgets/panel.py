"""The panel beside the story: how the model writes, which model, and the training that runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.message import Message

from rnnchat.description import Description, Reach, check_value, find_choices, find_descriptions, find_types, name_field
from rnnchat.desk import summary
from rnnchat.errors import UsageError
from rnnchat.generation.settings import ENDS_AT_LENGTH, PRESETS, Settings
from rnnchat.tui.widgets.field import CycleField, Field, NumberField
from rnnchat.tui.widgets.model_field import ModelField, PrecisionField
from rnnchat.tui.widgets.preset_row import PresetRow
from rnnchat.tui.widgets.seed_field import SeedField
from rnnchat.tui.widgets.slider import Slider
from rnnchat.tui.widgets.texts_field import TextsField
from rnnchat.tui.widgets.training_note import TrainingNote

if TYPE_CHECKING:
    from rnnchat.tui.app import RnnchatApp

WIDTH = 36
FOLDED, UNFOLDED = "▸", "▾"
GHOST_WORDS = ("on", "off")


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
        self.count = summary.count_folded(settings)

    def show_settings(self, settings: Settings) -> None:
        """Say how many of the folded settings are changed."""
        self.count = summary.count_folded(settings)
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
        .folded {{ display: none; padding-left: 1; }}
        &.-more .folded {{ display: block; }}
    }}
    """

    @dataclass
    class Changed(Message):
        """The person changed the settings."""

        settings: Settings

    @dataclass
    class GhostTurned(Message):
        """The person turned ghost text on or off."""

        is_on: bool

    def __init__(self, settings: Settings, id: str | None = None) -> None:
        """Make a panel that shows ``settings``."""
        super().__init__(id=id)
        self.settings = settings

    def compose(self) -> ComposeResult:
        yield PresetRow()
        descriptions = {name: each for name, each in find_descriptions(Settings).items() if each.label}
        heading = None
        for name, description in descriptions.items():
            if not description.is_folded:
                yield self._make_row(name, description, "gap" if description.heading != heading else None)
                heading = description.heading
        yield MoreRow(self.settings)
        for name, description in descriptions.items():
            if description.is_folded:
                yield self._make_row(name, description, "folded")
        yield ModelField().add_class("gap")
        yield PrecisionField()
        yield CycleField("Ghost text", GHOST_WORDS, GHOST_WORDS[not self.app.settings.ghost], id="ghost")
        yield TrainingNote()

    def _make_row(self, name: str, description: Description, classes: str | None) -> Field:
        """The row of the setting ``name``, as its type has it."""
        label, value, wanted = description.label, getattr(self.settings, name), find_types(Settings)[name]
        if wanted == tuple[str, ...]:
            return TextsField(label, value, id=name, classes=classes)
        if description.bounds is None:
            words = self._find_words(name)
            return CycleField(label, list(words.values()), words[value], id=name, classes=classes)
        low, high, step, fine_step = description.reach or Reach(description.bounds.low, description.bounds.high)

        def check(number: float) -> None:
            check_value(name_field(name), number, wanted, description)

        if name == "seed":
            return SeedField(value, int(high), check, id=name, classes=classes)
        kind, show = (Slider, self._show_temperature) if name == "temperature" else (NumberField, description.show)
        return kind(
            label, value, low, high, step=step, fine_step=fine_step, show=show, check=check, id=name, classes=classes
        )

    @staticmethod
    def _find_words(name: str) -> dict[Any, str]:
        """The values of a setting that is one of a few, and how each is called."""
        description = find_descriptions(Settings)[name]
        values = find_choices(find_types(Settings)[name]) or (False, True)
        return {value: description.words.get(value, str(value)) for value in values}

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
        for row in self.query(CycleField):
            if row.id in find_types(Settings):
                row.value = self._find_words(row.id)[getattr(settings, row.id)]
        for texts in self.query(TextsField):
            texts.value = getattr(settings, str(texts.id))
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
        changes: dict[str, Any] = {name: event.value}
        if name == "temperature":
            changes["temperature_cycle"] = ()  # those in turn would hide the one that was chosen
        self._take(**changes)

    @on(CycleField.Changed)
    def _take_choice(self, event: CycleField.Changed) -> None:
        event.stop()
        name = event.field.id or ""
        if name == "ghost":
            self.post_message(self.GhostTurned(event.value == GHOST_WORDS[0]))
            return
        self._take(**{name: next(value for value, word in self._find_words(name).items() if word == event.value)})

    @on(TextsField.Changed)
    def _take_texts(self, event: TextsField.Changed) -> None:
        event.stop()
        self._take(**{str(event.field.id): event.value})

    @on(PresetRow.Chosen)
    def _take_preset(self, event: PresetRow.Chosen) -> None:
        event.stop()
        self._take(**PRESETS[event.name], temperature_cycle=())

    def _take(self, **changes: Any) -> None:
        """Change the settings and say so; what the settings refuse leaves them as they were."""
        now = {**self.settings.to_json(), **changes}
        if (
            now["until"] in ENDS_AT_LENGTH and now["min_length"] > now["length"]
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
