"""Saving behind the back of the screen: changes go to a thread and are written there, in order.

Whoever puts a change waits for nothing, however long another program holds the file. A change that cannot be
written stays, joined with those that follow, and is tried again until it can be.
"""

import threading
from collections.abc import Callable

from rnnchat.database import Database
from rnnchat.errors import StoryError
from rnnchat.stories.change import Change, StoryErasedError, write_change
from rnnchat.stories.story import Story

RETRY_S = 1.0
"""Seconds between two attempts while the file cannot be written."""


class Saver:
    """Writes changes to a database of its own connection.

    Attributes:
        problem: Why what was put last could not be written; None while all is well.
    """

    def __init__(self, open_database: Callable[[], Database], on_change: Callable[[str | None], None]) -> None:
        """Start the thread.

        Args:
            open_database: Gives a connection for the thread; raises StoryError.
            on_change: Is called, in the thread, with every new ``problem``.
        """
        self.problem: str | None = None
        self._open_database = open_database
        self._on_change = on_change
        self._database: Database | None = None
        self._pending: dict[str, Change] = {}
        self._writing: Change | None = None
        self._is_closing = False
        self._state = threading.Condition()
        self._thread = threading.Thread(target=self._work, name="saver", daemon=True)
        self._thread.start()

    def put(self, change: Change) -> None:
        """Have ``change`` written soon."""
        with self._state:
            self._add(change)
            self._state.notify_all()

    def find(self, story_id: str) -> Story | None:
        """The story, if something of it is not written yet."""
        with self._state:
            if self._writing is not None and self._writing.story.id == story_id:
                return self._writing.story
            change = self._pending.get(story_id)
            return None if change is None else change.story

    def flush(self, timeout_s: float) -> bool:
        """Wait until everything is written, or cannot be; whether it is."""
        with self._state:
            self._state.wait_for(lambda: self._is_idle or self.problem is not None, timeout_s)
            return self._is_idle

    def close(self, timeout_s: float) -> bool:
        """Write what is left, at most for ``timeout_s``, and end the thread; whether everything is written."""
        with self._state:
            self._state.wait_for(lambda: self._is_idle, timeout_s)
            self._is_closing = True
            self._state.notify_all()
        self._thread.join(timeout_s)
        return self._is_idle

    @property
    def _is_idle(self) -> bool:
        return not self._pending and self._writing is None

    def _add(self, change: Change) -> None:
        before = self._pending.get(change.story.id)
        self._pending[change.story.id] = before.join(change) if before else change

    def _take(self) -> Change | None:
        """Wait for the next change; None at the end."""
        with self._state:
            self._state.wait_for(lambda: self._pending or self._is_closing)
            if self._is_closing:
                return None
            self._writing = self._pending.pop(next(iter(self._pending)))
            return self._writing

    def _work(self) -> None:
        while (change := self._take()) is not None:
            try:
                self._write(change)
            except StoryErasedError as error:
                self._finish(None, str(error))
            except StoryError as error:
                self._finish(change, str(error))
                with self._state:
                    self._state.wait_for(lambda: self._is_closing, RETRY_S)
            else:
                self._finish(None, None)
        if self._database is not None:
            self._database.close()

    def _write(self, change: Change) -> None:
        if self._database is None:
            self._database = self._open_database()
        with self._database.transaction() as connection:
            title = write_change(connection, change)
        change.story.title = title or change.story.title

    def _finish(self, left: Change | None, problem: str | None) -> None:
        """Take note of how writing ended; ``left`` is tried again."""
        with self._state:
            if left is not None:
                later = self._pending.pop(left.story.id, None)
                self._pending = {left.story.id: left.join(later) if later else left} | self._pending
            self._writing = None
            is_new, self.problem = problem != self.problem, problem
            self._state.notify_all()
        if is_new:
            self._on_change(problem)
