"""How the bytes of a file become characters.

UTF-8 is tried first, on the whole file, because nothing else passes that test by accident. What fails it is
recognised from the bytes around the place where it failed. An encoding that is given back decodes the whole
file, so reading never stops in the middle.
"""

import codecs
import io
import re
from collections.abc import Callable
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
    b"%PDF": "is a PDF, not text",
    b"PK\x03\x04": "is an archive or an office document, not text",
    b"\x89PNG": "is an image, not text",
    b"\xff\xd8\xff": "is an image, not text",
    b"GIF8": "is an image, not text",
    b"\x7fELF": "is a program, not text",
}
# Codecs of Python that are no encodings of texts: ASCII that spells out anything, lone surrogates too.
_ESCAPES = {"unicode-escape", "raw-unicode-escape", "utf-7", "idna", "punycode", "undefined"}
# Control characters that no text has; ESC belongs to ISO-2022-JP, and FF and BS to old plain texts.
_CONTROLS = bytes(set(range(0x20)) - set(b"\t\n\r\f\b\x1a\x1b"))
_JAPANESE_ESCAPE = re.compile(rb"\x1b\$[@B]")
_DECLARED = re.compile(rb"(?:charset|encoding)\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)

_CYRILLIC = "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэіїє"
_KANA = "".join(map(chr, range(0x3041, 0x30FD)))
_HANGUL = "이다의는에을가고하지로를한도은사기아나리서자인그어대시해만들스라일과있게수보정전여"
_SIMPLIFIED = (
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里"
    "用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想"
)
_TRADITIONAL = (
    "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡"
    "用道行所然家種事成方多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心她本前開但因只從想"
)
_EVERYDAY = (  # the characters outside ASCII that its texts are made of, and the encodings; likelier ones first
    ("éèàçêâîôùëïüöäßåøæñíóáúãœÉÄÖÜÅØÑÇÁÍÓÚÀÈ¿¡’‘“”–—…«»£", ("cp1252", "mac_roman", "cp850")),
    ("ąćęłńóśźżáčďéěíňřšťúůýžöőüűđäŁŚŻ„”–…", ("cp1250", "iso8859_2")),
    (_CYRILLIC, ("cp1251", "koi8_r", "cp866", "iso8859_5")),
    ("αοιετσνηυρπκμλωςάόίέήύώγδθφχβξζψ", ("cp1253", "iso8859_7")),
    ("ışğüöçİŞâ", ("cp1254",)),
    ("אבגדהוזחטיכלמנסעפצקרשתםןךףץ", ("cp1255",)),
    ("ابتةجحخدذرزسشصضطعغفقكلمنهويىأإ،", ("cp1256",)),
    (f"{_KANA}、。「」", ("cp932", "euc_jp")),
    (f"{_SIMPLIFIED}，。：！？“”", ("gb18030",)),
    (f"{_TRADITIONAL}，。：！？「」", ("big5",)),
    (_HANGUL, ("cp949",)),
)
_LATIN = (_EVERYDAY[0][0], _EVERYDAY[1][0], _EVERYDAY[4][0])
_SINGLE_BYTE = frozenset(codec for _, names in _EVERYDAY[:7] for codec in names)
_CHANCE = 0.3
"""The share of a single-byte alphabet's upper half that is everyday letters."""


class UnreadableText(TextError):  # noqa: N818  (it is told in a sentence, like its family)
    """One file that cannot be learnt from."""

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

    @property
    def label(self) -> str:
        """The name shown to people."""
        name = {"utf-8-sig": "utf-8"}.get(self.codec, self.codec.replace("_", "-"))
        return f"{name}, damaged" if self.errors == "replace" else name


def find_encoding(open_bytes: Callable[[], BinaryIO], path: str) -> Encoding:
    """Find the encoding of a file, and make sure that it decodes all of it.

    Args:
        open_bytes: opens the file anew from its beginning.
        path: what the file is called in the sentence of an error.

    Raises:
        UnreadableText: the file is binary, or no encoding fits.
    """
    with open_bytes() as file:
        head = file.read(_HEAD_SIZE)
    for bom, codec in _BOMS:
        if head.startswith(bom):
            return _check(open_bytes, [codec], path)
    if b"\0" in head and (codec := _find_utf16(head)):
        return _check(open_bytes, [codec], path)
    if reason := _find_binary(head):
        raise UnreadableText(path, reason, "unpack it, or save it as text (.txt, .md, .html or .epub)")
    if _JAPANESE_ESCAPE.search(head):
        return _check(open_bytes, ["iso2022_jp", "utf-8"], path)
    failed_at = _find_undecodable(open_bytes, "utf-8")
    if failed_at is None:
        return Encoding("utf-8")
    sample = _read_around(open_bytes, failed_at)
    if _is_damaged_utf8(sample):
        return Encoding("utf-8", "replace")
    declared = [match[1].decode("ascii").lower() for match in _DECLARED.finditer(head[:2048])]
    return _check(open_bytes, [*filter(_is_codec, declared), *_guess(sample)], path)


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
    if b"\0" in head or controls > len(head) / 100:
        return "is a binary file, not text"
    return ""


def _find_utf16(head: bytes) -> str:
    """UTF-16 without a mark: every second byte of Western text is zero, and none of the others is a control."""
    if len(head.translate(None, _CONTROLS)) < len(head) * 0.4:
        return ""
    even, odd = head[::2].count(0), head[1::2].count(0)
    least = len(head) // 2 * 0.4
    if odd >= least and even < odd / 20:
        return "utf-16-le"
    return "utf-16-be" if even >= least and odd < even / 20 else ""


def _guess(sample: bytes) -> list[str]:
    """Encodings that the bytes look like, the likeliest first."""
    scores = {codec: _score(sample, codec, letters) for letters, names in _EVERYDAY for codec in names}
    likely = [codec for codec in scores if scores[codec] > 0.25]
    if likely:
        return sorted(likely, key=lambda codec: -scores[codec])
    # Imported here because most texts are UTF-8 and never need its 50 ms.
    from charset_normalizer import from_bytes

    matches = from_bytes(sample, cp_exclusion=["utf_16", "utf_16_be", "utf_16_le", "utf_32", "utf_7"])
    return [match.encoding for match in matches]


def _score(sample: bytes, codec: str, letters: str) -> float:
    """How much more of the text outside ASCII is everyday letters than would be by chance: at most 1."""
    try:
        text = codecs.getincrementaldecoder(codec)().decode(sample)
    except UnicodeDecodeError:
        return 0.0
    foreign = len(text) - len(text.encode("ascii", "ignore"))
    # The letters of another alphabet do not stand in one word with Latin ones.
    alone = "" if letters in _LATIN else "[A-Za-z]"
    everyday = re.findall(rf"(?<!{alone})[{letters}](?!{alone})" if alone else f"[{letters}]", text)
    return len(everyday) / max(1, foreign) - (_CHANCE if codec in _SINGLE_BYTE else 0.0)


def _is_codec(name: str) -> bool:
    """Whether a page may declare that it is in this encoding: it turns bytes into characters, and nothing else."""
    try:
        codec = codecs.lookup(name)
    except LookupError:
        return False
    return codec._is_text_encoding and codec.name not in _ESCAPES
