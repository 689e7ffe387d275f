"""HTML and EPUB: what a reader sees, and nothing else."""

import zipfile
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnchat.text.encoding import UnreadableText
from rnnchat.text.markup import read_epub, read_html

PAGE = """<!DOCTYPE html><html><head><title>T</title><style>p {color: red}</style></head>
<body><nav><a href="#">Menu</a></nav>
<h1>The   title</h1><p>First <i>para</i>graph,
two lines &amp; an &eacute;.<br>A verse<br/><br/>Another</p>
<script>if (a < b) { document.write("<p>no</p>") }</script>
<ul><li>one</li><li>two <b>bold</b> end</li></ul><pre>  keeps
   space</pre><table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>
<div>block</div>text</body></html>"""
TEXT = """The title

First paragraph, two lines & an é.
A verse

Another

one
two bold end

  keeps
   space

a b
c

block
text
"""


def test_a_page_reads_as_in_a_browser():
    assert "".join(read_html([PAGE])) == TEXT


@given(st.sets(st.integers(1, len(PAGE) - 1), max_size=5))
def test_where_a_page_is_cut_does_not_matter(cuts):
    ends = [0, *sorted(cuts), len(PAGE)]
    pieces = [PAGE[start:end] for start, end in pairwise(ends)]
    assert "".join(read_html(pieces)) == TEXT


def test_tags_that_are_never_closed_do_not_swallow_the_page():
    assert "".join(read_html(["<div><nav><object>menu</nav>text<p>more</div>"])) == "text\n\nmore\n"


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("<html><head><title>T</title><body><p>One<p>Two", "One\n\nTwo\n"),
        ("<head><title>T</title><meta charset=utf-8><link href=a><p>One", "One\n"),
        ("<head><title>T</title><script>no</script>One", "One\n"),
        ("<head><style>no</style><img/>One", "One\n"),
        ("<title>T</title><p>One", "One\n"),
        ("<p>One<select><option>no<option>no<p>Two", "One\n\nTwo\n"),
        ("<form>One<select><option>no</form>Two", "One\n\nTwo\n"),
        ("<p>One <select><option>no</select> two", "One two\n"),
    ],
)
def test_ends_that_html_lets_one_leave_out_may_be_left_out(page, text):
    assert "".join(read_html([page])) == text
    assert "".join(read_html(page)) == text  # a character at a time


def write_book(path: Path, **others: str) -> None:
    """A book of two chapters, a page of navigation, and a note outside the flow."""
    item = '<item id="{0}" href="{1}" media-type="application/xhtml+xml" properties="{2}"/>'
    manifest = "".join(
        item.format(*fields)
        for fields in [
            ("n", "nav.xhtml", "nav"),
            ("two", "Text/2.xhtml", ""),
            ("one", "Text/the%20first.xhtml", ""),
            ("note", "note.xhtml", ""),
        ]
    )
    spine = '<itemref idref="n"/><itemref idref="one"/><itemref idref="two"/><itemref idref="note" linear="no"/>'
    files = {
        "META-INF/container.xml": '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="OEBPS/book.opf"/></rootfiles></container>',
        "OEBPS/book.opf": f'<package xmlns="http://www.idpf.org/2007/opf"><manifest>{manifest}</manifest>'
        f"<spine>{spine}</spine></package>",
        "OEBPS/nav.xhtml": "<html><body><p>Contents</p></body></html>",
        "OEBPS/note.xhtml": "<html><body><p>Note</p></body></html>",
        "OEBPS/Text/the first.xhtml": "<html><head><script/></head><body><p>Chapter one</p></body></html>",
        "OEBPS/Text/2.xhtml": "\ufeff<html><body><p>Chapter two é</p></body></html>",
    }
    with zipfile.ZipFile(path, "w") as book:
        for name, content in {**files, **others}.items():
            book.writestr(name, content)


def test_a_book_is_its_chapters_in_reading_order(tmp_path: Path):
    write_book(tmp_path / "book.epub")
    assert "".join(read_epub(tmp_path / "book.epub")) == "Chapter one\n\nChapter two é\n"


def test_a_protected_book_is_told_apart(tmp_path: Path):
    write_book(tmp_path / "book.epub", **{"META-INF/rights.xml": ""})
    with pytest.raises(UnreadableText, match="is protected"):
        list(read_epub(tmp_path / "book.epub"))


@pytest.mark.parametrize("others", [{"META-INF/container.xml": "<not xml"}, {"META-INF/container.xml": "<a/>"}])
def test_a_damaged_book_is_told_in_one_sentence(tmp_path: Path, others):
    write_book(tmp_path / "book.epub", **others)
    with pytest.raises(UnreadableText, match="is not an EPUB book that can be read"):
        list(read_epub(tmp_path / "book.epub"))
