"""A story: what a person and models write together, with takes, undo and redo.

Nothing that was written ever leaves the tree: undo, a deletion or another take only change which passages are
on the path.

A story does not know the database. It keeps count of what has not been saved and calls ``on_change`` after
every change; the store sets that, and saves.
"""

import itertools
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Literal

from rnnchat.errors import StoryError
from rnnchat.stories.chat import ChatFormat, lay_out
from rnnchat.stories.passage import Author, Passage, Segment, Step, Unsaved, make_id
from rnnchat.stories.revision import Cut, Revision

Mode = Literal["page", "chat"]


class Story(Revision):
    """A tree of passages, the path through it, and the history of both.

    Attributes:
        id: Stays the same whatever happens to the title.
        title: What a person calls it; "" until it has a name.
        mode: How the next passages are added: "page" (one flowing text) or "chat" (turns). It may change at
            any time: passages keep the form in which they were added.
        chat: The names and the layout of turns.
        settings: What the person last chose for this story (a model, a temperature, ...).
        draft: What stood in the prompt box.
        notice: A sentence for the person where something of it was damaged; else "".
        on_change: Called after every change; None for a story that only lives in memory.

    Note:
        ``mode``, ``chat`` and ``settings`` are plain attributes: ``Store.save`` keeps a change of them.
    """

    def __init__(
        self, title: str = "", mode: Mode = "page", chat: ChatFormat | None = None, id: str | None = None
    ) -> None:
        super().__init__()
        self.id = id or make_id()
        self.title = title
        self.mode: Mode = mode
        self.chat = chat or ChatFormat.play()
        self.settings: dict[str, Any] = {}
        self.draft = ""
        self.notice = ""
        self.on_change: Callable[[Story], None] | None = None
        self._growing: set[str] = set()
        self._split: tuple[str, ...] = ()  # what was split for the passage begun last

    # The text

    def segments(self) -> list[Segment]:
        """The passages of the path as they stand in the text, with the names of their speakers."""
        return lay_out(self.path(), self.chat)

    def text(self) -> str:
        """The whole text of the path, exactly as a model continues it."""
        return "".join(segment.heading + segment.text for segment in self.segments())

    def prompt_for(self, passage_id: str) -> str:
        """What a model reads before it writes this passage of the path: the text before it, and its heading.

        A space at the end of a heading is left to the model, which learnt it as the beginning of what follows.
        """
        before = ""
        for segment in self.segments():
            if segment.passage.id == passage_id:
                return before + segment.heading.rstrip(" ")
            before += segment.heading + segment.text
        raise StoryError(f"passage {passage_id} is not in the text shown: choose it first")

    def find_own_text(self, passage_id: str) -> tuple[tuple[int, int], ...]:
        """Where models wrote what they read before this passage of the path: begins and ends in ``prompt_for``.

        Those of the whole text where the passage is not on the path.
        """
        segments = itertools.takewhile(lambda segment: segment.passage.id != passage_id, self.segments())
        return tuple(
            (segment.start, segment.start + len(segment.text))
            for segment in segments
            if segment.passage.author == "model"
        )

    def text_with_turn(self, text: str) -> str:
        """The whole text if the person's next turn began with ``text``: what a model reads to continue that turn."""
        turn = Passage("", None, "person", text, speaker=self.chat.person)
        segments = lay_out([*self.path(), turn], self.chat)
        whole = "".join(segment.heading + segment.text for segment in segments)
        return whole if text else whole.rstrip(" ")

    def is_growing(self, passage_id: str) -> bool:
        """Whether this passage was begun and not finished."""
        return passage_id in self._growing

    # Writing

    def add(
        self,
        author: Author,
        text: str,
        *,
        model: str | None = None,
        settings: dict[str, Any] | None = None,
        take_of: str | None = None,
        is_same_turn: bool = False,
        after: tuple[str, int] | None = None,
    ) -> Passage:
        """Add a whole passage; the arguments are those of ``begin_passage``."""
        passage = self._start(author, text, model, settings, take_of, is_same_turn, after)
        self._notify()
        return passage

    def begin_passage(
        self,
        author: Author = "model",
        *,
        model: str | None = None,
        settings: dict[str, Any] | None = None,
        take_of: str | None = None,
        is_same_turn: bool = False,
        after: tuple[str, int] | None = None,
    ) -> Passage:
        """Begin a passage at the end of the path; ``grow`` and ``finish`` make it longer and end it.

        Args:
            author: Who writes it.
            model: The name of the model that writes it.
            settings: What the model writes with.
            take_of: Write another take of this passage instead of continuing the path; the old one stays.
            is_same_turn: In a chat, continue the turn at the end of the path instead of opening one.
            after: Continue this passage after this many of its characters instead of the end of the path; what
                followed stays as a take of the new passage.
        """
        passage = self._start(author, "", model, settings, take_of, is_same_turn, after)
        self._growing.add(passage.id)
        self._notify()
        return passage

    def grow(self, passage_id: str, text: str, settings: dict[str, Any] | None = None) -> Passage:
        """Append text to a passage that was begun, and keep its settings (the seed) once they are known."""
        passage = self._get(passage_id)
        if passage.speaker and not passage.text:
            text = text.lstrip()  # the layout holds the white space after a name
        return self._replace(passage, passage.text + text, settings)

    def finish(self, passage_id: str, settings: dict[str, Any] | None = None) -> Passage | None:
        """End a passage that was begun. One without a character is deleted, and None comes back."""
        passage = self._get(passage_id)
        self._growing.discard(passage_id)
        text = passage.text.rstrip() if self.mode == "chat" else passage.text
        if text or not self._is_last_written(passage_id):
            return self._replace(passage, text, settings)
        self._drop(passage)
        return None

    # For the store

    def restore(
        self,
        passages: Iterable[Passage],
        chosen: Mapping[str | None, str | None],
        deleted: Iterable[str],
        steps: Iterable[Step],
        steps_done: int,
    ) -> None:
        """Fill a new story with what was saved of it.

        Where two programs wrote in it at once, all their passages are there, and the history may have gaps.
        """
        for passage in passages:
            self._insert(passage)
        self._chosen.update(chosen)
        self._deleted.update(deleted)
        self._steps.extend(steps)
        self._done = min(steps_done, len(self._steps))
        self.unsaved = Unsaved(steps_from=len(self._steps))

    def mark_unsaved(self) -> None:
        """Have all of it saved next: it is new to the database."""
        self.unsaved = Unsaved(dict.fromkeys(self._passages), set(self._chosen), set(self._deleted))

    # Inside

    def _start(
        self,
        author: Author,
        text: str,
        model: str | None,
        settings: dict[str, Any] | None,
        take_of: str | None,
        is_same_turn: bool,
        after: tuple[str, int] | None = None,
    ) -> Passage:
        take_of, before = self._find_before(take_of, after)
        self._split = ()
        if take_of is not None:
            old = self._get(take_of)
            cut, speaker = Cut(self._line_to(take_of)[:-1], old.parent, []), old.speaker
        else:
            count = len(self._passages)
            cut = self._cut_at(before.id, after[1] if after else len(before.text)) if before else Cut([None], None, [])
            self._split = tuple(itertools.islice(self._passages, count, None))
            is_turn = self.mode == "chat" and not is_same_turn and not self._split
            speaker = (self.chat.person if author == "person" else self.chat.model) if is_turn else None
        passage = Passage(make_id(), cut.parent, author, text, model, settings, time.time(), speaker)
        if take_of is None and (twin := self._find_twin(passage)):
            passage = twin
        else:
            self._insert(passage)
            self.unsaved.texts[passage.id] = None
        self._lead("wrote", [*cut.line, passage.id], cut.choices)
        return passage

    def _find_before(self, take_of: str | None, after: tuple[str, int] | None) -> tuple[str | None, Passage | None]:
        """The passage of which a take is written, or else the one that is continued."""
        if after is None:
            return take_of, self.leaf
        passage_id, offset = after
        return (None, self._get(passage_id)) if offset > 0 else (passage_id, None)

    def _find_twin(self, passage: Passage) -> Passage | None:
        """A take with the same words of the person, which were taken back and are sent again."""
        if passage.author == "model" or not passage.text:
            return None
        words = (passage.text, passage.author, passage.speaker)
        twins = (p for p in self._find_takes(passage.parent) if (p.text, p.author, p.speaker) == words)
        return next((twin for twin in twins if not self._chosen.get(twin.id)), None)

    def _replace(self, passage: Passage, text: str, settings: dict[str, Any] | None) -> Passage:
        passage = replace(passage, text=text, settings=settings or passage.settings)
        self._passages[passage.id] = passage
        self.unsaved.texts[passage.id] = None
        self._notify()
        return passage

    def _is_last_written(self, passage_id: str) -> bool:
        """Whether nothing happened since this passage was begun."""
        if not 0 < self._done == len(self._steps):
            return False
        last = self._steps[-1]
        return last.kind == "wrote" and last.choices[-1].now == passage_id

    def _drop(self, passage: Passage) -> None:
        """Delete a passage that ended empty, and take the step that began it out of the history."""
        self._take_back(self._steps.pop())
        self.unsaved.steps_from = min(self.unsaved.steps_from, self._done)
        self._toggle([passage.id, *self._split])
        self._split = ()
        self._notify()

    def _notify(self) -> None:
        if self.on_change:
            self.on_change(self)
