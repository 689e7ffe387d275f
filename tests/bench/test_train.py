import pytest
import torch

from rnnchat.bench import train as bench_train
from rnnchat.bench.train import AIMS, BFLOAT16_AIM, choose_aims

pytestmark = pytest.mark.usefixtures("small_training")


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
