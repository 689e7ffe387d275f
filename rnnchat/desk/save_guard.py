"""The guard of a story that saves itself: a disk that refuses stops nobody from writing."""

from collections.abc import Callable
from typing import TypeVar

from rnnchat.errors import StoryError

Result = TypeVar("Result")


class SaveGuard:
    """Makes changes of a story; a disk that refuses is reported once, and the story lives on in memory."""

    def __init__(self, report: Callable[[StoryError], None]) -> None:
        """Tell ``report`` of the first change that cannot be saved, and of none after it until one can be again."""
        self._report = report
        self._has_failed = False

    def make(self, change: Callable[[], Result]) -> Result | None:
        """What ``change`` gives; None where it was made in memory only."""
        try:
            result = change()
        except StoryError as error:
            if not self._has_failed:
                self._report(error)
            self._has_failed = True
            return None
        self._has_failed = False
        return result
