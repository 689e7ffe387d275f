import math

import numpy as np
import pytest
import torch

from rnnchat.errors import TextError
from rnnchat.generation.runtime import Runtime
from rnnchat.generation.score import score_text
from rnnchat.network.language_model import LanguageModel, load_weights
from rnnchat.text.tokenizer import CharTokenizer, fit_tokenizer

TEXT = "abc hgf\ncab bad " * 80


def test_a_score_equals_torchs_cross_entropy(make_model):
    model = make_model()
    module = LanguageModel(model.config)
    load_weights(module, model.weights)
    ids = torch.from_numpy(model.tokenizer.encode("\n" + TEXT).astype(np.int64))
    with torch.no_grad():
        logits, _ = module.eval()(ids[None, :-1])
        nats = torch.nn.functional.cross_entropy(logits[0], ids[1:]).item()
    score = score_text(Runtime(model), model.tokenizer, [TEXT])
    assert score.nats / score.tokens == pytest.approx(nats, abs=1e-4)
    assert score.bits_per_char == pytest.approx(nats / math.log(2), abs=1e-4)
    assert score.perplexity == pytest.approx(math.exp(nats), rel=1e-4)
    assert (score.chars, score.tokens, score.unknown_chars) == (len(TEXT), len(TEXT), 0)


@pytest.mark.parametrize("size", [1, 7, 512, 513])
def test_pieces_of_any_size_give_the_same_score(make_model, size):
    model = make_model()
    runtime = Runtime(model)
    whole = score_text(runtime, model.tokenizer, [TEXT])
    pieces = [TEXT[begin : begin + size] for begin in range(0, len(TEXT), size)]
    assert score_text(runtime, model.tokenizer, pieces).nats == pytest.approx(whole.nats, rel=1e-5)


def test_characters_that_the_vocabulary_lacks_are_charged_at_8_bits_a_byte(make_model):
    model = make_model()
    runtime = Runtime(model)
    known = score_text(runtime, model.tokenizer, ["abcabc"])
    more = score_text(runtime, model.tokenizer, ["abcéX€abc"])
    assert more.unknown_chars == 3
    charge = 8 * len("éX€".encode())
    assert more.bits_per_char * more.chars == pytest.approx(known.bits_per_char * known.chars + charge, rel=1e-5)


def test_an_unknown_word_is_charged_for_its_letters(make_model):
    tokenizer = fit_tokenizer("word", ["the sea was wide\n" * 5])
    model = make_model(tokenizer=tokenizer)
    runtime = Runtime(model)
    short = score_text(runtime, tokenizer, ["the xy was wide"])
    long = score_text(runtime, tokenizer, ["the xylophone was wide"])
    assert (short.unknown_chars, long.unknown_chars) == (2, 9)
    assert long.nats == pytest.approx(short.nats)
    assert long.bits_per_char * long.chars - short.bits_per_char * short.chars == pytest.approx(8 * 7)


def test_without_a_line_end_the_first_symbol_is_one_of_equals(make_model):
    tokenizer = CharTokenizer("abcd", has_unknown=False)
    score = score_text(Runtime(make_model(tokenizer=tokenizer)), tokenizer, ["a"])
    assert score.bits_per_char == pytest.approx(2)


def test_an_empty_text_is_told_in_a_sentence(make_model):
    model = make_model()
    with pytest.raises(TextError, match="empty"):
        score_text(Runtime(model), model.tokenizer, [""])
