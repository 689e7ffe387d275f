"""Where a continuation ends: after so many characters, at the end of a line, sentence or paragraph, at a text."""

import re

from rnnchat.generation.settings import Settings

GRACE_CHARS = 1_000
"""How far beyond its length a text may go on to find the end it was asked for."""

# Latin, Greek and Hebrew; Devanagari; Arabic, Urdu; Armenian; Ethiopic; Burmese; Khmer; Tibetan; wide and half-width.
_SENTENCE_MARKS = ".!?…‽;\u037e।॥؟۔։።။។༎。．！？｡⁉⁈"
_WIDE_MARKS = "。！？｡．။។༎"
_CLOSERS = "\"'”’“‘»«›‹)]}」』）】》〉*_"
_GREEK = re.compile("[\u0370-\u03ff\u1f00-\u1fff]")


class Ending:
    """Watches a growing text; holds back what may become a stop text, and says when it is over."""

    def __init__(self) -> None:
        self.chars = 0
        """Characters given out so far."""
        self.held = ""
        """Text that may be the beginning of a stop text."""
        self._tail = ""  # the last characters given out, as far as an end can be seen from them

    def feed(self, text: str, settings: Settings) -> tuple[str, str]:
        """Take the next piece of text.

        Args:
            text: at least one character.
            settings: as they are now; they may change from piece to piece.

        Returns:
            what can be given out now (perhaps nothing, perhaps more than ``text``), and why the text ends with
            it: ``length``, ``line``, ``sentence``, ``paragraph``, ``stop``, or "" if it goes on.
        """
        text = self.held + text
        self.held = ""
        if settings.stop:
            first = max(0, settings.min_length - self.chars)  # a stop text before it is text like any other
            found = [place for stop in settings.stop if (place := text.find(stop, first)) >= 0]
            if found:
                given, reason = self._give(text[: min(found)], settings)
                return given, reason or "stop"
            held = max(_overlap(text, stop) for stop in settings.stop)
            text, self.held = text[: len(text) - held], text[len(text) - held :]
        return self._give(text, settings)

    def _give(self, text: str, settings: Settings) -> tuple[str, str]:
        if settings.until == "length":  # the last word stays whole
            self.chars += len(text)
            return text, "length" if self.chars >= settings.length else ""
        for place, char in enumerate(text):
            if reason := self._ends_before(char, settings):
                return self._cut(text, place), reason
            self.chars += 1
            self._tail = (self._tail + char)[-8:]
            if reason := self._ends_after(settings):
                return self._cut(text, place + 1), reason
        return text, ""

    def _cut(self, text: str, place: int) -> str:
        self.held = ""
        return text[:place]

    def _ends_before(self, char: str, settings: Settings) -> str:
        """Is the sentence over, now that it is known what follows?"""
        if settings.until != "sentence" or self.chars < find_least(settings):
            return ""
        closed = self._tail.rstrip(_CLOSERS)
        if not closed or closed[-1] not in _SENTENCE_MARKS or char in _CLOSERS + _SENTENCE_MARKS:
            return ""
        if closed[-1] == ";" and not _GREEK.search(closed):  # a question mark behind Greek letters only
            return ""
        return "sentence" if char.isspace() or closed[-1] in _WIDE_MARKS else ""

    def _ends_after(self, settings: Settings) -> str:
        least = find_least(settings)
        if self.chars < least:
            return ""
        if self.chars >= least + GRACE_CHARS:
            return "length"
        if settings.until == "line" and self._tail.endswith("\n"):
            return "line"
        if settings.until == "paragraph" and self._tail.endswith("\n\n"):
            return "paragraph"
        return ""


def find_least(settings: Settings) -> int:
    """Characters before which no line, sentence or paragraph ends the text."""
    return max(settings.length, settings.min_length)


def _overlap(text: str, stop: str) -> int:
    """Length of the longest end of ``text`` that is a beginning of ``stop``."""
    for length in range(min(len(text), len(stop) - 1), 0, -1):
        if stop.startswith(text[-length:]):
            return length
    return 0
