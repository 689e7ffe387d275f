"""How a single symbol of a vocabulary is shown to a person."""

import unicodedata

REPLACEMENT = "\ufffd"
"""What stands in a text for a symbol that cannot be told: an unknown symbol, an incomplete character."""

_SIGNS = {" ": "␣", "\n": "↵", "\t": "⇥", "\r": "␍"}
_COMBINING = {"Mn", "Mc", "Me"}
_PRINTED = {"L", "N", "P", "S"}


def show_symbol(text: str) -> str:
    """Write ``text`` so that each of its characters can be seen: " the" as "␣the", a line end as "↵"."""
    return "".join(_show_character(character) for character in text)


def _show_character(character: str) -> str:
    if character in _SIGNS:
        return _SIGNS[character]
    category = unicodedata.category(character)
    if category in _COMBINING:
        return f"◌{character}"
    return character if category[0] in _PRINTED else f"U+{ord(character):04X}"
