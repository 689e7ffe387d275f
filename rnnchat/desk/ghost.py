"""Ghost text: how the model would continue what stands in the box, shown dimmed until one takes it or types on.

What is asked for is an ordinary, short writing. A key cancels it, and so does the writing that Enter asks for.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from rnnchat.desk.prose import is_wide, join_texts
from rnnchat.errors import RnnchatError

if TYPE_CHECKING:
    from rnnchat.desk.writing import Writer
    from rnnchat.engine.client import EngineClient
    from rnnchat.generation.settings import Settings

PAUSE_S = 0.4
"""Seconds after the last key until ghost text is asked for."""
MAX_CHARS = 60
MAX_LEADING_ROWS = 2
"""Line ends before the first word: a text that begins further down is no continuation that one would see."""


class Ghosts:
    """Continuations of one text, of which one is shown; typing that agrees with it makes it shorter."""

    def __init__(self) -> None:
        """Begin without any."""
        self._anchor = self._typed = ""
        self._texts: list[str] = []
        self._place = 0

    @property
    def rest(self) -> str:
        """What of the one shown is not typed yet; "" where there is none."""
        return self._texts[self._place][len(self._typed) :] if self._texts else ""

    @property
    def is_first(self) -> bool:
        """Whether no other one comes before the one shown."""
        return not any(text.startswith(self._typed) for text in self._texts[: self._place])

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._texts)

    def add(self, anchor: str, text: str) -> None:
        """Show ``text``, which continues ``anchor``; those that continue something else are gone."""
        if not text:
            return
        if self._texts and anchor == self._anchor + self._typed:
            text = self._typed + text
        else:
            self.clear()
            self._anchor = anchor
        if text not in self._texts:
            self._texts.append(text)
        self._place = self._texts.index(text)

    def follow(self, text: str) -> None:
        """Take note of what stands in the box now: narrow the one shown, change to one that agrees, or drop all."""
        typed = text.removeprefix(self._anchor)
        agreeing = [place for place, ghost in enumerate(self._texts) if ghost.startswith(typed) and ghost != typed]
        if not text.startswith(self._anchor) or not agreeing:
            self.clear()
            return
        self._typed = typed
        if self._place not in agreeing:
            self._place = agreeing[0]

    def move(self, step: int) -> bool:
        """Show the next one (-1: the one before) that agrees with what was typed; False where there is none."""
        places = range(self._place + step, len(self._texts) if step > 0 else -1, step)
        found = next((place for place in places if self._texts[place].startswith(self._typed)), None)
        self._place = self._place if found is None else found
        return found is not None

    def clear(self) -> None:
        """Drop all."""
        self._anchor = self._typed = ""
        self._texts, self._place = [], 0


class GhostWriter:
    """Asks the model for ghost text and keeps it fitting to what stands in the box.

    Attributes:
        is_on: Whether ghost text is wanted at all.
    """

    def __init__(self, writer: Writer, show: Callable[[], None], is_on: bool = True) -> None:
        """Write for the box of ``writer``; ``show`` is called whenever ``rest`` may be another one."""
        self.is_on = is_on
        self._writer, self._show = writer, show
        self._ghosts = Ghosts()
        self._task: asyncio.Task[None] | None = None
        self._dismissed: str | None = None

    @property
    def rest(self) -> str:
        """What stands dimmed; "" for nothing."""
        return self._ghosts.rest

    @property
    def is_asking(self) -> bool:
        """Whether the model writes one."""
        return self._task is not None

    @property
    def is_first(self) -> bool:
        """Whether there is no ghost text before the one shown."""
        return self._ghosts.is_first

    def follow(self, text: str) -> None:
        """The box holds ``text`` now: what is being written for another text is cancelled."""
        self._cancel()
        self._ghosts.follow(text)
        if text != self._dismissed:
            self._dismissed = None

    def is_due(self, text: str) -> bool:
        """Whether a pause after ``text`` brings ghost text: not on an empty line under a story, nor once sent away."""
        is_place = bool(text.strip()) or not self._writer.story.path()
        return self.is_on and is_place and text != self._dismissed and not self.rest

    def ask(self, text: str) -> None:
        """Ask for ghost text after ``text``, unless a model writes, or none is open."""
        engine = self._writer.slot.engine
        if self._task is None and engine is not None and engine.alive and not self._writer.is_writing:
            self._task = asyncio.create_task(self._fetch(engine, text, self._ghosts.count))

    def move(self, step: int, text: str) -> None:
        """Show the next ghost text after ``text``, asking for it where there is none yet, or the one before (-1)."""
        if self._ghosts.move(step):
            self._show()
        elif step > 0:
            self.ask(text)

    def dismiss(self, text: str) -> None:
        """Send the ghost text after ``text`` away, until something else stands there."""
        self.drop()
        self._dismissed = text

    def drop(self) -> None:
        """Forget all ghost text: the story, the model or the settings are others now."""
        self._cancel()
        self._ghosts.clear()
        self._show()

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _fetch(self, engine: EngineClient, text: str, number: int) -> None:
        prompt, settings = make_prompt(self._writer, text), short_settings(self._writer.settings_now(), number)
        own = self._writer.story.find_own_text("")
        written, is_cancelled = "", False
        try:
            async for chunk in engine.write(prompt, settings, own):
                written += chunk.text
                is_cancelled = chunk.reason == "cancelled"
        except RnnchatError:
            is_cancelled = True  # what keeps the model from writing is said when it is asked to
        self._task = None
        if not is_cancelled:
            self._ghosts.add(text, trim(written))
            self._show()


def make_prompt(writer: Writer, text: str) -> str:
    """What the model reads before it continues ``text`` in the box: the story as it would be with it."""
    story = writer.story
    if story.mode == "page":
        return story.text() + join_texts(story.text(), text) if text else story.text()
    return story.text_with_turn(text)


def short_settings(settings: Settings, number: int) -> Settings:
    """``settings`` for the ghost text ``number`` of a place: short, and each with a seed of its own."""
    seed = None if settings.seed is None else settings.seed + number
    return settings.change(length=MAX_CHARS, min_length=0, until="length", seed=seed)


def trim(text: str) -> str:
    """``text`` up to the end of its first line with words, and of a word where it was cut within one."""
    text = text[:MAX_CHARS]
    body = text.lstrip()
    lead = text[: len(text) - len(body)]
    line, end, _ = body.partition("\n")
    if not end and len(text) == MAX_CHARS and (whole := line.rpartition(" ")[0]):
        line = whole
    line = line.rstrip()
    return lead + line if line and lead.count("\n") <= MAX_LEADING_ROWS else ""


def first_word(text: str) -> str:
    """The first word of ``text`` with the white space before it; a character in scripts without spaces."""
    found = re.match(r"\s*\S+", text)
    word = found.group() if found else text
    start = len(word) - len(word.lstrip())
    return word[: start + 1] if is_wide(word[start : start + 1] or " ") else word
