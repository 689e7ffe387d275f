"""The bpe tokenizer: pieces as sentencepiece joins them, bytes for the rest, every text comes back."""

import json
import tracemalloc
from typing import Any

import numpy as np
import pytest
import sentencepiece
from hypothesis import given
from hypothesis import strategies as st

from rnnchat.text import bpe
from rnnchat.text.bpe import BpeTokenizer
from rnnchat.text.tokenizer import fit_tokenizer, tokenizer_from_json

PROSE = """He said, "Don't go (yet)." Then he went; "Why?" she asked him then.
"Because," said he -- 'tis true! -- "I must." The well-known 42 didn't go then.
	if x == 10:        # café, Zoë: 大学生 大学 大
It was 1984, and it cost $5. So, (as ever) she said: "Go then, said he."
"""
TEXT = PROSE * 200 + "ß"
VOCAB_SIZE = 420


@pytest.fixture(scope="module")
def prose() -> BpeTokenizer:
    return fit_tokenizer("bpe", [TEXT], VOCAB_SIZE)


def show(tokenizer: BpeTokenizer, text: str) -> str:
    return "·".join(tokenizer.label(id) for id in tokenizer.encode(text))


@given(st.text() | st.text("het said\n\t  \r▁▅\0�'\"é大😀\u0301\u200d\u2028…_-1", max_size=60))
def test_any_text_comes_back_whatever_the_pieces_were_learnt_from(prose, text):
    ids = prose.encode(text)
    assert prose.decode(ids) == text
    assert prose.decode(ids.tolist()) == text
    decoder = prose.start_decoding()
    assert "".join([*map(decoder.feed, ids), decoder.flush()]) == text
    assert prose.find_unknown(text) == []


@given(st.text(min_size=1) | st.text("ab ▁▅\0\t\n-_é😀", min_size=1, max_size=60))
def test_pieces_can_be_learnt_from_any_text(text):
    tokenizer = fit_tokenizer("bpe", [text])
    assert tokenizer.decode(tokenizer.encode(text)) == text


@pytest.mark.parametrize("text", [" ", "  ", "\n\n\n", "\t\t", " a", "a ", "  a  b  ", " \n a", "\r\n", "a" * 500])
def test_white_space_survives_at_every_place(prose, text):
    assert prose.decode(prose.encode(text)) == text


@pytest.mark.parametrize(
    ("text", "symbols"),
    [
        ("he said then", "he·␣said·␣then"),
        ('he then."', 'he·␣then·."'),
        ("go\n go", "go·↵·␣go"),
        ("he        said", "he·␣␣␣␣␣␣␣␣·s·aid"),
        ("大学 Zoë", "大学·␣Zoë"),
        ("é~ß😀", "é·~·0xC3·0x9F·0xF0·0x9F·0x98·0x80"),
    ],
)
def test_frequent_words_are_one_piece_and_rare_characters_are_bytes(prose, text, symbols):
    assert show(prose, text) == symbols


@given(st.from_regex(" ?[hetsaidngowy]{1,40}", fullmatch=True))
def test_pieces_are_joined_as_sentencepiece_joins_them(oracle, word):
    tokenizer, teacher = oracle
    theirs = teacher.encode(word, out_type=str)
    assert show(tokenizer, word) == "·".join(theirs).replace("▁", "␣")


@pytest.fixture(scope="module")
def oracle() -> tuple[BpeTokenizer, Any]:
    """A tokenizer, and sentencepiece with the model that it was learnt from."""
    models: list[bytes] = []
    learn = sentencepiece.SentencePieceTrainer.train

    def learn_and_keep(**options: Any) -> None:
        learn(**options)
        models.append(options["model_writer"].getvalue())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sentencepiece.SentencePieceTrainer, "train", learn_and_keep)
        tokenizer = fit_tokenizer("bpe", [TEXT], VOCAB_SIZE)
    return tokenizer, sentencepiece.SentencePieceProcessor(model_proto=models[0])


def test_the_vocabulary_is_as_large_as_asked_for_where_the_text_has_enough():
    text = " ".join(f"{a}{b}{c}" for a in "bcdfghkl" for b in "aeiou" for c in "mnprst") * 20
    large, small = fit_tokenizer("bpe", [text], 310), fit_tokenizer("bpe", [text], 300)
    assert (large.vocab_size, small.vocab_size) == (310, 300)
    assert large.pieces[:44] == small.pieces
    assert len(fit_tokenizer("bpe", [text[:4000]], 310).pieces) == 4000 // bpe.CHARS_PER_PIECE


def test_learning_twice_gives_the_same_pieces():
    again = fit_tokenizer("bpe", [TEXT[:99], TEXT[99:]], VOCAB_SIZE)
    assert again.to_json() == fit_tokenizer("bpe", [TEXT], VOCAB_SIZE).to_json()


def test_single_characters_take_at_most_three_quarters_of_the_places():
    text = "".join(chr(0x4E00 + number) * 12 + "。" for number in range(200)) * 2
    tokenizer = fit_tokenizer("bpe", [text], max_vocab=256 + 40)
    assert len(tokenizer.characters) == 30
    assert tokenizer.decode(tokenizer.encode(text)) == text


def test_only_bytes_that_the_text_had_no_need_of_are_never_written(prose):
    written = np.unique(prose.encode(TEXT))
    assert not set(prose.never_written) & set(written.tolist())
    for symbol in "~\x00\x7f":
        assert ord(symbol) in prose.never_written
    assert {0xC3, 0x9F, ord("h")}.isdisjoint(prose.never_written)
    assert 0xFF in prose.never_written


def test_half_a_character_is_never_shown(prose):
    decoder = prose.start_decoding()
    assert [decoder.feed(id) for id in prose.encode("éß😀")] == ["é", "", "ß", "", "", "", "😀"]
    assert decoder.feed(0xC3) == ""
    assert decoder.flush() == "�"
    assert prose.decode([0xC3, ord("a")]) == "�a"


def test_a_decoder_goes_on_inside_a_character(prose):
    ids = prose.encode("he said😀 he").tolist()
    for cut in range(len(ids)):
        decoder = prose.start_decoding(ids[:cut])
        rest = "".join(map(decoder.feed, ids[cut:]))
        assert "he said😀 he".endswith(rest)
        assert "\ufffd" not in rest


def test_what_is_no_character_is_left_out_and_named(prose):
    assert prose.decode(prose.encode("he\udc80 said")) == "he said"
    assert prose.find_unknown("he\udc80 said") == ["\udc80"]


def test_a_prompt_holds_back_the_single_space_that_belongs_to_the_next_piece(prose):
    ids, held_back = prose.encode_prompt("he said ")
    assert (prose.decode(ids), held_back) == ("he said", " ")
    assert prose.encode_prompt("he said  ")[1] == ""
    assert prose.encode_prompt("he\n ")[1] == " "
    assert prose.encode_prompt("he\n")[1] == ""
    # So what stands before a word is encoded alike, whether its space was typed or not.
    assert [*ids, *prose.encode(" then")] == prose.encode("he said then").tolist()


def test_behind_a_held_back_space_only_what_brings_a_space_may_follow(prose):
    banned = prose.find_banned(" ")
    for id in range(prose.vocab_size):
        assert prose.decode([id]).startswith(" ") == (id not in banned)
    assert prose.find_banned() == prose.never_written


def test_where_no_piece_brings_a_space_any_may_follow():
    tokenizer = fit_tokenizer("bpe", ["话说天下大势，分久必合，合久必分。" * 20])
    assert tokenizer.find_banned(" ") == tokenizer.never_written


def test_a_text_without_words_has_pieces_as_well():
    tokenizer = fit_tokenizer("bpe", ["话说天下大势，分久必合，合久必分。" * 200])
    assert len(tokenizer.encode("天下大势，分久必合")) < 5
    assert fit_tokenizer("bpe", ["ACGT" * 999 + "\n" + "TTGA" * 999]).encode("ACGTACGT").size < 4


def test_one_character_is_enough_to_learn_from():
    tokenizer = fit_tokenizer("bpe", ["a"])
    assert tokenizer.vocab_size == 256
    assert tokenizer.encode("a").tolist() == [97]


def test_a_tokenizer_is_made_from_json_without_sentencepiece(prose, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "sentencepiece", None)
    twin = tokenizer_from_json(json.loads(json.dumps(prose.to_json(), ensure_ascii=False)))
    assert twin.encode(PROSE).tolist() == prose.encode(PROSE).tolist()
    assert twin.never_written == prose.never_written


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"pieces": ["he", "he"]}, "twice"),
        ({"characters": "a"}, "twice"),
        ({"pieces": ["h"]}, "twice"),
        ({"pieces": [""]}, "fewer than two"),
        ({"pieces": [3]}, "damaged"),
        ({"pieces": 3}, "damaged"),
        ({"pieces": [["h", "e"]]}, "damaged"),
        ({"pieces": ["h\udc80"]}, "half a character"),
        ({"characters": None}, "damaged"),
        ({"characters": "\ud800"}, "half a character"),
        ({"never_written": [True]}, "damaged"),
        ({"never_written": [256]}, "never written"),
        ({"never_written": ["a"]}, "damaged"),
        ({"never_written": [["a"]]}, "damaged"),
        ({"never_written": list(range(256)), "characters": "", "pieces": []}, "all ids"),
        ({"never_written": [0.5]}, "damaged"),
    ],
)
def test_a_damaged_record_is_a_value_error(prose, change, complaint):
    with pytest.raises(ValueError, match=complaint):
        tokenizer_from_json({**prose.to_json(), **change})


def test_counting_endless_new_words_does_not_grow(monkeypatch):
    monkeypatch.setattr(bpe, "MAX_TYPES", 2_000)
    pieces = (" the" * 50 + "".join(f" x{n:x}y{i}" for i in range(99)) + "\n" for n in range(500))
    tracemalloc.start()
    chunks = bpe.count_chunks(map(bpe.find_chunks, pieces))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert chunks[" the"] == 25_000
    assert peak < 3e6


def test_the_memory_of_chunks_is_bounded(prose, monkeypatch):
    monkeypatch.setattr(bpe, "MAX_KEPT", 100)
    text = " ".join(f"w{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(500))
    assert prose.decode(prose.encode(text)) == text
    assert len(prose._ids) <= 100
