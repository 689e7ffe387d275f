"""Files in a format of their own: what is written in them, and how a new format is added."""

import json
import lzma
import zipfile
from pathlib import Path

import pytest

from rnnchat.text import file as file_module
from rnnchat.text.corpus import Corpus
from rnnchat.text.encoding import UnreadableText
from rnnchat.text.file import TextFile
from rnnchat.text.format import FORMATS, Format


def read(path: Path) -> str:
    return "".join(TextFile(path).read())


def test_a_new_format_is_a_reader_and_a_line_of_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def read_shouted(file: TextFile):
        for piece in file.decode():
            yield piece.upper()

    monkeypatch.setitem(FORMATS, ".shout", Format(read_shouted))
    (tmp_path / "a.shout").write_text("hello\r\n")
    (tmp_path / "b.shout.xz").write_bytes(lzma.compress("grün".encode("cp1252")))
    corpus = Corpus([str(tmp_path)])
    assert "".join(corpus.read_pieces()) == "HELLO\n\nGRÜN"
    assert [file.encoding for file in corpus.summarize().files] == ["utf-8", "cp1252"]


def test_a_notebook_is_the_source_of_its_cells(tmp_path: Path):
    cells = [
        {"cell_type": "markdown", "source": ["# Rain\n", "It rained.\n"]},
        {"cell_type": "code", "source": "print('é')", "outputs": [{"data": {"image/png": "iVBORw0KGgo="}}]},
        {"cell_type": "code", "source": []},
    ]
    (tmp_path / "4.ipynb").write_text(json.dumps({"cells": cells, "nbformat": 4}))
    assert read(tmp_path / "4.ipynb") == "# Rain\nIt rained.\n\nprint('é')\n"
    sheets = [{"cells": [{"cell_type": "code", "input": ["x = 1\n", "y = 2"]}]}]
    (tmp_path / "3.ipynb").write_text(json.dumps({"worksheets": sheets, "nbformat": 3}))
    assert read(tmp_path / "3.ipynb") == "x = 1\ny = 2\n"


RTF = r"""{\rtf1\ansi\ansicpg1252\uc1{\fonttbl\f0\fswiss Helvetica;}{\colortbl;\red255\green0\blue0;}
{\*\generator Program;}{\info{\title No}}\f0\pard It {\b rained} in the caf\'e9.\par
\ldblquote Yes\rdblquote  \endash  \u233?t\u233 ?, \u-10179?\u-8704?, \{a\\b\}\tab c\~d{\pict\pngblip 89504e47}\line
{\uc2 \u26085\'93\'fa\u26412\'96\'7b}{\field{\*\fldinst HYPERLINK "x"}{\fldrslt link}}\par}"""
RTF_TEXT = "It rained in the café.\n“Yes” – été, 😀, {a\\b}\tc\u00a0d\n日本link\n\n"


def test_rich_text_is_its_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "a.rtf").write_bytes(RTF.encode("ascii"))
    assert read(tmp_path / "a.rtf") == RTF_TEXT
    monkeypatch.setattr(file_module, "PIECE_CHARS", 100)
    assert read(tmp_path / "a.rtf") == RTF_TEXT


def test_rich_text_in_other_code_pages_is_read_in_them(tmp_path: Path):
    (tmp_path / "a.rtf").write_bytes(rb"{\rtf1\ansi\ansicpg1251 \'cf\'f0\'e8\'e2\'e5\'f2}")
    assert read(tmp_path / "a.rtf") == "Привет\n"
    (tmp_path / "b.rtf").write_bytes(rb"{\rtf1\ansi\ansicpg932 \'93\'fa\'96\'7b}")
    assert read(tmp_path / "b.rtf") == "日本\n"


def write_zip(path: Path, **members: str) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/") + ".xml", content)


def test_a_word_document_is_its_paragraphs(tmp_path: Path):
    body = (
        "<w:p><w:pPr><w:jc/></w:pPr><w:r><w:t>It rained</w:t></w:r><w:r><w:tab/><w:t xml:space='preserve'> in</w:t>"
        "<w:br/><w:t>the morning</w:t></w:r></w:p><w:p/><w:tbl><w:tr><w:tc><w:p><w:r><w:t>cell</w:t></w:r></w:p>"
        "</w:tc></w:tr></w:tbl><w:p><w:del><w:r><w:delText>gone</w:delText></w:r></w:del><w:r><w:instrText>PAGE"
        "</w:instrText><w:t>end</w:t></w:r></w:p>"
    )
    write_zip(tmp_path / "a.docx", word__document=f'<w:document xmlns:w="urn:w"><w:body>{body}</w:body></w:document>')
    assert read(tmp_path / "a.docx") == "It rained\t in\nthe morning\n\ncell\n\nend\n"
    assert TextFile(tmp_path / "a.docx").encoding.label == "docx"


def test_an_open_document_is_its_headings_and_paragraphs(tmp_path: Path):
    body = (
        '<t:h>Rain</t:h><t:p>It <t:span>rained</t:span><t:s t:c="2"/>all<t:line-break/>day'
        "<t:note>a note</t:note>.</t:p><t:list><t:list-item><t:p>one</t:p></t:list-item></t:list>"
    )
    write_zip(tmp_path / "a.odt", content=f'<o:doc xmlns:o="urn:o" xmlns:t="urn:t">{body}</o:doc>')
    assert read(tmp_path / "a.odt") == "Rain\n\nIt rained  all\nday.\n\none\n"


def write_pdf(path: Path, content: bytes) -> None:
    """A PDF of one page with these drawing commands."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 144] /Contents 4 0 R"
        b" /Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Times-Roman >> >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
    ]
    pdf, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(pdf))
        pdf += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    pdf += b"xref\n0 5\n0000000000 65535 f \n%strailer\n<< /Size 5 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (
        table,
        len(pdf),
    )
    path.write_bytes(pdf)


def test_a_pdf_is_the_text_of_its_pages(tmp_path: Path):
    write_pdf(tmp_path / "a.pdf", b"BT /F1 24 Tf 20 100 Td (It rained) Tj 0 -30 Td (all day.) Tj ET")
    assert read(tmp_path / "a.pdf") == "It rained\nall day.\n"


def test_a_pdf_of_pictures_says_so(tmp_path: Path):
    write_pdf(tmp_path / "a.pdf", b"0 0 m 10 10 l S")
    with pytest.raises(UnreadableText, match=r"holds no text, only pictures of pages: run it through .*OCR"):
        read(tmp_path / "a.pdf")


def test_a_compressed_file_that_unpacks_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(file_module, "MAX_UNPACKED_BYTES", 1_000_000)
    (tmp_path / "bomb.xz").write_bytes(lzma.compress(b"a" * 3_000_000))
    with pytest.raises(UnreadableText, match=r"unpacks to more than 0 GB, which no text does: leave it out"):
        read(tmp_path / "bomb.xz")
    (tmp_path / "fine.xz").write_bytes(lzma.compress(b"It rained.\n" * 50_000))
    assert len(read(tmp_path / "fine.xz")) == 550_000
