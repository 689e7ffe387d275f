"""Ghost text and hints on the screen Write: asked for after a pause, shown in the box and in the line above it."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from textual.app import SystemCommand
from textual.content import Content
from textual.timer import Timer

from rnnchat.desk import ghost
from rnnchat.desk.ghost import GhostWriter
from rnnchat.desk.hint import Scene, choose_hint, say_hint
from rnnchat.tui.keys import APP_KEYS, flatten_bindings, show_key
from rnnchat.tui.widgets.bottom_bar import KeyLine
from rnnchat.tui.widgets.field import CycleField
from rnnchat.tui.widgets.ghost_box import GhostBox
from rnnchat.tui.widgets.notice import NoticeLine
from rnnchat.tui.widgets.panel import GHOST_WORDS
from rnnchat.tui.widgets.prompt_box import PromptBox

if TYPE_CHECKING:
    from rnnchat.desk.run_views import RunView
    from rnnchat.tui.screens.write import WriteScreen

LOOK_S = 5.0
"""Seconds between two looks for a hint that time alone makes due."""
GHOST_KEYS = ("ghost.take", "ghost.word", "ghost.another", "ghost.dismiss")
"""The keys at the left of the line below while there is ghost text."""


class GhostDisplay:
    """Asks for ghost text when a person pauses, and says the hint that is due."""

    def __init__(self, screen: WriteScreen) -> None:
        """Show on ``screen``; nothing happens before ``start``."""
        self.screen, self.app = screen, screen.app
        self.writer = GhostWriter(screen.writer, self._show, screen.app.settings.ghost)
        self._timer: Timer | None = None
        self._started_s = time.monotonic()
        self._has_trained = False

    def start(self) -> None:
        """Follow the box from now on."""
        self._prompt.ghosts = self.writer
        self.screen.set_interval(LOOK_S, self.show_hint)
        self.app.run_watcher.ended.subscribe(self.screen, self._note_training)
        self.wait_for_pause()

    @property
    def _prompt(self) -> PromptBox:
        return self.screen.query_one(PromptBox)

    def wait_for_pause(self) -> None:
        """A key was typed, or the model became free: ask once nothing has happened for a moment."""
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.screen.set_timer(ghost.PAUSE_S, self._ask)

    def renew(self) -> None:
        """Forget the ghost text, because what it continues is another text now, and wait for the next pause."""
        if self._prompt.ghosts is not None:
            self.writer.drop()
            self.wait_for_pause()

    def turn(self, is_on: bool) -> None:
        """Turn ghost text on or off, and remember it."""
        self.app.settings.ghost = self.writer.is_on = is_on
        self.app.save_settings_soon()
        self.renew()

    def learn(self, name: str) -> None:
        """Take note that the person has used the key of the hint ``name``."""
        self.app.settings.learn(name)
        self.app.save_settings_soon()
        self.show_hint()

    def take(self, was_empty: bool) -> None:
        """Take note that the person took something of the ghost text, into a box that was empty or not."""
        if was_empty and not self.screen.writer.story.path():
            self.app.settings.learn("ghost.begin")
        self.learn("ghost.take")

    def commands(self) -> Iterable[SystemCommand]:
        """The entries of the command palette that are about the box and its hints."""
        yield SystemCommand("Earlier prompts", "Bring back what was sent before", self._prompt.action_recall)
        yield SystemCommand("Ghost text", "Show the model's continuation in the box, or not", self.switch)
        yield SystemCommand("Hints again", "Show all hints once more", self.forget_hints)

    def switch(self) -> None:
        """Turn ghost text on where it is off, and off where it is on."""
        is_on = not self.writer.is_on
        self.screen.query_one("#ghost", CycleField).value = GHOST_WORDS[not is_on]
        self.turn(is_on)

    def forget_hints(self) -> None:
        """Show every hint again until its key is used."""
        self.app.settings.hints.clear()
        self.app.save_settings_soon()
        self.show_hint()

    def _ask(self) -> None:
        prompt = self._prompt
        is_at_end = prompt.cursor_location == prompt.document.end
        if is_at_end and self.screen.shelf.is_open.is_set() and self.writer.is_due(prompt.text):
            self.writer.ask(prompt.text)

    def _show(self) -> None:
        self._prompt.show_ghost()
        self.show_hint()

    def show_keys(self) -> None:
        """Say the keys of the ghost text while there is any, and the hint that is due."""
        self.screen.query_one(KeyLine).first = GHOST_KEYS if self._prompt.ghost else ()
        self.show_hint()

    def show_hint(self) -> None:
        """Say the hint that is due, if any, in the line over the box."""
        for line in self.screen.query(NoticeLine):
            hint = choose_hint(self._look(), self.app.settings.hints)
            line.show_hint(Content(say_hint(hint, self._find_key)) if hint is not None else None)

    def _look(self) -> Scene:
        writer, text = self.screen.writer, self._prompt.text
        path = writer.story.path()
        return Scene(
            is_empty=not path and not text,
            ghost=self._prompt.ghost,
            typed_chars=len(text),
            passages=len(path),
            model_passages=sum(passage.author == "model" for passage in path),
            takes=max((len(writer.story.takes(passage.id)) for passage in path[-1:]), default=0),
            elapsed_s=time.monotonic() - self._started_s,
            has_trained=self._has_trained,
        )

    def _note_training(self, run: RunView) -> None:
        self._has_trained |= run.status.state == "done"

    def _find_key(self, name: str) -> str:
        bindings = [*APP_KEYS, *self.screen.BINDINGS, *GhostBox.BINDINGS]
        flat = flatten_bindings(bindings, self.app.settings.keys)
        return next(show_key(binding.key) for binding in flat if binding.id == name)
