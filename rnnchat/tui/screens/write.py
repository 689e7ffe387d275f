"""The screen Write: the story, the box under it, the panel beside it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine, Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static, TextArea

from rnnchat.desk.audience import Audience
from rnnchat.desk.shelf import Shelf
from rnnchat.desk.summary import summarize
from rnnchat.desk.writing import Writer
from rnnchat.stories.story import Story
from rnnchat.tui.keys import show_key
from rnnchat.tui.screens.ghost_display import GhostDisplay
from rnnchat.tui.screens.page import PageScreen
from rnnchat.tui.screens.story_display import StoryDisplay
from rnnchat.tui.screens.story_menu import StoryMenu
from rnnchat.tui.widgets.ghost_box import GhostBox
from rnnchat.tui.widgets.notice import NoticeLine
from rnnchat.tui.widgets.panel import PANEL_KEYS, Panel
from rnnchat.tui.widgets.prompt_box import PromptBox
from rnnchat.tui.widgets.story_editor import StoryEditor
from rnnchat.tui.widgets.story_view import StoryView
from rnnchat.tui.widgets.welcome import Welcome

if TYPE_CHECKING:
    from rnnchat.generation.settings import Settings

OPEN_S = 5.0
"""How long leaving waits for a story that is being opened."""
LOOK_S = 1.0
"""Seconds between two looks at what happens to the open story elsewhere."""


class WriteScreen(PageScreen):
    """Writing together with the model that is open. All keys work while one types."""

    MODE: ClassVar[str] = "write"
    CSS_PATH = "write.tcss"
    AUTO_FOCUS = "PromptBox"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "send", "continue", id="write.send"),
        Binding("escape", "stop", "stop", id="write.stop", tooltip="stop; again: close"),
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
        Binding("f6", "toggle_panel", "settings", id="write.panel", priority=True),
        Binding("ctrl+o", "list_stories", "stories", id="write.stories", priority=True),
        Binding("ctrl+z", "undo", "undo", id="write.undo", priority=True),
        Binding("ctrl+y", "redo", "redo", show=False, id="write.redo", priority=True),
        Binding("alt+up", "mark(-1)", "mark the previous passage", show=False, id="write.mark-before", priority=True),
        Binding("alt+down", "mark(1)", "mark the next passage", show=False, id="write.mark-after", priority=True),
        Binding("ctrl+g", "change_mode", "page or chat", show=False, id="write.mode", priority=True),
        Binding("ctrl+n", "begin_story", "new story", show=False, id="write.new", priority=True),
        Binding("pageup", "scroll(-1)", "scroll up", show=False, id="write.page-up", priority=True),
        Binding("pagedown", "scroll(1)", "scroll down", show=False, id="write.page-down", priority=True),
        Binding("ctrl+home", "scroll_home", "to the beginning", show=False, id="write.home", priority=True),
        Binding("ctrl+end", "scroll_end", "to the end", show=False, id="write.end", priority=True),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.display_ = StoryDisplay(self)
        self.writer = Writer(self.app.slot, Story(), self.app.settings.writing, self.display_)
        self.shelf = Shelf(self.writer)
        self.menu = StoryMenu(self, self.shelf)
        self.ghosts = GhostDisplay(self)

    def compose_body(self) -> ComposeResult:
        # All in the screen itself: every container around the story is drawn with each of its frames.
        yield StoryEditor(id="story")
        with Horizontal(classes="centred", id="empty"):
            yield Welcome()
        yield Static(id="problem", markup=False)
        with Horizontal(classes="centred"):
            yield NoticeLine(id="notice")
        with Horizontal(classes="centred"):
            yield PromptBox(id="prompt")
        yield Panel(self.app.settings.writing, id="panel")

    def on_mount(self) -> None:
        self.set_class(not self.app.settings.panel, "-panel-closed")
        self.display_.start()
        self.ghosts.start()
        self.query_one(StoryEditor).replace = self.replace_text
        self.watch(self.app, "model_state", self._take_model, init=False)
        self.set_interval(LOOK_S, lambda: self.run_worker(self.shelf.look(), group="look"))
        self.app.before_quit.append(self.menu.check_saved)
        # The database is opened behind the first frame.
        self.call_after_refresh(lambda: self.run_worker(self.menu.open_first()))
        self.app.at_quit.append(self.leave)

    async def on_unmount(self) -> None:
        self.writer.audience = Audience()  # the screen is gone, the story is still to be kept
        await self.writer.stop()
        await self.shelf.close()

    # Writing

    def run_request(self, request: Coroutine[Any, Any, None]) -> None:
        """Let the writer work while the screen keeps answering."""
        self.run_worker(self._answer(request), group="writing")

    async def _answer(self, request: Coroutine[Any, Any, None]) -> None:
        await self.shelf.is_open.wait()  # a story is read behind the frame that is shown
        await request

    @on(PromptBox.Sent)
    def _send(self, event: PromptBox.Sent) -> None:
        self.query_one(StoryView).follows = True
        self.query_one(StoryView).marked = None
        self.menu.save_draft()
        self.query_one(NoticeLine).clear()
        self.run_request(self.writer.send(event.text))

    def action_send(self) -> None:
        """Send the box and let the model continue, from wherever the focus is."""
        self.query_one(PromptBox).action_send()

    def action_stop(self) -> None:
        """Stop the model; where it does not write, close what lies above the text."""
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
        marked, view.marked, view.follows = self.find_target(), None, True
        self.ghosts.learn("write.take")
        self.run_request(self.writer.write_take(marked))

    async def action_walk(self, offset: int) -> None:
        """Show the take before or after, of the marked passage or the last one."""
        view = self.query_one(StoryView)
        self.ghosts.learn("write.take-before")
        self.query_one(NoticeLine).clear()
        follows = view.follows
        target = self.find_target()
        passage = self.writer.find_passage(target)
        await self._answer(self.writer.walk_takes(offset, target))
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
        elif not self.writer.story.can_undo and self.shelf.last_deleted is not None:
            self.run_worker(self.menu.restore(self.shelf.last_deleted))
        else:
            self.run_request(self.writer.undo())

    def action_redo(self) -> None:
        """Redo in the box while there is text in it, else in the story."""
        prompt = self.query_one(PromptBox)
        if prompt.has_focus and prompt.text:
            prompt.action_redo()
        else:
            self.run_request(self.writer.redo())

    # Stories

    @on(TextArea.Changed, "#prompt")
    def _keep_draft(self) -> None:
        self.menu.save_draft_soon()
        self.ghosts.wait_for_pause()

    @on(GhostBox.GhostTaken)
    def _learn_taking(self, event: GhostBox.GhostTaken) -> None:
        self.ghosts.take(event.was_empty)

    @on(GhostBox.GhostShown)
    def _show_keys(self) -> None:
        self.ghosts.show_keys()

    def action_list_stories(self) -> None:
        self.menu.list_stories()

    def action_begin_story(self) -> None:
        self.menu.begin_story()

    def action_change_mode(self) -> None:
        self.menu.change_mode()

    # Settings

    @on(Panel.Changed)
    async def _take_settings(self, event: Panel.Changed) -> None:
        await self._use_settings(event.settings)

    @on(Panel.GhostTurned)
    def _turn_ghost(self, event: Panel.GhostTurned) -> None:
        self.ghosts.turn(event.is_on)

    def _take_model(self) -> None:
        self.shelf.suit_model()
        self.ghosts.renew()

    async def _use_settings(self, settings: Settings) -> None:
        self.app.settings.writing = settings
        self.app.save_settings_soon()
        await self.writer.change(settings)
        self.ghosts.renew()
        self.show_settings()

    async def action_guard_loops(self) -> None:
        """Keep the model from repeating itself from the next symbol on, or stop doing so."""
        settings = self.writer.settings.change(escape_loops=not self.writer.settings.escape_loops)
        self.query_one(Panel).show(settings)
        await self._use_settings(settings)
        self.display_.show_notice(f"repetition guard: {'on' if settings.escape_loops else 'off'}")

    def action_toggle_panel(self) -> None:
        """Open or close the settings: beside the story, or over it where there is no room."""
        panel = self.query_one(Panel)
        if self.has_class("-narrow"):
            self.toggle_class("-panel-open")
        else:
            self.app.settings.panel = not self.app.settings.panel
            self.app.save_settings_soon()
            self.set_class(not self.app.settings.panel, "-panel-closed")
        if self.has_class("-panel-open"):
            panel.focus_first()
        else:
            self.query_one(PromptBox).focus()
        self.call_after_refresh(self.show_settings)

    def on_resize(self) -> None:
        # Over the story, the lines above and below stay free; style sheets cannot subtract.
        self.query_one(Panel).styles.max_height = self.size.height - 2
        self.call_after_refresh(self.show_settings)

    def show_settings(self) -> None:
        """Show the settings in one line, and the key that opens them, while they are closed."""
        line = Content("")
        if not self.query_one(Panel).display or self.has_class("-narrow"):
            key = show_key(self.app.settings.keys.get("write.panel", "f6"))
            line = Content.assemble(summarize(self.writer.settings), "   ", (key, "$accent"), " settings")
        self.query_one(NoticeLine).show_standing(line)

    async def leave(self) -> None:
        """Stop the model and keep everything, because the program ends."""
        with contextlib.suppress(TimeoutError):  # what is typed before a story is there belongs to it
            await asyncio.wait_for(self.shelf.is_open.wait(), OPEN_S)
        await self.writer.stop()
        self.menu.save_draft()
        await self.shelf.close()

    @classmethod
    def key_groups(cls) -> list[tuple[str, list[BindingType]]]:
        from rnnchat.tui.screens.edit import EditPassage
        from rnnchat.tui.screens.stories import StoriesScreen

        return [
            ("Write", list(cls.BINDINGS)),
            ("In the text (↑ from an empty box, or a click)", list(StoryEditor.BINDINGS)),
            ("In the box", [*PromptBox.BINDINGS, *GhostBox.BINDINGS]),
            ("In the settings (shift+tab moves there)", PANEL_KEYS),
            ("In the list of stories", list(StoriesScreen.BINDINGS)),
            ("While editing a passage", list(EditPassage.BINDINGS)),
        ]

    def commands(self) -> Iterable[SystemCommand]:
        yield SystemCommand("Continue", "Let the model continue the story", self.action_send)
        yield SystemCommand("Another take", "Let the model write the passage again", self.action_take)
        yield SystemCommand("Undo", "Undo the last step", self.action_undo)
        yield SystemCommand("Redo", "Redo the last step", self.action_redo)
        yield SystemCommand("Repetition guard", "Keep the model from repeating itself, or not", self.action_guard_loops)
        yield SystemCommand("Settings", "Open or close the settings", self.action_toggle_panel)
        yield from self.ghosts.commands()
        yield from self.menu.commands()
