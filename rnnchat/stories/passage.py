"""The parts that a story is made of: passages, and the steps that undo and redo walk along.

What tells of a story is frozen: a passage that grows is replaced by a longer one under the same id.
"""

import secrets
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from rnnchat.database import mend_text

Author = Literal["person", "model"]
StepKind = Literal["wrote", "chose", "edited", "deleted"]


@dataclass(frozen=True)
class Passage:
    """A piece of a story by one author."""

    id: str
    parent: str | None
    """The passage that this one continues, in its first wording; None at the story's beginning."""
    author: Author
    text: str
    model: str | None = None
    """The name of the model that wrote it; None for a person."""
    settings: dict[str, Any] | None = None
    """What the model wrote with, the seed included."""
    created: float = 0.0
    """When it was begun, in seconds since 1970."""
    speaker: str | None = None
    """Who speaks, where this passage opens a turn; None where it goes on with the text before it."""
    edit_of: str | None = None
    """The first wording of this passage, where this one is a later wording of it."""

    def __post_init__(self) -> None:
        """Mend what could not be saved: one such character would keep the whole story from being saved again."""
        object.__setattr__(self, "text", mend_text(self.text))
        object.__setattr__(self, "speaker", self.speaker and mend_text(self.speaker))

    @property
    def place(self) -> str:
        """The id that all wordings of this passage share: what follows one wording may follow the others."""
        return self.edit_of or self.id


@dataclass(frozen=True)
class Choice:
    """Which passage follows another one: ``before`` this step, and from ``now`` on."""

    after: str | None
    before: str | None
    now: str | None


@dataclass(frozen=True)
class Step:
    """One thing that a person or a model did to the story, and that undo takes back."""

    kind: StepKind
    choices: tuple[Choice, ...]
    toggled: frozenset[str] = frozenset()
    """Passages that this step takes out of sight, or brings back to it."""

    def to_json(self) -> list[Any]:
        """A short list: kind, toggled passages, choices."""
        return [self.kind, sorted(self.toggled), [[c.after, c.before, c.now] for c in self.choices]]

    @classmethod
    def from_json(cls, record: list[Any]) -> "Step":
        """The step that ``to_json`` described."""
        kind, toggled, choices = record
        return cls(kind, tuple(Choice(*choice) for choice in choices), frozenset(toggled))


class Segment(NamedTuple):
    """A passage as it stands in the story's text."""

    passage: Passage
    start: int
    """Where the passage's own text begins in the story's text, in characters."""
    heading: str
    """What stands before it: the end of the turn before, and the speaker's name. Empty on a page."""

    @property
    def text(self) -> str:
        """The passage's own text."""
        return self.passage.text


@dataclass
class Unsaved:
    """What of a story is not in the database yet."""

    texts: dict[str, None] = field(default_factory=dict)
    """Passages that are new, or whose text or settings changed, in the order of their change."""
    choices: set[str | None] = field(default_factory=set)
    """Passages that another one follows now; None: the story's beginning."""
    toggled: set[str] = field(default_factory=set)
    """Passages that were deleted, or brought back."""
    steps_from: int = 0
    """The first step of the history that is not saved."""


def make_id() -> str:
    """A new id for a story or a passage, different from all others of this person."""
    return secrets.token_hex(8)
