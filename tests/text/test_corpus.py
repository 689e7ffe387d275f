"""Reading a corpus: every way to name one, every kind of file, one sentence for what cannot be read."""

import bz2
import errno
import gzip
import io
import lzma
import os
import socket
import sys
import tempfile
import threading
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from rnnchat.errors import TextError
from rnnchat.text import corpus as corpus_module
from rnnchat.text.corpus import Corpus

BINARY = bytes(range(256)) * 8


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two texts, one of them below, a picture, an empty file, and hidden ones."""
    letters = tmp_path / "letters"
    (letters / "old").mkdir(parents=True)
    (letters / ".git").mkdir()
    (letters / "b.txt").write_text("Dear B,\n")
    (letters / "old" / "a.md").write_text("# A")
    (letters / "picture.png").write_bytes(b"\x89PNG" + BINARY)
    (letters / "empty.txt").write_bytes(b"")
    (letters / ".hidden.txt").write_text("hidden")
    (letters / ".git" / "config").write_text("hidden")
    return letters


def read(*sources: Path | str) -> str:
    return "".join(Corpus([str(source) for source in sources]).read_pieces())


def test_a_folder_gives_its_texts_in_order_with_a_blank_line_between(folder: Path):
    assert read(folder) == "Dear B,\n\n# A"


def test_a_folder_says_what_it_left_out_and_why(folder: Path):
    summary = Corpus([str(folder)]).summarize()
    assert {Path(left.path).name: left.reason for left in summary.left_out} == {
        "picture.png": "is an image, not text",
        "empty.txt": "is empty",
    }
    assert summary.name == "letters (2 files)"


def test_a_book_with_a_bad_chapter_is_left_out_of_its_folder(folder: Path):
    container = '<c><rootfile full-path="b.opf"/></c>'
    item, ref = '<item id="{0}" href="{0}" media-type="text/html"/>', '<itemref idref="{0}"/>'
    package = "".join(part.format(name) for part in (item, ref) for name in ("one", "two"))
    with zipfile.ZipFile(folder / "book.epub", "w") as book:
        book.writestr("META-INF/container.xml", container)
        book.writestr("b.opf", f"<p>{package}</p>")
        book.writestr("one", "<p>Chapter one")
        book.writestr("two", BINARY)
    summary = Corpus([str(folder)]).summarize()
    assert str(folder / "book.epub") in [left.path for left in summary.left_out]
    assert read(folder) == "Dear B,\n\n# A"


def test_a_folder_that_cannot_be_looked_into_is_left_out_and_listed(folder: Path, monkeypatch: pytest.MonkeyPatch):
    scan = os.scandir

    def refuse_old(path):
        if Path(path).name == "old":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse_old)
    summary = Corpus([str(folder)]).summarize()
    assert ("old", "cannot be read (Permission denied)") in {
        (Path(left.path).name, left.reason) for left in summary.left_out
    }
    with pytest.raises(TextError, match=r"old cannot be read \(Permission denied\)"):
        Corpus([str(folder / "old")])


def test_a_summary_counts_characters_symbols_and_bytes(tmp_path: Path):
    (tmp_path / "a.txt").write_bytes("aä\r\n".encode())
    (tmp_path / "b.txt").write_bytes("ab".encode("utf-16"))
    summary = Corpus([str(tmp_path)]).summarize()
    assert [(f.bytes_read, f.chars, f.encoding) for f in summary.files] == [(5, 3, "utf-8"), (6, 2, "utf-16")]
    assert (summary.chars, summary.bytes_read, summary.distinct_chars) == (len("aä\n\nab"), 11, 4)
    assert summary.chars == len(read(tmp_path))
    assert summary.to_json()["files"][0]["sha256"] == summary.files[0].sha256


def test_patterns_and_files_named_twice_are_read_once(folder: Path):
    assert read(folder / "**" / "*.md") == "# A"
    assert read(folder.parent / "let*") == read(folder)
    assert read(folder / "b.txt", folder, folder / "old" / "a.md") == "Dear B,\n\n# A"


def test_a_corpus_can_be_read_again(folder: Path):
    corpus = Corpus([str(folder)])
    assert list(corpus.read_pieces()) == list(corpus.read_pieces())


def test_standard_input_is_read_like_a_file(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(gzip.compress(b"from a pipe\r\n"))))
    corpus = Corpus(["-"])
    assert "".join(corpus.read_pieces()) == "from a pipe\n"
    assert (corpus.name, corpus.summarize().files[0].path) == ("standard input", "standard input")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_named_pipe_is_read_once_and_kept(tmp_path: Path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_text("through a pipe"))
    writer.start()
    corpus = Corpus([str(pipe)])
    writer.join(timeout=10)
    assert corpus.summarize().chars == len("".join(corpus.read_pieces())) == 14


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="no endless file here")
def test_a_stream_without_an_end_is_refused_and_nothing_of_it_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("rnnchat.text.spool.MAX_SPOOL_BYTES", 3_000_000)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with open("/dev/zero", "rb") as endless:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(endless))
        with pytest.raises(TextError, match="standard input does not end within 3,000,000 bytes"):
            Corpus(["-"])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a temporary file keeps its name")
def test_the_copy_of_a_stream_has_no_name_that_could_stay_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"from a pipe")))
    corpus = Corpus(["-"])
    assert list(tmp_path.iterdir()) == []
    assert "".join(corpus.read_pieces()) == "from a pipe"


def test_a_text_without_a_name_is_not_the_current_folder():
    with pytest.raises(TextError, match="without a name"):
        Corpus([""])


@pytest.mark.parametrize(("suffix", "compress"), [("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)])
def test_compressed_files_are_what_they_hold(tmp_path: Path, suffix, compress):
    (tmp_path / f"page.html.{suffix}").write_bytes(compress(b"<p>One<p>Two"))
    assert read(tmp_path / f"page.html.{suffix}") == "One\n\nTwo\n"
    (tmp_path / "no-suffix").write_bytes(compress("Grün".encode("latin-1")))
    assert read(tmp_path / "no-suffix") == "Grün"


@pytest.mark.parametrize("ends", ["\r\n", "\r", "\n"])
def test_line_ends_and_marks_of_byte_order_vanish(tmp_path: Path, ends):
    (tmp_path / "a.txt").write_bytes(f"\ufeffone{ends}two{ends}".encode())
    assert read(tmp_path / "a.txt") == "one\ntwo\n"


def test_pieces_end_at_line_ends_or_else_at_spaces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(corpus_module, "PIECE_CHARS", 10)
    monkeypatch.setattr("rnnchat.text.file.PIECE_CHARS", 10)
    text = "one two\nthree four five six seven eight\nincomprehensibilities\nend"
    (tmp_path / "a.txt").write_text(text)
    pieces = list(Corpus([str(tmp_path / "a.txt")]).read_pieces())
    assert "".join(pieces) == text
    assert pieces[:3] == ["one two\n", "three four ", "five six "]
    assert all(len(piece) <= 30 for piece in pieces)


def test_memory_does_not_grow_with_the_text(tmp_path: Path):
    path = tmp_path / "long.txt"
    with path.open("w", encoding="utf-8") as file:
        for number in range(40):
            file.write(f"Ünder the bridge, line {number}.\n" * 20_000)
    corpus = Corpus([str(path)])
    tracemalloc.start()
    summary = corpus.summarize()
    assert sum(map(len, corpus.read_pieces())) == summary.chars > 20e6
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 12e6


def test_a_name_of_the_catalogue_is_its_text(home: Path):
    (home / "corpora").mkdir(parents=True)
    (home / "corpora" / "names.txt").write_text("Ada\n")
    assert read("names") == "Ada\n"
    assert Corpus(["names"]).name == "names"


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("empty.txt", b"", "is empty"),
        ("blank.txt", b" \n\n", "has no text in it"),
        ("page.html", b"<html><head><title>x</title></head></html>", "has no text in it"),
        ("binary", BINARY, "is a binary file, not text"),
        ("a.pdf", b"%PDF-1.7\n", "is not a PDF that can be read: save its text as .txt"),
        ("a", b"%PDF-1.7\n", "is a PDF, but its name does not end in .pdf: .*save it as text"),
        ("a.docx", b"PK\x03\x04abc", "is not a Word document that can be read"),
        ("a.doc", b"PK\x03\x04abc", "is an archive or an office document"),
        ("a.odt", b"PK\x03\x04abc", "is not an OpenDocument text that can be read"),
        ("a.ipynb", b"[]", "is not a Jupyter notebook"),
        ("a.ipynb", b"[" * 99_999, "is not a Jupyter notebook"),
        ("a.rtf", b"plain", "is not RTF: name it .txt"),
        ("broken.gz", gzip.compress(b"text" * 999, mtime=0)[:30], "cannot be decompressed to its end"),
        ("broken.epub", b"PK\x03\x04abc", "is not an EPUB book that can be read"),
        ("marked.txt", b"\xff\xfe\x00\xd8a\x00", "cannot be decoded"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_that_cannot_be_learnt_from_is_told_in_one_sentence(tmp_path: Path, name, content, sentence):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(TextError, match=sentence) as caught:
        Corpus([str(tmp_path / name)]).summarize()
    assert str(tmp_path / name) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("letters/c.txt", r"did you mean .*letters/b\.txt"),
        ("lettres", r"did you mean .*letters\?"),
        ("nowhere/a.txt", "because there is no folder"),
        ("zzzzzz", "look at the spelling"),
        ("letters/*.doc", "no file matches .*quotes"),
    ],
)
def test_a_source_that_is_not_there_names_what_is_near(folder: Path, source, sentence):
    with pytest.raises(TextError, match=sentence):
        Corpus([str(folder.parent / source)])


def test_a_corpus_that_was_not_fetched_says_how_to_fetch_it():
    with pytest.raises(TextError, match="run `rnnchat corpus fetch kjv`"):
        Corpus(["kjv"])


def test_a_misspelt_corpus_is_recognised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TextError, match="did you mean shakespeare"):
        Corpus(["shakspeare"])


def test_a_folder_without_text_says_so(tmp_path: Path):
    (tmp_path / "none").mkdir()
    with pytest.raises(TextError, match="it holds no file"):
        Corpus([str(tmp_path / "none")])
    (tmp_path / "none" / "a").write_bytes(BINARY)
    (tmp_path / "none" / "b").write_bytes(b"")
    with pytest.raises(TextError, match="is a binary file, not text, and so on for 1 more"):
        Corpus([str(tmp_path / "none")]).summarize()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_that_nobody_writes_to_is_not_waited_for_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("rnnchat.text.special.WAIT_S", 0.05)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(TextError, match=r"pipe is a pipe that nothing was written to in 0\.05 s: start the program"):
        Corpus([str(tmp_path / "pipe")])


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no such sockets here")
def test_a_socket_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)  # the path of a socket must be short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        with pytest.raises(TextError, match="socket is a socket, not a text: copy what it holds"):
            Corpus(["socket"])
        (tmp_path / "a.txt").write_text("text")
        assert read(tmp_path) == "text"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other such files")
@pytest.mark.parametrize("path", ["/dev/zero", "/proc/self/mem", "/proc/kmsg", "/proc/cpuinfo", "/sys/kernel/mm"])
def test_what_belongs_to_the_system_is_no_text(path):
    if not os.path.exists(path):
        pytest.skip("not on this machine")
    with pytest.raises(TextError, match="not a text|belongs to the system|no text in") as caught:
        Corpus([path])
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other such files")
def test_a_folder_with_a_link_into_the_system_is_read_without_it(folder: Path):
    (folder / "system").symlink_to("/proc")
    (folder / "endless.txt").symlink_to("/dev/zero")
    (folder / "cpu.txt").symlink_to("/proc/cpuinfo")
    assert read(folder) == "Dear B,\n\n# A"


def test_a_summary_says_which_encodings_are_guesses(tmp_path: Path):
    (tmp_path / "a.txt").write_bytes("Grüße aus Köln\n".encode("cp1252"))
    assert Corpus([str(tmp_path)]).summarize().describe_encodings() == "cp1252 (a guess)"
    (tmp_path / "b.txt").write_text("plain")
    assert Corpus([str(tmp_path)]).summarize().describe_encodings() == "cp1252 (a guess) in 1 files, utf-8 in 1 files"
    assert Corpus([str(tmp_path / "b.txt")]).summarize().describe_encodings() == ""


def test_a_named_encoding_is_used_for_every_text(tmp_path: Path):
    (tmp_path / "a.txt").write_bytes("Ďáblík\n".encode("cp1250"))
    (tmp_path / "b.html").write_bytes("<p>Ďáblík".encode("cp1250"))
    corpus = Corpus([str(tmp_path)], encoding="cp1250")
    assert "".join(corpus.read_pieces()) == "Ďáblík\n\nĎáblík\n"
    assert corpus.summarize().describe_encodings() == "cp1250"
    with pytest.raises(TextError, match=r"a\.txt cannot be decoded as utf-8 \(byte 0 does not fit\)"):
        Corpus([str(tmp_path / "a.txt")], encoding="utf-8").summarize()
