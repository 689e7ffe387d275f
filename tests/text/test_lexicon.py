"""Words, their list in a file, and how their beginnings go on."""

from rnnchat.text.lexicon import Lexicon, count_words, find_open_word, find_words, pack_words, unpack_words


def test_words_keep_inner_apostrophes_and_are_parted_by_hyphens_digits_and_glyphs():
    assert find_words("'Tis o’er-done, dogs' x2y — l'été 却说abc") == [
        "Tis", "o'er", "done", "dogs", "x", "y", "l'été", "abc",
    ]  # fmt: skip


def test_the_most_frequent_words_are_kept_and_survive_packing():
    words = count_words(["the sea the", " sea the été"], limit=2)
    assert words == ("sea", "the")
    assert unpack_words(pack_words(("sea", "été"))) == ("sea", "été")
    assert unpack_words("no list") == unpack_words("") == ()


def test_an_open_word_is_the_one_that_a_letter_would_continue():
    ends = {"the se": "se", "the ": "", "o’": "o'", "a-b": "b", "ab''c": "c", "'": "", "": ""}
    assert {text: find_open_word(text) for text in ends} == ends


def test_a_beginning_continues_as_known_words_do():
    lexicon = Lexicon(["sea", "seal", "o'er"], Lexicon(["see"]))
    assert lexicon.find_next("se") == {"a", "e"}
    assert lexicon.find_next("Se") == {"a", "e"}
    assert lexicon.allows("q") is None
    sea, se, over = lexicon.allows("sea"), lexicon.allows("se"), lexicon.allows("o")
    assert sea
    assert se
    assert over
    assert [char for char in "ale ,'" if sea.holds(char)] == ["l", " ", ",", "'"]
    assert [char for char in "ale ,'" if se.holds(char)] == ["a", "e"]
    assert over.holds("’")
    assert not over.holds(" ")
    behind = lexicon.allows("sea'")
    assert behind
    assert behind.holds(" ")
    assert not behind.holds("s")
