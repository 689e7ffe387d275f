"""Tokenizers: whatever is written comes back, one id at a time and at once."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnchat.errors import TextError, UsageError
from rnnchat.text.byte import ByteTokenizer
from rnnchat.text.tokenizer import LEVELS, Tokenizer, fit_tokenizer, tokenizer_from_json

# Any text at all, and texts in which words, marks and white space meet in every way.
any_text = st.text(min_size=1) | st.text("ab  \n\t\"'’-.,(_中กé\u030112", min_size=1, max_size=40)
level_names = st.sampled_from(LEVELS)


def decode_stepwise(tokenizer: Tokenizer, ids: np.ndarray) -> str:
    decoder = tokenizer.start_decoding()
    return "".join([*(decoder.feed(id) for id in ids), decoder.flush()])


@given(level_names, any_text)
def test_decoding_gives_back_any_text_that_the_vocabulary_was_made_from(level, text):
    tokenizer = fit_tokenizer(level, [text])
    ids = tokenizer.encode(text)
    assert ids.dtype == np.int32
    assert tokenizer.decode(ids) == text
    assert decode_stepwise(tokenizer, ids) == text
    assert tokenizer.find_unknown(text) == []


@given(level_names, any_text, any_text)
def test_a_tokenizer_read_back_from_json_encodes_alike(level, text, other):
    tokenizer = fit_tokenizer(level, [text])
    twin = tokenizer_from_json(json.loads(json.dumps(tokenizer.to_json(), ensure_ascii=False)))
    assert twin.vocab_size == tokenizer.vocab_size
    assert twin.encode(text + other).tolist() == tokenizer.encode(text + other).tolist()


@given(level_names, any_text, st.integers(0, 30))
def test_a_text_encoded_in_two_parts_is_the_same_text(level, text, cut):
    tokenizer = fit_tokenizer(level, [text, text[:cut], text[cut:]])
    first = tokenizer.encode(text[:cut])
    second = tokenizer.encode(text[cut:], previous=first.tolist())
    assert tokenizer.decode(np.concatenate([first, second])) == text
    decoder = tokenizer.start_decoding(first.tolist())
    assert "".join(decoder.feed(id) for id in second) == text[cut:]


@given(level_names, any_text, st.integers(0, 30))
def test_a_prompt_and_its_held_back_end_are_the_prompt(level, text, length):
    prompt = text[:length]
    tokenizer = fit_tokenizer(level, [text, prompt])
    ids, held_back = tokenizer.encode_prompt(prompt)
    assert tokenizer.decode(ids) + held_back == prompt


@pytest.mark.parametrize("level", LEVELS)
def test_an_empty_text_has_no_ids(level):
    tokenizer = fit_tokenizer(level, ["some text"])
    assert tokenizer.encode("").tolist() == []
    assert tokenizer.decode([]) == ""
    assert tokenizer.find_unknown("") == []
    assert tokenizer.encode_prompt("")[1] == ""


def test_characters_are_numbered_by_code_point():
    tokenizer = fit_tokenizer("char", ["banana", "\n😀"])
    assert tokenizer.encode("\nabn😀").tolist() == [0, 1, 2, 3, 4]
    assert tokenizer.vocab_size == 5
    assert tokenizer.unknown_id is None


def test_a_character_the_vocabulary_lacks_is_left_out_and_named():
    tokenizer = fit_tokenizer("char", ["abc"])
    assert tokenizer.decode(tokenizer.encode("a!b😀c!")) == "abc"
    assert tokenizer.find_unknown("a!b😀c!") == ["!", "😀"]


def test_a_cut_vocabulary_keeps_the_frequent_characters_and_an_unknown_id():
    text = "".join(chr(0x4E00 + i) * (40 - i) for i in range(40))
    tokenizer = fit_tokenizer("char", [text], max_vocab=21)
    assert tokenizer.vocab_size == 21
    assert tokenizer.unknown_id == 0
    assert tokenizer.encode(chr(0x4E00 + 20) + chr(0x4E00)).tolist() == [0, 1]
    assert tokenizer.decode(tokenizer.encode(text)) == text[: text.index(chr(0x4E00 + 20))] + "�" * 210
    assert len(tokenizer.find_unknown(text)) == 20


@given(any_text, any_text)
def test_an_unknown_character_never_moves_another(text, other):
    tokenizer = fit_tokenizer("char", [text])
    assert tokenizer.decode(tokenizer.encode(text + other)) == "".join(c for c in text + other if c in text)


def test_bytes_never_show_half_a_character():
    tokenizer = ByteTokenizer()
    decoder = tokenizer.start_decoding()
    assert [decoder.feed(id) for id in tokenizer.encode("ä😀")] == ["", "ä", "", "", "", "😀"]
    assert decoder.feed(0xE4) == ""
    assert decoder.flush() == "�"


def test_a_byte_decoder_goes_on_inside_a_character():
    ids = ByteTokenizer().encode("a😀").tolist()
    decoder = ByteTokenizer().start_decoding(ids[:3])
    assert [decoder.feed(id) for id in ids[3:]] == ["", "😀"]


def test_bytes_leave_out_and_name_only_what_is_no_character():
    assert ByteTokenizer().encode("a\udc80b").tolist() == [97, 98]
    assert ByteTokenizer().find_unknown("a\udc80b") == ["\udc80"]


@pytest.mark.parametrize(
    ("level", "text", "labels"),
    [
        ("char", "\t\n é\x07", ["⇥", "↵", "␣", "e", "◌́", "U+0007"]),
        ("byte", "e \nä", ["e", "␣", "↵", "0xC3", "0xA4"]),
        ("word", 'the the "a"', ["the", "the", '␣"', "a", '"']),
    ],
)
def test_labels_show_what_cannot_be_seen(level, text, labels):
    tokenizer = fit_tokenizer(level, [text])
    ids = sorted(tokenizer.encode(text)) if text[0] == "\t" else tokenizer.encode(text)
    shown = [tokenizer.label(id) for id in ids]
    assert sorted(shown) == sorted(labels)


@pytest.mark.parametrize("level", ["char", "word", "bpe"])
def test_fitting_on_nothing_says_so(level):
    with pytest.raises(TextError, match="empty"):
        fit_tokenizer(level, [""])


def test_a_vocabulary_too_small_to_write_with_is_refused():
    with pytest.raises(UsageError, match="16 or more"):
        fit_tokenizer("char", ["abc"], max_vocab=2)


@pytest.mark.parametrize(
    ("record", "complaint"),
    [
        ({}, "level None"),
        ({"level": "syllable"}, "level 'syllable'"),
        ({"level": "char"}, "lacks 'symbols'"),
        ({"level": "char", "symbols": "aa", "has_unknown": False}, "twice"),
        ({"level": "word", "symbols": ["a", "a"], "leaning": []}, "twice"),
        ({"level": "word", "symbols": [3], "leaning": []}, "damaged"),
        ({"level": "word", "symbols": [""], "leaning": []}, "is empty"),
        ({"level": "word", "symbols": ["a"], "leaning": "a"}, "damaged"),
        ({"level": "word", "symbols": "ab", "leaning": []}, "damaged"),
        ({"level": "word", "symbols": ["\ud83d", "\ude00"], "leaning": []}, "half a character"),
        ({"level": "char", "symbols": "a\udc80", "has_unknown": False}, "half a character"),
        ({"level": "char", "symbols": "", "has_unknown": True}, "is empty"),
        ({"level": "char", "symbols": "ab", "has_unknown": 1}, "damaged"),
        ([["level", "char"]], "damaged"),
    ],
)
def test_a_damaged_record_is_told_apart(record: Any, complaint: str):
    with pytest.raises(ValueError, match=complaint):
        tokenizer_from_json(record)
