"""Alignment: whatever a vocabulary lacks, the spans of a text's symbols are the text."""

from hypothesis import given
from hypothesis import strategies as st

from rnnchat.text.alignment import align
from rnnchat.text.char import CharTokenizer
from rnnchat.text.coverage import find_missing
from rnnchat.text.tokenizer import Tokenizer, fit_tokenizer

CORPUS = "The sea, (was) \"wide\" – and 12 ships.\n    x = 'a b'  c\t日本 é\n" * 20
TOKENIZERS: list[Tokenizer] = [
    CharTokenizer("The sawid\n", has_unknown=False),
    fit_tokenizer("char", [CORPUS], 20),
    fit_tokenizer("byte", [CORPUS]),
    fit_tokenizer("word", [CORPUS]),
    fit_tokenizer("word", [CORPUS], 24),
    fit_tokenizer("bpe", [CORPUS], 300),
]
some_text = st.lists(st.sampled_from([*"The seawid12,\"'()–.\n\t日本éXQ€😀", "    ", " ships", "The"]), max_size=30)
texts = some_text.map("".join) | st.text(max_size=20)


@given(texts, st.sampled_from(TOKENIZERS), st.sampled_from(["", "\n", "the", "(", "x "]))
def test_the_spans_of_all_symbols_are_the_text(text: str, tokenizer: Tokenizer, before: str) -> None:
    previous = tokenizer.encode(before).tolist()
    ids = tokenizer.encode(text, previous)
    spans = align(tokenizer, text, ids, previous)
    assert "".join(span.text for span in spans) == text
    assert [span.number for span in spans if span.number is not None] == list(range(len(ids)))


@given(texts, st.sampled_from(TOKENIZERS))
def test_what_is_unknown_is_what_the_vocabulary_lacks(text: str, tokenizer: Tokenizer) -> None:
    ids = tokenizer.encode(text)
    unknown = "".join(span.unknown for span in align(tokenizer, text, ids))
    assert (len(unknown), len(unknown.encode())) == find_missing(tokenizer, text, ids, [])


def test_an_unknown_word_is_shown_as_it_stands_and_its_space_is_known() -> None:
    tokenizer = fit_tokenizer("word", ["the sea was wide\n" * 5])
    text = "the xylophone was,wide"
    spans = align(tokenizer, text, tokenizer.encode(text))
    assert [(span.text, span.unknown) for span in spans if span.text] == [
        ("the", ""),
        (" xylophone", "xylophone"),
        (" was", ""),
        (",", ","),
        ("wide", ""),
    ]


def test_a_character_of_several_bytes_is_shown_at_its_last() -> None:
    tokenizer = fit_tokenizer("byte", [CORPUS])
    spans = align(tokenizer, "a€b", tokenizer.encode("a€b"))
    assert [span.text for span in spans] == ["a", "", "", "€", "b"]
