"""Ids in a file: what goes in comes out, as small as can be."""

import errno
import itertools
import random
from pathlib import Path

import numpy as np
import pytest

from rnnchat.errors import TextError
from rnnchat.text import helper
from rnnchat.text.byte import ByteTokenizer
from rnnchat.text.ids import count_common, open_ids, write_ids
from rnnchat.text.tokenizer import LEVELS, fit_tokenizer

CASES = [("char", 2, 1), ("char", 256, 1), ("char", 257, 2), ("char", 65_537, 4), ("byte", 1, 1), ("word", 4, 1)]


@pytest.mark.parametrize(("level", "num_symbols", "bytes_per_id"), CASES)
def test_ids_come_back_in_the_smallest_type(tmp_path: Path, level, num_symbols, bytes_per_id):
    text = "".join(chr(0x20000 + number) for number in range(num_symbols)) if level == "char" else "some text"
    tokenizer = fit_tokenizer(level, [text], max_vocab=100_000)
    written = write_ids([text[:5], text[5:]], tokenizer, tmp_path / "ids")
    ids = open_ids(tmp_path / "ids", tokenizer.vocab_size)
    assert len(ids) == written.tokens
    assert ids.dtype.itemsize == bytes_per_id
    assert not ids.flags.writeable
    assert tokenizer.decode(ids) == text


def test_words_cut_between_pieces_are_put_together(tmp_path: Path):
    tokenizer = fit_tokenizer("word", ['He said: "one" two ', "on", "e", '"', "tw", "o"])
    pieces = ['He said: "on', 'e" tw', "", "o"]
    write_ids(pieces, tokenizer, tmp_path / "ids")
    assert tokenizer.decode(open_ids(tmp_path / "ids", tokenizer.vocab_size)) == "".join(pieces)


def test_no_ids_are_no_file_to_map(tmp_path: Path):
    assert write_ids([], ByteTokenizer(), tmp_path / "ids").tokens == 0
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


def test_what_the_disk_refuses_is_told_as_the_system_does(tmp_path: Path, full_disk):
    with pytest.raises(OSError, match="too large") as told, full_disk(100):
        write_ids(["long" * 100], ByteTokenizer(), tmp_path / "ids")
    assert told.value.errno == errno.EFBIG


def test_a_file_cut_inside_an_id_is_refused(tmp_path: Path):
    np.arange(3, dtype="<u2").tofile(tmp_path / "ids")
    (tmp_path / "ids").write_bytes((tmp_path / "ids").read_bytes()[:-1])
    with pytest.raises(TextError, match="ends inside an id"):
        open_ids(tmp_path / "ids", 1000)


PROSE = """He said, "Don't go (yet)." Then: he went -- "Why?"   she\tasked.\n
    return self.a[0] + 42  # 中文字符 and Ünïcode, e\u0301tude\n\n\n"Because," said he,"I must\n"""


@pytest.fixture
def little_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let helpers help with few pieces."""
    monkeypatch.setattr(helper, "LEAST_PIECES", 1)


def cut_anywhere(text: str, seed: int) -> list[str]:
    cuts = sorted(random.Random(seed).choices(range(len(text) + 1), k=40))
    return [text[start:end] for start, end in itertools.pairwise([0, *cuts, len(text)])]


@pytest.mark.parametrize("level", LEVELS)
def test_many_processes_give_the_same_vocabulary_and_ids_as_one(level, tmp_path: Path, little_text: None):
    pieces = cut_anywhere(PROSE * 20, seed=1)
    one = fit_tokenizer(level, pieces, max_vocab=280)
    smaller = fit_tokenizer(level, ["unknown: " + PROSE[:60]])
    written = [write_ids(pieces, smaller, tmp_path / "smaller"), write_ids(pieces, one, tmp_path / "one")]
    expected = (tmp_path / "one").read_bytes()
    for processes in (2, 3):
        many = fit_tokenizer(level, iter(pieces), max_vocab=280, processes=processes)
        assert many.to_json() == one.to_json()
        assert [write_ids(iter(pieces), t, tmp_path / "many", processes) for t in (smaller, many)] == written
        assert (tmp_path / "many").read_bytes() == expected


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("seed", range(20))
def test_ids_are_those_of_pieces_encoded_one_behind_the_other(level, seed, tmp_path: Path):
    pieces = cut_anywhere(PROSE, seed)
    tokenizer = fit_tokenizer(level, pieces, max_vocab=[300, 290][seed % 2])
    ids: list[int] = []
    for piece in pieces:
        ids += tokenizer.encode(piece, ids[-4:]).tolist()
    write_ids(pieces, tokenizer, tmp_path / "ids")
    assert open_ids(tmp_path / "ids", tokenizer.vocab_size).tolist() == ids


def test_the_common_symbols_are_those_of_nearly_all_of_the_text():
    often = np.repeat(np.arange(50), 1_000)
    rare = np.arange(50, 450)  # less than 1 %, whatever their number
    assert count_common(np.concatenate([often, rare])) == 50
    assert count_common(np.arange(400)) == 396
    assert count_common(np.zeros(7, int)) == 1


def test_what_is_missing_is_counted_once_wherever_the_text_is_cut(tmp_path: Path):
    known = "ab cd\n"
    for level, missing in (("char", (6, 10)), ("word", (6, 10)), ("byte", (0, 0)), ("bpe", (0, 0))):
        tokenizer = fit_tokenizer(level, [known * 100], max_vocab=280)
        for pieces in (["ab éxü cd 中yz\n"], ["ab ", "éxü", " cd", " ", "中yz", "\n"]):
            assert write_ids(pieces, tokenizer, tmp_path / "ids")[1:] == missing
