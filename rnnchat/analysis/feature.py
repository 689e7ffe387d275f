"""What a unit of a network could react to: features of a text, each a pure function from the text to numbers.

Letters: n characters of a text.

A feature gives for each character what is so once it has been read, (n,) float32: 1 and 0 for yes and no, or a
distance. What reaches over lines (quotation marks, round and square brackets) ends with the paragraph at the latest,
so that one forgotten mark does not turn the rest of a text inside out.
"""

import re
import unicodedata
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

NEAR = 5
"""The end of a line is near when it comes within this many characters."""
LONG_LINE = 60

_PARAGRAPH_END = r"\n[ \t]*\n"
_DOUBLE_QUOTES = re.compile(rf"[\"“”„«»「」『』]|{_PARAGRAPH_END}")
_SINGLE_QUOTED = re.compile(r"(?<!\w)'[^'\n]+'(?!\w)|‘[^’\n]+’")
_COMMENT = re.compile(r"(?:^|(?<=\s))(?:#|//)(?: .*|$)|/\*[\s\S]{0,5000}?\*/|<!--[\s\S]{0,5000}?-->", re.MULTILINE)
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+")
_INDENT = re.compile(r"\n|(?:\A|(?<=\n))[ \t]+")
_SPEAKER = re.compile(r"^(?:[^\n:.!?,;]{1,40}:|[A-Z][A-Z .'’-]{1,40}[.:])(?=\s)", re.MULTILINE)
_SENTENCE_MARKS = ".!?…。！？"


class Feature(NamedTuple):
    """Something that may be so at a place of a text."""

    name: str
    measure: Callable[[str], np.ndarray]
    """From a text of n characters to (n,) float32."""


def find_double_quotes(text: str) -> np.ndarray:
    """1 inside quotation marks of any language, the opening one included, the closing one not."""

    def advance(is_inside: int, mark: str) -> int:
        if mark in "”」』" or mark[0] == "\n":
            return 0
        return 1 if mark in "„「『" else 1 - is_inside  # the others open here and close there

    return _trace(text, _DOUBLE_QUOTES, advance)


def measure_depth(text: str, opening: str, closing: str, is_ended_by_paragraph: bool = True) -> np.ndarray:
    """How many brackets are open."""
    ends = f"|{_PARAGRAPH_END}" if is_ended_by_paragraph else ""
    events = re.compile(f"[{re.escape(opening + closing)}]{ends}")

    def advance(depth: int, mark: str) -> int:
        if mark == opening:
            return depth + 1
        return max(depth - 1, 0) if mark == closing else 0

    return _trace(text, events, advance)


def find_spans(text: str, pattern: re.Pattern[str]) -> np.ndarray:
    """1 in what a pattern finds, without its last character: once that is read, it is over."""
    changes = np.zeros(len(text) + 1, np.float32)
    for match in pattern.finditer(text):
        changes[match.start()] += 1
        changes[match.end() - 1] -= 1
    found: np.ndarray = changes[:-1].cumsum(dtype=np.float32)
    return found


def find_characters(text: str, is_meant: Callable[[str], bool]) -> np.ndarray:
    """1 for characters of a kind."""
    code_points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.dtype("<u4"))
    distinct, inverse = np.unique(code_points, return_inverse=True)
    meant: np.ndarray = np.array([is_meant(chr(code)) for code in distinct], np.float32)[inverse]
    return meant


def measure_distance(is_mark: np.ndarray) -> np.ndarray:
    """Characters since the last mark, 0 at a mark itself, from the text's beginning where there was none: (n,)."""
    places = np.arange(len(is_mark))
    last = np.maximum.accumulate(np.where(is_mark > 0, places, -1))
    distance: np.ndarray = (places - last).astype(np.float32)
    return distance


def measure_indent(text: str) -> np.ndarray:
    """Blanks at the beginning of the line, a tab counted as four."""
    return _trace(text, _INDENT, lambda _, blanks: 0 if blanks == "\n" else len(blanks.expandtabs(4)))


def find_line_end_ahead(text: str) -> np.ndarray:
    """1 where the line ends within the next few characters: what only a reader who foretells can know."""
    is_end = find_characters(text, lambda character: character == "\n")
    ahead = np.append(measure_distance(is_end[::-1])[::-1][1:], np.inf)  # of the next character
    is_known = np.cumsum(is_end[::-1])[::-1] - is_end > 0  # is there a line end at all?
    is_near: np.ndarray = (ahead < NEAR) & is_known
    return is_near.astype(np.float32)


def find_word_starts(text: str) -> np.ndarray:
    """1 for the first letter of a word."""
    is_letter = find_characters(text, str.isalpha)
    starts: np.ndarray = is_letter * (1 - _shift(is_letter))
    return starts


def measure_place_in_word(text: str) -> np.ndarray:
    """Letters of the word so far, 0 outside words."""
    is_letter = find_characters(text, str.isalpha)
    places: np.ndarray = measure_distance(1 - is_letter) * is_letter
    return places


def find_capitals_in_a_row(text: str) -> np.ndarray:
    """1 for a capital letter after another one: a word in capitals."""
    is_capital = find_characters(text, str.isupper)
    in_a_row: np.ndarray = is_capital * _shift(is_capital)
    return in_a_row


def find_sentence_ends(text: str) -> np.ndarray:
    """1 from the mark that ends a sentence to the letter or digit that begins the next."""
    is_mark = find_characters(text, lambda character: character in _SENTENCE_MARKS)
    is_word = find_characters(text, str.isalnum)
    has_begun = np.cumsum(is_mark) > 0
    return ((measure_distance(is_mark) < measure_distance(is_word)) & has_begun).astype(np.float32)


def measure_place_in_sentence(text: str) -> np.ndarray:
    """Characters since the mark that ended the last sentence."""
    return measure_distance(find_characters(text, lambda character: character in _SENTENCE_MARKS))


def measure_place_in_line(text: str) -> np.ndarray:
    """Characters of the line so far, 0 at its end."""
    return measure_distance(find_characters(text, lambda character: character == "\n"))


def _is_vowel(character: str) -> bool:
    return unicodedata.normalize("NFD", character)[0].lower() in "aeiou"


FEATURES: tuple[Feature, ...] = (
    Feature("inside double quotes", find_double_quotes),
    Feature("inside single quotes", lambda text: find_spans(text, _SINGLE_QUOTED)),
    Feature("inside ( )", lambda text: np.minimum(measure_depth(text, "(", ")"), 1)),
    Feature("inside [ ]", lambda text: np.minimum(measure_depth(text, "[", "]"), 1)),
    Feature("depth of { }", lambda text: measure_depth(text, "{", "}", is_ended_by_paragraph=False)),
    Feature("inside a comment", lambda text: find_spans(text, _COMMENT)),
    Feature("inside a web address", lambda text: find_spans(text, _ADDRESS)),
    Feature("speaker's name", lambda text: find_spans(text, _SPEAKER)),
    Feature("place in the line", measure_place_in_line),
    Feature("line is long", lambda text: (measure_place_in_line(text) > LONG_LINE).astype(np.float32)),
    Feature("line ends soon", find_line_end_ahead),
    Feature("line has ended", lambda text: find_characters(text, lambda character: character == "\n")),
    Feature("indentation", measure_indent),
    Feature("place in the sentence", measure_place_in_sentence),
    Feature("sentence has ended", find_sentence_ends),
    Feature("place in the word", measure_place_in_word),
    Feature("word has begun", find_word_starts),
    Feature("blank", lambda text: find_characters(text, str.isspace)),
    Feature("capital letter", lambda text: find_characters(text, str.isupper)),
    Feature("word in capitals", find_capitals_in_a_row),
    Feature("digit", lambda text: find_characters(text, str.isdecimal)),
    Feature("vowel", lambda text: find_characters(text, _is_vowel)),
    Feature("mark", lambda text: find_characters(text, lambda c: unicodedata.category(c)[0] == "P")),
)
"""What `rnnchat.analysis.neuron` looks for, one line each; a new one is a new line."""


def _trace(text: str, events: re.Pattern[str], advance: Callable[[int, str], int]) -> np.ndarray:
    """The state of a small machine after each character: ``advance`` makes the next one of the last and an event."""
    state, states, places = 0, [0], [0]
    for event in events.finditer(text):
        state = advance(state, event.group())
        states.append(state)
        places.append(event.end() - 1)
    return np.repeat(np.array(states, np.float32), np.diff([*places, len(text)]))


def _shift(values: np.ndarray) -> np.ndarray:
    """What was so one character before; 0 at the beginning."""
    return np.append(np.zeros(1, np.float32), values[:-1])[: len(values)]
