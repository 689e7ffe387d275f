"""Everything that a training needs for an exact resume, in one safetensors file.

``` text
weights.NAME            the network, under the names of the model file, float32
moments.first.NAME      Adam's running means of the gradient and of its square
moments.second.NAME
moments.KIND.NAME       the state of other optimisers, under torch's names
average.NAME            the average of the weights, where one is kept; average.count
state.hidden.N          the recurrent state of every stream, by layer; state.cell.N for an LSTM
random.cpu              the random state of torch (dropout); random.cuda on a GPU
metadata ``progress``   the rest, as JSON
```
"""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from rnnchat import paths
from rnnchat.errors import TrainingError
from rnnchat.model.state import State
from rnnchat.network.network import name_parameters
from rnnchat.training.guard import GuardState
from rnnchat.training.learner import Learner

_MOMENTS = {"exp_avg": "first", "exp_avg_sq": "second"}
"""Names that differ from torch's."""


@dataclass(frozen=True)
class Progress:
    """Where a training stands, besides its tensors."""

    step: int = 0
    elapsed_s: float = 0.0
    curve: tuple[tuple[int, float], ...] = ()
    """(step, validation bits per character)"""
    next_evaluation_s: float = 0.0
    """Time of the next evaluation, where the budget is a time."""
    train_bits: float | None = None
    """Training loss in bits per character before the last evaluation."""
    setbacks: int = 0
    """Returns to a good checkpoint after the loss diverged, each at half the learning rate."""
    bounds: GuardState = field(default_factory=GuardState)
    advised: tuple[str, ...] = ()
    """Advice already given, which is not repeated."""


def save_checkpoint(path: Path, learner: Learner, progress: Progress) -> None:
    """Write everything to ``path``, atomically."""
    tensors: dict[str, Tensor] = {"random.cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        tensors["random.cuda"] = torch.cuda.get_rng_state()
    for name, parameter in name_parameters(learner.network).items():
        tensors[f"weights.{name}"] = parameter.detach()
        for kind, moment in learner.optimizer.state.get(parameter, {}).items():
            if kind != "step" and moment is not None:
                tensors[f"moments.{_MOMENTS.get(kind, kind)}.{name}"] = moment
    if learner.average is not None:
        tensors |= {f"average.{name}": tensor for name, tensor in learner.average.to_tensors().items()}
    names = learner.network.config.state_shapes()
    tensors |= {f"state.{name}": part for name, part in zip(names, learner.state.arrays, strict=True)}
    copies = {name: tensor.cpu().contiguous() for name, tensor in tensors.items()}
    with paths.replace_atomically(path) as temporary:
        temporary.write_bytes(save(copies, metadata={"progress": json.dumps(asdict(progress))}))


def load_checkpoint(path: Path, learner: Learner) -> Progress:
    """Restore ``learner`` and torch's random state from what ``save_checkpoint`` wrote.

    Raises:
        TrainingError: the file cannot be read, or belongs to another network.
    """
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
            record = json.loads(file.metadata()["progress"])
        _load_tensors(learner, tensors, record["step"])
        return _read_progress(record)
    except (SafetensorError, OSError, KeyError, ValueError, TypeError, RuntimeError) as e:
        raise TrainingError(f"{path} is damaged ({e}): start the run again with --replace") from e


def _read_progress(record: dict[str, Any]) -> Progress:
    """Read the progress; fields that older versions did not store have their defaults."""
    parts = {
        "curve": tuple((step, bits) for step, bits in record["curve"]),
        "bounds": GuardState(**record.get("bounds", {})),
        "advised": tuple(record.get("advised", ())),
    }
    return Progress(**{**record, **parts})


def _load_tensors(learner: Learner, tensors: dict[str, Tensor], step: int) -> None:
    with torch.no_grad():
        for name, parameter in name_parameters(learner.network).items():
            parameter.copy_(tensors[f"weights.{name}"])
        _load_moments(learner, tensors, step)
    if learner.average is not None:
        learner.average.load(
            {name[len("average.") :]: part for name, part in tensors.items() if name.startswith("average.")}
        )
    device = learner.state.hidden[0].device
    shapes = learner.network.config.state_shapes()
    arrays = [tensors[f"state.{name}"].to(device) for name in shapes]
    learner.state = State.pack(arrays, len(learner.state.layers[0]))
    torch.set_rng_state(tensors["random.cpu"])
    if "random.cuda" in tensors and torch.cuda.is_available():
        torch.cuda.set_rng_state(tensors["random.cuda"])


def _load_moments(learner: Learner, tensors: dict[str, Tensor], step: int) -> None:
    """Restore the optimiser's state; it has taken as many steps as the training."""
    names = {id(parameter): name for name, parameter in name_parameters(learner.network).items()}
    kinds = {tensor_name.split(".")[1] for tensor_name in tensors if tensor_name.startswith("moments.")}
    torch_names = {ours: theirs for theirs, ours in _MOMENTS.items()}
    for group in learner.optimizer.param_groups:
        for parameter in group["params"]:
            name = names[id(parameter)]
            moments: dict[str, Any] = {
                torch_names.get(kind, kind): tensors[f"moments.{kind}.{name}"].to(parameter.device)
                for kind in kinds
                if f"moments.{kind}.{name}" in tensors  # muon does not remember the same of all parameters
            }
            if moments and not isinstance(learner.optimizer, torch.optim.SGD):
                # Torch keeps it where its fused form needs it.
                device = parameter.device if group.get("fused") else "cpu"
                moments["step"] = torch.tensor(float(step), device=device)
            learner.optimizer.state.pop(parameter, None)
            if moments:
                learner.optimizer.state[parameter] = moments
