"""Writing with a model: the story that is open, what the person sends, what the model answers.

One thing is written at a time. Whatever ends it - the model, the person, the death of its process - what was
written stays in the story. Each request waits for the one before it, so that keys may be pressed as fast as one
likes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from rnnchat.desk.audience import Audience
from rnnchat.desk.correction import correct_text
from rnnchat.desk.kept import find_kept
from rnnchat.desk.model_slot import ModelSlot
from rnnchat.desk.piece import Piece
from rnnchat.desk.prose import join_texts, name_symbols
from rnnchat.desk.save_guard import SaveGuard
from rnnchat.errors import EngineError, RnnchatError

if TYPE_CHECKING:
    from rnnchat.engine.protocol import Chunk
    from rnnchat.generation.settings import Settings
    from rnnchat.stories.chat import ChatFormat
    from rnnchat.stories.passage import Passage
    from rnnchat.stories.story import Story

STOP_TIMEOUT_S = 1.0
"""How long a model may take to stop before what it still says is passed over."""
ENDED = "ended"
"""Entry in a passage's settings: why its text ended there."""


class Writer:
    """Adds the person's text to the story, lets the model continue, and keeps every take.

    Attributes:
        story: The story that is open.
        settings: How the model is asked to write; set by ``change``.
        is_writing: Whether the model writes, or is waited for.
        is_waiting: Whether it has not written anything yet.
        chars_per_s: Its speed, now or last.
        seed: The seed in use, or used last; None before the first.
    """

    def __init__(self, slot: ModelSlot, story: Story, settings: Settings, audience: Audience) -> None:
        """Write in ``story`` with whatever model is in ``slot``."""
        self.slot = slot
        self.story = story
        self.settings = settings
        self.audience = audience
        self.is_writing = False
        self.is_waiting = False
        self.chars_per_s = 0.0
        self.seed: int | None = None
        self._task: asyncio.Task[None] | None = None
        self._requests = asyncio.Lock()
        self._growing: str | None = None
        self._fresh: list[str] = []
        self._is_looping = False
        self._is_cancelled = False
        self._guard = SaveGuard(lambda error: self.audience.show_failure(error, ""))

    # What the person asks for

    async def send(self, text: str) -> None:
        """Add ``text`` to the story, if there is any, and let the model continue."""
        async with self._requests:
            await self._halt()
            passage = self._add(text) if text else None
            self._start(given_back=text if passage else "")

    async def write_take(self, passage_id: str | None = None) -> None:
        """Let the model write this passage (or its last one) another time; the takes before it stay."""
        async with self._requests:
            await self._halt()
            passage = self.find_passage(passage_id)
            self._start(take_of=passage.id if passage is not None and passage.author == "model" else None)

    async def stop(self) -> None:
        """Stop the model and keep what it wrote."""
        async with self._requests:
            await self._halt()

    async def change(self, settings: Settings) -> None:
        """Use ``settings`` from the next character on."""
        self.settings = settings
        if self.is_writing and self.slot.engine is not None:
            try:
                await self.slot.engine.change(self.settings_now())
            except EngineError:
                return  # the writing itself tells that the process is gone

    async def walk_takes(self, offset: int, passage_id: str | None = None) -> None:
        """Choose the take ``offset`` places after the one shown of this passage (or the last)."""
        async with self._requests:
            await self._halt()
            passage = self.find_passage(passage_id)
            if passage is not None:
                here = passage.id
                before = self.story.path()
                self._alter(lambda: self.story.choose_neighbour(here, offset))
                takes = {take.id for take in self.story.takes(here)}
                shown = next((passage.id for passage in self.story.path() if passage.id in takes), here)
                self._show_kept(before, shown, False)

    async def undo(self) -> None:
        """Take the last step back."""
        async with self._requests:
            await self._halt()
            if self.story.can_undo:
                self._alter(self.story.undo)
            else:
                self.audience.show_notice("nothing to undo")

    async def redo(self) -> None:
        """Do the step that was taken back again."""
        async with self._requests:
            await self._halt()
            if self.story.can_redo:
                self._alter(self.story.redo)
            else:
                self.audience.show_notice("nothing to redo")

    async def edit(self, passage_id: str, text: str) -> None:
        """Give a passage other words; what follows it stays, and so does the old wording, as a take."""
        async with self._requests:
            await self._halt()
            self._alter(lambda: self.story.edit(passage_id, text))

    async def continue_at(self, offset: int) -> None:
        """Let the model continue after ``offset`` characters of the text; what followed stays as a take."""
        async with self._requests:
            await self._halt()
            found = self.story.find_offset(offset)
            is_end = found is not None and found[0] == self.story.leaf and found[1] == len(found[0].text)
            self._start(after=None if found is None or is_end else (found[0].id, found[1]))

    def replace_text(self, start: int, end: int, text: str) -> int | None:
        """Put ``text`` in place of a stretch of the whole text and say where it begins; None while the model writes."""
        if self.is_writing or self._requests.locked():
            return None
        return correct_text(self.story, self._guard, self.audience, start, end, text)

    async def open_story(self, story: Story) -> None:
        """Go over to ``story``; what is being written in the one before it ends where it is."""
        async with self._requests:
            await self._halt()
            self.story = story
            self.audience.show_story()

    def save_story(self) -> None:
        """Save what is no step of the story: its mode, its speakers."""
        if (save := self.story.on_change) is not None:
            self._guard.make(lambda: save(self.story))

    def set_chat(self, chat: ChatFormat) -> None:
        """Change who speaks in the chat, or how its turns are laid out."""
        self.story.chat = chat
        self.save_story()
        self.audience.show_story()

    def find_passage(self, passage_id: str | None) -> Passage | None:
        """Give this passage of the story, or its last one."""
        return self.story.leaf if passage_id is None else self.story.passages.get(passage_id)

    # What is shown

    def flush(self) -> None:
        """Put what the model has said since the last time into the story. Called on a timer while it writes."""
        if self._growing is None or not self._fresh:
            return
        text, self._fresh = "".join(self._fresh), []
        before = len(self.story.passages[self._growing].text)
        self._guard.make(lambda: self.story.grow(self._growing or "", text, self._record()))
        grown = self.story.passages[self._growing].text[before:]
        self.audience.show_growth(Piece(grown, "model", self._growing))
        self.audience.show_progress()

    # Underneath

    def _add(self, text: str) -> Passage:
        """Add the person's text to the story."""
        if self.story.mode == "page":
            text = join_texts(self.story.text(), text)
        passage = self._guard.make(lambda: self.story.add("person", text))
        self.audience.show_story()
        return passage or self.story.path()[-1]

    def _start(self, take_of: str | None = None, given_back: str = "", after: tuple[str, int] | None = None) -> None:
        self.is_writing = self.is_waiting = True
        self.audience.show_progress()
        self._task = asyncio.create_task(self._write(take_of, given_back, after))

    async def _halt(self) -> None:
        """End the writing, if there is any, and wait until it has ended."""
        task = self._task
        if task is None:
            return
        engine = self.slot.engine
        if self._growing is not None and engine is not None and engine.alive:
            await engine.cancel()
            await asyncio.wait({task}, timeout=STOP_TIMEOUT_S)
        task.cancel()
        await asyncio.wait({task})

    async def _write(self, take_of: str | None, given_back: str, after: tuple[str, int] | None) -> None:
        """Let the model write one passage, from waiting for it to the end of its text."""
        error: RnnchatError | None = None
        has_written = self._is_cancelled = self._is_looping = False
        try:
            engine = await self.slot.wait_for_engine()
            self._begin(engine.info.name, take_of, after)
            growing = self._growing or ""
            prompt, own = self.story.prompt_for(growing), self.story.find_own_text(growing)
            async for chunk in engine.write(prompt, self.settings_now(), own):
                self._take(chunk)
        except RnnchatError as problem:
            is_replaced = self.slot.engine is not None and self.slot.engine.alive and isinstance(problem, EngineError)
            self._is_cancelled = is_replaced  # another model took over: what was written stays
            error = None if is_replaced else problem
            if self.slot.engine is not None and not self.slot.engine.alive:
                self.slot.bury()
        finally:
            has_written = self._end()
            self._task = None
            self.is_writing = self.is_waiting = False
            self.audience.show_progress()
        if error is None and not has_written and not self._is_cancelled:
            self.audience.show_notice("the model had nothing to add here: press enter to try again")
        if error is not None:
            if given_back and not has_written:
                self._alter(self.story.undo)
            self.audience.show_failure(error, "" if has_written else given_back)

    def _begin(self, model: str, take_of: str | None, after: tuple[str, int] | None) -> None:
        """Begin the passage that the model is going to fill."""
        leaf = self.find_passage(after[0] if after else None)
        before = self.story.path()
        is_cut = leaf is not None and leaf.author == "model" and (leaf.settings or {}).get(ENDED) != "stop"
        is_same_turn = self.story.mode == "chat" and is_cut and take_of is None
        passage = self._guard.make(
            lambda: self.story.begin_passage(model=model, take_of=take_of, is_same_turn=is_same_turn, after=after)
        )
        self._growing = passage.id if passage else self.story.path()[-1].id
        self.audience.show_story()
        self._show_kept(before, self._growing, after is not None)

    def _show_kept(self, before: Sequence[Passage], here: str, is_cut: bool) -> None:
        """Say which passages that were shown ``before`` are hidden now that ``here`` is in their place."""
        if (kept := find_kept(self.story, before, here, is_cut)) is not None:
            self.audience.show_kept(kept)

    def _take(self, chunk: Chunk) -> None:
        """Take in what the model said, for the next flush."""
        self.is_waiting = False
        self.seed = chunk.seed
        self.chars_per_s = chunk.chars_per_s or self.chars_per_s
        self._fresh.append(chunk.text)
        if chunk.unknown:
            name = self.slot.state.name
            self.audience.show_notice(
                f"{name} has never seen {name_symbols(chunk.unknown)} and skips them; your text is unchanged"
            )
        if chunk.loop and not self._is_looping and not self.settings.escape_loops:
            self.audience.show_loop(chunk.loop)
        self._is_looping = bool(chunk.loop)
        if chunk.finished:
            self._is_cancelled = chunk.reason == "cancelled"
            self.flush()
            self._guard.make(lambda: self.story.grow(self._growing or "", "", self._record() | {ENDED: chunk.reason}))

    def _end(self) -> bool:
        """Finish the passage; say whether there is anything in it."""
        if self._growing is None:
            return False
        self.flush()
        passage_id, self._growing, self._fresh = self._growing, None, []
        has_written = bool(self.story.passages[passage_id].text.strip())
        self._guard.make(lambda: self.story.finish(passage_id))
        self.audience.show_story()
        return has_written

    def settings_now(self) -> Settings:
        """The settings of the panel; in a chat a reply ends where the turn does."""
        if self.story.mode == "chat":
            return self.settings.change(stop=(*self.settings.stop, *self.story.chat.stop))
        return self.settings

    def _record(self) -> dict[str, Any]:
        """What is kept with a passage: all that it takes to write it again."""
        return self.settings_now().to_json() | {"seed": self.seed}

    def _alter(self, change: Callable[[], object]) -> None:
        """Make a change of the whole story and show it."""
        self._guard.make(change)
        self.audience.show_story()
