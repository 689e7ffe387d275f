"""The parts of a story, as whoever shows it is given them."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["person", "model", "heading"]


@dataclass(frozen=True)
class Piece:
    """A part of the text that looks alike."""

    text: str
    kind: Kind
    passage: str
    """Id of the passage that it belongs to."""
