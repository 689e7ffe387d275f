"""All that a training needs to go on as if it had never stopped, in one safetensors file.

``` text
weights.NAME            the network, under the names of the model file, float32
moments.first.NAME      AdamW's running means of the gradient and of its square
moments.second.NAME
state.hidden.N          what every stream remembers, layer by layer; state.cell.N for an LSTM
random.cpu              the random state of torch (dropout); random.cuda on a GPU
metadata ``progress``   the rest, as JSON
```
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from rnnchat import paths
from rnnchat.errors import TrainingError
from rnnchat.network.language_model import LanguageModel, State, name_parameters


@dataclass(frozen=True)
class Progress:
    """Where a training stands, besides its tensors."""

    step: int = 0
    elapsed_s: float = 0.0
    curve: tuple[tuple[int, float], ...] = ()
    """(step, validation bits per character)"""
    next_evaluation_s: float = 0.0
    """When to look at the held-out text next, where the budget is a time."""


@dataclass
class Learner:
    """The moving parts of a training."""

    network: LanguageModel
    optimizer: torch.optim.AdamW
    state: State


def save_checkpoint(path: Path, learner: Learner, progress: Progress) -> None:
    """Write everything to ``path``, atomically."""
    tensors: dict[str, Tensor] = {"random.cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        tensors["random.cuda"] = torch.cuda.get_rng_state()
    for name, parameter in name_parameters(learner.network).items():
        tensors[f"weights.{name}"] = parameter.detach()
        if moments := learner.optimizer.state.get(parameter):
            tensors[f"moments.first.{name}"] = moments["exp_avg"]
            tensors[f"moments.second.{name}"] = moments["exp_avg_sq"]
    for kind, parts in learner.state._asdict().items():
        tensors |= {f"state.{kind}.{index}": part for index, part in enumerate(parts)}
    copies = {name: tensor.cpu().contiguous() for name, tensor in tensors.items()}
    with paths.replace_atomically(path) as temporary:
        temporary.write_bytes(save(copies, metadata={"progress": json.dumps(asdict(progress))}))


def load_checkpoint(path: Path, learner: Learner) -> Progress:
    """Put what ``save_checkpoint`` wrote into ``learner`` and torch's random state.

    Raises:
        TrainingError: the file cannot be read, or belongs to another network.
    """
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
            record = json.loads(file.metadata()["progress"])
        _load_tensors(learner, tensors, record["step"])
    except (SafetensorError, OSError, KeyError, ValueError, RuntimeError) as e:
        raise TrainingError(f"{path} is damaged ({e}): start the run anew with --replace") from e
    return Progress(**{**record, "curve": tuple((step, bits) for step, bits in record["curve"])})


def _load_tensors(learner: Learner, tensors: dict[str, Tensor], step: int) -> None:
    with torch.no_grad():
        for name, parameter in name_parameters(learner.network).items():
            parameter.copy_(tensors[f"weights.{name}"])
            if f"moments.first.{name}" in tensors:
                learner.optimizer.state[parameter] = {
                    "step": torch.tensor(float(step), device=parameter.device),
                    "exp_avg": tensors[f"moments.first.{name}"].to(parameter.device),
                    "exp_avg_sq": tensors[f"moments.second.{name}"].to(parameter.device),
                }
    device = learner.state.hidden[0].device
    learner.state = State(
        *(tuple(_collect(tensors, f"state.{kind}.", device)) for kind in State._fields),
    )
    torch.set_rng_state(tensors["random.cpu"])
    if "random.cuda" in tensors and torch.cuda.is_available():
        torch.cuda.set_rng_state(tensors["random.cuda"])


def _collect(tensors: dict[str, Tensor], prefix: str, device: torch.device) -> list[Any]:
    names = sorted((name for name in tensors if name.startswith(prefix)), key=lambda name: int(name[len(prefix) :]))
    return [tensors[name].to(device) for name in names]
