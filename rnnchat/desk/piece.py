"""The parts of a story, as whoever shows it is given them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from rnnchat.stories.story import Story

Kind = Literal["person", "model", "heading"]


@dataclass(frozen=True)
class Piece:
    """A part of the text that looks alike."""

    text: str
    kind: Kind
    passage: str
    """Id of the passage that it belongs to."""


def list_pieces(story: Story) -> Iterator[Piece]:
    """The story as it stands, in pieces that look alike."""
    for segment in story.segments():
        passage = segment.passage
        if segment.heading:
            yield Piece(segment.heading, "heading", passage.id)
        yield Piece(segment.text, passage.author, passage.id)


def list_notes(story: Story) -> dict[str, str]:
    """What to say beside passages that have more than one take, by id."""
    path = [passage.id for passage in story.path()]
    takes = {here: [take.id for take in story.takes(here)] for here in path}
    return {here: f"take {ids.index(here) + 1} of {len(ids)}" for here, ids in takes.items() if len(ids) > 1}
