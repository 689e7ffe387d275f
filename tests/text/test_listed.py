from typing import Any

import numpy as np
import pytest

from rnnchat.text.alignment import align
from rnnchat.text.coverage import find_missing
from rnnchat.text.listed import ListedTokenizer
from rnnchat.text.tokenizer import tokenizer_from_json

WORDS = ListedTokenizer("word", ["<pad>", "the", "cat", ",", "@-@", "<unk>", "\n", "don't"], 5, [0], is_lower=True)
CHARS = ListedTokenizer("char", ["", "a", "b", "\n", "\n", " "], 0)


@pytest.mark.parametrize(
    ("text", "ids", "decoded"),
    [
        ("the cat", [1, 2], "the cat"),
        ("The  cat @-@ cat", [1, 2, 4, 2], "the cat @-@ cat"),
        ("the cat, the dog", [1, 2, 3, 1, 5], "the cat , the \N{REPLACEMENT CHARACTER}"),
        ("don't\n\nthe ", [7, 6, 6, 1], "don't\n\nthe"),
        ("", [], ""),
    ],
)
def test_words_stand_between_white_space_and_marks_are_cut_off_where_the_whole_is_unknown(
    text: str, ids: list[int], decoded: str
) -> None:
    assert WORDS.encode(text).tolist() == ids
    assert WORDS.decode(ids) == decoded


def test_a_symbol_that_stands_twice_is_read_as_the_first_and_written_as_both() -> None:
    assert CHARS.encode("ab\nx").tolist() == [1, 2, 3, 0]
    assert CHARS.decode([1, 3, 4]) == "a\n\n"


@pytest.mark.parametrize("tokenizer", [WORDS, CHARS])
@pytest.mark.parametrize("text", ["the cat, the dogs\n bark ", "ab\n\tx  b", "   ", "é"])
def test_spans_join_to_the_text_and_count_what_is_missing(tokenizer: ListedTokenizer, text: str) -> None:
    ids = tokenizer.encode(text)
    spans = align(tokenizer, text, ids)
    assert "".join(span.text for span in spans) == text
    assert [span.number for span in spans if span.number is not None] == list(range(len(ids)))
    missing, num_bytes = find_missing(tokenizer, text, ids, [])
    assert 0 <= missing <= len(text)
    assert missing <= num_bytes


def test_what_stands_for_nothing_is_never_written() -> None:
    assert set(WORDS.find_banned()) == {0, 5}
    assert set(CHARS.find_banned()) == {0}
    assert set(WORDS.find_banned(" ", [1])) == {0, 5, 6}  # a line end does not begin with the space


def test_a_prompts_last_space_belongs_to_the_next_word() -> None:
    ids, held_back = WORDS.encode_prompt("the ")
    assert (ids.tolist(), held_back) == ([1], " ")
    assert WORDS.start_decoding(ids).feed(2) == " cat"
    assert CHARS.encode_prompt("a ")[1] == ""


@pytest.mark.parametrize("tokenizer", [WORDS, CHARS])
def test_a_record_gives_the_tokenizer_back(tokenizer: ListedTokenizer) -> None:
    copy = tokenizer_from_json(tokenizer.to_json())
    assert copy.to_json() == tokenizer.to_json()
    np.testing.assert_array_equal(copy.encode("the cat ab"), tokenizer.encode("the cat ab"))


@pytest.mark.parametrize(
    "change",
    [{"symbols": []}, {"symbols": [1]}, {"unknown_id": 99}, {"unknown_id": "a"}, {"never_written": [-1]},
     {"level": "bpe"}, {"is_lower": 1}],
)  # fmt: skip
def test_a_damaged_record_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="vocabulary|tokenizer"):
        tokenizer_from_json({**WORDS.to_json(), **change})
