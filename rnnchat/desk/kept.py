"""What is hidden when another take is shown, or when one continues from within the text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rnnchat.stories.passage import Passage
    from rnnchat.stories.story import Story


@dataclass(frozen=True)
class Kept:
    """Passages that are not shown any more and belong to another take."""

    passages: int
    take: int
    """The number of that take, from 1."""
    is_before: bool
    """Whether that take comes before the one that is shown."""


def find_kept(story: Story, before: Sequence[Passage], here: str, is_cut: bool) -> Kept | None:
    """What of the path ``before`` is hidden now that the passage ``here`` is on it; None where nothing is.

    Args:
        story: The story as it is now.
        before: The path as it was.
        here: The passage that took the place of what followed.
        is_cut: Whether ``here`` continues from within the text; else it is another take, which hides only what
            followed the take before it.
    """
    shown = {passage.id for passage in story.path()}
    hidden = [passage.id for passage in before if passage.id not in shown]
    takes = [take.id for take in story.takes(here)]
    passages = len(hidden) if is_cut else len(hidden) - 1
    if passages < 1 or len(takes) < 2:
        return None
    # Where a passage was split, its tail is the first take: it is new itself, and was never on the path.
    place = next((place for place, take in enumerate(takes) if take in hidden), 0)
    return Kept(passages, place + 1, place < takes.index(here))
