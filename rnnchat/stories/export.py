"""A story as a file to read or to take elsewhere: plain text, Markdown or HTML that says who wrote what, or JSON with
all that there is.

In Markdown a person's passages are paragraphs and a model's are block quotes; a footnote under each of a model's
tells the model, the settings that differ from rnnchat's own, and the seed, which together write it again.
"""

import html
import json
import re
import time
from dataclasses import asdict

from rnnchat.generation.settings import USUAL, Settings
from rnnchat.stories.passage import Passage
from rnnchat.stories.story import Story

FORMATS = ("txt", "md", "html", "json")
JSON_FORMAT = 1
"""Version of the JSON; a newer one is refused."""
_PLAIN_SETTINGS = Settings().to_json()
_USUAL_SETTINGS = USUAL.to_json()
_ALWAYS_TOLD = ("temperature", "seed")


def export_story(story: Story, form: str) -> str:
    """The story in one of ``FORMATS``."""
    write = {"txt": to_plain_text, "md": to_markdown, "html": to_html, "json": to_json}[form]
    return write(story)


def to_json(story: Story) -> str:
    """Everything: each take with its author, model, settings and seed, what is chosen, deleted and was done."""
    record = {
        "rnnchat_story": JSON_FORMAT,
        "title": story.title,
        "mode": story.mode,
        "chat": story.chat.to_json(),
        "settings": story.settings,
        "draft": story.draft,
        "text": story.text(),
        "path": [passage.id for passage in story.path()],
        "passages": [asdict(passage) for passage in story.passages.values()],
        "chosen": [[after, story.chosen_after(after)] for after in (None, *story.passages)],
        "deleted": sorted(story.deleted),
        "steps": [step.to_json() for step in story.steps],
        "steps_done": story.steps_done,
    }
    return json.dumps(record, ensure_ascii=False, indent=1) + "\n"


def to_html(story: Story) -> str:
    """A page that needs no other file: what models wrote is in colour, and says on hover with what it was written."""
    title = html.escape(story.title or "Untitled")
    models = sorted({p.model or "a model" for p in story.path() if p.author == "model"})
    legend = "".join(f'<span class="model m{n % _HUES}">{html.escape(name)}</span> ' for n, name in enumerate(models))
    spans = []
    for segment in story.segments():
        passage = segment.passage
        text = html.escape(segment.text)
        if passage.author == "model":
            number = models.index(passage.model or "a model") % _HUES
            origin = html.escape(_list_origin(passage, story.chat.stop))
            text = f'<span class="model m{number}" title="{origin}">{text}</span>'
        elif passage.edit_of:
            text = f'<span title="edited">{text}</span>'
        spans.append((f"<b>{html.escape(segment.heading)}</b>" if segment.heading else "") + text)
    return _PAGE.format(title=title, legend=legend, text="".join(spans))


_HUES = 4
_PAGE = """<!DOCTYPE html>
<html>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ max-width: 40em; margin: 3em auto; padding: 0 1em; font: 1.05em/1.6 Georgia, serif; }}
main {{ white-space: pre-wrap; }}
p {{ font: .85em sans-serif; opacity: .8; }}
.m0 {{ color: light-dark(#1a5fa8, #8cbcf0); }} .m1 {{ color: light-dark(#9a4a00, #f0b070); }}
.m2 {{ color: light-dark(#1f7a3a, #86d49c); }} .m3 {{ color: light-dark(#8a2f8a, #e2a0e2); }}
</style>
</head>
<body>
<h1>{title}</h1>
<p>{legend}</p>
<main>{text}</main>
</body>
</html>
"""


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
    return _escape(_list_origin(passage, turn_ends))


def _list_origin(passage: Passage, turn_ends: tuple[str, ...]) -> str:
    """Which model wrote a passage, with what, and whether a person changed it since."""
    settings = passage.settings or {}
    facts = [passage.model or "a model"]
    for name, plain in _PLAIN_SETTINGS.items():
        value = settings.get(name, plain)
        if isinstance(value, list):  # stop texts; that a turn ends is no news
            value = [stop for stop in value if stop not in turn_ends]
        if (
            value is not None
            and (name in _ALWAYS_TOLD or value not in (plain, _USUAL_SETTINGS[name]))
            and name in settings
        ):
            shown = _dump(value) if isinstance(value, list) else str(value)
            facts.append(f"{name.replace('_', '-')} {shown}")
    if passage.edit_of:
        facts.append("edited by a person")
    return ", ".join(facts)


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
