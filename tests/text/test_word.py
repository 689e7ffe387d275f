"""The word tokenizer: spaces that are expected cost nothing, all others are written."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnchat.text import unit
from rnnchat.text.tokenizer import Tokenizer, fit_tokenizer

PROSE = """He said, "Don't go (yet)." Then he went; "Why?" she asked.
"Because," said he -- 'tis true! -- "I must." The well-known 42 didn't.
It was 1984, and it cost $5. So, (as ever) she said: "Go." """


def show(tokenizer: Tokenizer, text: str) -> str:
    return "·".join(tokenizer.label(id) for id in tokenizer.encode(text))


@pytest.fixture(scope="module")
def prose() -> Tokenizer:
    return fit_tokenizer("word", [PROSE])


@pytest.mark.parametrize(
    ("text", "symbols"),
    [
        ("he said", "he·said"),
        ("Don't go (yet).", "Don't·go·␣(·yet·)·."),
        ('said, "Go." he', 'said·,·␣"·Go·.·"·he'),
        ('he\n"Go."', 'he·↵·␣"·Go·.·"'),
        ("well-known", "well·-·known"),
        ("it cost $5.", "it·cost·␣$·5·."),
        ("42 1984", "4·2·␣·1·9·8·4"),
        ("he  said", "he·␣·␣·said"),
        (" he ", "␣·he·␣"),
        ("he.said", "he·.·‿·said"),
        ("he said 4true", "he·said·4·‿·true"),
        ("said ,he", "said·␣·,·‿·he"),
        ("he -- she", "he·␣--·she"),
    ],
)
def test_expected_spaces_are_free_and_others_are_written(prose, text, symbols):
    assert show(prose, text) == symbols
    assert prose.decode(prose.encode(text)) == text


def test_which_marks_lean_on_the_next_word_is_learnt_from_the_text():
    french = fit_tokenizer("word", ["Il dit : « oui » et « non » : « oui »"])
    assert show(french, "« oui » : non") == "␣«·oui·␣»·␣:·non"
    code = fit_tokenizer("word", ["self.a = b.c\nx.y = self.b\n"])
    assert show(code, "self.a") == "self·.·a"


def test_an_indent_is_one_symbol_where_a_text_has_indents(prose):
    code = fit_tokenizer("word", ["if a:\n    b\n        c\n"])
    text = "a:\n" + "".join(" " * width + "b\n" for width in range(11))
    assert show(code, "a\n        b") == "a·↵·␣␣␣␣·␣␣␣␣·b"
    assert show(prose, "he\n    said") == "he·↵·␣·␣·␣·␣·said"
    assert code.decode(code.encode(text)) == text


def test_an_unknown_word_keeps_the_spaces_around_it(prose):
    assert prose.decode(prose.encode('He saw, "zebras (yet)"')) == 'He �, "� (yet)"'
    assert prose.find_unknown('He saw, "zebras saw☃') == ["saw", "zebras", "☃"]


def test_a_prompt_holds_back_the_space_that_belongs_to_the_next_word(prose):
    ids, held_back = prose.encode_prompt("he said ")
    assert (prose.decode(ids), held_back) == ("he said", " ")
    assert prose.encode_prompt("he said  ")[1] == ""
    assert prose.encode_prompt("he\n ")[1] == ""
    assert prose.encode_prompt(" ")[1] == ""
    assert prose.encode_prompt(" ", previous=prose.encode("he").tolist())[1] == " "


def test_behind_a_held_back_space_only_what_brings_a_space_may_follow(prose):
    for prompt in ("he said ", "said, ", "he said ( ", "4 "):
        ids, held_back = prose.encode_prompt(prompt)
        banned = prose.find_banned(held_back, ids.tolist())
        for id in set(range(1, prose.vocab_size)):
            begins = prose.start_decoding(ids.tolist()).feed(id).startswith(" ")
            assert begins == (id not in banned)
        assert prose.unknown_id in banned
    assert prose.find_banned() == (prose.unknown_id,)


@given(st.text(st.sampled_from('he said,"()42\n\t-'), max_size=40), st.integers(0, 40))
def test_what_is_banned_stands_in_no_text(prose, text, cut):
    ids = prose.encode(text[:cut]).tolist()
    ids += prose.encode(text[cut:], ids).tolist()
    for place in range(len(ids)):
        assert ids[place] == prose.unknown_id or ids[place] not in prose.find_banned("", ids[:place])


def test_no_two_symbols_in_a_row_write_nothing(prose):
    for first in range(prose.vocab_size):
        allowed = set(range(prose.vocab_size)) - set(prose.find_banned("", [first]))
        silent = {id for id in allowed if not prose.start_decoding([first]).feed(id)}
        for id in silent:
            after = set(range(prose.vocab_size)) - set(prose.find_banned("", [first, id]))
            assert all(prose.start_decoding([first, id]).feed(next_id) for next_id in after)


def test_the_vocabulary_keeps_the_most_frequent_words():
    text = " ".join(f"{chr(97 + i)}{chr(97 + j)}" for i in range(20) for j in range(i + 1))
    tokenizer = fit_tokenizer("word", ["the the of " * 9 + text], max_vocab=16)
    assert tokenizer.vocab_size == 16
    assert [tokenizer.label(id) for id in range(5)] == ["�", "‿", "␣", "the", "of"]


@pytest.mark.parametrize("text", ["话说天下大势，分久必合。" * 9, "กินข้าวแล้ว", "ACGT" * 99 + "\n" + "TTGA" * 99])
def test_a_text_without_spaces_falls_back_to_characters(text):
    tokenizer = fit_tokenizer("word", [text])
    assert tokenizer.level == "char"
    assert tokenizer.decode(tokenizer.encode(text)) == text


def test_glyphs_within_words_need_no_spaces():
    tokenizer = fit_tokenizer("word", ["He wrote 大学 and 大 for the university"])
    assert show(tokenizer, "wrote 大学 and") == "wrote·␣·大·学·␣·and"


@pytest.mark.parametrize(
    "text", ["हिन्दी में लिखो", "e\u0301tude café", "می‌خواهم", "👩‍👩‍👧 ok 🇩🇪!", "한국어 단어", "\u00a0x\u3000y\r\n"]
)
def test_words_of_other_scripts_come_back(text):
    tokenizer = fit_tokenizer("word", [text])
    assert tokenizer.decode(tokenizer.encode(text)) == text
    if text.isalpha():
        assert len(tokenizer.encode(text)) == 1


def test_accents_and_vowel_signs_stay_in_their_word():
    tokenizer = fit_tokenizer("word", ["हिन्दी में e\u0301tude"])
    assert [tokenizer.label(id)[0] for id in tokenizer.encode("हिन्दी में e\u0301tude")] == ["ह", "म", "e"]


def test_counting_endless_new_words_does_not_grow(monkeypatch):
    monkeypatch.setattr(unit, "MAX_TYPES", 2_000)
    pieces = (
        "the " * 50
        + " ".join(f"x{chr(97 + i % 26)}{n:b}".replace("0", "o").replace("1", "i") for i in range(99))
        + "\n"
        for n in range(2_000)
    )
    tracemalloc.start()
    tokenizer = fit_tokenizer("word", pieces)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert tokenizer.find_unknown("the") == []
    assert peak < 15e6  # the counts of characters take 9 MB of it
