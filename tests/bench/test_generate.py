from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from rnnchat.bench import generate as bench_generate
from rnnchat.bench.aim import list_aims
from rnnchat.bench.generate import AIMS, choose_reading_way, make_model, measure_samplers
from rnnchat.bench.stopwatch import Way
from rnnchat.generation import sampling
from rnnchat.generation.past import Past
from rnnchat.generation.sampling import PIPELINE, SamplingStep
from rnnchat.generation.settings import Settings
from rnnchat.model.file import Model
from rnnchat.model.record import TrainingRecord
from rnnchat.runtime.runtime import Runtime
from rnnchat.runtime.thread import count_work

pytestmark = pytest.mark.usefixtures("small_writing")


def test_each_aim_is_about_a_figure_that_is_measured(make_model: Callable[..., Model], tiny_model: Path) -> None:
    model = make_model()
    reading = Way("reading", lambda: None)
    threads = bench_generate.choose_all_threads(model)
    measured = bench_generate.measure_model("2x512", model, tiny_model, threads, reading, 0.001, 1)
    assert {aim.figure for aim in AIMS} <= measured.figures.keys()
    assert {aim.size for aim in AIMS} <= bench_generate.SIZES.keys()
    assert [aim.size for aim, _ in list_aims(AIMS, [measured])] == ["2x512"] * sum(aim.size == "2x512" for aim in AIMS)


def test_all_of_a_big_array_is_read() -> None:
    reading = choose_reading_way(1, 0.001)
    assert reading.amount == bench_generate.READ_BYTES
    assert float(torch.as_tensor(reading.run()).sum()) == bench_generate.READ_BYTES / 4  # it holds ones


@pytest.mark.parametrize("words", [0, 300])
def test_made_models_are_the_same_each_time(words: int) -> None:
    size = bench_generate.Size((8, 8), 4, words)
    one, other = make_model(size), make_model(size)
    assert one.config.vocab_size == one.tokenizer.vocab_size == (words or 65)
    assert one.weights.keys() == one.config.weight_shapes().keys()
    assert all(np.array_equal(one.weights[name], other.weights[name]) for name in one.weights)


def test_the_largest_size_is_as_it_says() -> None:
    config = make_model(bench_generate.SIZES["2x512"]).config
    assert config.describe() == "lstm 2×512"
    # the first layer's recurrent matrix, the second's two, and the output
    assert count_work(config) == (1 + 2) * 4 * 512 * 512 + 65 * 512


def test_every_sampler_is_used_when_their_cost_is_measured(
    make_model: Callable[..., Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    used: set[str] = set()

    def watch(step: SamplingStep) -> SamplingStep:
        def is_used(settings: Settings, past: Past) -> bool:
            used.update([step.name] if step.is_used(settings, past) else [])
            return step.is_used(settings, past)

        return step._replace(is_used=is_used)

    monkeypatch.setattr(sampling, "PIPELINE", tuple(map(watch, PIPELINE)))
    model = replace(make_model(), training=TrainingRecord(words=("abc", "bad")))
    assert measure_samplers(model, Runtime(model), 0.01) > 0
    assert used >= {step.name for step in PIPELINE} - {"loop escape"}  # which needs a loop
