"""The application: four screens, one open model, one open story, one settings file.

The first frame is drawn before any model is opened; models live in child processes. What screens may use:

    app.settings            what is remembered (``tui.settings.ScreenSettings``)
    app.slot                the open model (``tui.model_slot.ModelSlot``); ``app.slot.engine`` is its engine or None
    app.model_state         what the header shows of it, reactive: ``self.watch(self.app, "model_state", ...)``
    app.run_watcher         all trainings, and signals for what happens to them (``tui.run_watcher.RunWatcher``)
    app.open_model(source)  open a model by name or path behind the screen, whatever is going on
    app.start_engine        opens one more engine, for a screen that needs its own; the screen closes it
    app.notify_error(error) say in one sentence what went wrong
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.app import App, SystemCommand
from textual.binding import Binding
from textual.reactive import var
from textual.screen import Screen

from rnnchat.errors import RnnchatError
from rnnchat.tui.keys import APP_KEYS, SCREENS, show_key
from rnnchat.tui.model_slot import ModelSlot, ModelState, StartEngine
from rnnchat.tui.run_watcher import RunWatcher
from rnnchat.tui.screens.base import MainScreen
from rnnchat.tui.settings import ScreenSettings
from rnnchat.tui.theme import THEMES, add_names


def _open_write() -> Screen[None]:
    from rnnchat.tui.screens.write import WriteScreen

    return WriteScreen()


def _open_models() -> Screen[None]:
    from rnnchat.tui.screens.models import ModelsScreen

    return ModelsScreen()


def _open_train() -> Screen[None]:
    from rnnchat.tui.screens.train import TrainScreen

    return TrainScreen()


def _open_compare() -> Screen[None]:
    from rnnchat.tui.screens.compare import CompareScreen

    return CompareScreen()


async def start_engine(source: str):
    """Open the model called ``source``, or at that path, in a child process."""
    from rnnchat.engine.client import EngineClient

    return await EngineClient.start(source)


class RnnchatApp(App[None]):
    """rnnchat on the screen."""

    TITLE = "rnnchat"
    CSS_PATH = "app.tcss"
    BINDINGS = APP_KEYS
    # Screens are imported when they are opened: only Write is needed for the first frame.
    MODES: ClassVar = {"write": _open_write, "models": _open_models, "train": _open_train, "compare": _open_compare}
    DEFAULT_MODE = "write"

    model_state: var[ModelState] = var(ModelState())
    story_title: var[str] = var("")

    def __init__(
        self, model: str | None = None, story: str | None = None, start_engine: StartEngine = start_engine
    ) -> None:
        """Make the application.

        Args:
            model: Name or path of the model to open; None for the one that was open last.
            story: Title of the story to open; None for the one that was open last.
            start_engine: Opens a model in a child process; tests give a scripted one.
        """
        self.settings, self._complaints = ScreenSettings.load()
        super().__init__()
        self.start_engine = start_engine
        self.slot = ModelSlot(start_engine, self._take_model_state)
        self.run_watcher = RunWatcher(self)
        self.asked_model = model
        self.asked_story = story
        for theme in THEMES:
            self.register_theme(theme)

    def on_mount(self) -> None:
        self.theme = self.settings.theme if self.settings.theme in self.available_themes else "rnnchat-dark"
        self.set_keymap(self.settings.keys)
        self.run_watcher.start()
        for complaint in self._complaints:
            self.notify(complaint, title="Settings", severity="warning", timeout=10)

    def get_css_variables(self) -> dict[str, str]:
        return add_names(super().get_css_variables())

    def get_key_display(self, binding: Binding) -> str:
        return binding.key_display or show_key(binding.key)

    # The model

    def _take_model_state(self, state: ModelState) -> None:
        self.model_state = state

    def open_model(self, source: str) -> None:
        """Open the model called ``source``, or at that path, while everything else goes on."""
        self.run_worker(self._open_model(source), group="open model", name=f"open {source}")

    async def _open_model(self, source: str) -> None:
        try:
            await self.slot.open(source)
        except RnnchatError as error:
            self.notify_error(error)
        else:
            self.settings.model = source
            self.save_settings()

    def notify_error(self, error: RnnchatError | OSError | str) -> None:
        """Say in one sentence what went wrong and what to do."""
        self.notify(str(error), severity="error", timeout=8, markup=False)

    def save_settings(self) -> None:
        """Write the settings file; a disk that refuses is said, not fatal."""
        try:
            self.settings.save()
        except OSError as error:
            self.notify_error(f"the settings cannot be saved: {error}")

    # Commands

    def action_open_screen(self, mode: str) -> None:
        """Go to one of the four screens."""
        self.switch_mode(mode)

    def get_system_commands(self, screen: Screen) -> Iterable[SystemCommand]:
        if isinstance(screen, MainScreen):
            yield from screen.commands()
        for mode, title in SCREENS.items():
            yield SystemCommand(title, f"Go to the screen {title}", lambda mode=mode: self.switch_mode(mode))
        yield SystemCommand("Theme", "Change the colours", self.action_change_theme)
        yield SystemCommand("Help", "All keys, and what they do", self.action_help)
        yield SystemCommand("Quit", "Close rnnchat; everything is kept", self.action_quit)

    def action_help(self) -> None:
        """Show all keys."""

    async def action_quit(self) -> None:
        """Close the models and leave."""
        await self.slot.close()
        self.exit()
