"""A story as a file to read or to take elsewhere: plain text, or Markdown that says who wrote what.

In Markdown a person's passages are paragraphs and a model's are block quotes; a footnote under each of a model's
tells the model, the settings that differ from rnnchat's own, and the seed, which together write it again.
"""

import json
import re
import time

from rnnchat.generation.settings import Settings
from rnnchat.stories.passage import Passage
from rnnchat.stories.story import Story

_PLAIN_SETTINGS = Settings().to_json()
_ALWAYS_TOLD = ("temperature", "seed")


def to_plain_text(story: Story) -> str:
    """The text as it is shown, and nothing else; it ends with the end of a line."""
    text = story.text()
    return text if text.endswith("\n") or not text else text + "\n"


def to_markdown(story: Story) -> str:
    """The text with its title, and with who wrote what."""
    title = story.title or "Untitled"
    shown = [p for p in story.path() if p.text.strip()]
    models = sorted({p.model for p in shown if p.model})
    front = {"title": title, "mode": story.mode, "models": models} | (
        {"begun": _format_day(shown[0].created)} if shown else {}
    )
    # Values written as JSON are YAML, whatever characters a title holds.
    blocks = ["\n".join(["---", *(f"{key}: {_dump(value)}" for key, value in front.items()), "---"])]
    blocks.append(f"# {_escape(' '.join(title.split()))}")
    notes: list[str] = []
    for passage in shown:
        text = _escape(passage.text.strip("\n"))
        if passage.author == "model":
            notes.append(_tell_origin(passage, story.chat.stop))
            text += f"[^{len(notes)}]"
        if passage.speaker:
            text = f"**{_escape(passage.speaker)}**\n\n{text}"
        blocks.append(_quote(text) if passage.author == "model" else _break_lines(text))
    blocks += ["\n".join(f"[^{number}]: {note}" for number, note in enumerate(notes, 1))] if notes else []
    return "\n\n".join(blocks) + "\n"


def _tell_origin(passage: Passage, turn_ends: tuple[str, ...]) -> str:
    """Which model wrote a passage, with what, and whether a person changed it since."""
    settings = passage.settings or {}
    facts = [passage.model or "a model"]
    for name, plain in _PLAIN_SETTINGS.items():
        value = settings.get(name, plain)
        if isinstance(value, list):  # stop texts; that a turn ends is no news
            value = [stop for stop in value if stop not in turn_ends]
        if value is not None and (name in _ALWAYS_TOLD or value != plain) and name in settings:
            shown = _dump(value) if isinstance(value, list) else str(value)
            facts.append(f"{name.replace('_', '-')} {shown}")
    if passage.edit_of:
        facts.append("edited by a person")
    return _escape(", ".join(facts))


def _escape(text: str) -> str:
    """Text of which Markdown takes no character for a sign, and keeps the spaces that begin a line."""
    text = re.sub(r"([\\`*_<>\[\]#|~&])", r"\\\1", text)
    text = re.sub(r"^(\s*)([-+=])", r"\1\\\2", text, flags=re.MULTILINE)
    text = re.sub(r"^(\s*\d+)([.)])", r"\1\\\2", text, flags=re.MULTILINE)
    return re.sub(r"^ +", lambda spaces: "\u00a0" * len(spaces[0]), text, flags=re.MULTILINE)


def _break_lines(text: str) -> str:
    """Text whose lines stay lines: two spaces before the end of each that another follows."""
    return re.sub(r"(?<=[^\n])\n(?=[^\n])", "  \n", text)


def _quote(text: str) -> str:
    return "\n".join(f"> {line}".rstrip(" ") if not line else f"> {line}" for line in _break_lines(text).split("\n"))


def _format_day(seconds: float) -> str:
    return time.strftime("%Y-%m-%d", time.localtime(seconds))


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
