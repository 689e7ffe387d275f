"""A URL is a corpus: downloaded once, within limits, and one sentence for what is no text."""

import zipfile
from pathlib import Path

import pytest

from rnnchat.errors import TextError
from rnnchat.runs.new import _locate, _name_after
from rnnchat.text import web
from rnnchat.text.corpus import Corpus
from tests.text.conftest import Page, Serve


def read(*sources: str) -> str:
    return "".join(Corpus(sources).read_pieces())


def test_a_url_is_a_text_and_is_downloaded_once(serve: Serve, tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "book.epub", "w") as book:
        book.writestr("META-INF/container.xml", '<c><rootfile full-path="b.opf"/></c>')
        item = '<item id="one" href="one" media-type="text/html"/><itemref idref="one"/>'
        book.writestr("b.opf", f"<p>{item}</p>")
        book.writestr("one", "<p>Chapter one")
    asked = serve(
        {
            "/a.txt": Page("Grüße\r\n".encode("cp1252"), "text/plain"),
            "/page?id=1": Page("<h1>Rain</h1><p>all day é".encode()),
            "/book": Page((tmp_path / "book.epub").read_bytes(), "application/epub+zip"),
        }
    )
    assert read(f"{serve.url}/a.txt") == "Grüße\n"
    assert read(f"{serve.url}/page?id=1") == "Rain\n\nall day é\n"
    assert read(f"{serve.url}/book") == "Chapter one\n"
    assert read(f"{serve.url}/a.txt", f"{serve.url}/book") == "Grüße\n\nChapter one\n"
    assert asked == ["/a.txt", "/page?id=1", "/book"]
    summary = Corpus([f"{serve.url}/a.txt"]).summarize()
    assert (summary.name, summary.files[0].path) == ("a.txt", f"{serve.url}/a.txt")


def test_a_url_can_be_downloaded_anew(serve: Serve):
    pages = {"/a.txt": Page(b"old", "text/plain")}
    serve(pages)
    web.fetch_url(f"{serve.url}/a.txt")
    pages["/a.txt"] = Page(b"new", "text/plain")
    assert read(f"{serve.url}/a.txt") == "old"
    web.fetch_url(f"{serve.url}/a.txt", is_anew=True)
    assert read(f"{serve.url}/a.txt") == "new"


def test_redirects_are_followed_a_few_times(serve: Serve):
    def lead(to: str) -> Page:
        return Page(b"", status=302, headers={"Location": to})

    serve(
        {"/a": lead("/b.txt"), "/b.txt": Page(b"here", "text/plain"), "/loop": lead("/loop2"), "/loop2": lead("/loop")}
    )
    assert read(f"{serve.url}/a") == "here"
    with pytest.raises(TextError, match="redirects in circles"):
        read(f"{serve.url}/loop")
    serve({"/file": lead("file:///etc/passwd")})
    with pytest.raises(TextError, match="redirects in circles, or away from the web: download it"):
        read(f"{serve.url}/file")


LOGIN = b"<form><input name=user><input type='password'></form>"


@pytest.mark.parametrize(
    ("page", "sentence"),
    [
        (Page(b"", status=404), r"cannot be downloaded \(status 404, Not Found\): check the address"),
        (Page(b"", status=401), r"is only for those who log in \(status 401\): download it with a browser"),
        (Page(LOGIN), r"gives a web page in place of the \.txt file, perhaps to log in"),
        (Page(b"\x89PNG", "image/png"), r"is no text \(the server says image/png\)"),
        (Page(b"\0\1\2" * 99, "application/octet-stream"), "is a binary file, not text"),
        (Page(b"", "text/plain"), "is empty"),
        (Page(b"a" * 2_000, "text/plain"), r"is larger than 0 MB, the most that is downloaded"),
        (Page(b"half", "text/plain", claimed_length=100), "broke off 96 bytes before its end: try again"),
        (Page(b"", is_silent=True), r"does not answer within 0\.2 s: try again later"),
    ],
)
def test_what_is_no_text_is_told_in_one_sentence_and_not_kept(
    serve: Serve, home: Path, monkeypatch: pytest.MonkeyPatch, page: Page, sentence: str
):
    monkeypatch.setattr(web, "MAX_BYTES", 1_000)
    monkeypatch.setattr(web, "TIMEOUT_S", 0.2 if page.is_silent else 20.0)
    serve({"/a.txt": page})
    with pytest.raises(TextError, match=sentence) as caught:
        Corpus([f"{serve.url}/a.txt"]).summarize()
    assert f"{serve.url}/a.txt" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_page_to_log_in_is_recognised(serve: Serve):
    serve({"/book": Page(LOGIN)})
    with pytest.raises(TextError, match="gives a page to log in: download it with a browser"):
        read(f"{serve.url}/book")


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/a.txt", "http://[::bad/", "https://", "http://a b/"])
def test_without_a_server_one_sentence_says_so(url: str):
    with pytest.raises(TextError, match=r"cannot be downloaded \(.*\): check the address and the network") as caught:
        read(url)
    assert "\n" not in str(caught.value)


def test_a_run_is_named_after_the_page_and_finds_it_from_any_folder():
    assert _name_after("https://example.org/books/letters.html?page=2") == "letters"
    assert _name_after("https://example.org/") == "web"
    assert _locate(["https://example.org/a.txt"]) == ("https://example.org/a.txt",)
