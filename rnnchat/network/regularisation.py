"""What prevents overfitting: dropping out parts of the network while it learns, and penalties.

Letters: B streams, T time steps, V vocabulary, H size of what is dropped.

Each share is the chance of a number to be left out; those that stay are divided by the share that stays, so that sums
keep their size. A share of 0 draws nothing and computes nothing. All draws are those of torch's own random state on
the tensors' device: who restores that state draws the same again.
"""

from dataclasses import dataclass, fields

import torch
from torch import Tensor

from rnnchat.errors import UsageError
from rnnchat.network.mask import draw_mask, drop_out


@dataclass(frozen=True)
class Regularisation:
    """What is dropped and what is penalised in one window of training; nothing by default."""

    dropout: float = 0.0
    """Between the layers; on input and output too, where they have no share of their own."""
    variational: bool = False
    """Keep one mask for a stream's whole window (Gal and Ghahramani 2016) instead of drawing one for each symbol?"""
    input_dropout: float | None = None
    """Of the numbers of an embedding; None is as ``dropout``."""
    output_dropout: float | None = None
    """Of what the output layer reads; None is as ``dropout``."""
    embedding_dropout: float = 0.0
    """Whole symbols: their embedding is 0 wherever they stand in the window (Gal and Ghahramani 2016)."""
    weight_drop: float = 0.0
    """Single weights of the recurrent matrices, one draw for the window (DropConnect: Wan et al. 2013; Merity et al.
    2018 as weight drop)."""
    activation: float = 0.0
    """AR of Merity et al. 2018: weight of the mean square of what the output layer reads, after dropout."""
    temporal: float = 0.0
    """TAR of Merity et al. 2018: weight of the mean squared change of the last layer's hidden state from symbol to
    symbol, before dropout."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value, name = getattr(self, field.name), field.name.replace("_", " ")
            if field.name in ("activation", "temporal"):
                if not 0 <= value < float("inf"):
                    raise UsageError(f"the weight of the {name} penalty must be at least 0, not {value}")
            elif field.name != "variational" and value is not None and not 0 <= value < 1:
                raise UsageError(f"{name} must be from 0 to below 1, not {value}")

    @property
    def has_penalty(self) -> bool:
        """Does it add to the loss?"""
        return self.activation > 0 or self.temporal > 0

    def drop_input(self, x: Tensor) -> Tensor:
        """(B, T, E) -> (B, T, E)"""
        return self._drop(x, self.input_dropout)

    def drop_between(self, x: Tensor) -> Tensor:
        """(B, T, H) -> (B, T, H)"""
        return self._drop(x, self.dropout)

    def drop_output(self, x: Tensor) -> Tensor:
        """(B, T, H) -> (B, T, H)"""
        return self._drop(x, self.output_dropout)

    def drop_symbols(self, x: Tensor, ids: Tensor, vocab_size: int) -> Tensor:
        """Leave whole symbols out: (B, T, E), the embeddings of ``ids`` (B, T)."""
        if not self.embedding_dropout:
            return x
        mask = draw_mask(x, (vocab_size,), self.embedding_dropout)
        return x * mask[ids].unsqueeze(-1)

    def drop_weights(self, weight: Tensor) -> Tensor:
        """A recurrent matrix (G*H, H) without some of its weights."""
        return drop_out(weight, self.weight_drop)

    def measure_penalty(self, hidden: Tensor, top: Tensor) -> Tensor:
        """What it adds to the loss, in nats per symbol.

        Args:
            hidden: (B, T, H), the hidden states of the last layer, as they are.
            top: (B, T, H), what the output layer reads, after dropout.
        """
        penalty = torch.zeros((), device=top.device)
        if self.activation:
            penalty = penalty + self.activation * top.square().mean(dtype=torch.float32)
        if self.temporal and hidden.shape[1] > 1:
            change = hidden[:, 1:] - hidden[:, :-1]
            penalty = penalty + self.temporal * change.square().mean(dtype=torch.float32)
        return penalty

    def _drop(self, x: Tensor, share: float | None) -> Tensor:
        share = self.dropout if share is None else share
        if not share:
            return x
        if not self.variational:
            return drop_out(x, share)
        return x * draw_mask(x, (len(x), 1, x.shape[-1]), share)
