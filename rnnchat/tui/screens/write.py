"""The screen Write: the story, the box under it, the panel beside it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Iterable
from typing import Any, ClassVar

from textual import events, on
from textual.app import ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.timer import Timer
from textual.widgets import Static, TextArea

from rnnchat.desk.audience import Audience
from rnnchat.desk.figures import format_speed
from rnnchat.desk.piece import Piece
from rnnchat.desk.prose import show_stretch
from rnnchat.desk.writing import Writer
from rnnchat.errors import RnnchatError
from rnnchat.stories.story import Story
from rnnchat.tui.keys import show_key
from rnnchat.tui.screens.panel_actions import PANEL_KEYS, PanelActions
from rnnchat.tui.screens.story_actions import StoryActions
from rnnchat.tui.widgets.bottom_bar import BottomBar
from rnnchat.tui.widgets.notice import NoticeLine
from rnnchat.tui.widgets.panel import Panel
from rnnchat.tui.widgets.prompt_box import PromptBox
from rnnchat.tui.widgets.story_view import StoryView

FLUSH_S = 1 / 30
"""Seconds between two updates of a growing text: one update costs 1 to 3 ms, however short the text."""
WELCOME = """\
An empty page.

Write how it begins and press enter, or only press enter.
The model goes on from there; esc stops it, and what it wrote stays.

[$accent]^g[/] a chat instead of a page   [$accent]f3[/] other models   [$accent]f4[/] train your own"""
SPEED_S = 0.5
"""Seconds between two figures of the speed: more often nobody can read them."""
PLACEHOLDER = "Write, or press enter and the model goes on"


class WriteScreen(StoryActions, PanelActions, Audience):
    """Writing together with the model that is open. All keys work while one types."""

    MODE: ClassVar[str] = "write"
    CSS_PATH = "write.tcss"
    AUTO_FOCUS = "PromptBox"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "send", "go on", id="write.send"),
        Binding("escape", "stop", "stop", id="write.stop", tooltip="stop; then one layer out"),
        Binding("ctrl+r", "take", "another take", id="write.take", priority=True),
        Binding(
            "alt+left",
            "walk(-1)",
            "takes",
            key_display="alt+←→",
            id="write.take-before",
            tooltip="previous take",
            priority=True,
        ),
        Binding("alt+right", "walk(1)", "next take", show=False, id="write.take-after", priority=True),
        Binding("ctrl+l", "escape_loops", "escape loops", show=False, id="write.escape-loops", priority=True),
        Binding("ctrl+e", "toggle_panel", "panel", id="write.panel", priority=True),
        Binding("ctrl+o", "list_stories", "stories", id="write.stories", priority=True),
        Binding("ctrl+z", "undo", "undo", id="write.undo", priority=True),
        Binding("ctrl+y", "redo", "redo", show=False, id="write.redo", priority=True),
        Binding("alt+up", "mark(-1)", "mark the passage before", show=False, id="write.mark-before", priority=True),
        Binding("alt+down", "mark(1)", "mark the passage after", show=False, id="write.mark-after", priority=True),
        Binding("f6", "edit", "edit the passage", show=False, id="write.edit", priority=True),
        Binding("ctrl+g", "change_mode", "page or chat", show=False, id="write.mode", priority=True),
        Binding("ctrl+n", "new_story", "new story", show=False, id="write.new", priority=True),
        Binding("pageup", "scroll(-1)", "scroll up", show=False, id="write.page-up", priority=True),
        Binding("pagedown", "scroll(1)", "scroll down", show=False, id="write.page-down", priority=True),
        Binding("ctrl+home", "scroll_home", "the beginning", show=False, id="write.home", priority=True),
        Binding("ctrl+end", "scroll_end", "the end", show=False, id="write.end", priority=True),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.writer = Writer(self.app.slot, Story(), self.app.settings.writing, self)
        self.is_open = asyncio.Event()
        self._told_speed_s = 0.0
        self._flush_timer: Timer | None = None

    def compose_body(self) -> ComposeResult:
        # All in the screen itself: every container around the story is drawn with each of its frames.
        yield StoryView(id="story")
        with Horizontal(classes="centred", id="empty"):
            yield Static(WELCOME, id="welcome")
        with Horizontal(classes="centred"):
            yield NoticeLine(id="notice")
        with Horizontal(classes="centred"):
            yield PromptBox(id="prompt")
        yield Panel(self.app.settings.writing, id="panel")

    def on_mount(self) -> None:
        self.set_class(not self.app.settings.panel, "-panel-closed")
        self._flush_timer = self.set_interval(FLUSH_S, self.writer.flush, pause=True)
        self.show_story()
        # The database is opened behind the first frame.
        self.call_after_refresh(self.open_first_story)
        self.app.at_quit.append(self.leave)

    async def on_unmount(self) -> None:
        self.writer.audience = Audience()  # the screen is gone, the story is still to be kept
        await self.writer.stop()

    # What the writer tells

    def show_story(self) -> None:
        """Show the story as it stands."""
        story = self.writer.story
        view = self.query_one(StoryView)
        view.show(self.writer.pieces(), self.writer.notes())
        if view.marked is not None and view.marked not in [passage.id for passage in story.path()]:
            view.marked = None
        self.set_class(not story.path(), "-empty")
        self.app.story_title = story.title
        prompt = self.query_one(PromptBox)
        prompt.prompts = [passage.text.strip() for passage in story.path() if passage.author == "person"]
        prompt.border_title = story.chat.person if story.mode == "chat" else None
        prompt.placeholder = f"Say something to {story.chat.model}" if story.mode == "chat" else PLACEHOLDER

    def show_growth(self, piece: Piece) -> None:
        """Show what the model has just written."""
        self.query_one(StoryView).append(piece)

    def show_progress(self) -> None:
        """Show whether the model writes, how fast, and with which seed."""
        writer = self.writer
        self.query_one(StoryView).is_writing = writer.is_writing
        self.query_one(Panel).show_seed(writer.seed)
        if self._flush_timer is not None:
            self._flush_timer.resume() if writer.is_writing else self._flush_timer.pause()
        # The line below lies far from the text: both at once would draw the whole screen again.
        if not writer.is_writing or writer.is_waiting or time.monotonic() - self._told_speed_s > SPEED_S:
            self._told_speed_s = time.monotonic()
            self._show_speed()

    def _show_speed(self) -> None:
        writer = self.writer
        if writer.is_waiting:
            fact = "reading …" if self.app.slot.engine else "opening …"
        else:
            fact = format_speed(writer.chars_per_s) if writer.chars_per_s else ""
        self.query_one(BottomBar).show_fact(fact)

    def show_notice(self, sentence: str) -> None:
        """Say something quietly between story and box; it goes by itself."""
        self.query_one(NoticeLine).show_notice(sentence)

    def show_loop(self, stretch: str) -> None:
        """Say that the text repeats itself, and which key leaves that."""
        key = show_key(self.app.settings.keys.get("write.escape-loops", "ctrl+l"))
        self.show_notice(f"the text repeats itself ({key} escapes loops): {show_stretch(stretch)}")

    def show_failure(self, error: RnnchatError, given_back: str) -> None:
        """Say what went wrong, and give the person their text back."""
        self.app.notify_error(error)
        prompt = self.query_one(PromptBox)
        if given_back:
            prompt.put(f"{given_back}\n{prompt.text}" if prompt.text else given_back)

    # Writing

    def run_request(self, request: Coroutine[Any, Any, None]) -> None:
        """Let the writer work while the screen goes on answering."""
        self.run_worker(self._answer(request), group="writing")

    async def _answer(self, request: Coroutine[Any, Any, None]) -> None:
        await self.is_open.wait()  # the first story is read behind the first frame
        await request

    @on(PromptBox.Sent)
    def _send(self, event: PromptBox.Sent) -> None:
        self.query_one(StoryView).follows = True
        self.query_one(StoryView).marked = None
        self.save_draft()
        self.query_one(NoticeLine).clear()
        self.run_request(self.writer.send(event.text))

    def action_send(self) -> None:
        """Let the model go on, from wherever the cursor is."""
        self.query_one(PromptBox).action_send()

    def action_stop(self) -> None:
        """Stop the model; where it does not write, go one layer out."""
        view = self.query_one(StoryView)
        if self.writer.is_writing:
            self.run_request(self.writer.stop())
        elif self.has_class("-panel-open"):
            self.action_toggle_panel()
        elif view.marked is not None:
            view.marked = None
        self.query_one(PromptBox).focus()

    def action_take(self) -> None:
        """Ask for another take of the marked passage, or of the last one."""
        view = self.query_one(StoryView)
        marked, view.marked, view.follows = view.marked, None, True
        self.run_request(self.writer.write_take(marked))

    async def action_walk(self, offset: int) -> None:
        """Show the take before or after, of the marked passage or the last one."""
        view = self.query_one(StoryView)
        follows = view.follows
        passage = self.writer.find_passage(view.marked)
        await self._answer(self.writer.walk_takes(offset, view.marked))
        if view.marked is None and passage is not None:
            view.follows = follows
        elif passage is not None:
            takes = {take.id for take in self.writer.story.takes(passage.id)}
            view.marked = next((here.id for here in self.writer.story.path() if here.id in takes), None)

    def action_undo(self) -> None:
        """Undo in the box while there is text in it, else in the story."""
        prompt = self.query_one(PromptBox)
        if prompt.has_focus and prompt.text:
            prompt.action_undo()
        else:
            self.run_request(self.writer.undo())

    def action_redo(self) -> None:
        """Redo in the box while there is text in it, else in the story."""
        prompt = self.query_one(PromptBox)
        if prompt.has_focus and prompt.text:
            prompt.action_redo()
        else:
            self.run_request(self.writer.redo())

    # Moving about

    def action_mark(self, offset: int) -> None:
        """Mark the passage before or after, for another take, its takes or an edit."""
        view = self.query_one(StoryView)
        path = [passage.id for passage in self.writer.story.path()]
        if not path:
            return
        place = path.index(view.marked) + offset if view.marked in path else len(path) - 1
        view.marked = path[max(0, place)] if place < len(path) else None

    def action_scroll(self, direction: int) -> None:
        """Scroll the story by a page."""
        view = self.query_one(StoryView)
        view.scroll_relative(y=direction * max(1, view.size.height - 2), animate=False)

    def action_scroll_home(self) -> None:
        """Go to the beginning of the story."""
        self.query_one(StoryView).scroll_home(animate=False)

    def action_scroll_end(self) -> None:
        """Go to the end of the story, and follow it."""
        self.query_one(StoryView).scroll_end(animate=False)

    def on_key(self, event: events.Key) -> None:
        """Typing anywhere goes on in the box."""
        if event.is_printable and event.character and not isinstance(self.focused, TextArea):
            event.stop()
            prompt = self.query_one(PromptBox)
            prompt.focus()
            prompt.insert(event.character)

    async def leave(self) -> None:
        """Stop the model and keep everything, because the program ends."""
        await self.writer.stop()
        self.save_draft()

    @classmethod
    def key_groups(cls) -> list[tuple[str, list[BindingType]]]:
        from rnnchat.tui.screens.edit import EditPassage
        from rnnchat.tui.screens.stories import StoriesScreen

        return [
            ("Write", list(cls.BINDINGS)),
            ("In the box", list(PromptBox.BINDINGS)),
            ("In the panel (tab leads there)", PANEL_KEYS),
            ("In the list of stories", list(StoriesScreen.BINDINGS)),
            ("While editing a passage", list(EditPassage.BINDINGS)),
        ]

    def commands(self) -> Iterable[SystemCommand]:
        yield SystemCommand("Go on", "Let the model go on from the end of the story", self.action_send)
        yield SystemCommand("Another take", "Let the model write the passage another time", self.action_take)
        yield SystemCommand("Undo", "Take the last step back", self.action_undo)
        yield SystemCommand("Redo", "Do it again", self.action_redo)
        yield SystemCommand("Escape loops", "Leave stretches that repeat themselves, or not", self.action_escape_loops)
        yield SystemCommand("Panel", "Open or close the panel with the settings", self.action_toggle_panel)
        yield from self.story_commands()
