"""How many threads a step takes is measured once, and kept."""

import json

import numpy as np
import pytest

from rnnchat import paths
from rnnchat.runtime import thread
from rnnchat.runtime.runtime import Runtime
from rnnchat.runtime.thread import choose_threads, count_work


@pytest.fixture
def machine(monkeypatch):
    """A machine of 8 cores that is as fast as a test says, and counts how often it was asked."""

    class Machine:
        def __init__(self):
            self.cores = 8
            self.seconds = {1: 1.0, 2: 0.5, 4: 0.3, 8: 0.29}
            self.load = 0.0
            self.asked = 0

        def measure(self, runtimes, _batch_size):
            self.asked += 1
            return [self.seconds[runtime._threads] for runtime in runtimes]

    fake = Machine()
    monkeypatch.setattr(thread, "count_cores", lambda: fake.cores)
    monkeypatch.setattr(thread, "_measure", fake.measure)
    monkeypatch.setattr(thread, "LEAST_WORK", 1)
    monkeypatch.setattr(thread.os, "getloadavg", lambda: (fake.load, 9.0, 9.0), raising=False)
    monkeypatch.setattr(Runtime, "_start", lambda _self, _graph: None)  # 8 threads are more than a test should start
    return fake


@pytest.fixture
def model(make_model):
    return make_model()


def test_twice_as_many_threads_are_taken_as_long_as_that_gains_something(machine, model):
    assert choose_threads(model, "float32") == 4


def test_a_gain_too_small_to_be_worth_a_core_is_left(machine, model):
    machine.seconds = {1: 1.0, 2: 0.9}
    assert choose_threads(model, "float32") == 1


def test_no_more_threads_than_cores_are_tried(machine, model):
    machine.cores, machine.seconds = 3, {1: 1.0, 2: 0.5, 3: 0.3}
    assert choose_threads(model, "float32") == 3


def test_it_is_measured_once(machine, model):
    first = choose_threads(model, "float32")
    asked = machine.asked
    assert choose_threads(model, "float32") == first
    assert machine.asked == asked > 0


def test_a_size_of_batch_stands_for_all_up_to_the_next_power_of_two(machine, model):
    choose_threads(model, "float32", 5)
    asked = machine.asked
    choose_threads(model, "float32", 8)
    assert machine.asked == asked
    choose_threads(model, "float32", 9)
    assert machine.asked > asked


def test_each_size_precision_and_machine_has_a_figure_of_its_own(machine, model, make_model, monkeypatch):
    counts = []
    for choose in (
        lambda: choose_threads(model, "float32"),
        lambda: choose_threads(model, "int8"),
        lambda: choose_threads(make_model("gru"), "float32"),
        lambda: choose_threads(make_model(hidden_sizes=(7, 6)), "float32"),
        lambda: choose_threads(make_model(symbols="\n abc"), "float32"),
        lambda: monkeypatch.setattr(thread, "name_processor", lambda: "another") or choose_threads(model, "float32"),
        lambda: monkeypatch.setattr(thread.onnxruntime, "__version__", "99") or choose_threads(model, "float32"),
    ):
        choose()
        counts.append(machine.asked)
    assert counts == sorted(set(counts))
    asked = machine.asked
    monkeypatch.undo()
    assert asked == counts[-1]


def test_a_small_step_takes_one_thread_and_nothing_is_measured(machine, model, monkeypatch):
    monkeypatch.setattr(thread, "LEAST_WORK", count_work(model.config) * 4)
    assert choose_threads(model, "float32", 2) == 1
    assert machine.asked == 0
    assert not paths.threads_path().exists()
    assert choose_threads(model, "float32", 4) == 4


def test_a_machine_with_one_core_is_not_asked(machine, model):
    machine.cores = 1
    assert choose_threads(model, "float32", 64) == 1
    assert machine.asked == 0


def test_a_busy_machine_is_measured_another_time(machine, model):
    machine.load = 4.5
    assert choose_threads(model, "float32") == 1
    assert machine.asked == 0
    machine.load = 3.5
    assert choose_threads(model, "float32") == 4


def test_what_is_known_holds_on_a_busy_machine_too(machine, model):
    choose_threads(model, "float32")
    machine.load = 8.0
    assert choose_threads(model, "float32") == 4


@pytest.mark.parametrize(
    "change",
    [lambda _: "", lambda _: "{", lambda _: "[]", lambda _: '{"a": 3}', lambda t: t.replace(": 4", ": 99"),
     lambda t: t.replace(": 4", ': "four"'), lambda t: t.replace(": 4", ": null"), lambda _: "[" * 100_000],
)  # fmt: skip
def test_a_damaged_file_is_measured_again(machine, model, change):
    assert choose_threads(model, "float32") == 4
    path = paths.threads_path()
    path.write_text(change(path.read_text()))
    asked = machine.asked
    assert choose_threads(model, "float32") == 4
    assert machine.asked > asked
    sizes = json.loads(path.read_text())
    assert 4 in [threads for machine_sizes in sizes.values() if isinstance(machine_sizes, dict)
                 for threads in machine_sizes.values()]  # fmt: skip


def test_a_file_that_cannot_be_written_is_no_error(machine, model, home):
    home.write_text("a file where the folder should be")
    assert choose_threads(model, "float32") == 4


def test_a_real_machine_is_measured(make_model, monkeypatch):
    monkeypatch.setattr(thread, "LEAST_WORK", 1)
    monkeypatch.setattr(thread, "_ROUND_S", 0.0)
    monkeypatch.setattr(thread, "count_cores", lambda: 2)
    monkeypatch.setattr(thread, "_is_busy", lambda _cores: False)
    assert 1 <= choose_threads(make_model(), "int8", 3) <= 2
    assert paths.threads_path().exists()


def test_the_work_of_a_step_is_its_products(make_model):
    untied = make_model("lstm", (7, 5), 3).config  # symbols looked up; V is 10
    assert count_work(untied) == 28 * 7 + 20 * 7 + 20 * 5 + 10 * 5
    tied = make_model("gru", (7,), 3, tied=True).config
    assert count_work(tied) == 21 * 7 + 3 * 7 + 10 * 3


@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_more_threads_give_the_same_numbers(make_model, precision):
    one = Runtime(make_model(hidden_sizes=(64, 48)), precision)
    two = one.with_threads(2)
    ids = np.random.default_rng(2).integers(0, 10, (3, 6))
    expected, _ = one.read(ids, one.initial_state(3))
    np.testing.assert_allclose(two.read(ids, two.initial_state(3))[0], expected, atol=1e-5)
    np.testing.assert_allclose(two.step(ids[:, 0], two.initial_state(3))[0], expected[:, 0], atol=1e-5)
