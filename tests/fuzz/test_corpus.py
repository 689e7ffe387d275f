"""Hostile texts, made by chance from broken and whole parts: each is read, or refused in one sentence."""

import bz2
import gzip
import io
import lzma
import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from rnnchat.errors import TextError
from rnnchat.text import archive
from rnnchat.text import file as file_module
from rnnchat.text.corpus import Corpus
from rnnchat.text.format import FORMATS

MARKUP = ["<!--", "-->", "<nav>", "</nav>", "</select>", "<select>", "<![CDATA[", "<a ", "='", '="', ">", "<",
          "&#", "&amp", "<script>", "</script", "<pre>", "<head>", "text ", "\n", "\0", "é"]  # fmt: skip
RICH = ["{\\rtf1", "{", "}",
        "\\", "\\'", "\\'e9", "\\u-10179?", "\\u99999999999", "\\uc999", "\\ansicpg932", "text ", "\\*",
        "\\ansicpg99999", "\x81", "\\par\n"]  # fmt: skip
NOTES = ['{"cells":', "[", "]", "{", "}", '"source"', ":", ",", "1e999", '"a"', "null", '{"worksheets":[{"cells":']
CODES = ["\x1b[", "31m", "\x1b]", "\x07", "\x03", "12,", "\0", "\x1b", "text ", "\xff"]


def join(rng: random.Random, parts: list[str]) -> bytes:
    return "".join(rng.choices(parts, k=rng.choice((3, 30, 3_000)))).encode(
        rng.choice(("utf-8", "cp1252", "utf-16")), "replace"
    )


def make_book(rng: random.Random) -> bytes:
    names = ["META-INF/container.xml", "b.opf", "one", "word/document.xml", "content.xml"]
    xml = ["<a>", "</a>", '<rootfile full-path="b.opf"/>', '<item id="one" href="one" media-type="html"/>', "text",
           '<itemref idref="one"/>', "&x;", "<p>"]  # fmt: skip
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as book:
        for name in names:
            content = "".join(rng.choices(xml, k=rng.choice((1, 5, 50))))
            book.writestr(name, rng.choice((content, f"<p>{content}</p>", "<p>" + " " * 3_000_000)))
    return stream.getvalue()


def damage(rng: random.Random, content: bytes) -> bytes:
    changed = bytearray(content)
    for _ in range(rng.choice((0, 1, 20))):
        if changed:
            changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed[: rng.choice((len(changed), len(changed), len(changed) // 2))])


MAKERS: list[Callable[[random.Random], bytes]] = [
    make_book,
    lambda rng: join(rng, MARKUP),
    lambda rng: join(rng, RICH),
    lambda rng: join(rng, NOTES),
    lambda rng: join(rng, CODES),
    lambda rng: rng.randbytes(rng.choice((1, 100, 10_000))),
    lambda rng: rng.choice((gzip.compress, bz2.compress, lzma.compress))(b"text\n" * rng.choice((1, 400_000))),
]
SUFFIXES = [".txt", *(suffix for suffix in FORMATS if suffix != ".pdf")]  # a PDF is read by a process of its own


@pytest.mark.parametrize("seed", range(40))
def test_a_hostile_text_is_read_or_refused_in_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int):
    monkeypatch.setattr(archive, "MAX_MEMBER_BYTES", 1_000_000)
    monkeypatch.setattr(file_module, "MAX_UNPACKED_BYTES", 1_000_000)
    rng = random.Random(seed)
    for maker in MAKERS:
        path = tmp_path / f"text{rng.choice(SUFFIXES)}"
        path.write_bytes(damage(rng, maker(rng)))
        try:
            summary = Corpus([str(path)]).summarize()
        except TextError as e:
            assert str(path) in str(e)
            assert "\n" not in str(e)
        else:
            assert summary.chars > 0
        path.unlink()
