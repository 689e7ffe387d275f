"""Moving about in the story, and the caret in it: the part of the screen Write that makes the page an editor."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from textual import events, on
from textual.widgets import TextArea

from rnnchat.desk.writing import Writer
from rnnchat.tui.screens.base import MainScreen
from rnnchat.tui.screens.ghost_display import GhostDisplay
from rnnchat.tui.screens.story_display import StoryDisplay
from rnnchat.tui.widgets.bottom_bar import KeyLine
from rnnchat.tui.widgets.prompt_box import PromptBox
from rnnchat.tui.widgets.story_editor import StoryEditor
from rnnchat.tui.widgets.story_view import StoryView

PAGE_KEYS = ("page.continue", "page.leave")
"""The keys at the left of the line below while the caret is in the story."""


class PageScreen(MainScreen):
    """A screen with a story, in which one reads, marks and writes, and a box under it."""

    writer: Writer
    display_: StoryDisplay
    ghosts: GhostDisplay

    def run_request(self, request: Coroutine[Any, Any, None]) -> None:
        """Let the writer work while the screen keeps answering."""
        raise NotImplementedError

    # The caret

    @on(PromptBox.Left)
    def _enter_story(self) -> None:
        view = self.query_one(StoryEditor)
        if view.layout_.text:
            view.enter(len(view.layout_.text))

    @on(StoryEditor.Left)
    def _leave_story(self) -> None:
        self.query_one(PromptBox).focus()
        self.writer.story.close_wording()
        self.query_one(KeyLine).first = ()

    @on(StoryEditor.Moved)
    def _change_passage(self, event: StoryEditor.Moved) -> None:
        self.writer.story.close_wording(event.offset)
        self.query_one(KeyLine).first = PAGE_KEYS
        self.ghosts.learn("page.enter")

    @on(StoryEditor.Continued)
    def _continue_here(self, event: StoryEditor.Continued) -> None:
        self._leave_story()
        self.query_one(StoryView).follows = True
        self.run_request(self.writer.continue_at(event.offset))

    def replace_text(self, start: int, end: int, text: str) -> int | None:
        """Change the story at the caret and give the place; None while the model writes, which is said."""
        place = self.writer.replace_text(start, end, text)
        if place is None:
            self.display_.show_notice("the model is still writing: esc stops it, then change the text")
        return place

    def find_target(self) -> str | None:
        """The passage that the keys act on: the one with the caret, or the marked one; None for the last one."""
        view = self.query_one(StoryEditor)
        if view.caret is not None and (found := self.writer.story.find_offset(view.caret)):
            return found[0].id
        return view.marked

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
        """Type into the box from anywhere."""
        if event.is_printable and event.character and not isinstance(self.focused, TextArea):
            event.stop()
            prompt = self.query_one(PromptBox)
            prompt.focus()
            prompt.insert(event.character)
