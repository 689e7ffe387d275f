"""How the turns of a conversation are laid out in a text: what stands before a name, after it, and between turns.

Plays (``ROMEO:`` on a line of its own), chats (``A: Hi``), exports of WhatsApp (``[01/03/2024, 8:40] Mira: Hi``) and
IRC logs (``[12:01] <anna> hi``) are recognised, whoever speaks in them.
"""

import re
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

MIN_SHARE = 0.5
"""Of the lines (in a play, of the paragraphs) that must open a turn."""
RECURRING_SHARE = 0.8
"""Of the turns that must be by speakers who speak more than once; labels of other kinds rarely recur."""
DIALOGUE_SHARE = 0.8
"""Of the turns that the two most frequent speakers must have in a conversation of two."""
FEW_TURNS = 8
"""In fewer turns than this, nobody need speak twice."""
ONE_LINE_SHARE = 0.97
"""Of the lines that must open a turn where each turn is one line."""
SAMPLE_CHARS = 200_000
"""Characters of a text that are enough to see how it is laid out."""

_DATE = r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}"
_TIME = r"\d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?:[\s\u202f]?[AaPp]\.?[Mm]\.?)?"
_STAMP = rf"(?:\[(?:{_DATE},? )?{_TIME}\] ?|{_DATE},? {_TIME} [-–] |{_TIME} |> )"
_NAME = r"[^\W_](?:[^\n:：<>]{0,38}[^\s:：<>])?"
_LINES = (
    re.compile(rf"^\u200e?(?P<start>{_STAMP}?<[@+%& ]?)(?P<name>[^\n<>\s]{{1,40}})(?P<end>> )", re.MULTILINE),
    re.compile(rf"^\u200e?(?P<start>{_STAMP})(?P<name>{_NAME})(?P<end>: )", re.MULTILINE),
    re.compile(rf"^(?P<start>)(?P<name>{_NAME})(?P<end>: |：|:(?=\n|\Z))", re.MULTILINE),
)
_SPEECHES = re.compile(rf"(?:\A|(?<=\n\n))\n*(?P<start>)(?P<name>{_NAME})(?P<end>:\n)(?![ \t])")


@dataclass(frozen=True)
class TurnLayout:
    """How turns look in a text."""

    speakers: tuple[str, str]
    """The two who speak most, in the order in which they first speak."""
    name_start: str = ""
    """What stands before a name: "" or, in a log, a time as the text has it: ``"[12:01] <"``."""
    name_end: str = ": "
    """What stands after a name: ``": "``, ``":\\n"``, ``"> "``."""
    turn_end: str = "\n"
    """What ends a turn: the end of the line, or in a play a blank line."""
    is_one_line: bool = True
    """Whether each turn ends with its line, and does not only with the next name."""
    is_dialogue: bool = True
    """Whether two speakers have nearly all turns."""

    def to_json(self) -> dict[str, Any]:
        """The fields by name."""
        return asdict(self)

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> "TurnLayout":
        """Read what ``to_json`` wrote.

        Raises:
            KeyError, TypeError, ValueError: Something is missing, or cannot separate turns.
        """
        first, second = (str(name) for name in record["speakers"])
        start, end, turn_end = (str(record[key]) for key in ("name_start", "name_end", "turn_end"))
        if not (first and second and turn_end):
            raise ValueError("turns have speakers and an end")
        return cls((first, second), start, end, turn_end, bool(record["is_one_line"]), bool(record["is_dialogue"]))


def find_turns(text: str) -> TurnLayout | None:
    """How the turns of ``text`` are laid out; None where it is no conversation, or only one person speaks."""
    text = text.lstrip("\ufeff")[:SAMPLE_CHARS]
    heads, lines = _find_heads(text), _count_lines(text)
    if len(heads) < 2:
        return None
    if heads[0].re is _SPEECHES:
        return _describe(heads, "\n\n", is_one_line=False)
    return _describe(heads, "\n", len(heads) >= ONE_LINE_SHARE * lines)


def split_turns(text: str) -> list[tuple[str, str]]:
    """The turns of a conversation: who speaks, and what they say; none where it is no conversation."""
    heads = _find_heads(text) if find_turns(text) else []
    ends = [*(head.start() for head in heads[1:]), len(text)]
    return [(head["name"], text[head.end() : end].strip()) for head, end in zip(heads, ends, strict=False)]


def find_open_turn(text: str) -> str | None:
    """What stands there already of a reply that comes next.

    Returns:
        the speaker's name and what separates it from the speech, as in "B: " of "A: Hi\\nB: "; nothing where a turn has
        just ended, as in "A: Hi\\n"; None where no reply comes next: nobody has spoken, or a speech is under way.
    """
    text = text[-SAMPLE_CHARS:]
    for pattern in (*_LINES, _SPEECHES):
        heads = list(pattern.finditer(text))
        if heads and not text[heads[-1].end() :].strip():
            return text[heads[-1].start() :].lstrip("\n") if text[: heads[-1].start()].strip() else None
        has_ended = text.endswith("\n\n" if pattern is _SPEECHES else "\n")
        if heads and has_ended and (pattern is _SPEECHES or len(heads) >= MIN_SHARE * _count_lines(text)):
            return ""
    return None


def _find_heads(text: str) -> list[re.Match[str]]:
    """Where turns open, in the first of the layouts in which most lines (in a play, paragraphs) do."""
    lines = _count_lines(text)
    for pattern in _LINES:
        heads = [head for head in pattern.finditer(text) if head["end"] != ":"]
        if len(heads) >= 2 and len(heads) >= MIN_SHARE * lines:
            return heads
    heads = list(_SPEECHES.finditer(text))
    paragraphs = sum(1 for part in re.split(r"\n\n+", text) if part.strip())
    return heads if len(heads) >= MIN_SHARE * paragraphs else []


def _count_lines(text: str) -> int:
    return sum(1 for line in text.split("\n") if line.strip())


def _describe(heads: list[re.Match[str]], turn_end: str, is_one_line: bool) -> TurnLayout | None:
    counts = Counter(head["name"] for head in heads)
    recurring = sum(count for count in counts.values() if count > 1)
    if len(counts) < 2 or (len(heads) >= FEW_TURNS and recurring < RECURRING_SHARE * len(heads)):
        return None
    two = counts.most_common(2)
    names = [name for name in counts if name in dict(two)]  # a Counter keeps the order of first appearance
    ends = Counter(head["end"] for head in heads)
    return TurnLayout(
        (names[0], names[1]),
        heads[-1]["start"],
        ends.most_common(1)[0][0],
        turn_end,
        is_one_line,
        sum(count for _, count in two) >= DIALOGUE_SHARE * len(heads),
    )
