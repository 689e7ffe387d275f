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
from collections.abc import Callable, Iterable
from encodings.aliases import aliases
from typing import BinaryIO, NamedTuple

from rnnchat.errors import TextError

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

# What cp1252 has beside letters: a text with nothing else outside ASCII (recipes, prices, lists) is Western.
_WESTERN_SIGNS = frozenset("°½¼¾²³¹£•–—“”‘’…©®™€«»§±×÷µ·¡¿º\u00a0")
_WESTERN_LETTERS = frozenset("éèàçêâîôùëïüöäßåøæñíóáúãœÉÄÖÜÅØÑÇÁÍÓÚÀÈ")
_FEW = 8
"""At most this many characters outside ASCII tell no language: they are Western if they can be."""
_SIGN_IN_WORD = re.compile("[a-z][“”…•¿§±][a-z]|[a-z]{2}[¹²³º¼½¾]|[^\x00-\x7f]{3}", re.IGNORECASE)
# ISO-8859-15 put these where Latin-1 has signs that do not stand there.
_LATIN_9 = re.compile("¤|[a-z][¦¨¼½¾][a-z]", re.IGNORECASE)
_C1 = re.compile("[\u0080-\u009f€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]")
_NEVER = (  # encodings of mainframes and of single vendors, which plain text in files is not in
    *("cp037", "cp1026", "cp1140", "cp273", "cp424", "cp500", "cp875", "cp1006", "hp-roman8", "utf-7"),
    *("kz1048", "koi8-t", "ptcp154"),
)
# What is written in practice goes before what contains it on paper, or is contained in it.
_IN_PRACTICE = {
    "shift_jis_2004": ("cp932",),
    "euc_jis_2004": ("euc_jp",),
    "euc_kr": ("cp949",),
    "big5hkscs": ("cp950",),
    "iso8859_1": ("cp1252",),
    "iso8859_9": ("cp1254",),
    "tis_620": ("cp874",),
    "shift_jis": ("cp932",),
    "gb2312": ("gb18030",),
}
_UNSURE = 0.1
"""Below this confidence an East Asian encoding is looked for by the characters that its standard calls common."""
_COMMON_GLYPHS = (  # lead and trail bytes
    ("cp932", re.compile(rb"[\x81-\x83\x88-\x97][\x40-\xfc]")),
    ("big5", re.compile(rb"[\xa1\xa4-\xc6][\x40-\x7e\xa1-\xfe]")),
    ("gb18030", re.compile(rb"[\xa1-\xa3\xb0-\xd7][\xa1-\xfe]")),
    ("euc_jp", re.compile(rb"[\xa1-\xa5\xb0-\xcf][\xa1-\xfe]")),
    ("cp949", re.compile(rb"[\xa1\xb0-\xc8][\xa1-\xfe]")),
)


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
        return _check(open_bytes, _prefer_practice(filter(is_text_codec, declared)), path)
    return _check(open_bytes, _guess(sample), path)._replace(is_guess=True)


def decode_bytes(content: bytes, path: str) -> str:
    """Decode a small file that is in memory.

    Raises:
        UnreadableText: as `find_encoding`.
    """
    encoding = find_encoding(lambda: io.BytesIO(content), path)
    return content.decode(encoding.codec, encoding.errors)


<<<<<<< HEAD
def read_bytes(content: bytes, path: str) -> str:
    """A text that is in memory, read as files are: decoded, with line ends made ``\\n``, without a byte-order mark.

    Raises:
        UnreadableText: as `find_encoding`.
    """
    return join_lines(decode_bytes(content, path)) if content else ""


def join_lines(text: str) -> str:
    """The text with all line ends made ``\\n``, and without a byte-order mark."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
=======
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
>>>>>>> 7ecdb5c (Texts in older encodings are recognised (109 of uchardet's 115 files, 77 before), notebooks, RTF, DOCX, ODT and PDF are read, and hostile books, pages and pipes are refused in a sentence)


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
    return "is a binary file, not text" if controls > _FEW_CONTROLS + len(head) / 100 else ""


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
    return next((codec for codec, _ in _detect(head) if codec in wide), "")


def _guess(sample: bytes) -> list[str]:
    """Encodings that the bytes look like, the likeliest first."""
    western = sample.decode("cp1252", "replace")
    foreign = [character for character in western if character > "\x7f"]
    odd = len(_SIGN_IN_WORD.findall(western))
    is_few = len(foreign) <= _FEW and not odd and (_WESTERN_SIGNS | _WESTERN_LETTERS).issuperset(foreign)
    if is_few or (_WESTERN_SIGNS.issuperset(foreign) and 4 * odd < len(foreign)):
        return ["cp1252"]
    ranked = _detect(sample)
    codecs_found = _prefer_practice(codec for codec, _ in ranked)
    if not ranked or ranked[0][1] < _UNSURE:
        codecs_found = _find_glyphs(sample) + codecs_found
    if codecs_found[:1] == ["cp1252"] and _LATIN_9.search(western) and not _C1.search(western):
        codecs_found.insert(0, "iso8859-15")
    return codecs_found


def _prefer_practice(names: Iterable[str]) -> list[str]:
    """Encodings, each behind the one that is written in practice under its name."""
    return [codec for name in names for codec in (*_IN_PRACTICE.get(name.replace("-", "_"), ()), name)]


def _detect(sample: bytes) -> list[tuple[str, float]]:
    """Codecs by what chardet knows of languages, the likeliest first, each with its confidence."""
    # Imported here because most texts are UTF-8 and never need its time.
    from chardet import detect_all

    found = detect_all(sample, ignore_threshold=True, compat_names=False, exclude_encodings=_NEVER)
    return [(match["encoding"], match["confidence"]) for match in found if match["encoding"]]


def _find_glyphs(sample: bytes) -> list[str]:
    """The East Asian encoding in which nearly all that is not ASCII is common characters, if there is one."""
    shares = {}
    for codec, common in _COMMON_GLYPHS:
        with contextlib.suppress(UnicodeDecodeError):
            text = codecs.getincrementaldecoder(codec)().decode(sample)
            foreign = len(text) - len(text.encode("ascii", "ignore"))
            shares[codec] = len(common.findall(sample)) / max(1, foreign)
    best = max(shares, key=lambda codec: shares[codec], default="")
    return [best] if best and shares[best] > 0.95 else []
