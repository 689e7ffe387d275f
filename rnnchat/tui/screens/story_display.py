"""Shows on the screen Write what happens in the writer: the story, the model's progress, notices and failures."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from textual.markup import escape
from textual.timer import Timer
from textual.widgets import Static

from rnnchat.desk.audience import Audience
from rnnchat.desk.figures import format_speed
from rnnchat.desk.kept import Kept
from rnnchat.desk.piece import Piece, list_notes, list_pieces
from rnnchat.desk.prose import show_stretch
from rnnchat.errors import RnnchatError
from rnnchat.tui.keys import show_key
from rnnchat.tui.widgets.bottom_bar import BottomBar
from rnnchat.tui.widgets.notice import NoticeLine
from rnnchat.tui.widgets.panel import Panel
from rnnchat.tui.widgets.prompt_box import PLACEHOLDER, PromptBox
from rnnchat.tui.widgets.story_editor import StoryEditor
from rnnchat.tui.widgets.story_view import StoryView

if TYPE_CHECKING:
    from rnnchat.tui.screens.write import WriteScreen

FLUSH_S = 1 / 30
"""Seconds between two updates of a growing text: one update costs 1 to 3 ms, however short the text."""
SPEED_S = 0.5
"""Seconds between two figures of the speed: nobody could read them more often."""


class StoryDisplay(Audience):
    """The audience of the writer, on the widgets of the screen."""

    def __init__(self, screen: WriteScreen) -> None:
        """Show on ``screen``; nothing happens before ``start``."""
        self.screen, self.app = screen, screen.app
        self._speed_shown_s = 0.0
        self._flush_timer: Timer | None = None

    def start(self) -> None:
        """Show the story, and what is written as it comes."""
        self._flush_timer = self.screen.set_interval(FLUSH_S, self.screen.writer.flush, pause=True)
        self.show_story()

    def show_story(self) -> None:
        """Show the story as it stands."""
        if not self.screen.query(StoryView):
            return  # the screen is being taken down
        story, view = self.screen.writer.story, self.screen.query_one(StoryView)
        view.show(list_pieces(story), list_notes(story))
        if view.marked is not None and view.marked not in [passage.id for passage in story.path()]:
            view.marked = None
        self.screen.set_class(not story.path(), "-empty")
        self.app.story_title = story.title
        prompt = self.screen.query_one(PromptBox)
        prompt.prompts = [passage.text.strip() for passage in story.path() if passage.author == "person"]
        prompt.border_title = escape(story.chat.person) if story.mode == "chat" else None
        self.screen.ghosts.renew()
        prompt.placeholder = f"Say something to {story.chat.model}" if story.mode == "chat" else PLACEHOLDER

    def show_change(self, start: int, end: int, text: str, passage: str) -> None:
        """Show what was typed within a passage, without laying the whole story out again."""
        if self.screen.query_one(StoryEditor).change(start, end, text, passage):
            self.screen.ghosts.renew()
        else:
            self.show_story()

    def show_growth(self, piece: Piece) -> None:
        """Show what the model has just written."""
        self.screen.query_one(StoryView).append(piece)

    def show_progress(self) -> None:
        """Show whether the model writes, how fast, and with which seed."""
        writer = self.screen.writer
        self.screen.query_one(StoryView).is_writing = writer.is_writing
        self.screen.query_one(Panel).show_seed(writer.seed)
        if self._flush_timer is not None:
            self._flush_timer.resume() if writer.is_writing else self._flush_timer.pause()
        if not writer.is_writing:
            self.screen.ghosts.wait_for_pause()
        # The line below lies far from the text: both at once would draw the whole screen again.
        if not writer.is_writing or writer.is_waiting or time.monotonic() - self._speed_shown_s > SPEED_S:
            self._speed_shown_s = time.monotonic()
            self._show_speed()

    def _show_speed(self) -> None:
        writer = self.screen.writer
        if writer.is_waiting:
            fact = "reading …" if self.app.slot.engine else "opening …"
        else:
            fact = format_speed(writer.chars_per_s) if writer.chars_per_s else ""
        self.screen.query_one(BottomBar).show_fact(fact)

    def show_kept(self, kept: Kept) -> None:
        """Say where the passages are that are not shown any more."""
        name, key = ("write.take-before", "alt+left") if kept.is_before else ("write.take-after", "alt+right")
        count = "what followed here belongs" if kept.passages == 1 else f"{kept.passages} passages after this belong"
        it = "it" if kept.passages == 1 else "them"
        self.show_notice(
            f"{count} to take {kept.take}: {show_key(self.app.settings.keys.get(name, key))} brings {it} back"
        )

    def show_notice(self, sentence: str) -> None:
        """Show a sentence quietly between story and box for a while."""
        self.screen.query_one(NoticeLine).show_notice(sentence)

    def show_problem(self, sentence: str | None) -> None:
        """Show in a line of its own what keeps the story from being saved."""
        for line in self.screen.query("#problem").results(Static):  # none while the screen is taken down
            if line.display != (sentence is not None) or (sentence and str(line.content) != sentence):
                line.update(sentence or "")
                line.display = sentence is not None

    def show_loop(self, stretch: str) -> None:
        """Say that the text repeats itself, and where the guard against that is."""
        key = show_key(self.app.settings.keys.get("write.panel", "f6"))
        self.show_notice(f"the text repeats itself ({key}, More, Repetition guard): {show_stretch(stretch)}")

    def show_failure(self, error: RnnchatError, given_back: str) -> None:
        """Say what went wrong, and put the person's text back into the box."""
        self.app.notify_error(error)
        prompt = self.screen.query_one(PromptBox)
        if given_back:
            prompt.put(f"{given_back}\n{prompt.text}" if prompt.text else given_back)
