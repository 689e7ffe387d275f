"""The encoding of bytes that are not UTF-8 and declare nothing: rules for short Western texts, then chardet.

chardet knows languages, which need a line or two of text to show. A recipe with three fractions has no language that
shows, so what can be Western is; and a few East Asian words are recognised by the bytes of common characters.
"""

import codecs
import contextlib
import re
from collections.abc import Iterable

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


def guess_encodings(sample: bytes) -> list[str]:
    """Encodings that the bytes look like, the likeliest first."""
    western = sample.decode("cp1252", "replace")
    foreign = [character for character in western if character > "\x7f"]
    odd = len(_SIGN_IN_WORD.findall(western))
    is_few = len(foreign) <= _FEW and not odd and (_WESTERN_SIGNS | _WESTERN_LETTERS).issuperset(foreign)
    if is_few or (_WESTERN_SIGNS.issuperset(foreign) and 4 * odd < len(foreign)):
        return ["cp1252"]
    ranked = detect_encodings(sample)
    codecs_found = prefer_practice(codec for codec, _ in ranked)
    if not ranked or ranked[0][1] < _UNSURE:
        codecs_found = _find_glyphs(sample) + codecs_found
    if codecs_found[:1] == ["cp1252"] and _LATIN_9.search(western) and not _C1.search(western):
        codecs_found.insert(0, "iso8859-15")
    return codecs_found


def prefer_practice(names: Iterable[str]) -> list[str]:
    """Encodings, each behind the one that is written in practice under its name."""
    return [codec for name in names for codec in (*_IN_PRACTICE.get(name.replace("-", "_"), ()), name)]


def detect_encodings(sample: bytes) -> list[tuple[str, float]]:
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
