"""Alt with arrows and Enter, as the two kinds of terminals send them."""

from textual import events
from textual._xterm_parser import XTermParser

from rnnchat.tui.alt_keys import AltPairing, teach_alt_enter


def press(*keys: str) -> list[str]:
    pairing = AltPairing()
    taken = [key for name in keys for key in pairing.take(events.Key(name, None))]
    return [key.key for key in [*taken, *pairing.release()]]


def test_an_escape_and_an_arrow_at_once_are_alt_and_arrow() -> None:
    assert press("escape", "left") == ["alt+left"]
    assert press("a", "escape", "up", "escape", "up", "b") == ["a", "alt+up", "alt+up", "b"]


def test_an_escape_by_itself_stays_an_escape() -> None:
    assert press("escape") == ["escape"]
    assert press("escape", "a") == ["escape", "a"]
    assert press("escape", "escape") == ["escape", "escape"]
    assert press("escape", "escape", "left") == ["escape", "alt+left"]


def test_the_terminal_that_sends_one_sequence_is_understood_by_textual_alone() -> None:
    assert [event.key for event in XTermParser().feed("\x1b[1;3D") if isinstance(event, events.Key)] == ["alt+left"]


def test_alt_enter_is_not_enter() -> None:
    teach_alt_enter()
    assert [event.key for event in XTermParser().feed("\x1b\r") if isinstance(event, events.Key)] == ["alt+enter"]
