import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional
from typer.testing import Result

from rnnchat.cli import bench, bench_train
from rnnchat.cli.bench_train import AIMS, BFLOAT16_AIM, SIZES, VOCAB_SIZE, OwnTraining, Training, choose_aims
from rnnchat.cli.plain_training import PlainNetwork, RandomWindows, SymbolTraining, TargetTraining, WindowTraining
from rnnchat.network.language_model import LanguageModel
from rnnchat.training.batch import Streams
from rnnchat.training.recipe import Recipe

IDS = np.random.default_rng(1).integers(VOCAB_SIZE, size=240).astype(np.uint8)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small networks, a short text, one thread."""
    for name, training in SIZES.items():
        sizes = tuple(4 + index * (name == "128-64") for index in range(len(training.hidden_sizes)))
        monkeypatch.setitem(
            SIZES, name, training._replace(hidden_sizes=sizes, embedding_size=3, batch_size=4, window=6)
        )
    monkeypatch.setattr(bench_train, "LENGTH", 240)
    monkeypatch.setattr(bench_train, "DEFAULT_THREADS", 1)
    monkeypatch.setattr(bench_train, "count_threads", lambda beside_tui: 1)


def make_recipe(hidden_sizes: tuple[int, ...] = (4, 4), cell: str = "lstm") -> Recipe:
    """In float32; 4 streams, a window of 6."""
    recipe = bench_train.build_recipe(Training(hidden_sizes, 3, 4, 6, ()))
    return replace(recipe, precision="float32", cell=cell)


def give_weights(plain: PlainNetwork, network: LanguageModel) -> None:
    """Let rnnchat's network be the same as the plain one."""
    tensors = {}
    count = 0
    for module in plain.layers:
        for layer in range(module.num_layers):
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
                tensors[f"layers.{count}.{name}_l0"] = getattr(module, f"{name}_l{layer}")
            count += 1
    tensors |= {name: tensor for name, tensor in plain.named_parameters() if not name.startswith("layers.")}
    network.load_state_dict(tensors)


def read_record(result: Result) -> dict:
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def test_every_size_is_measured_against_its_aims(run: Callable[..., Result]) -> None:
    record = read_record(run("bench", "train", "--seconds", 0.001, "--rounds", 2, "--json"))
    assert [network["name"] for network in record["networks"]] == list(SIZES)
    for network in record["networks"]:
        assert list(network["ways"]) == ["rnnchat", *SIZES[network["name"]].others]
        assert all(len(way["rounds"]) == 2 and min(way["rounds"]) > 0 for way in network["ways"].values())
    figures = {network["name"]: network["figures"] for network in record["networks"]}
    assert [(aim["size"], aim["figure"]) for aim in record["aims"]] == [aim[:2] for aim in choose_aims()]
    assert all(aim["median"] == figures[aim["size"]][aim["figure"]]["median"] for aim in record["aims"])
    assert record["machine"]["cores"] > 0


def test_figures_are_ratios_of_the_rates(run: Callable[..., Result]) -> None:
    record = read_record(run("bench", "train", "--seconds", 0.001, "--rounds", 1, "--json"))
    for network in record["networks"]:
        rates = {name: way["rounds"][0] for name, way in network["ways"].items()}
        ratios = [rates["rnnchat"] / rates[other] for other in SIZES[network["name"]].others]
        assert [figure["median"] for figure in network["figures"].values()] == pytest.approx(ratios, rel=0.01)


def test_only_the_sizes_that_are_asked_for_are_shown(run: Callable[..., Result]) -> None:
    result = run("bench", "train", "--size", "128-64", "--size", "2x100", "--seconds", 0.001, "--rounds", 1)
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    assert any(line.startswith("128-64") and "60.0x" in line for line in lines)
    assert any(line.startswith("windows with one target") and "–" in line for line in lines)
    assert "512" not in result.stdout


@pytest.mark.parametrize(
    ("arguments", "word"),
    [(("--seconds", 0), "--seconds"), (("--seconds", "nan"), "--seconds"), (("--size", "9"), "9")],
)
def test_what_cannot_be_measured_is_wrong_usage(
    run: Callable[..., Result], arguments: tuple[object, ...], word: str
) -> None:
    result = run("bench", "train", *arguments)
    assert result.exit_code == 2
    assert word in result.stderr


def test_the_command_names_the_sizes_that_there_are() -> None:
    assert tuple(SIZES) == bench.TRAIN_SIZES


@pytest.mark.parametrize("is_there", [True, False])
def test_a_gain_by_bfloat16_is_expected_of_processors_that_have_it(
    monkeypatch: pytest.MonkeyPatch, is_there: bool
) -> None:
    monkeypatch.setattr(bench_train, "has_bfloat16", lambda: is_there)
    assert (BFLOAT16_AIM in choose_aims()) is is_there
    assert set(AIMS) <= set(choose_aims())


def test_measuring_leaves_torch_as_it_was() -> None:
    before = torch.get_num_threads()
    tiny = torch.tensor(1e-40)
    bench_train.measure_training("128-64", 0.001, 1)
    assert torch.get_num_threads() == before
    assert (tiny * 1.0).item() > 0  # not taken for 0


@pytest.mark.parametrize("hidden_sizes", [(4, 4), (5, 4)])
def test_the_plain_loop_learns_the_same_as_the_trainer(hidden_sizes: tuple[int, ...]) -> None:
    # The same windows, the state carried along, and no change of the weights between them.
    recipe = replace(make_recipe(hidden_sizes), learning_rate=0.0, reset_probability=0.0)
    plain, own = WindowTraining(recipe, IDS, VOCAB_SIZE), OwnTraining(recipe, IDS, VOCAB_SIZE)
    give_weights(plain.network, own.learner.network)
    for _ in range(5):
        assert plain.step().item() == pytest.approx(own.step().item(), abs=1e-5)


def test_a_call_for_each_symbol_learns_the_same_as_one_for_the_window(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = make_recipe(cell="gru")
    windows = torch.from_numpy(IDS[:28].astype(np.int64)).view(4, 7)
    monkeypatch.setattr(RandomWindows, "draw", lambda self: windows)
    training = SymbolTraining(recipe, IDS, VOCAB_SIZE)
    network = LanguageModel(recipe.build_config(VOCAB_SIZE))
    give_weights(training.network, network)
    logits, _ = network(windows[:, :-1])
    expected = functional.cross_entropy(logits.flatten(0, 1), windows[:, 1:].flatten())
    assert training.step().item() == pytest.approx(expected.item(), abs=1e-5)


def test_windows_with_one_target_learn_the_symbol_after_them(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = make_recipe((5, 4))
    windows = torch.from_numpy(IDS[:28].astype(np.int64)).view(4, 7)
    monkeypatch.setattr(RandomWindows, "draw", lambda self: windows)
    training = TargetTraining(recipe, IDS, VOCAB_SIZE)
    network = LanguageModel(recipe.build_config(VOCAB_SIZE))
    give_weights(training.network, network)
    logits, _ = network(windows[:, :-1])
    expected = functional.cross_entropy(logits[:, -1], windows[:, -1])
    assert training.step().item() == pytest.approx(expected.item(), abs=1e-5)


@pytest.mark.parametrize("kind", [WindowTraining, SymbolTraining, TargetTraining, OwnTraining])
def test_every_way_learns(kind: type) -> None:
    recipe = replace(make_recipe(), learning_rate=0.03, warmup=0)
    torch.manual_seed(1)
    training = kind(recipe, np.resize(np.array([1, 2, 3, 4], np.uint8), 240), VOCAB_SIZE)
    first = training.step().item()
    for _ in range(60):
        last = training.step().item()
    assert last < 0.5 * first


def test_the_plain_loop_reads_every_symbol_in_turn_and_begins_again() -> None:
    recipe = make_recipe()
    training = WindowTraining(recipe, IDS, VOCAB_SIZE)
    read: list[torch.Tensor] = []
    training.network.register_forward_pre_hook(lambda _module, inputs: read.append(inputs[0].clone()))
    streams = Streams(IDS, recipe.batch_size, recipe.window)
    for _ in range(10):
        training.step()
    for number, ids in enumerate(read[:9]):
        np.testing.assert_array_equal(ids.numpy(), streams.read(number)[0])
    # The tenth window of each 60 symbols lacks its last target.
    np.testing.assert_array_equal(read[9].numpy(), read[0].numpy())


def test_random_windows_are_parts_of_the_text_of_all_places() -> None:
    text = np.arange(12)
    torch.manual_seed(1)
    windows = RandomWindows(text, make_recipe())
    # 4 windows a draw, 6 places: one is missed by chance once in 10^30 times.
    drawn = torch.cat([windows.draw() for _ in range(100)])
    assert set(drawn[:, 0].tolist()) == set(range(6))
    assert (drawn - drawn[:, :1] == torch.arange(7)).all()


@pytest.mark.parametrize(("hidden_sizes", "modules"), [((4, 4), 1), ((5, 4), 2), ((4,), 1)])
def test_equal_layers_are_one_module(hidden_sizes: tuple[int, ...], modules: int) -> None:
    network = PlainNetwork(make_recipe(hidden_sizes), VOCAB_SIZE, nn.GRU)
    assert len(network.layers) == modules
    assert sum(layer.num_layers for layer in network.layers) == len(hidden_sizes)
