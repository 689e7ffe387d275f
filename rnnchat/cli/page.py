"""The page on stdout: a text as it grows."""

import sys
import time

from rnnchat.cli.output import show_safely

FLUSH_INTERVAL_S = 0.03


class Page:
    """Stdout while a text grows on it: small flushes, for a terminal that redraws each character is the slowest part.

    Args:
        text: what stands there first.
    """

    def __init__(self, text: str) -> None:
        self._waiting = text
        self._ends_line = text.endswith("\n")
        self._flushed_s = 0.0

    def add(self, text: str) -> None:
        """Show ``text``, at once or soon."""
        self._waiting += text
        now_s = time.monotonic()
        if self._waiting and now_s - self._flushed_s >= FLUSH_INTERVAL_S:
            self._flush()
            self._flushed_s = now_s

    def finish(self) -> None:
        """Show what is left, and end the line."""
        self._flush()
        if not self._ends_line:
            sys.stdout.write("\n")
            sys.stdout.flush()

    def _flush(self) -> None:
        sys.stdout.write(show_safely(self._waiting))
        sys.stdout.flush()
        self._ends_line = self._waiting.endswith("\n") if self._waiting else self._ends_line
        self._waiting = ""
