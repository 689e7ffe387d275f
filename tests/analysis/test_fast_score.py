"""Fast scores: nothing is skipped or counted twice, and what differs is said."""

import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnchat.analysis import fast_score
from rnnchat.analysis.fast_score import FastReader, score_fast
from rnnchat.analysis.score import ExactReader, score_lines, score_symbols, score_text
from rnnchat.errors import TextError, UsageError
from rnnchat.model.config import ModelConfig
from rnnchat.model.file import Model
from rnnchat.runtime.mixture import Mixture
from rnnchat.runtime.runtime import Runtime
from rnnchat.text.char import CharTokenizer
from rnnchat.text.tokenizer import fit_tokenizer

TEXT = "abc hgf\ncab bad " * 80
MakeModel = Callable[..., Model]


@pytest.fixture(scope="module")
def model() -> Model:
    """A network that remembers long enough for a seam to be felt."""
    tokenizer = CharTokenizer("\n abcdefgh", has_unknown=False)
    config = ModelConfig(tokenizer.vocab_size, "lstm", (9,), 0)
    random = np.random.default_rng(3)
    shapes = config.weight_shapes()
    return Model(config, tokenizer, {name: random.normal(0, 1.5, shapes[name]).astype("f4") for name in shapes})


@given(
    sizes=st.lists(st.integers(0, 400), min_size=1, max_size=4),
    streams=st.integers(1, 7),
    warm_up=st.integers(1, 30),
    seed=st.integers(0, 99),
)
@settings(max_examples=40)
def test_every_symbol_is_counted_once_and_behind_what_stands_before_it(
    model: Model, sizes: list[int], streams: int, warm_up: int, seed: int
) -> None:
    """The oracle reads each symbol alone, behind the warm-up or behind all that its stream has read."""
    ids = np.random.default_rng(seed).integers(0, model.config.vocab_size, sum(sizes)).astype(np.int32)
    runtime = Runtime(model)
    reader = FastReader(runtime, model.tokenizer, streams=streams, warm_up=warm_up)
    exact = ExactReader(runtime, model.tokenizer)
    nats = [reader.read(part).nats for part in np.split(ids, np.cumsum(sizes)[:-1])]
    exact_nats = exact.read(ids).nats
    assert [len(part) for part in nats] == sizes
    begin = 0
    for size, part in zip(sizes, nats, strict=True):
        count = min(streams, max(1, size // (2 * warm_up)))
        piece = size // count
        for stream in range(1, count):
            first = begin + stream * piece
            alone = ExactReader(runtime, model.tokenizer).read(ids[first - warm_up : first + piece]).nats[warm_up:]
            np.testing.assert_allclose(part[stream * piece : (stream + 1) * piece], alone, rtol=1e-3, atol=1e-4)
        begin += size
    first_piece = sizes[0] // min(streams, max(1, sizes[0] // (2 * warm_up)))
    np.testing.assert_allclose(nats[0][:first_piece], exact_nats[:first_piece], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("warm_up", [len(TEXT), 10 * len(TEXT)])
def test_a_warm_up_as_long_as_the_text_is_exact(model: Model, warm_up: int) -> None:
    runtime = Runtime(model)
    exact = score_text(runtime, model.tokenizer, [TEXT])
    fast, difference = score_fast(runtime, model.tokenizer, [TEXT], warm_up=warm_up)
    assert fast == exact
    assert difference is not None
    assert (difference.bits_per_char, difference.chars, difference.streams) == (0, len(TEXT), 1)


def test_the_counts_equal_those_of_the_exact_score(make_model: MakeModel) -> None:
    tokenizer = fit_tokenizer("word", ["the sea was wide, and blue\n" * 5])
    runtime = Runtime(make_model(tokenizer=tokenizer))
    text = "the xylophone was wide, and the sea was (blue)\n" * 150
    exact = score_text(runtime, tokenizer, [text])
    fast, _ = score_fast(runtime, tokenizer, [text], streams=5, warm_up=20)
    counts = [(one.chars, one.tokens, one.unknown_chars, one.unknown_bytes) for one in (fast, exact)]
    assert counts[0] == counts[1]


def test_the_difference_is_that_of_both_ways_on_the_beginning(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fast_score, "CHECK_SYMBOLS", 80)
    runtime = Runtime(model)
    _, difference = score_fast(runtime, model.tokenizer, [TEXT], streams=4, warm_up=2)
    assert difference is not None
    assert (difference.chars, difference.streams) == (80, 4)
    head = [TEXT[:80]]
    fast, _ = score_fast(runtime, model.tokenizer, head, streams=4, warm_up=2)
    exact = score_text(runtime, model.tokenizer, head)
    assert difference.bits_per_char == pytest.approx(fast.bits_per_char - exact.bits_per_char, abs=1e-6)
    assert abs(difference.bits_per_char) > 1e-4  # two symbols of warm-up are too few for this network


def test_rounding_is_part_of_the_difference(model: Model) -> None:
    exact = Runtime(model)
    rounded = Runtime(model, "int8")
    fast, difference = score_fast(rounded, model.tokenizer, [TEXT], exact, warm_up=len(TEXT))
    assert difference is not None
    lost = fast.bits_per_char - score_text(exact, model.tokenizer, [TEXT]).bits_per_char
    assert difference.bits_per_char == pytest.approx(lost, abs=1e-6)
    assert lost != 0


def test_a_longer_warm_up_brings_the_score_nearer(model: Model) -> None:
    runtime = Runtime(model)
    random = np.random.default_rng(1)
    text = "".join(random.choice(list("abcdefgh \n"), 4000).tolist())
    exact = score_text(runtime, model.tokenizer, [text]).nats
    errors = [
        abs(score_fast(runtime, model.tokenizer, [text], streams=20, warm_up=warm_up)[0].nats - exact)
        for warm_up in (1, 100)
    ]
    assert errors[1] < errors[0] / 10


def test_lines_and_symbols_are_read_in_parallel_too(model: Model) -> None:
    runtime = Runtime(model)
    whole, _ = score_fast(runtime, model.tokenizer, [TEXT], streams=4, warm_up=30)
    for score_all in (score_lines, score_symbols):
        reader = FastReader(runtime, model.tokenizer, streams=4, warm_up=30)
        parts = list(score_all(runtime, model.tokenizer, [TEXT], reader))
        nats = sum(part.score.nats if score_all is score_lines else part.nats for part in parts)  # type: ignore[attr-defined]
        assert nats == pytest.approx(whole.nats)


def test_a_mixture_is_read_in_parallel_too(make_model: MakeModel) -> None:
    models = [make_model(), make_model(seed=1)]
    mixture = Mixture([Runtime(model) for model in models], [0.3, 0.7])
    fast, _ = score_fast(mixture, models[0].tokenizer, [TEXT], streams=4, warm_up=200)
    assert fast.nats == pytest.approx(score_text(mixture, models[0].tokenizer, [TEXT]).nats, rel=1e-3)


def test_memory_does_not_grow_with_the_text(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fast_score, "PIECE_SYMBOLS", 100)
    runtime = Runtime(model)

    def measure_peak(count: int) -> int:
        tracemalloc.start()
        score_fast(runtime, model.tokenizer, (TEXT for _ in range(count)), streams=8, warm_up=20)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return peak

    measure_peak(1)
    assert measure_peak(40) < 1.3 * measure_peak(8)


def test_a_text_that_the_vocabulary_has_nothing_of_has_a_score_and_no_difference(model: Model) -> None:
    score, difference = score_fast(Runtime(model), model.tokenizer, ["€€"])
    assert (score.bits_per_char, score.tokens, difference) == (24, 0, None)


def test_what_cannot_be_is_told_in_a_sentence(model: Model) -> None:
    runtime = Runtime(model)
    with pytest.raises(UsageError, match="streams must be from 1 to 1,024, not 0"):
        FastReader(runtime, model.tokenizer, streams=0)
    with pytest.raises(UsageError, match="warm-up must be at least 1 symbol, not 0"):
        FastReader(runtime, model.tokenizer, warm_up=0)
    with pytest.raises(TextError, match="empty"):
        score_fast(runtime, model.tokenizer, [])
