"""How turns are laid out as text, so that a model finds the form that it was trained on.

A turn is a speaker and a speech. A play writes ``NAME:``, the speech on lines of its own and a blank line; a
chat writes ``NAME: speech`` on one line. The story keeps speakers and speeches; the layout is chosen here and
can be changed at any time.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from rnnchat.stories.passage import Passage, Segment
from rnnchat.text.turn import TurnLayout


@dataclass(frozen=True)
class ChatFormat:
    """Who speaks, and how a turn begins and ends."""

    person: str
    """The name that the person's turns stand under."""
    model: str
    """The name that the model's turns stand under."""
    name_end: str
    """What follows the name: ``":\\n"`` in a play, ``": "`` in a chat."""
    turn_end: str
    """What ends a turn: ``"\\n\\n"`` in a play, ``"\\n"`` in a chat."""
    name_start: str = ""
    """What stands before the name: in a log the time, such as ``"[12:01] <"``."""
    is_one_line: bool = True
    """Whether ``turn_end`` alone ends a turn; else it ends where the next name follows."""

    @classmethod
    def after(cls, turns: TurnLayout | None) -> "ChatFormat":
        """The speakers and the layout that a model has learnt; those of a plain chat where it has learnt none."""
        if turns is None:
            return cls.lines()
        return cls(*turns.speakers, turns.name_end, turns.turn_end, turns.name_start, turns.is_one_line)

    @classmethod
    def play(cls, person: str = "ROMEO", model: str = "JULIET") -> "ChatFormat":
        """The layout of a play: the name on a line of its own, a blank line after the speech."""
        return cls(person, model, ":\n", "\n\n")

    @classmethod
    def lines(cls, person: str = "A", model: str = "B") -> "ChatFormat":
        """The layout of a chat: one line for each turn."""
        return cls(person, model, ": ", "\n")

    @property
    def stop(self) -> tuple[str, ...]:
        """The texts at which a model's turn ends: where a line, a speech, or the next turn would begin."""
        if self.is_one_line or "\n\n" in self.turn_end:
            return (self.turn_end,)
        if self.name_start[:1] in ("[", "<"):
            return (self.turn_end + self.name_start[0],)
        return tuple(self.turn_end + name + self.name_end.rstrip() for name in (self.person, self.model))

    def open_turn(self, before: str, speaker: str) -> str:
        """What stands between ``before``, the text so far, and a speech of ``speaker``."""
        return self._close_turn(before) + self.name_start + speaker + self.name_end

    def _close_turn(self, before: str) -> str:
        """What ``before`` lacks to be the end of a turn."""
        if not before:
            return ""
        for present in range(len(self.turn_end), -1, -1):
            if before.endswith(self.turn_end[:present]):
                return self.turn_end[present:]
        raise AssertionError("every text ends with the empty text")

    def to_json(self) -> dict[str, Any]:
        """The fields by name."""
        return asdict(self)

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> "ChatFormat":
        """The format that ``to_json`` described."""
        return cls(**record)


def lay_out(path: Iterable[Passage], chat: ChatFormat) -> list[Segment]:
    """The passages of a path as they stand in the text, with the names of their speakers."""
    segments: list[Segment] = []
    length = 0
    for passage in path:
        heading = ""
        if passage.speaker:
            heading = chat.open_turn(_find_tail(segments, len(chat.turn_end)), passage.speaker)
            length += len(heading)
        segments.append(Segment(passage, length, heading))
        length += len(passage.text)
    return segments


def _find_tail(segments: list[Segment], chars: int) -> str:
    """The last characters of a text, at least so many where it has them."""
    tail = ""
    for segment in reversed(segments):
        tail = segment.heading + segment.text + tail
        if len(tail) >= chars:
            break
    return tail
