"""What the screen Write does with whole stories: open, begin, rename, delete, export, copy."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on
from textual.app import SystemCommand
from textual.timer import Timer
from textual.widgets import TextArea

from rnnchat.errors import RnnchatError, StoryError
from rnnchat.tui.screens.ask import AskText, AskYesNo
from rnnchat.tui.screens.base import MainScreen
from rnnchat.tui.widgets.prompt_box import PromptBox
from rnnchat.tui.widgets.story_view import StoryView

if TYPE_CHECKING:
    from rnnchat.desk.writing import Writer
    from rnnchat.stories.store import Store


DRAFT_S = 0.5
"""Seconds after the last key until the draft is saved."""


class StoryActions(MainScreen):
    """Actions on stories; the screen that uses them has a ``writer`` and a ``PromptBox``."""

    writer: Writer
    is_open: asyncio.Event
    """Set once the first story is there."""
    _draft_timer: Timer | None = None

    @cached_property
    def store(self) -> Store:
        """The database, opened when it is first needed."""
        from rnnchat.stories.store import Store

        return Store()

    # Opening

    def open_first_story(self) -> None:
        """Open the story that was asked for, or else the one that was open last, or else begin one."""
        try:
            if self.store.notice:
                self.app.notify(self.store.notice, severity="warning", timeout=10, markup=False)
            self.run_worker(self._open_first(self._find_first_story()))
        except RnnchatError as error:
            self.app.notify_error(error)
            self.is_open.set()  # without a database one still writes; nothing is kept

    def _find_first_story(self) -> str | None:
        if self.app.asked_story is not None:
            try:
                return self.store.find(self.app.asked_story)
            except RnnchatError as error:
                self.app.notify_error(error)
        known = [story.id for story in self.store.list_stories()]
        last = self.app.settings.story
        return last if last in known else None

    async def _open_first(self, story_id: str | None) -> None:
        await self._open_story(story_id)
        self.is_open.set()

    async def _open_story(self, story_id: str | None) -> None:
        """Open this story, or begin one; the draft of the one before stays with it."""
        prompt = self.query_one(PromptBox)
        try:
            story = self.store.create() if story_id is None else self.store.load(story_id)
        except RnnchatError as error:
            self.app.notify_error(error)
            return
        is_first = self.writer.story.on_change is None
        if not is_first:
            self.save_draft()
        view = self.query_one(StoryView)
        view.follows, view.marked = True, None
        await self.writer.open_story(story)
        # What was typed before the first story was there goes on, after its draft.
        prompt.put(f"{story.draft}{prompt.text}" if is_first else story.draft)
        self.app.settings.story = story.id
        self.app.save_settings_soon()

    def action_list_stories(self) -> None:
        """Show all stories, to open, rename or delete one."""
        from rnnchat.tui.screens.stories import StoriesScreen

        self.save_draft()
        dialog = StoriesScreen(self.store, self.writer.story.id)
        self.app.push_screen(dialog, self._take_choice)

    async def _take_choice(self, story_id: str | None) -> None:
        """Open the story that was chosen in the list; a deleted one that was open gives way to a new one."""
        known = [story.id for story in self.store.list_stories()]
        here = self.writer.story
        if story_id is not None and story_id != here.id:
            await self._open_story(story_id)
        elif here.path() and here.id not in known:
            await self._open_story(None)
        elif here.id in known:
            here.title = self.store.load(here.id).title
            self.app.story_title = here.title

    def action_new_story(self) -> None:
        """Begin another story."""
        if self.writer.story.path():
            self.run_worker(self._open_story(None))
        else:
            self.query_one(PromptBox).focus()

    # The draft

    @on(TextArea.Changed, "#prompt")
    def _keep_draft(self, event: TextArea.Changed) -> None:
        if self._draft_timer is not None:
            self._draft_timer.stop()
        self._draft_timer = self.set_timer(DRAFT_S, self.save_draft)

    def save_draft(self) -> None:
        """Save what stands in the box with the story."""
        text = self.query_one(PromptBox).text
        if text != self.writer.story.draft:
            self.writer.story.draft = text
            try:
                self.store.save_draft(self.writer.story.id, text)
            except StoryError as error:
                self.app.notify_error(error)

    # The story that is open

    def action_rename(self) -> None:
        """Give the story another title."""
        question = AskText("Title of this story", self.writer.story.title, title="Rename")
        self.app.push_screen(question, self._rename)

    def _rename(self, title: str | None) -> None:
        if title is None:
            return
        story = self.writer.story
        try:
            story.title = self.store.rename(story.id, title)
        except RnnchatError as error:
            self.app.notify_error(error)
        self.app.story_title = story.title

    def action_delete_story(self) -> None:
        """Delete the story, after a question."""
        story = self.writer.story
        question = AskYesNo(f"Delete “{story.title or 'Untitled'}”?", "Delete", title="Delete this story")
        self.app.push_screen(question, self._delete)

    def _delete(self, yes: bool | None) -> None:
        if yes:
            self.store.delete(self.writer.story.id)
            self.run_worker(self._open_story(None))

    def action_change_mode(self) -> None:
        """Go over from one flowing text to turns of speakers, or back."""
        story = self.writer.story
        story.mode = "page" if story.mode == "chat" else "chat"
        self.writer.save_story()
        self.show_story()
        if story.mode == "chat":
            chat = story.chat
            self.show_notice(f"chat: you are {chat.person}, the model is {chat.model}; other names: ^p speakers")
        else:
            self.show_notice("page: one flowing text")

    def action_name_speakers(self) -> None:
        """Choose who speaks in the chat."""
        chat = self.writer.story.chat
        question = AskText("You, and the model, with a comma between", f"{chat.person}, {chat.model}", title="Speakers")
        self.app.push_screen(question, self._name_speakers)

    def _name_speakers(self, names: str | None) -> None:
        person, _, model = (names or "").partition(",")
        if person.strip() and model.strip():
            self.writer.set_chat(person=person.strip(), model=model.strip())

    def action_change_layout(self) -> None:
        """Go over from the layout of a play to that of a chat, or back."""
        self.writer.change_layout()

    def action_edit(self) -> None:
        """Change the words of the marked passage, or of the last one."""
        from rnnchat.tui.screens.edit import EditPassage

        passage = self.writer.find_passage(self.query_one(StoryView).marked)
        if passage is None:
            return

        async def take(text: str | None) -> None:
            if text is not None and text != passage.text:
                await self.writer.edit(passage.id, text)

        self.app.push_screen(EditPassage(passage.text), take)

    # Taking it elsewhere

    def action_copy(self) -> None:
        """Put the whole story on the clipboard."""
        self.app.copy_to_clipboard(self.writer.story.text())
        self.show_notice("the story is on the clipboard")

    def action_export(self, suffix: str) -> None:
        """Write the story to a file, as Markdown (``.md``) or plain text (``.txt``)."""
        from rnnchat.tui.screens.files import pick_destination

        title = "".join(c if c.isalnum() or c in " -" else "_" for c in self.writer.story.title).strip() or "story"
        dialog = pick_destination("Export to", f"{title}{suffix}")
        self.app.push_screen(dialog, lambda path: self._export(path) if path else None)

    def _export(self, path: Path) -> None:
        from rnnchat.stories.export import to_markdown, to_plain_text

        story = self.writer.story
        text = to_markdown(story) if path.suffix == ".md" else to_plain_text(story)
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            self.app.notify_error(f"the story cannot be written to {path}: {error.strerror}")
        else:
            self.show_notice(f"the story is in {path}")

    def show_notice(self, sentence: str) -> None:
        """Say something quietly."""
        raise NotImplementedError

    def show_story(self) -> None:
        """Show the story as it stands."""
        raise NotImplementedError

    def story_commands(self) -> Iterable[SystemCommand]:
        """Give the entries of the command palette that are about stories."""
        yield SystemCommand("Stories", "Open, search, rename or delete a story", self.action_list_stories)
        yield SystemCommand("New story", "Begin another story", self.action_new_story)
        yield SystemCommand("Rename this story", "Give it another title", self.action_rename)
        yield SystemCommand("Delete this story", "Take it out of the list, after a question", self.action_delete_story)
        yield SystemCommand("Edit the passage", "Change the words of the marked or the last one", self.action_edit)
        yield SystemCommand("Page or chat", "One flowing text, or turns of speakers", self.action_change_mode)
        yield SystemCommand("Speakers", "Who speaks in the chat", self.action_name_speakers)
        yield SystemCommand("Layout of the chat", "Like a play, or one line a turn", self.action_change_layout)
        yield SystemCommand("Copy the story", "Put its text on the clipboard", self.action_copy)
        yield SystemCommand("Export as Markdown", "Write the story to a file", lambda: self.action_export(".md"))
        yield SystemCommand("Export as text", "Write the story to a file", lambda: self.action_export(".txt"))
