"""Training on an NVIDIA GPU: as on a processor, only sooner. Left out where there is none."""

import copy
from collections.abc import Callable
from typing import get_args

import numpy as np
import pytest
import torch

from rnnchat.model.cell import OFFERED_CELLS
from rnnchat.model.config import ModelConfig
from rnnchat.model.file import read_model
from rnnchat.model.library import find_model
from rnnchat.network.network import Network
from rnnchat.network.regularisation import Regularisation
from rnnchat.runs.event import Evaluated, Finished, Resumed, Stepped
from rnnchat.runs.folder import RunFolder
from rnnchat.training import judge, optimiser, reporter
from rnnchat.training.loss import measure
from rnnchat.training.trainer import train

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no NVIDIA GPU")

BeginRun = Callable[..., RunFolder]


@pytest.fixture(autouse=True)
def exact_products(monkeypatch: pytest.MonkeyPatch) -> None:
    """Products of cuDNN in float32, not in the shorter format of its tensor cores."""
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)


@pytest.mark.parametrize("cell", OFFERED_CELLS)
@pytest.mark.parametrize("weight_drop", [0.0, 1e-9])
def test_a_network_computes_the_same_on_a_gpu(cell: str, weight_drop: float) -> None:
    torch.manual_seed(1)
    network = Network(ModelConfig(40, cell, (24, 16), 8))
    ids = torch.randint(40, (3, 20))
    gpu_network = copy.deepcopy(network).to("cuda")
    regularisation = Regularisation(weight_drop=weight_drop)  # so small a share leaves out nothing
    for one, where in ((network, "cpu"), (gpu_network, "cuda")):
        logits, _ = one(ids.to(where), None, regularisation)
        measure(logits, ids.to(where)).backward()
    for (name, parameter), gpu_parameter in zip(network.named_parameters(), gpu_network.parameters(), strict=True):
        torch.testing.assert_close(gpu_parameter.grad.cpu(), parameter.grad, rtol=1e-3, atol=1e-5, msg=name)


@pytest.mark.parametrize("kind", get_args(optimiser.Optimiser))
def test_an_optimiser_takes_the_same_steps_on_a_gpu(kind: optimiser.Optimiser) -> None:
    torch.manual_seed(1)
    network = Network(ModelConfig(40, "lstm", (24, 16), 8))
    gpu_network = copy.deepcopy(network).to("cuda")
    ids = torch.randint(40, (3, 20))
    for one, where in ((network, "cpu"), (gpu_network, "cuda")):
        changer = optimiser.build(kind, one, 1e-3, weight_decay=0.1)
        for _ in range(3):
            changer.zero_grad()
            measure(one(ids.to(where))[0], ids.to(where)).backward()
            changer.step()
    for (name, parameter), gpu_parameter in zip(network.named_parameters(), gpu_network.parameters(), strict=True):
        torch.testing.assert_close(gpu_parameter.cpu(), parameter, rtol=1e-2, atol=1e-3, msg=name)


def test_a_training_on_a_gpu_goes_on_where_it_was_interrupted(
    begin_run: BeginRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporter, "REPORT_EVERY_S", 0.0)
    monkeypatch.setattr(judge, "_FORWARD_SHARE", 1e-6)
    whole, cut = (begin_run(name=name, device="cuda", steps=60) for name in ("whole", "cut"))
    events = list(train(whole))
    assert isinstance(events[-1], Finished)
    losses = [event.loss_bits_per_char for event in events if isinstance(event, Stepped)]
    assert losses[-1] < losses[0]
    training = train(cut)
    for event in training:
        if isinstance(event, Evaluated):
            break
    training.close()
    events = list(train(cut))
    assert any(isinstance(event, Resumed) for event in events)
    models = [read_model(find_model(name)).weights for name in ("whole", "cut")]
    for name, weight in models[0].items():
        np.testing.assert_allclose(models[1][name], weight, rtol=1e-2, atol=1e-3, err_msg=name)


@pytest.mark.parametrize("precision", ["auto", "bfloat16"])
def test_a_gpu_learns_in_the_precision_that_is_faster_there(begin_run: BeginRun, precision: str) -> None:
    run = begin_run(device="auto", precision=precision, minutes=0.05, weight_drop=0.2, variational=True)
    assert isinstance(list(train(run))[-1], Finished)
    recipe = run.read_info().get_recipe()
    assert recipe.device == "cuda"
    assert recipe.precision == precision or precision == "auto" != recipe.precision
