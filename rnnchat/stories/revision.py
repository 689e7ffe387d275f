"""Changing what is written: other wordings in place, and continuing from within a passage.

An edit is another wording: a new take that shares the place of the old one, so that what was written after the old
wording follows the new one too. A passage in whose middle one continues is split: a head, which is another take of
it, and a tail after the head, which shares the passage's place and so leads on to all that followed. The new
passage is then a take of the tail, and choosing the tail gives the text back as it was.
"""

import time
from abc import abstractmethod
from dataclasses import replace
from typing import NamedTuple

from rnnchat.errors import StoryError
from rnnchat.stories.history import History
from rnnchat.stories.passage import Choice, Passage, Segment, make_id


class Cut(NamedTuple):
    """Where in the tree a passage goes that continues from within the text."""

    line: list[str | None]
    """The passages that lead there, from the beginning (None) on."""
    parent: str | None
    """The place that it continues."""
    choices: list[Choice]
    """What else is to be chosen with it: what follows the tail of a passage that was split."""


class Revision(History):
    """A story whose text changes in place."""

    def __init__(self) -> None:
        super().__init__()
        self._open_wording: str | None = None

    @abstractmethod
    def segments(self) -> list[Segment]:
        """The passages of the path as they stand in the text."""

    def edit(self, passage_id: str, text: str) -> Passage:
        """Give a passage another wording: a new take, followed by all that followed the old one.

        The author stays; ``edit_of`` tells that a person changed it. An empty text takes the passage out of the
        middle of a story and leaves what comes after it.
        """
        return self._reword([(self._get(passage_id), text)])[0]

    def replace_text(self, start: int, end: int, text: str) -> int:
        """Put ``text`` in place of the characters from ``start`` to ``end`` of the whole text.

        Each passage that this changes gets another wording; an insertion between two belongs to the one before it.
        Typing on in a wording makes it longer, until ``close_wording``, and is one step for undo. Headings stay.

        Returns:
            where the new text begins: after the heading, if ``start`` is within one.

        Raises:
            StoryError: there is no passage that could take the text.
        """
        parts = self._find_parts(start, end, text)
        if not parts:
            raise StoryError("there is no text at this place: write in the box below")
        [(passage, words), *others] = parts
        passage_id = passage.id
        if not others and passage.id == self._open_wording and self._is_last_edited(passage.id):
            self._passages[passage.id] = replace(passage, text=words)
            self.unsaved.texts[passage.id] = None
            self._notify()
        else:
            self._open_wording = passage_id = self._reword(parts)[0].id
        return max(start, next(segment.start for segment in self.segments() if segment.passage.id == passage_id))

    def close_wording(self, offset: int | None = None) -> None:
        """Let the next edit be a take and a step of its own, unless it is still in the passage at ``offset``."""
        found = None if offset is None else self.find_offset(offset)
        if found is None or found[0].id != self._open_wording:
            self._open_wording = None

    def find_offset(self, offset: int) -> tuple[Passage, int] | None:
        """The passage that holds the place ``offset`` of the whole text, and the place in its own text.

        Between two passages it is the end of the first; within a heading, the beginning of what follows it.
        """
        segments = self.segments()
        for segment in segments:
            if offset <= segment.start + len(segment.text):
                return segment.passage, max(0, offset - segment.start)
        return (segments[-1].passage, len(segments[-1].text)) if segments else None

    def _find_parts(self, start: int, end: int, text: str) -> list[tuple[Passage, str]]:
        """The passages that change when ``text`` replaces a stretch of the whole text, with their new words."""
        parts = []
        for segment in self.segments():
            first, last = (min(max(at - segment.start, 0), len(segment.text)) for at in (start, end))
            if first < last:
                parts.append((segment.passage, segment.text[:first], segment.text[last:]))
        if not parts and (found := self.find_offset(start)):
            passage, place = found
            parts = [(passage, passage.text[:place], passage.text[place:])]
        return [(passage, before + text * (n == 0) + after) for n, (passage, before, after) in enumerate(parts)]

    def _reword(self, parts: list[tuple[Passage, str]]) -> list[Passage]:
        """Give passages that follow each other other wordings, in one step."""
        line, last = self._line_to(parts[0][0].id)[:-1], parts[-1][0]
        now = time.time()
        new = [replace(old, id=make_id(), text=words, created=now, edit_of=old.place) for old, words in parts]
        for passage in new:
            self._insert(passage)
            self.unsaved.texts[passage.id] = None
        follower = self._chosen.get(last.id)
        self._lead("edited", [*line, *(passage.id for passage in new), *([follower] if follower else [])])
        self._notify()
        return new

    def _is_last_edited(self, passage_id: str) -> bool:
        """Whether nothing happened since this wording was made."""
        if not 0 < self._done == len(self._steps):
            return False
        last = self._steps[-1]
        return last.kind == "edited" and any(choice.now == passage_id for choice in last.choices)

    def _cut_at(self, passage_id: str, offset: int) -> Cut:
        """Make room for a passage that continues from the character ``offset`` of this one, splitting it there."""
        old = self._get(passage_id)
        line = self._line_to(passage_id)
        if offset <= 0:
            return Cut(line[:-1], old.parent, [])
        if offset >= len(old.text):
            return Cut(line, old.place, [])
        now, follower = time.time(), self._chosen.get(passage_id)
        head = replace(old, id=make_id(), text=old.text[:offset], created=now, edit_of=None)
        tail = replace(
            old, id=make_id(), parent=head.id, text=old.text[offset:], created=now, speaker=None, edit_of=old.place
        )
        for passage in (head, tail):
            self._insert(passage)
            self.unsaved.texts[passage.id] = None
        choices = [Choice(tail.id, None, follower)] if follower else []
        return Cut([*line[:-1], head.id], head.id, choices)
