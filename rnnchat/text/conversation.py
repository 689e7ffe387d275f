"""Conversations of people, made fit to learn from and to be said again.

A conversation is kept when two people take at least six turns in it and nothing in it is private or foul: it is
left out whole, because a hole in the middle teaches nonsense. Names by which people introduce themselves are
replaced. What third persons are called stays: mostly they are known from films, books and scripture.
"""

import json
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from itertools import groupby

LEAST_TURNS = 6
LONGEST_TURN = 1_000
"""Characters; longer ones were typed or pasted to fill the screen."""
COMMON_COUNT = 15
"""A word that is written more often than this in small letters is not taken for a name."""
STAND_INS = ("Sam", "Alex")
"""What the first and the second speaker are called instead of their names."""

Turn = tuple[str, str]
"""A speaker, and what they say in one go."""

_PRIVATE = re.compile(
    r"https?:|\bwww\.\w|\w\.(?:com|org|net|edu)\b|\w@\w|\(\d{3}\) ?\d{3}|\b\d{3}[-. ]\d{3}[-. ]\d{4}\b|\b\d{7,}\b",
    re.IGNORECASE,
)
_FOUL = re.compile(
    r"\b(?:fuck|shit|bitch|cunt|nigg|fagg?ot|dick(?!en|in)|pussy|whore|slut|asshole|porn|sex|rap(?:e|ed|ist)\b|suicid"
    r"|kill (?:my|your)self|retard|naked|nude|boob|penis|vagina)",
    re.IGNORECASE,
)
_INTRODUCTIONS = re.compile(r"\b(?:[Mm]y name(?:'s| is|s)|[Cc]all me|[Nn]ame is) ([A-Za-z]{3,})\b")
_I_AM = re.compile(r"\b[Ii](?:'| a)?m ([A-Z][a-z]{2,})\b")
_ASKS_NAME = re.compile(r"\byour (?:first )?name\b.{0,20}\?|\byours\?", re.IGNORECASE)
_LONE_NAME = re.compile(r"(?:[Ii]'?m )?([A-Za-z]{3,})[.!,]?(?: (?:and )?(?:yours|you|what about you|hbu)\??)?")
_NOT_NAMES = re.compile(r"(?:an|ese|ish|day|ary|ber)$")


def make_chat(files: Mapping[str, bytes]) -> str:
    """All conversations that can be kept, as ``A: …`` and ``B: …``, a blank line between them."""
    (content,) = files.values()
    records = json.loads(content).values()
    conversations = [turns for record in records if is_fit(turns := read_turns(record))]
    words = Counter(word for turns in conversations for _, text in turns for word in re.findall(r"[a-z']+", text))
    common = {word for word, count in words.items() if count > COMMON_COUNT}
    return "\n".join(write_conversation(replace_names(turns, common)) for turns in conversations)


def read_turns(record: Mapping[str, list[list[dict[str, str]]]]) -> list[Turn]:
    """The turns of one conversation: what one person types in one go is one line."""
    messages = [(m["sender"], " ".join(m["text"].split())) for turn in record["messages"] for m in turn]
    spoken = groupby((message for message in messages if message[1]), key=lambda message: message[0])
    return [(sender, " ".join(text for _, text in group)) for sender, group in spoken]


def is_fit(turns: list[Turn]) -> bool:
    """Whether a conversation can be kept."""
    return (
        len({speaker for speaker, _ in turns}) == 2
        and len(turns) >= LEAST_TURNS
        and not any(len(text) > LONGEST_TURN or _PRIVATE.search(text) or _FOUL.search(text) for _, text in turns)
    )


def replace_names(turns: list[Turn], common: Collection[str]) -> list[Turn]:
    """Give the two speakers other names wherever theirs are said.

    Args:
        turns: a conversation of two.
        common: words in small letters that mostly are no names; as a name they count with a capital only.
    """
    first = turns[0][0]
    stand_ins: dict[str, str] = {}
    for speaker, name in find_introductions(turns, common):
        forms = {name, name.capitalize(), name.upper()} | ({name.lower()} - set(common))
        stand_ins |= dict.fromkeys(forms, STAND_INS[speaker != first])
    if not stand_ins:
        return turns
    names = re.compile(rf"\b(?:{'|'.join(stand_ins)})\b")
    return [(speaker, names.sub(lambda match: stand_ins[match[0]], text)) for speaker, text in turns]


def find_introductions(turns: list[Turn], common: Collection[str]) -> Iterator[tuple[str, str]]:
    """The names that people call themselves by, with the speaker."""
    before = ""
    for speaker, text in turns:
        for name in _INTRODUCTIONS.findall(text):
            if name[0].isupper() or name not in common:
                yield speaker, name
        told = [name for name in _I_AM.findall(text) if not _NOT_NAMES.search(name)]
        if _ASKS_NAME.search(before) and (answer := _LONE_NAME.fullmatch(text)):
            told.append(answer[1])
        yield from ((speaker, name) for name in told if name.lower() not in common)
        before = text


def write_conversation(turns: list[Turn]) -> str:
    """A turn a line, the speakers called A and B."""
    first = turns[0][0]
    return "".join(f"{'A' if speaker == first else 'B'}: {text}\n" for speaker, text in turns)
