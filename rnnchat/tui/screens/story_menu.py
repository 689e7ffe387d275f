"""What the screen Write offers for whole stories: dialogs, the clipboard, and the entries of the command palette."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import SystemCommand
from textual.timer import Timer

from rnnchat.errors import RnnchatError, StoryError
from rnnchat.tui.screens.ask import AskChoice, AskText, AskYesNo
from rnnchat.tui.widgets.prompt_box import PromptBox
from rnnchat.tui.widgets.story_view import StoryView

if TYPE_CHECKING:
    from rnnchat.desk.shelf import Shelf
    from rnnchat.tui.screens.write import WriteScreen

DRAFT_S = 0.5
"""Seconds after the last key until the draft is saved."""


class StoryMenu:
    """Asks the person what is to be done with a story, and has the shelf do it."""

    def __init__(self, screen: WriteScreen, shelf: Shelf) -> None:
        """Ask on ``screen``."""
        self.screen, self.app, self.shelf = screen, screen.app, shelf
        self._draft_timer: Timer | None = None

    # Opening

    async def open_first(self) -> None:
        """Open the story that was asked for, or else the one that was open last, or else begin one."""
        await self._open(await self.shelf.find_first(self.app.asked_story, self.app.settings.story))

    async def _open(self, story_id: str | None) -> None:
        """Open this story, or begin one (None); the draft of the one before stays with it."""
        self._leave()
        await self.shelf.open(story_id)
        self._show_opened()

    def _leave(self) -> None:
        if self.shelf.is_open.is_set():
            prompt = self.screen.query_one(PromptBox)
            self.shelf.leave(prompt.text)
            prompt.put("")

    def _show_opened(self) -> None:
        if not self.screen.query(StoryView):
            return  # the screen is being taken down
        view, prompt, story = (
            self.screen.query_one(StoryView),
            self.screen.query_one(PromptBox),
            self.shelf.writer.story,
        )
        view.follows, view.marked = True, None
        prompt.put(f"{story.draft}{prompt.text}")  # what was typed while the story was opened belongs to it
        self.save_draft()
        self.app.settings.story = story.id
        self.app.save_settings_soon()

    def list_stories(self) -> None:
        """Show all stories, to open, rename or delete one."""
        self.screen.run_worker(self._list_stories(), group="list stories", exclusive=True)

    async def _list_stories(self) -> None:
        from rnnchat.tui.screens.stories import StoriesScreen

        await self.shelf.is_open.wait()
        self.save_draft()
        try:
            await asyncio.to_thread(self.shelf.store.list_stories)
        except RnnchatError as error:  # the database cannot be opened
            self.app.notify_error(error)
        else:
            self.app.push_screen(StoriesScreen(self.shelf.store, self.shelf.writer.story.id), self._take_choice)

    async def _take_choice(self, story_id: str | None) -> None:
        """Open the story that was chosen in the list; a deleted one that was open makes way for a new one."""
        if story_id is not None and story_id != self.shelf.writer.story.id:
            await self._open(story_id)
        elif not await self.shelf.refresh():
            await self._open(None)
        self.app.story_title = self.shelf.writer.story.title

    def begin_story(self) -> None:
        """Begin another story."""
        if self.shelf.writer.story.path() and self.shelf.is_open.is_set():
            self._leave()
            self.screen.run_worker(self._open(None))
        else:
            self.screen.query_one(PromptBox).focus()

    # The draft

    def save_draft_soon(self) -> None:
        """Save the draft once nobody types."""
        if self._draft_timer is not None:
            self._draft_timer.stop()
        self._draft_timer = self.screen.set_timer(DRAFT_S, self.save_draft)

    def save_draft(self) -> None:
        """Save what stands in the box with the story."""
        self.shelf.save_draft(self.screen.query_one(PromptBox).text)

    # The story that is open

    def rename(self) -> None:
        """Give the story another title."""

        async def take(title: str | None) -> None:
            if title:
                await self.shelf.rename(title)

        question = AskText("Title of this story", self.shelf.writer.story.title, title="Rename")
        self.app.push_screen(question, take)

    def delete(self) -> None:
        """Delete the story, after a question."""
        title = self.shelf.writer.story.title or "Untitled"
        question = AskYesNo(f"Delete “{title}”?", "Delete", title="Delete this story")
        self.app.push_screen(question, self._delete)

    async def _delete(self, yes: bool | None) -> None:
        if yes:
            self._leave()
            await self.shelf.delete()
            self._show_opened()

    def change_mode(self) -> None:
        """Change from a page to a chat, or back."""
        self.screen.run_worker(self._change_mode(), group="writing")

    async def _change_mode(self) -> None:
        self.shelf.writer.audience.show_notice(await self.shelf.change_mode())

    def name_speakers(self) -> None:
        """Name who speaks in the chat."""
        chat = self.shelf.writer.story.chat
        question = AskText(
            "Your name and the model's, separated by a comma", f"{chat.person}, {chat.model}", title="Speakers"
        )
        self.app.push_screen(question, lambda names: self.shelf.name_speakers(names or ""))

    def edit(self) -> None:
        """Edit the marked passage, or the last one."""
        from rnnchat.tui.screens.edit import EditPassage

        passage = self.shelf.writer.find_passage(self.screen.query_one(StoryView).marked)
        if passage is None:
            return

        async def take(text: str | None) -> None:
            if text is not None and text != passage.text:
                await self.shelf.writer.edit(passage.id, text)

        self.app.push_screen(EditPassage(passage.text), take)

    def _restore_soon(self, story_id: str) -> None:
        self.screen.run_worker(self.restore(story_id))

    async def restore(self, story_id: str) -> None:
        """Bring a deleted story back."""
        if story_id != self.shelf.writer.story.id:
            self._leave()
        await self.shelf.restore(story_id)
        self._show_opened()

    # Leaving

    async def check_saved(self) -> bool:
        """Whether everything is saved; where it cannot be, ask what is to become of it."""
        self.save_draft()
        if await self.shelf.flush():
            return True
        question = AskChoice(
            f"Your text is not saved: {self.shelf.store.problem or 'the database does not answer'}",
            {"stay": "Stay", "file": "Save to a file…", "quit": "Quit without saving"},
            title="Quit",
        )
        self.app.push_screen(question, self._quit)
        return False

    async def _quit(self, choice: str | None) -> None:
        if choice == "quit":
            await self.app.quit_now()
        elif choice == "file":
            self.export(".txt", self.app.quit_now)

    # Taking it elsewhere

    def copy(self) -> None:
        """Copy the whole story to the clipboard."""
        text = self.shelf.writer.story.text()
        self.app.copy_to_clipboard(text)
        self.shelf.writer.audience.show_notice(f"Story copied ({len(text):,} characters)")

    def export(self, suffix: str, then: Callable[[], Awaitable[None]] | None = None) -> None:
        """Write the story to a file, as Markdown (``.md``) or plain text (``.txt``); afterwards do what is ``then``."""
        from rnnchat.tui.screens.files import pick_destination

        dialog = pick_destination("Export the story", self.shelf.suggest_file_name(suffix))

        async def write(path: Path | None) -> None:
            if path is None:
                return
            try:
                self.shelf.export(path)
            except StoryError as error:
                self.app.notify_error(error)
                return
            self.shelf.writer.audience.show_notice(f"Story exported to {path}")
            if then is not None:
                await then()

        self.app.push_screen(dialog, write)

    def commands(self) -> Iterable[SystemCommand]:
        """The entries of the command palette that are about stories."""
        yield SystemCommand("Stories", "Open, search, rename or delete a story", self.list_stories)
        yield SystemCommand("New story", "Begin another story", self.begin_story)
        yield SystemCommand("Rename this story", "Give it another title", self.rename)
        yield SystemCommand("Delete this story", "Remove it from the list, after a question", self.delete)
        here = self.shelf.writer.story.id
        yield SystemCommand("Restore this story", "Put it back into the list", lambda: self._restore_soon(here))
        yield SystemCommand("Edit the passage", "Edit the marked passage, or the last one", self.edit)
        yield SystemCommand("Page or chat", "One flowing text, or turns of speakers", self.change_mode)
        yield SystemCommand("Speakers", "Name yourself and the model in a chat", self.name_speakers)
        yield SystemCommand("Layout of the chat", "Like a play, or one line per turn", self.shelf.change_layout)
        yield SystemCommand("Copy the story", "Copy its text to the clipboard", self.copy)
        yield SystemCommand("Export as Markdown", "Write the story to a file", lambda: self.export(".md"))
        yield SystemCommand("Export as text", "Write the story to a file", lambda: self.export(".txt"))
