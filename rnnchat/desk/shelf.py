"""The shelf: the stories of one person, and which of them is open in the writer.

Whatever waits for the disk is done in a thread, so that keys are answered meanwhile.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from rnnchat.errors import RnnchatError, StoryError
from rnnchat.paths import write_text_atomically
from rnnchat.stories.chat import ChatFormat
from rnnchat.stories.story import Mode

if TYPE_CHECKING:
    from rnnchat.desk.writing import Writer
    from rnnchat.stories.store import Store

FLUSH_TIMEOUT_S = 2.0
"""How long quitting waits for a database that is slow before it asks."""


class Shelf:
    """Opens, begins, renames, deletes and exports stories. What goes wrong is told to the writer's audience.

    Attributes:
        is_open: Set while a story is open; while the next one is being read, what is asked for waits for it.
        last_deleted: Id of the story that was deleted last, and can be restored at once.
    """

    def __init__(self, writer: Writer) -> None:
        """Keep stories for ``writer``; the database is opened when it is first needed."""
        self.writer = writer
        self.is_open = asyncio.Event()
        self.last_deleted: str | None = None
        self._chosen_for = ""
        """Id of the story whose mode the person has chosen."""
        self._is_looking = False

    @cached_property
    def store(self) -> Store:
        """The database."""
        from rnnchat.stories.store import Store

        return Store(is_background=True)

    # Opening

    async def find_first(self, asked: str | None, last: str) -> str | None:
        """The id of the story to open at the start; None to begin one.

        Args:
            asked: The title of the story that the person asked for, if any.
            last: The id of the one that was open last; "" for none.
        """
        try:
            if (notice := await asyncio.to_thread(lambda: self.store.notice)) is not None:
                self.writer.audience.show_notice(notice)
            if asked is not None:
                try:
                    return await asyncio.to_thread(self.store.find, asked)
                except StoryError as error:
                    self._tell(error)
            known = await asyncio.to_thread(self.store.list_stories)
        except RnnchatError as error:  # without a database one still writes
            self._tell(error)
            return None
        return last if last in [story.id for story in known] else None

    async def open(self, story_id: str | None) -> None:
        """Open this story, or begin one (None); where it cannot be read, the one before stays."""
        try:
            open_ = self.store.create if story_id is None else partial(self.store.load, story_id)
            story = await asyncio.to_thread(open_)
        except RnnchatError as error:
            self._tell(error)
        else:
            await self.writer.open_story(story)
            if story.notice:
                self.writer.audience.show_notice(story.notice)
        self.is_open.set()
        self.suit_model()

    def suit_model(self) -> None:
        """Lay an empty story out as the open model's texts are: turns where they are a dialogue, else a page."""
        story, turns = self.writer.story, self.writer.slot.state.turns
        if self.is_open.is_set() and not story.path() and story.id != self._chosen_for:
            mode: Mode = "chat" if turns is not None and turns.is_dialogue else "page"
            if (story.mode, story.chat) != (mode, chat := ChatFormat.after(turns)):
                story.mode, story.chat = mode, chat
                self.writer.save_story()
                self.writer.audience.show_story()

    def leave(self, draft: str) -> None:
        """From now on, what is typed and asked for belongs to the story that opens next; ``draft`` to this one."""
        if self.is_open.is_set():
            self.save_draft(draft)
            self.is_open.clear()

    def save_draft(self, text: str) -> None:
        """Save what stands in the prompt box with the story."""
        story = self.writer.story
        if self.is_open.is_set() and text != story.draft:
            self.store.save_draft(story, text)

    async def flush(self) -> bool:
        """Stop the model and save what is left; return whether everything is saved."""
        await self.writer.stop()
        return "store" not in self.__dict__ or await asyncio.to_thread(self.store.flush, FLUSH_TIMEOUT_S)

    async def look(self) -> None:
        """Notice what happens to the open story elsewhere: the audience is shown a problem for as long as it lasts."""
        if not self._is_looking and self.is_open.is_set():
            self._is_looking = True
            try:
                problem = await self._find_problem()
                self.writer.audience.show_problem(problem)  # whoever listens by now
            finally:
                self._is_looking = False

    async def _find_problem(self) -> str | None:
        story, title = self.writer.story, self.writer.story.title
        try:
            place = await asyncio.to_thread(self.store.locate, story)
        except RnnchatError as error:
            return f"not saved: {self.store.problem or error}"
        if story.title != title and story is self.writer.story:
            self.writer.audience.show_story()
        if self.store.problem is not None:
            return f"not saved: {self.store.problem}"
        if place == "listed" or not story.path() or story is not self.writer.story:
            return None
        if place == "deleted":
            return "this story was deleted in another rnnchat: ^p, Restore this story"
        return "this story was erased in another rnnchat: export it to keep it (^p, Export)"

    async def close(self) -> None:
        """Save what is left and close the database, so that a single file stays behind."""
        if "store" in self.__dict__:
            await asyncio.to_thread(self.store.close)

    async def refresh(self) -> bool:
        """Take over a title that the story was given elsewhere; return whether the story is still on the shelf."""
        story = self.writer.story
        known = {each.id: each.title for each in await asyncio.to_thread(self.store.list_stories)}
        story.title = known.get(story.id, story.title)
        return story.id in known or not story.path()

    # The story that is open

    async def rename(self, title: str) -> None:
        """Give the story a title."""
        story = self.writer.story
        try:
            story.title = await asyncio.to_thread(self.store.rename, story.id, title)
        except RnnchatError as error:
            self._tell(error)
        self.writer.audience.show_story()

    async def delete(self) -> None:
        """Take the story from the shelf, and begin another one."""
        story = self.writer.story
        try:
            await asyncio.to_thread(self.store.delete, story.id)
        except RnnchatError as error:
            self._tell(error)
        else:
            self.last_deleted = story.id
            await self.open(None)
            self.writer.audience.show_notice(f"“{story.title or 'Untitled'}” deleted; ^z restores it")

    async def restore(self, story_id: str) -> None:
        """Put a deleted story back on the shelf, and open it."""
        try:
            await asyncio.to_thread(self.store.restore, story_id)
        except RnnchatError as error:
            self._tell(error)
        self.last_deleted = None
        if story_id != self.writer.story.id:
            await self.open(story_id)

    async def change_mode(self) -> str:
        """Change from a page to a chat, or back, once the story is open; return a sentence about it."""
        await self.is_open.wait()
        story = self.writer.story
        self._chosen_for = story.id
        story.mode = "page" if story.mode == "chat" else "chat"
        if story.mode == "chat" and not any(passage.speaker for passage in story.path()):
            story.chat = ChatFormat.after(self.writer.slot.state.turns)
        self.writer.save_story()
        self.writer.audience.show_story()
        if story.mode == "page":
            return "page: one flowing text"
        return f"chat: you are {story.chat.person}, the model is {story.chat.model}"

    def name_speakers(self, names: str) -> None:
        """Name who speaks in the chat: the person, a comma, the model; anything else is ignored."""
        person, _, model = (name.strip() for name in names.partition(","))
        if person and model:
            self.writer.set_chat(replace(self.writer.story.chat, person=person, model=model))

    def change_layout(self) -> None:
        """Change from the layout of a play to one line per turn, or back."""
        here = self.writer.story.chat
        other = here.lines() if here.name_end == here.play().name_end else here.play()
        self.writer.set_chat(replace(other, person=here.person, model=here.model))

    # Taking it elsewhere

    def suggest_file_name(self, suffix: str) -> str:
        """A file name for the story, made of its title."""
        words = re.sub(r"[^\w ._-]+", " ", self.writer.story.title).split()
        return (" ".join(words).strip(". ") or "story") + suffix

    def export(self, path: Path) -> None:
        """Write the story to a file: Markdown where its name ends in ``.md``, else plain text.

        Raises:
            StoryError: The file cannot be written.
        """
        from rnnchat.stories.export import to_markdown, to_plain_text

        story = self.writer.story
        try:
            write_text_atomically(path, to_markdown(story) if path.suffix == ".md" else to_plain_text(story))
        except OSError as error:
            raise StoryError(f"cannot write {path} ({error.strerror}): choose another place or make room") from error

    def _tell(self, error: RnnchatError) -> None:
        self.writer.audience.show_failure(error, "")
