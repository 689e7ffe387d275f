"""HTML: what a reader sees, and nothing else."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnchat.text.markup import read_html

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


@settings(deadline=None)
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


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("a < b & c &amp; d &lt;", "a < b & c & d <\n"),
        ("one<!-- <p> -- > -->two<!-->three<!DOCTYPE x><?php echo ?>", "onetwothree\n"),
        ("one<![CDATA[ two ]]>three", "onethree\n"),
        ("<a title='>' href=\"<p>\">one</a> <i title=don't>two</i>", "one two\n"),
        ("<script>a</scripts><p></script>one", "one\n"),
        ("one<a href='never closed", "one\n"),
        ("one<!-- never closed", "one\n"),
        ("one &copy; &#233;&#x65E5; &notin; &unknown; 5 &", "one © é日 ∉ &unknown; 5 &\n"),
    ],
)
def test_marks_and_tags_are_told_apart_as_in_a_browser(page, text):
    assert "".join(read_html([page])) == text
    assert "".join(read_html(page)) == text
