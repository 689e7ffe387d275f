"""Which symbols would make a word that nobody has used: neither the model's text, nor the text before.

Letters: V vocabulary, N symbols.

Leaving them out and renormalising what is left is exact: no text is drawn twice. A word that was begun before the
model writes, and that no known word begins like, may end in any way.
"""

from functools import lru_cache

import numpy as np

from rnnchat.generation.phrase import Spelling
from rnnchat.text.lexicon import APOSTROPHES, Allowed, Lexicon, find_open_word, find_words, is_letter
from rnnchat.text.utf8 import NUM_BYTES, list_invalid


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
        self._masks: dict[tuple[str, bytes], np.ndarray] = spelling.masks_by_beginning if not own else {}

    def find_mask(self, tail: str, pending: bytes = b"") -> np.ndarray:
        """What must not follow a text, (V,) float32: -inf for that, 0 for the rest.

        Args:
            tail: the end of the text.
            pending: the bytes behind it that have begun a character.
        """
        key = find_open_word(tail), pending
        mask = self._masks.get(key)
        if mask is None:
            mask = self._masks[key] = np.zeros(self._spelling.tokenizer.vocab_size, np.float32)
            mask[self._find_banned(*key)] = -np.inf
        return mask

    def _find_banned(self, beginning: str, pending: bytes) -> list[int]:
        allowed = self._lexicon.allows(beginning)
        if allowed is None:
            return []
        if self._spelling.tokenizer.level != "byte":
            return [id for id, char in self._spelling.characters if not allowed.holds(char)]
        possible = set(range(NUM_BYTES)).difference(list_invalid(pending))
        return [id for id in possible if not _may_begin(allowed, pending + bytes((id,)))]


def _may_begin(allowed: Allowed, begun: bytes) -> bool:
    """Whether a character that is allowed begins with these bytes."""
    letters = allowed.letters.union(APOSTROPHES if "'" in allowed.letters else ())
    return any(char.encode().startswith(begun) for char in letters) or (allowed.is_whole and _begins_other(begun))


@lru_cache(maxsize=1 << 14)
def _begins_other(begun: bytes) -> bool:
    """Whether a character that is no letter begins with these bytes, which begin one."""
    try:
        return not is_letter(begun.decode())
    except UnicodeDecodeError:
        ends = set(range(0x80, 0xC0)).difference(list_invalid(begun))
        return any(_begins_other(begun + bytes((end,))) for end in ends)
