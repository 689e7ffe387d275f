"""Text that cannot command a terminal: what would move its cursor or turn its writing round is shown as a picture.

A model may write any character, and a model file may hold any name.
"""

TAB = "    "
_PICTURES = {code: 0x2400 + code for code in range(32)} | {0x7F: 0x2421}
_PICTURES |= dict.fromkeys([*range(0x80, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)], 0xFFFD)
CONTROLS = frozenset(_PICTURES)
"""The code points that no terminal is to receive, line ends and tabs included."""
_PICTURES |= dict.fromkeys(range(0xD800, 0xE000), 0xFFFD)  # halves of characters, as in names that are not UTF-8
_KEEPING_LINES = {code: picture for code, picture in _PICTURES.items() if chr(code) not in "\n\t"}
_IN_ONE_ROW: dict[int, int | str | None] = _PICTURES | {ord("\t"): TAB, ord("\n"): None}


def picture_controls(text: str) -> str:
    """``text`` with pictures in place of control characters and of marks of direction; line ends and tabs stay."""
    return text if text.isprintable() else text.translate(_KEEPING_LINES)


def make_visible(text: str) -> str:
    """``text`` as one row shows it: as `picture_controls`, with tabs as spaces and without line ends."""
    return text if text.isprintable() else text.translate(_IN_ONE_ROW)
