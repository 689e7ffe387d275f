"""Where a continuation ends: at its length, at the end of a line, sentence or paragraph, before a stop text."""

import math
import re

from rnnchat.generation.settings import Settings
from rnnchat.text.lexicon import is_unspaced

GRACE_CHARS = 1_000
"""How far beyond its length a text may run to find the end it was asked for."""
NEAR_SHARE = 0.85
"""Of the length, from where on the end of a sentence is near it."""
OVERRUN_SHARE = 0.25
"""Of the length, how far beyond it a sentence may run; then the next word is the last."""
LONGEST_WORD_CHARS = 40
"""How far beyond that a word may run."""

# Latin, Greek and Hebrew; Devanagari; Arabic, Urdu; Armenian; Ethiopic; Burmese; Khmer; Tibetan; wide and half-width.
_SENTENCE_MARKS = ".!?…‽;\u037e।॥؟۔։።။។༎。．！？｡⁉⁈"
_WIDE_MARKS = "。！？｡．။។༎"
_CLOSERS = "\"'”’“‘»«›‹)]}」』）】》〉*_"
_GREEK = re.compile("[\u0370-\u03ff\u1f00-\u1fff]")
_ABBREVIATION = re.compile(r"(?:^|\W)(?:Mr|Mrs|Ms|Dr|St|[A-HJ-Z])\.$")
_TAIL_CHARS = 8
"""As far back as the end of a sentence shows."""


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
            self._tail = (self._tail + char)[-_TAIL_CHARS:]
            if reason := self._ends_after(settings):
                return self._cut(text, place + 1), reason
        return text, ""

    def _cut(self, text: str, place: int) -> str:
        self.held = ""
        return text[:place]

    def _ends_before(self, char: str, settings: Settings) -> str:
        """Is the text over, now that it is known what follows?"""
        is_near = settings.until == "near-sentence"
        if not (is_near or settings.until == "sentence") or self.chars < find_least(settings):
            return ""
        if self._ends_sentence(char):
            return "sentence"
        if is_near and char == "\n" and self._tail.endswith("\n"):
            return "paragraph"
        return "length" if is_near and self.chars >= _find_overrun(settings) and self._ends_word(char) else ""

    def _ends_sentence(self, char: str) -> bool:
        """Is a sentence over, given the character that follows?"""
        closed = self._tail.rstrip(_CLOSERS)
        if not closed or closed[-1] not in _SENTENCE_MARKS or char in _CLOSERS + _SENTENCE_MARKS:
            return False
        if closed[-1] == ";" and not _GREEK.search(closed):  # a question mark behind Greek letters only
            return False
        return closed[-1] in _WIDE_MARKS or (char.isspace() and not _ABBREVIATION.search(closed))

    def _ends_word(self, char: str) -> bool:
        """Is a word over, given the character that follows? Where no spaces part words, each character is one."""
        before = self._tail[-1:]
        return is_unspaced(before) or is_unspaced(char) or (char.isspace() and not before.isspace())

    def _ends_after(self, settings: Settings) -> str:
        least = find_least(settings)
        if self.chars < least:
            return ""
        if self.chars >= find_most(settings):
            return "length"
        if settings.until == "line" and self._tail.endswith("\n"):
            return "line"
        if settings.until == "paragraph" and self._tail.endswith("\n\n"):
            return "paragraph"
        return ""


def find_least(settings: Settings) -> int:
    """Characters before which no line, sentence or paragraph ends the text."""
    share = NEAR_SHARE if settings.until == "near-sentence" else 1
    return max(math.ceil(settings.length * share), settings.min_length)


def find_most(settings: Settings) -> int:
    """Characters after which the text ends wherever it stands."""
    if settings.until == "near-sentence":
        return _find_overrun(settings) + LONGEST_WORD_CHARS
    return find_least(settings) + GRACE_CHARS


def _find_overrun(settings: Settings) -> int:
    """Characters after which the end of a word will do."""
    return math.ceil(settings.length * (1 + OVERRUN_SHARE))


def _overlap(text: str, stop: str) -> int:
    """Length of the longest end of ``text`` that is a beginning of ``stop``."""
    for length in range(min(len(text), len(stop) - 1), 0, -1):
        if stop.startswith(text[-length:]):
            return length
    return 0
