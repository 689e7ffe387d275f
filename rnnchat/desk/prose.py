"""Small rules about running text: where a space belongs, and how symbols are named."""

import unicodedata

CLOSING = set(".,;:!?…)]}»”’%")
OPENING = set("([{«„“‘-–—/")


def join_texts(before: str, text: str) -> str:
    """Put a space before ``text`` where it would otherwise run into the word before it."""
    if not before or before[-1].isspace() or text[0].isspace():
        return text
    if text[0] in CLOSING or before[-1] in OPENING or is_wide(before[-1]) or is_wide(text[0]):
        return text
    return f" {text}"


def is_wide(character: str) -> bool:
    """Say whether ``character`` is of a script that is written without spaces between words."""
    return unicodedata.east_asian_width(character) in ("W", "F")


def show_stretch(stretch: str) -> str:
    """Say what is repeated in one line, from the beginning of a line or a word on, wherever it was caught."""
    place = stretch.find("\n") + 1 or stretch.find(" ") + 1
    turned = stretch[place:] + stretch[:place]
    return " ".join(turned.split()) or name_symbols((stretch,))


def name_symbols(symbols: tuple[str, ...], limit: int = 8) -> str:
    """Symbols named so that each can be recognised, even those that cannot be seen."""
    names = [symbol if symbol.isprintable() and symbol.strip() else f"U+{ord(symbol[0]):04X}" for symbol in symbols]
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return " ".join(names[:limit]) + more
