"""Which symbols would make a word that nobody has used: neither the model's text, nor the text before.

Letters: V vocabulary, N symbols.

Leaving them out and renormalising what is left is exact: no text is drawn twice. A word that was begun before the
model writes, and that no known word begins like, may end in any way.
"""

import numpy as np

from rnnchat.generation.phrase import Spelling
from rnnchat.text.lexicon import Lexicon, find_open_word, find_words

_NOTHING = np.zeros(0, np.int64)
_LEAD_BYTE = 0xC0
"""From here on, a byte begins a character of several bytes."""


def find_known_words(spelling: Spelling, ids: np.ndarray) -> "KnownWords":
    """The words of a model and of the text ``ids`` (N,); texts that begin at one place share them."""
    if spelling.known is None or spelling.known[0] is not ids:
        spelling.known = ids, KnownWords(spelling, spelling.tokenizer.decode(ids.tolist()))
    return spelling.known[1]


class KnownWords:
    """The words of a model and of a text, and what they rule out, kept for each beginning of a word."""

    def __init__(self, spelling: Spelling, text: str) -> None:
        """Args: the vocabulary, with a lexicon; the text so far, whose words are known as well."""
        lexicon = spelling.lexicon
        assert lexicon is not None
        whole = text[: len(text) - len(find_open_word(text))]
        own = {word for word in find_words(whole) if not lexicon.knows(word)}
        self._lexicon = Lexicon(own, lexicon) if own else lexicon
        self._spelling = spelling
        self._banned: dict[str, np.ndarray] = spelling.banned_by_beginning if not own else {}

    def find_banned(self, tail: str) -> np.ndarray:
        """The ids (N,) that must not follow a text with this end."""
        beginning = find_open_word(tail)
        if beginning not in self._banned:
            self._banned[beginning] = self._find_banned(beginning)
        return self._banned[beginning]

    def _find_banned(self, beginning: str) -> np.ndarray:
        allowed = self._lexicon.allows(beginning)
        if allowed is None:
            return _NOTHING
        banned = [id for id, char in self._spelling.characters if not allowed.holds(char)]
        if self._spelling.tokenizer.level == "byte" and not allowed.is_whole:
            begun = {letter.encode()[0] for letter in allowed.letters}
            banned += [id for id in range(_LEAD_BYTE, 256) if id not in begun]
        return np.array(banned, np.int64)
