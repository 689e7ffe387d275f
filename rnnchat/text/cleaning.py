"""From the files of a package to a text to learn from: one pure function for each corpus.

They take the content of files by name and give a text that ends with a line end. What is removed is what a
reader would not miss, and what no model shall say again.
"""

import hashlib
import io
import json
import re
import tokenize
from collections.abc import Mapping
from pathlib import PurePosixPath

Files = Mapping[str, bytes]

HELD_BACK_PLAYS = ("the-comedy-of-errors", "richard-ii", "titus-andronicus", "cymbeline")
"""They stand last: a comedy, a history, a tragedy and a romance, together the last tenth but for 500 characters."""

_BOLD_LINE = re.compile(r"^\*\*(.+?)\*\*[ \t]*$", re.MULTILINE)
# Within a paragraph: a direction may fill several lines.
_DIRECTION = re.compile(r"^[ \t]*[_*]+\[?((?:[^_*\n]|\n(?!\n))+?)\]?[_*]+[ \t]*$", re.MULTILINE)
_TEXT_FIXES = (("&amp;", "&"), ("& c", "&c"), ("sha$l", "shall"), (" — ", "--"), ("—", "--"))


def make_shakespeare(files: Files) -> str:
    """Plays in Markdown to plain text: ``NAME:``, the speech, a blank line; directions in brackets."""
    plays = {PurePosixPath(name).stem: clean_play(content.decode("utf-8")) for name, content in files.items()}
    order = sorted(plays, key=lambda name: HELD_BACK_PLAYS.index(name) if name in HELD_BACK_PLAYS else -1)
    return "\n\n\n".join(plays[name] for name in order) + "\n"


def clean_play(markdown: str) -> str:
    """One play without its markup."""
    text = re.sub(r"\\(.)", r"\1", markdown)
    for wrong, right in _TEXT_FIXES:
        text = text.replace(wrong, right)
    text = re.sub(r"\b([A-Z]{2,}) 's\b", r"\1's", text)
    text = _BOLD_LINE.sub(lambda match: _write_speaker(match[1]), text)
    text = re.sub(r"^#+[ \t]*", "", text, flags=re.MULTILINE)
    text = _DIRECTION.sub(r"[\1]", text)
    text = re.sub(r"[_*]", "", text)
    text = re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _write_speaker(name: str) -> str:
    return name.upper() if name.startswith("Scene ") else f"{name.upper()}:"


def make_kjv(files: Files) -> str:
    """A verse a line, a chapter under its name, as in "Psalms 23"."""
    chapters: dict[str, list[str]] = {}
    for line in _get_only(files).decode("utf-8").splitlines():
        verse = json.loads(line)
        text = " ".join(verse["text"].split())
        chapters.setdefault(f"{verse['book']} {verse['chapter']}", []).append(text)
    return "\n\n".join(f"{name}\n\n" + "\n".join(verses) for name, verses in chapters.items()) + "\n"


# 刘邠, 唬, 熛, 搨 and others were missing in the character set of an older edition; an advertisement was added.
_SANGUO_FIXES = (
    (re.compile(r"[wW]{3}[\w.]+ ?", re.ASCII), ""),
    (re.compile(r"刘\?"), "刘邠"),
    (re.compile(r"\?"), "唬"),
    (re.compile(r"□"), "搨"),
    (re.compile(r"\[犭票\]"), "僄"),
    (re.compile(r"\[火票\]"), "熛"),
    (re.compile("【左玄右旅去方】"), "玈"),
    (re.compile("【舟冓】【舟鹿】"), "𦩷𦪇"),
    (re.compile("【上雨下单】"), "𩅦"),
    (re.compile(r"\.{6}"), "……"),
)
_ENDS_PARAGRAPH = "。！？；：，、”’》）…—"


def make_sanguo(files: Files) -> str:
    """A chapter under its title, a paragraph a line."""
    return "\n\n".join(clean_chapter(chapter) for chapter in json.loads(_get_only(files))) + "\n"


def clean_chapter(chapter: str) -> str:
    """One chapter with its paragraphs whole: a line that does not end with a mark goes on in the next one."""
    for wrong, right in _SANGUO_FIXES:
        chapter = wrong.sub(right, chapter)
    title, *lines = (" ".join(line.split()) for line in chapter.split("\n") if line.strip())
    body = "".join(line + ("\n" if line[-1] in _ENDS_PARAGRAPH else "") for line in lines)
    return f"{title}\n\n{body.strip()}"


def make_names(files: Files) -> str:
    """First names and surnames of a census, one a line, each once, in an order that means nothing."""
    words = (line.split()[0] for content in files.values() for line in content.decode("ascii").splitlines())
    # The lists are ordered by frequency; by their hash, the last tenth is like the rest.
    names = sorted({word.capitalize() for word in words}, key=lambda name: hashlib.sha256(name.encode()).digest())
    return "".join(re.sub(r"^Mc([a-z])", lambda match: f"Mc{match[1].upper()}", name) + "\n" for name in names)


def make_python(files: Files) -> str:
    """Modules one after the other, two blank lines between them."""
    modules = [_decode_source(content) for content in files.values()]
    return "\n\n\n".join(module for module in modules if module) + "\n"


def _decode_source(content: bytes) -> str:
    """The text of a module in the encoding that it declares."""
    encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
    return io.TextIOWrapper(io.BytesIO(content), encoding).read().strip("\n")


def _get_only(files: Files) -> bytes:
    (content,) = files.values()
    return content
