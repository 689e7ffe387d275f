"""How the bytes of a file become characters.

UTF-8 is tried first, on the whole file, because nothing else passes that test by accident. What fails it is
recognised from the bytes around the place where it failed. An encoding that is given back decodes the whole
file, so reading never stops in the middle.
"""

import codecs
import contextlib
import difflib
import io
import re
import unicodedata
from collections.abc import Callable
from encodings.aliases import aliases
from typing import BinaryIO, NamedTuple

from rnnchat.errors import TextError
from rnnchat.text.guess import detect_encodings, guess_encodings, prefer_practice

_HEAD_SIZE = 65_536
_CHUNK_SIZE = 1 << 20
_BOMS = (  # the longer ones first: UTF-32 little-endian begins like UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_KNOWN_BINARIES = {
    b"%PDF": "is a PDF, but its name does not end in .pdf",
    b"PK\x03\x04": "is an archive or an office document, not text",
    b"\x89PNG": "is an image, not text",
    b"\xff\xd8\xff": "is an image, not text",
    b"GIF8": "is an image, not text",
    b"\x7fELF": "is a program, not text",
}
# Codecs of Python that are no encodings of texts: ASCII that spells out anything, lone surrogates too.
_ESCAPES = {"unicode-escape", "raw-unicode-escape", "utf-7", "idna", "punycode", "undefined"}
# Control characters that no text has; ESC belongs to ISO-2022-JP, and FF and BS to old plain texts,
# SO and SI to ISO-2022-KR; the others that are left out here are colour and style codes of chat logs.
_CONTROLS = bytes(set(range(0x20)) - set(b"\t\n\r\f\b\x1a\x1b\x0e\x0f\x02\x03\x16\x1d\x1f"))
_FEW_CONTROLS = 2
"""A stray zero byte does not make a short text a binary file."""
_JAPANESE_ESCAPE = re.compile(rb"\x1b\$[@B]")
_KOREAN_ESCAPE = b"\x1b$)C"
_DECLARED = re.compile(rb"(?:charset|encoding)\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)


class UnreadableText(TextError):  # noqa: N818  (reads as a sentence, like its family)
    """One file that cannot be used as a text."""

    def __init__(self, path: str, reason: str, advice: str) -> None:
        """Args: the file, what is wrong ("is empty"), and what to do now."""
        super().__init__(f"{path} {reason}: {advice}")
        self.reason = reason


def refuse_reading(path: str, error: OSError) -> UnreadableText:
    """The error for a file or folder that the system does not let us read."""
    advice = "change its permissions or those of its folder, or leave it out"
    return UnreadableText(path, f"cannot be read ({error.strerror or error})", advice)


class Encoding(NamedTuple):
    """An encoding that decodes a whole file."""

    codec: str
    errors: str = "strict"
    is_guess: bool = False
    """Whether it was recognised by the bytes alone, so that a person should look at the text."""

    @property
    def label(self) -> str:
        """The name shown to people."""
        name = {"utf-8-sig": "utf-8"}.get(self.codec, self.codec.replace("_", "-"))
        return name if self.errors == "strict" else f"{name}, damaged"


def find_encoding(open_bytes: Callable[[], BinaryIO], path: str, encoding: str | None = None) -> Encoding:
    """Find the encoding of a file, and make sure that it decodes all of it.

    Args:
        open_bytes: opens the file anew from its beginning.
        path: what the file is called in the sentence of an error.
        encoding: what a person says that it is; ``None`` to find out.

    Raises:
        UnreadableText: the file is binary, or no encoding fits, or not the one that was named.
    """
    if encoding is not None:
        return _check_named(open_bytes, encoding, path)
    with open_bytes() as file:
        head = file.read(_HEAD_SIZE)
    for bom, codec in _BOMS:
        if head.startswith(bom):
            return _check(open_bytes, [codec], path)
    if b"\0" in head and (wide := _find_wide(head)):
        return _check(open_bytes, [wide], path)
    if reason := _find_binary(head):
        raise UnreadableText(path, reason, "unpack it, or save it as text (.txt, .md, .html or .epub)")
    if _JAPANESE_ESCAPE.search(head):
        return _check(open_bytes, ["iso2022_jp", "iso2022_jp_ext", "utf-8"], path)
    if _KOREAN_ESCAPE in head:
        return _check(open_bytes, ["iso2022_kr", "utf-8"], path)
    failed_at = _find_undecodable(open_bytes, "utf-8")
    if failed_at is None:
        return Encoding("utf-8")
    sample = _read_around(open_bytes, failed_at)
    if _is_damaged_utf8(sample):
        return Encoding("utf-8", STRAY)
    declared = [match[1].decode("ascii").lower() for match in _DECLARED.finditer(head[:2048])]
    with contextlib.suppress(UnreadableText):
        return _check(open_bytes, prefer_practice(filter(is_text_codec, declared)), path)
    return _check(open_bytes, guess_encodings(sample), path)._replace(is_guess=True)


def decode_bytes(content: bytes, path: str) -> str:
    """Decode a small file that is in memory.

    Raises:
        UnreadableText: as `find_encoding`.
    """
    encoding = find_encoding(lambda: io.BytesIO(content), path)
    return content.decode(encoding.codec, encoding.errors)


def read_bytes(content: bytes, path: str) -> str:
    """A text that is in memory, read as files are: decoded, with line ends made ``\\n``, without a byte-order mark.

    Raises:
        UnreadableText: as `find_encoding`.
    """
    return join_lines(decode_bytes(content, path)) if content else ""


def join_lines(text: str) -> str:
    """The text with all line ends made ``\\n``, and without a byte-order mark."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def is_text_codec(name: str) -> bool:
    """Whether Python knows an encoding of that name which turns bytes into characters, and does nothing else."""
    try:
        codec = codecs.lookup(name)
    except (LookupError, ValueError):
        return False
    return codec._is_text_encoding and codec.name not in _ESCAPES


STRAY = "rnnchat-stray"
"""The name of the rule for errors of decoding by which a single byte among ASCII is a character of cp1252."""


def _read_stray(error: UnicodeError) -> tuple[str, int]:
    """One Western character, as older programs write it into a log in UTF-8; for anything else "\ufffd"."""
    assert isinstance(error, UnicodeDecodeError)
    start, end, content = error.start, error.end, error.object
    around = content[max(0, start - 1) : start] + content[end : end + 1]
    is_alone = end - start == 1 and around.isascii()
    return (content[start:end].decode("cp1252", "ignore") if is_alone else "") or "\ufffd", end


codecs.register_error(STRAY, _read_stray)


def _check_named(open_bytes: Callable[[], BinaryIO], name: str, path: str) -> Encoding:
    """The encoding that a person named, if it decodes the whole file."""
    codec = {"utf8": "utf-8-sig", "utf-8": "utf-8-sig"}.get(name.lower(), name)
    if not is_text_codec(codec):
        near = difflib.get_close_matches(name.lower(), sorted(set(aliases.values())), n=1)
        advice = f"did you mean {near[0]}?" if near else "write it like utf-8, cp1252 or koi8-r"
        raise TextError(f"the encoding {name} is unknown: {advice}")
    failed_at = _find_undecodable(open_bytes, codec)
    if failed_at is not None:
        advice = "choose another one, or leave --encoding out to have it recognised"
        raise UnreadableText(path, f"cannot be decoded as {name} (byte {failed_at:,} does not fit)", advice)
    return Encoding(codec)


def _check(open_bytes: Callable[[], BinaryIO], codecs_to_try: list[str], path: str) -> Encoding:
    """The first of some encodings that decodes the whole file."""
    for codec in codecs_to_try:
        if _find_undecodable(open_bytes, codec) is None:
            return Encoding(codec)
    raise UnreadableText(path, "cannot be decoded, because no encoding fits its bytes", "save it as UTF-8")


def _find_undecodable(open_bytes: Callable[[], BinaryIO], codec: str) -> int | None:
    """The offset of the chunk in which a file stops being text in ``codec``; ``None`` where it never does."""
    decoder = codecs.getincrementaldecoder(codec)()
    offset = 0
    with open_bytes() as file:
        while chunk := file.read(_CHUNK_SIZE):
            try:
                decoder.decode(chunk)
            except UnicodeError as e:
                return max(0, offset + getattr(e, "start", 0))
            offset += len(chunk)
    try:
        decoder.decode(b"", final=True)
    except UnicodeError:
        return max(0, offset - 1)
    return None


def _read_around(open_bytes: Callable[[], BinaryIO], offset: int) -> bytes:
    """Some text around a place, from the beginning of a line where one is near."""
    with open_bytes() as file:
        start = max(0, offset - 4096)
        file.seek(start)  # a compressed file reads up to there, which costs time and no memory
        sample = file.read(_HEAD_SIZE)
    return sample[sample.find(b"\n", 0, min(offset - start, 4096)) + 1 :] if start else sample


def _is_damaged_utf8(sample: bytes) -> bool:
    """Whether most of what is not ASCII is UTF-8: a file with a few broken bytes, not another encoding."""
    text = sample.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    good = sum(character > "\x7f" for character in text) - broken
    return good >= 4 * broken


def _find_binary(head: bytes) -> str:
    """Why the beginning of a file is not text, or ""."""
    for magic, reason in _KNOWN_BINARIES.items():
        if head.startswith(magic):
            return reason
    controls = len(head) - len(head.translate(None, _CONTROLS))
    is_binary = controls > _FEW_CONTROLS + len(head) / 100 or 2 * controls > len(head)
    return "is a binary file, not text" if is_binary else ""


def _find_wide(head: bytes) -> str:
    """UTF-16 or UTF-32 without a mark, or ""."""
    if len(head.translate(None, _CONTROLS)) >= len(head) * 0.4:
        # Every second byte of Western text is zero, and none of the others is a control.
        even, odd = head[::2].count(0), head[1::2].count(0)
        least = len(head) // 2 * 0.4
        if odd >= least and even < odd / 20:
            return "utf-16-le"
        if even >= least and odd < even / 20:
            return "utf-16-be"
    wide = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
    found = next((codec for codec, _ in detect_encodings(head) if codec in wide), "")
    return found if found and _is_plausible(head[: len(head) // 4 * 4].decode(found, "replace")) else ""


def _is_plausible(text: str) -> bool:
    """Whether this may be a text in a script of its own: it has spaces or ideographs, and next to no odd characters."""
    odd = sum((unicodedata.category(char)[0] == "C" and char not in "\n\r\t") or char == "\ufffd" for char in text)
    has_words = any(char.isspace() for char in text) or any(unicodedata.category(char) == "Lo" for char in text)
    return has_words and odd <= len(text) / 50
