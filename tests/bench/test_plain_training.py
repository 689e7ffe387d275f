from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from rnnchat.bench import train as bench_train
from rnnchat.bench.plain_training import PlainNetwork, RandomWindows, SymbolTraining, TargetTraining, WindowTraining
from rnnchat.bench.train import VOCAB_SIZE, OwnTraining, Training
from rnnchat.network.network import Network
from rnnchat.plan.recipe import Recipe
from rnnchat.training.window import Streams

pytestmark = pytest.mark.usefixtures("small_training")
IDS = np.random.default_rng(1).integers(VOCAB_SIZE, size=240).astype(np.uint8)


def make_recipe(hidden_sizes: tuple[int, ...] = (4, 4), cell: str = "lstm") -> Recipe:
    """In float32; 4 streams, a window of 6."""
    recipe = bench_train.build_recipe(Training(hidden_sizes, 3, 4, 6, ()))
    return replace(recipe, precision="float32", cell=cell)


def give_weights(plain: PlainNetwork, network: Network) -> None:
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
    network = Network(recipe.build_config(VOCAB_SIZE))
    give_weights(training.network, network)
    logits, _ = network(windows[:, :-1])
    expected = functional.cross_entropy(logits.flatten(0, 1), windows[:, 1:].flatten())
    assert training.step().item() == pytest.approx(expected.item(), abs=1e-5)


def test_windows_with_one_target_learn_the_symbol_after_them(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = make_recipe((5, 4))
    windows = torch.from_numpy(IDS[:28].astype(np.int64)).view(4, 7)
    monkeypatch.setattr(RandomWindows, "draw", lambda self: windows)
    training = TargetTraining(recipe, IDS, VOCAB_SIZE)
    network = Network(recipe.build_config(VOCAB_SIZE))
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
