"""The application: four screens, one open model, one open story, one settings file.

The first frame is drawn before any model is opened; models live in child processes. What screens may use:

    app.settings            what is remembered (``tui.settings.ScreenSettings``)
    app.slot                the open model (``desk.model_slot.ModelSlot``); ``app.slot.engine`` is its engine or None
    app.model_state         what the header shows of it, reactive: ``self.watch(self.app, "model_state", ...)``
    app.run_watcher         all trainings, and signals for what happens to them (``tui.run_watcher.RunWatcher``)
    app.open_model(source)  open a model by name or path behind the screen, whatever is going on
    app.start_engine        opens one more engine, for a screen that needs its own; the screen closes it
    app.notify_error(error) say in one sentence what went wrong
    app.before_quit         what to ask before the program ends: gives False to stay (``self.menu.check_saved``)
    app.at_quit             what to await before the program ends: ``self.app.at_quit.append(self.leave)``
"""

from __future__ import annotations

import gc
import signal
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from textual import events
from textual.app import App, SystemCommand
from textual.binding import Binding
from textual.dom import DOMNode
from textual.reactive import var
from textual.screen import Screen
from textual.theme import Theme
from textual.timer import Timer

from rnnchat.desk.model_slot import ModelSlot, ModelState, StartEngine, start_engine
from rnnchat.errors import RnnchatError
from rnnchat.tui.alt_keys import HOLD_S, AltPairing, teach_alt_enter
from rnnchat.tui.clipboard import copy_to_desktop
from rnnchat.tui.ending_signal import obey_signals, start_watchdog
from rnnchat.tui.error_notices import ErrorNotices
from rnnchat.tui.keys import APP_KEYS, SCREENS, list_ids, show_key
from rnnchat.tui.run_watcher import RunWatcher
from rnnchat.tui.screens.base import MainScreen, find_screen_class, open_screen
from rnnchat.tui.settings import ScreenSettings, suggest
from rnnchat.tui.terminal import guard_terminal
from rnnchat.tui.theme import DARK, THEMES, add_names

if TYPE_CHECKING:
    from rnnchat.engine.client import EngineClient

IMPORT_S = 3.0
"""When the other screens are loaded: after the first words, before anyone goes there."""
WATCH_S = 1.0
"""Seconds between two looks at whether the model's process is alive."""
SAVE_S = 0.5
"""Seconds after the last change until the settings are written."""


class RnnchatApp(App[None]):
    """rnnchat on the screen."""

    TITLE = "rnnchat"
    CSS_PATH = "app.tcss"
    BINDINGS = APP_KEYS
    # Screens are imported when they are opened: only Write is needed for the first frame.
    MODES = {mode: partial(open_screen, mode) for mode in SCREENS}  # noqa: RUF012 - as Textual declares it
    DEFAULT_MODE = "write"

    model_state: var[ModelState] = var(ModelState())
    story_title: var[str] = var("")

    def __init__(
        self, model: str | None = None, story: str | None = None, start_engine: StartEngine | None = None
    ) -> None:
        """Make the application.

        Args:
            model: Name or path of the model to open; None for the one that was open last.
            story: Title of the story to open; None for the one that was open last.
            start_engine: Opens a model; tests give a scripted one, None opens it in a child process.
        """
        teach_alt_enter()
        guard_terminal()
        self.settings, self._complaints = ScreenSettings.load()
        super().__init__()
        self.start_engine = start_engine or self._start_engine
        self.slot = ModelSlot(
            lambda source: self.start_engine(source), self._take_model_state, model or self.settings.model
        )
        self.run_watcher = RunWatcher(self)
        self.asked_model = model
        self.asked_story = story
        self.before_quit: list[Callable[[], Awaitable[bool]]] = []
        self.at_quit: list[Callable[[], Awaitable[None]]] = []
        self.error_notices = ErrorNotices(self)
        self._alt_pairing = AltPairing()
        self._saving: Timer | None = None
        self._clashes: set[str] = set()
        for theme in THEMES:
            self.register_theme(theme)
        if self.settings.theme not in self.available_themes:
            self._complaints.append(
                f"no theme named {self.settings.theme!r}{suggest(self.settings.theme, list(self.available_themes))}"
            )
            self.settings.theme = DARK.name
        # Set before anything is drawn: a change afterwards reads all style sheets a second time.
        self.set_reactive(App.theme, self.settings.theme)

    def on_mount(self) -> None:
        self.set_keymap(self.settings.keys)
        for complaint in self._complaints:
            self.notify(complaint, title="Settings", severity="warning", timeout=10, markup=False)
        self.theme_changed_signal.subscribe(self, self._keep_theme)
        self.call_after_refresh(self._start_work)
        if not self.is_headless:
            obey_signals(self._end)

    def _end(self, number: int) -> None:
        """Leave because of the signal ``number``, without a question, and within ``LEAVE_S`` whatever happens."""
        start_watchdog(128 + number)
        if number == getattr(signal, "SIGHUP", None) and self._driver is not None:
            vars(self._driver)["write"] = lambda data: None  # nobody is there to read it, and a full pipe blocks
        self.run_worker(self.quit_now(128 + number), group="leave")

    def _start_work(self) -> None:
        """Begin what nobody needs for the first frame."""
        # A full collection over all modules takes 100 ms, in the middle of a word; they never become garbage.
        gc.freeze()
        if self.settings.keys:
            self._check_own_keys()
        self.run_worker(self._open_first_model(), group="open model")
        self.set_interval(WATCH_S, self._watch_engine)
        self.set_timer(WATCH_S, self.run_watcher.start)
        self.set_timer(IMPORT_S, self._import_screens)

    def _import_screens(self) -> None:
        """Load the code of the other screens in a thread: 0.2 s that the first visit to one need not take."""
        self.run_worker(lambda: [find_screen_class(mode) for mode in SCREENS], thread=True, group="imports")

    def _check_own_keys(self) -> None:
        """Say which of the person's own keys belong to nothing."""
        groups = [group for mode in SCREENS for group in find_screen_class(mode).key_groups()]
        known = list_ids([("", APP_KEYS), *groups])
        for name in self.settings.keys:
            if name not in known:
                near = suggest(name, known)
                self.notify(f"no action named {name!r}{near}", title="Settings", severity="warning", markup=False)

    def handle_bindings_clash(self, clashed_bindings: set[Binding], node: DOMNode) -> None:
        """Say once that two actions have the same key in the settings file."""
        names = " and ".join(sorted(binding.id or binding.action for binding in clashed_bindings))
        if names not in self._clashes:
            self._clashes.add(names)
            self.notify(f"{names} are on the same key", title="Settings", severity="warning", markup=False)

    def _keep_theme(self, theme: Theme) -> None:
        if theme.name != self.settings.theme:
            self.settings.theme = theme.name
            self.save_settings_soon()

    def _watch_engine(self) -> None:
        """Notice a process that died while nobody wrote."""
        engine = self.slot.engine
        if engine is not None and not engine.alive:
            self.slot.bury()
            self.notify_error(f"the process of the model {engine.info.name} ended unexpectedly: enter starts it again")

    async def on_event(self, event: events.Event) -> None:
        if self.is_headless or not isinstance(event, events.Key) or event.is_forwarded:
            await super().on_event(event)
            return
        for key in self._alt_pairing.take(event):
            await super().on_event(key)
        if self._alt_pairing.held is not None:
            self.set_timer(HOLD_S, self._release_escape)

    async def _release_escape(self) -> None:
        for key in self._alt_pairing.release():
            await super().on_event(key)

    def get_css_variables(self) -> dict[str, str]:
        return add_names(super().get_css_variables(), is_ansi=self.current_theme.ansi)

    def get_key_display(self, binding: Binding) -> str:
        return binding.key_display or show_key(binding.key)

    # The model

    async def _start_engine(self, source: str) -> EngineClient:
        return await start_engine(source, self.settings.precision)

    def _take_model_state(self, state: ModelState) -> None:
        self.model_state = state

    def open_model(self, source: str) -> None:
        """Open the model called ``source``, or at that path, while everything else goes on."""
        self.run_worker(self._open_model(source), group="open model", name=f"open {source}")

    async def _open_first_model(self) -> None:
        try:
            await self.slot.wait_for_engine()
        except RnnchatError as error:
            self.notify_error(error)
            if self.settings.model and not self.asked_model:
                self.open_model("")  # it may have been removed: the one that comes with rnnchat is there

    async def _open_model(self, source: str) -> None:
        try:
            await self.slot.open(source)
        except RnnchatError as error:
            self.notify_error(error)
        else:
            self.settings.model = source
            self.save_settings_soon()

    def choose_precision(self, name: str, precision: str) -> None:
        """Let the model ``name`` compute in ``precision``, ``int8`` or ``float32``, from now on."""
        self.settings.precision[name] = precision
        self.save_settings_soon()
        if self.model_state.name == name:
            self.restart_model()

    def restart_model(self) -> None:
        """Open the model again that is open, or whose process has died."""
        self.open_model(self.slot.source)

    def notify_error(self, error: RnnchatError | OSError | str) -> None:
        """Say in a sentence what went wrong and what to do: once where two parts find it, and never over a dialog."""
        self.error_notices.show(str(error))

    # Settings, clipboard

    def save_settings_soon(self) -> None:
        """Write the settings file once nothing has changed for a moment."""
        if self._saving is not None:
            self._saving.stop()
        self._saving = self.set_timer(SAVE_S, self.save_settings)

    def save_settings(self) -> None:
        """Write the settings file; a disk that refuses is said, not fatal."""
        try:
            self.settings.save()
        except OSError as error:
            self.notify_error(f"the settings cannot be saved: {error}")

    def copy_to_clipboard(self, text: str) -> None:
        """Put ``text`` on the clipboard: through the terminal, and through the desktop where there is one."""
        super().copy_to_clipboard(text)
        self.run_worker(partial(copy_to_desktop, text), thread=True, group="clipboard")

    # Commands

    def action_open_screen(self, mode: str) -> None:
        """Go to one of the four screens."""
        self.settings.learn(f"app.{mode}")
        self.switch_mode(mode)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        if isinstance(screen, MainScreen):
            yield from screen.commands()
        for mode, title in SCREENS.items():
            yield SystemCommand(title, f"Go to the {title} screen", lambda mode=mode: self.switch_mode(mode))
        yield SystemCommand("Restart the model", "Open it in a new process", self.restart_model)
        yield SystemCommand("Theme", "Change the colours", self.action_change_theme)
        yield SystemCommand("Help", "All keys, and what they do", self.action_help)
        yield SystemCommand("Quit", "Close rnnchat; everything is saved", self.action_quit)

    def action_help(self) -> None:
        """Show all keys."""
        from rnnchat.tui.screens.help import HelpScreen

        self.push_screen(HelpScreen())

    async def action_quit(self) -> None:
        """Quit, unless something cannot be saved: then the person is asked."""
        for check in self.before_quit:
            if not await check():
                return
        await self.quit_now()

    async def quit_now(self, status: int = 0) -> None:
        """Save everything that can be, close the models and leave."""
        for leave in self.at_quit:
            await leave()
        self.save_settings()
        await self.slot.close()
        self.exit(return_code=status)
