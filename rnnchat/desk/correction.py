"""A correction: the person gives a stretch of the text other words, wherever passages begin and end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rnnchat.desk.audience import Audience
from rnnchat.desk.save_guard import SaveGuard

if TYPE_CHECKING:
    from rnnchat.stories.story import Story


def correct_text(story: Story, guard: SaveGuard, audience: Audience, start: int, end: int, text: str) -> int:
    """Put ``text`` in place of a stretch of the whole text, show that, and say where it begins.

    Args:
        story: The story that holds it.
        guard: Makes the change.
        audience: Shown the stretch alone where no passage comes or goes, and else the whole story.
        start: Where the stretch begins, in characters of the text.
        end: Where it ends.
        text: What is to stand there.
    """
    before = [passage.id for passage in story.path()]
    place = guard.make(lambda: story.replace_text(start, end, text))
    found = story.find_offset(start)
    if place == start and found and before == [passage.id for passage in story.path()]:
        audience.show_change(start, end, text, found[0].id)
    else:
        audience.show_story()
    return start if place is None else place
