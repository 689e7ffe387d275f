"""Scores: equal to torch's, however the text comes, and the same from lines and symbols as from the whole."""

import math
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rnnchat.analysis import score as score_module
from rnnchat.analysis.score import MOST_LINE_CHARS, Score, add_scores, score_lines, score_symbols, score_text
from rnnchat.errors import TextError
from rnnchat.model.file import Model
from rnnchat.network.network import Network, load_weights
from rnnchat.runtime.runtime import Runtime
from rnnchat.text.char import CharTokenizer
from rnnchat.text.tokenizer import LEVELS, Level, Tokenizer, fit_tokenizer

TEXT = "abc hgf\ncab bad " * 80
PROSE = "The sea was wide, and (so they said) 12 ships – all wood – were lost: x = 'é'.\n"
STRANGE = "abc hgf\n\nchà bad 日本 (xyz)\nbad"

MakeModel = Callable[..., Model]


def fit(level: Level) -> Tokenizer:
    return fit_tokenizer(level, [PROSE * 40], 300 if level == "bpe" else None)


@pytest.mark.parametrize("level", LEVELS)
def test_a_score_equals_torchs_cross_entropy_at_every_level(make_model: MakeModel, level: Level) -> None:
    tokenizer = fit(level)
    model = make_model(tokenizer=tokenizer)
    module = Network(model.config)
    load_weights(module, model.weights)
    text = PROSE * 15
    ids = torch.from_numpy(tokenizer.encode("\n" + text).astype(np.int64))
    with torch.no_grad():
        logits, _ = module.eval()(ids[None, :-1])
        nats = torch.nn.functional.cross_entropy(logits[0], ids[1:]).item()
    score = score_text(Runtime(model), tokenizer, [text])
    assert score.nats / score.tokens == pytest.approx(nats, abs=1e-4)
    assert score.bits_per_char == pytest.approx(nats / math.log(2) * (len(ids) - 1) / len(text), abs=1e-4)
    assert score.perplexity == pytest.approx(math.exp(nats), rel=1e-4)
    assert (score.chars, score.tokens, score.unknown_chars) == (len(text), len(ids) - 1, 0)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("size", [1, 7, 512, 513])
def test_pieces_of_any_size_give_the_same_score(make_model: MakeModel, level: Level, size: int) -> None:
    tokenizer = fit(level)
    model = make_model(tokenizer=tokenizer)
    runtime = Runtime(model)
    text = PROSE * 10 + "The sea, unseen"
    pieces = [text[begin : begin + size] for begin in range(0, len(text), size)]
    score = score_text(runtime, tokenizer, pieces)
    whole = score_text(runtime, tokenizer, [text])
    assert score.nats == pytest.approx(whole.nats, rel=1e-6)
    assert (score.tokens, score.unknown_bytes) == (whole.tokens, whole.unknown_bytes)


@pytest.fixture(scope="module", params=[*LEVELS, "few words"])
def levelled(request: pytest.FixtureRequest) -> tuple[Tokenizer, Runtime]:
    """A vocabulary of each level with a network."""
    tokenizer = fit_tokenizer("word", ["abc hgf, (bad)\n" * 9]) if request.param == "few words" else fit(request.param)
    make_model: MakeModel = request.getfixturevalue("make_any_model")
    return tokenizer, Runtime(make_model(tokenizer))


@pytest.fixture(scope="module")
def make_any_model() -> Callable[[Tokenizer], Model]:
    """``make_model`` for fixtures that outlast a test."""
    from rnnchat.model.config import ModelConfig

    def make(tokenizer: Tokenizer) -> Model:
        config = ModelConfig(tokenizer.vocab_size, "gru", (6,), 0)
        random = np.random.default_rng(0)
        shapes = config.weight_shapes()
        return Model(config, tokenizer, {name: random.normal(0, 0.7, shapes[name]).astype("f4") for name in shapes})

    return make


texts = st.lists(st.sampled_from([*"abcThe sw\n,(é日", "abc hgf", "\n\n", " ships"]), min_size=1, max_size=25).map(
    "".join
)


@given(text=texts)
@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
def test_lines_add_up_to_the_text(levelled: tuple[Tokenizer, Runtime], text: str) -> None:
    tokenizer, runtime = levelled
    whole = score_text(runtime, tokenizer, [text])
    lines = list(score_lines(runtime, tokenizer, [text]))
    assert [line.number for line in lines] == list(range(1, len(lines) + 1))
    assert [line.text for line in lines] == text.removesuffix("\n").split("\n")
    assert_alike(add_scores(line.score for line in lines), whole)


@given(text=texts)
@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
def test_symbols_add_up_to_the_text_and_to_its_lines(levelled: tuple[Tokenizer, Runtime], text: str) -> None:
    tokenizer, runtime = levelled
    whole = score_text(runtime, tokenizer, [text])
    symbols = list(score_symbols(runtime, tokenizer, [text]))
    assert "".join(symbol.text for symbol in symbols) == text
    assert sum(symbol.bits for symbol in symbols) == pytest.approx(whole.bits_per_char * whole.chars, rel=1e-5)
    assert_alike(add_scores(symbol.score for symbol in symbols), whole)
    for line in score_lines(runtime, tokenizer, [text]):
        bits = sum(symbol.bits for symbol in symbols if symbol.line == line.number)
        assert bits == pytest.approx(line.score.bits_per_char * line.score.chars, rel=1e-5)


def assert_alike(score: Score, other: Score) -> None:
    """Assert that two scores differ by no more than rounding."""
    assert score.nats == pytest.approx(other.nats, rel=1e-6)
    assert score.bits_per_char == pytest.approx(other.bits_per_char, rel=1e-6)
    counts = [(one.chars, one.tokens, one.unknown_chars, one.unknown_bytes) for one in (score, other)]
    assert counts[0] == counts[1]


def test_the_rank_of_a_symbol_counts_those_that_were_likelier(make_model: MakeModel) -> None:
    model = make_model()
    runtime = Runtime(model)
    text = "abc hgf\nbad"
    log_probs, _ = runtime.read(model.tokenizer.encode("\n" + text)[None], runtime.initial_state())
    for symbol, before in zip(score_symbols(runtime, model.tokenizer, [text]), log_probs[0], strict=False):
        assert symbol.nats == pytest.approx(-float(before[symbol.id]), abs=1e-5)
        assert symbol.rank == sorted(before, reverse=True).index(before[symbol.id]) + 1


def test_a_character_that_is_left_out_costs_its_bytes_and_has_no_rank(make_model: MakeModel) -> None:
    model = make_model()
    symbols = list(score_symbols(Runtime(model), model.tokenizer, ["a€b"]))
    assert [(symbol.text, symbol.id is None, symbol.rank == 0) for symbol in symbols] == [
        ("a", False, False),
        ("€", True, True),
        ("b", False, False),
    ]
    assert symbols[1].bits == 24


def test_a_line_longer_than_memory_should_hold_is_read_in_parts(
    make_model: MakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokenizer = fit_tokenizer("word", ["the sea was wide\n" * 5])
    runtime = Runtime(make_model(tokenizer=tokenizer))
    text = "the sea was wide" * 300 + "\nthe sea"
    whole = score_text(runtime, tokenizer, [text])
    monkeypatch.setattr(score_module, "MOST_PART_CHARS", 50)
    lines = list(score_lines(runtime, tokenizer, [text]))
    assert [line.text for line in lines] == [text[:MOST_LINE_CHARS], "the sea"]
    assert [line.score.chars for line in lines] == [4801, 7]
    assert_alike(add_scores(line.score for line in lines), whole)


@pytest.mark.parametrize("score_all", [score_lines, score_symbols])
def test_memory_does_not_grow_with_the_text(make_model: MakeModel, score_all: Callable[..., Iterator[object]]) -> None:
    model = make_model(hidden_sizes=(2,), embedding_size=0)
    runtime = Runtime(model)

    def measure_peak(count: int) -> int:
        tracemalloc.start()
        for _ in score_all(runtime, model.tokenizer, ("abc hgf\n" * 100 for _ in range(count))):
            pass
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return peak

    measure_peak(1)
    assert measure_peak(40) < 1.5 * measure_peak(10)


def test_a_text_may_be_a_file_of_lines(make_model: MakeModel, tmp_path: Path) -> None:
    model = make_model()
    path = tmp_path / "text.txt"
    path.write_text(TEXT, encoding="utf-8")
    with path.open(encoding="utf-8") as file:
        score = score_text(Runtime(model), model.tokenizer, file)
    assert_alike(score, score_text(Runtime(model), model.tokenizer, [TEXT]))


def test_characters_that_the_vocabulary_lacks_are_charged_at_8_bits_a_byte(make_model: MakeModel) -> None:
    model = make_model()
    runtime = Runtime(model)
    known = score_text(runtime, model.tokenizer, ["abcabc"])
    more = score_text(runtime, model.tokenizer, ["abcéX€abc"])
    assert more.unknown_chars == 3
    charge = 8 * len("éX€".encode())
    assert more.bits_per_char * more.chars == pytest.approx(known.bits_per_char * known.chars + charge, rel=1e-5)


def test_an_unknown_word_is_charged_for_its_letters(make_model: MakeModel) -> None:
    tokenizer = fit_tokenizer("word", ["the sea was wide\n" * 5])
    model = make_model(tokenizer=tokenizer)
    runtime = Runtime(model)
    short = score_text(runtime, tokenizer, ["the xy was wide"])
    long = score_text(runtime, tokenizer, ["the xylophone was wide"])
    assert (short.unknown_chars, long.unknown_chars) == (2, 9)
    assert long.nats == pytest.approx(short.nats)
    assert long.bits_per_char * long.chars - short.bits_per_char * short.chars == pytest.approx(8 * 7)


def test_without_a_line_end_the_first_symbol_is_one_of_equals(make_model: MakeModel) -> None:
    tokenizer = CharTokenizer("abcd", has_unknown=False)
    score = score_text(Runtime(make_model(tokenizer=tokenizer)), tokenizer, ["a"])
    assert score.bits_per_char == pytest.approx(2)


def test_an_empty_text_is_told_in_a_sentence(make_model: MakeModel) -> None:
    model = make_model()
    with pytest.raises(TextError, match="empty"):
        score_text(Runtime(model), model.tokenizer, [""])
    for score_all in (score_lines, score_symbols):
        with pytest.raises(TextError, match="empty"):
            list(score_all(Runtime(model), model.tokenizer, []))
