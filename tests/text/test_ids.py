"""Ids in a file: what goes in comes out, as small as can be."""

from pathlib import Path

import numpy as np
import pytest

from rnnchat.errors import TextError
from rnnchat.text.ids import open_ids, write_ids
from rnnchat.text.tokenizer import ByteTokenizer, fit_tokenizer

CASES = [("char", 2, 1), ("char", 256, 1), ("char", 257, 2), ("char", 65_537, 4), ("byte", 1, 1), ("word", 4, 1)]


@pytest.mark.parametrize(("level", "num_symbols", "bytes_per_id"), CASES)
def test_ids_come_back_in_the_smallest_type(tmp_path: Path, level, num_symbols, bytes_per_id):
    text = "".join(chr(0x20000 + number) for number in range(num_symbols)) if level == "char" else "some text"
    tokenizer = fit_tokenizer(level, [text], max_vocab=100_000)
    count = write_ids([text[:5], text[5:]], tokenizer, tmp_path / "ids")
    ids = open_ids(tmp_path / "ids", tokenizer.vocab_size)
    assert len(ids) == count
    assert ids.dtype.itemsize == bytes_per_id
    assert not ids.flags.writeable
    assert tokenizer.decode(ids) == text


def test_words_cut_between_pieces_are_put_together(tmp_path: Path):
    tokenizer = fit_tokenizer("word", ['He said: "one" two ', "on", "e", '"', "tw", "o"])
    pieces = ['He said: "on', 'e" tw', "", "o"]
    write_ids(pieces, tokenizer, tmp_path / "ids")
    assert tokenizer.decode(open_ids(tmp_path / "ids", tokenizer.vocab_size)) == "".join(pieces)


def test_no_ids_are_no_file_to_map(tmp_path: Path):
    assert write_ids([], ByteTokenizer(), tmp_path / "ids") == 0
    assert len(open_ids(tmp_path / "ids", 256)) == 0


def test_a_failure_leaves_the_old_file_whole(tmp_path: Path):
    write_ids(["old"], ByteTokenizer(), tmp_path / "ids")

    def fail_midway():
        yield "new"
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_ids(fail_midway(), ByteTokenizer(), tmp_path / "ids")
    assert bytes(open_ids(tmp_path / "ids", 256)) == b"old"
    assert [path.name for path in tmp_path.iterdir() if path.name != "home"] == ["ids"]


def test_a_file_cut_inside_an_id_is_refused(tmp_path: Path):
    np.arange(3, dtype="<u2").tofile(tmp_path / "ids")
    (tmp_path / "ids").write_bytes((tmp_path / "ids").read_bytes()[:-1])
    with pytest.raises(TextError, match="ends inside an id"):
        open_ids(tmp_path / "ids", 1000)
