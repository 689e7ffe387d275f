"""The words of a text, and how they go on: which characters may follow a beginning.

A word is a run of letters of a script that sets words apart by spaces, with single apostrophes inside it; a hyphen
parts words. A word is known as it was seen, and with a capital letter where it was seen without one.
"""

import base64
import re
import zlib
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

MAX_WORDS = 50_000
"""The most words that a model's file lists."""
_MAX_BYTES = 4 * 2**20
"""The most bytes that a packed list may unpack to."""
APOSTROPHES = "'’"
# Scripts that are written without spaces: Thai, Lao, Tibetan, Burmese, Khmer, kana, Han and what lies between.
_UNSPACED = r"\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u2e80-\u312f\u31a0-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_LETTER = rf"(?:(?![{_UNSPACED}])[^\W\d_])"
_WORD = re.compile(rf"{_LETTER}+(?:[{APOSTROPHES}]{_LETTER}+)*")
_IS_LETTER = re.compile(_LETTER)
_IS_UNSPACED = re.compile(f"[{_UNSPACED}]")
_TWO_APOSTROPHES = [first + second for first in APOSTROPHES for second in APOSTROPHES]


def count_words(pieces: Iterable[str], limit: int = MAX_WORDS) -> tuple[str, ...]:
    """The most frequent words of a text, in order."""
    counts: Counter[str] = Counter()
    for piece in pieces:
        counts.update(find_words(piece))
    return tuple(sorted(word for word, _ in counts.most_common(limit)))


def find_words(text: str) -> list[str]:
    """The words of a text, with straight apostrophes."""
    return [word.replace("’", "'") for word in _WORD.findall(text)]


def find_open_word(text: str) -> str:
    """The beginning of a word that a text ends with; nothing where the next letter begins one."""
    place = len(text)
    while place and (is_letter(text[place - 1]) or text[place - 1] in APOSTROPHES):
        place -= 1
        if text[place : place + 2] in _TWO_APOSTROPHES:
            break
    return text[place:].lstrip(APOSTROPHES).replace("’", "'")


@lru_cache(maxsize=4096)
def is_letter(char: str) -> bool:
    """Whether a character is part of words."""
    return _IS_LETTER.match(char) is not None


def is_unspaced(char: str) -> bool:
    """Whether a character is of a script that is written without spaces."""
    return _IS_UNSPACED.match(char) is not None


def pack_words(words: Iterable[str]) -> str:
    """Words as the file of a model holds them."""
    return base64.b64encode(zlib.compress("\n".join(words).encode(), 9)).decode()


def unpack_words(packed: str) -> tuple[str, ...]:
    """Read what ``pack_words`` wrote; nothing where it is damaged."""
    try:
        text = zlib.decompressobj().decompress(base64.b64decode(packed), _MAX_BYTES).decode()
    except (ValueError, zlib.error):
        return ()
    return tuple(word for word in text.split("\n") if word)


class Lexicon:
    """Known words, by their beginnings.

    They are a sorted list in place of a trie of nodes: a node is a stretch of the list, found when it is asked for.
    """

    def __init__(self, words: Iterable[str], parent: "Lexicon | None" = None) -> None:
        """Args: the words; what else is known."""
        own = set(words)
        self._words = sorted(own | {word[:1].upper() + word[1:] for word in own})
        self._parent = parent

    def knows(self, word: str) -> bool:
        """Whether a word is known as a whole."""
        place = bisect_left(self._words, word)
        is_own = place < len(self._words) and self._words[place] == word
        return is_own or (self._parent is not None and self._parent.knows(word))

    def find_next(self, beginning: str) -> set[str]:
        """The characters by which a known word continues from its beginning; none where no word begins so."""
        found = set() if self._parent is None else self._parent.find_next(beginning)
        words, length = self._words, len(beginning)
        place = bisect_left(words, beginning + "\0")
        while place < len(words) and words[place].startswith(beginning):
            char = words[place][length]
            found.add(char)
            place = bisect_left(words, beginning + chr(ord(char) + 1), place)
        return found

    def allows(self, beginning: str) -> "Allowed | None":
        """What may follow the beginning of a word; None for everything, where no known word begins so."""
        letters = self.find_next(beginning)
        word = beginning.rstrip("'")
        is_whole = self.knows(word) if word else True
        if not letters and not is_whole:
            return None
        return Allowed(letters, is_whole)


class Allowed:
    """What may follow the beginning of a word."""

    def __init__(self, letters: set[str], is_whole: bool) -> None:
        self.letters = letters
        self.is_whole = is_whole
        """Whether the word may end here."""

    def holds(self, char: str) -> bool:
        """Whether a character may follow."""
        if is_letter(char):
            return char in self.letters
        return self.is_whole or (char in APOSTROPHES and "'" in self.letters)
