"""Training with torch alone: what rnnchat's own training is measured against.

Letters: N ids, B streams, T window, V vocabulary, E embedding, H hidden.

All loops learn from the same made-up ids, which are in memory, and count no time for reading or encoding a text.
"""

import itertools
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from rnnchat.plan.recipe import Recipe


class PlainNetwork(nn.Module):
    """Embedding, ``nn.LSTM`` or ``nn.GRU``, ``nn.Linear``; layers of one size are one module, as people write it.

    Args:
        recipe: has the sizes.
        vocab_size: V.
        module: of the recurrent layers.
    """

    def __init__(self, recipe: Recipe, vocab_size: int, module: type[nn.RNNBase] = nn.LSTM) -> None:
        super().__init__()
        sizes = (recipe.embedding_size, *recipe.hidden_sizes)
        is_even = len(set(recipe.hidden_sizes)) == 1
        shapes = (
            [(sizes[0], sizes[1], len(sizes) - 1)] if is_even else [(i, h, 1) for i, h in itertools.pairwise(sizes)]
        )
        build: Any = module
        self.embedding = nn.Embedding(vocab_size, recipe.embedding_size)
        self.layers = nn.ModuleList(build(*shape, batch_first=True) for shape in shapes)
        self.output = nn.Linear(sizes[-1], vocab_size)

    def forward(self, ids: Tensor, states: list[Any] | None = None) -> tuple[Tensor, list[Any]]:
        """Ids (B, T) and a state for each module to the last layer's outputs (B, T, H) and the states after them."""
        x = self.embedding(ids)  # (B, T, E)
        after = []
        for layer, state in zip(self.layers, states or [None] * len(self.layers), strict=True):
            x, state = layer(x, state)
            after.append(state)
        return x, after


class WindowTraining:
    """Window by window, the state carried along: ``nn.LSTM``, ``cross_entropy``, ``AdamW``.

    Args:
        recipe: sizes, batch, window, rate, and the precision: in bfloat16 by ``torch.autocast``.
        ids: (N,)
        vocab_size: V.
        is_fused: let ``AdamW`` be its fused form, which nobody asks for by default.
    """

    def __init__(self, recipe: Recipe, ids: np.ndarray, vocab_size: int, is_fused: bool = False) -> None:
        self.network = PlainNetwork(recipe, vocab_size)
        self._optimizer = torch.optim.AdamW(self.network.parameters(), recipe.learning_rate, fused=is_fused or None)
        rows = len(ids) // recipe.batch_size
        self._ids = torch.from_numpy(ids[: rows * recipe.batch_size].astype(np.int64)).view(recipe.batch_size, rows)
        self._window, self._begin = recipe.window, 0
        self._is_bfloat16 = recipe.precision == "bfloat16"
        self._states: list[Any] | None = None

    def step(self) -> Tensor:
        """Learn from the next window; its loss ()."""
        begin, end = self._begin, self._begin + self._window
        inputs, targets = self._ids[:, begin:end], self._ids[:, begin + 1 : end + 1]
        self._begin = end if end + self._window < self._ids.shape[1] else 0
        with torch.autocast("cpu", torch.bfloat16, enabled=self._is_bfloat16):
            hidden, states = self.network(inputs, self._states)
            logits = self.network.output(hidden)  # (B, T, V)
            loss = functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()
        self._states = [tuple(part.detach() for part in state) for state in states]
        return loss.detach()


class SymbolTraining:
    """A call of ``nn.GRU`` for each symbol of a random window, from an empty state; then one step of ``Adam``.

    It is what github.com/spro/char-rnn.pytorch does, without what that spends on turning characters into numbers.
    """

    def __init__(self, recipe: Recipe, ids: np.ndarray, vocab_size: int) -> None:
        """Args: see `WindowTraining`; float32 always."""
        self.network = PlainNetwork(recipe, vocab_size, nn.GRU)
        self._optimizer = torch.optim.Adam(self.network.parameters(), recipe.learning_rate)
        self._windows = RandomWindows(ids, recipe)

    def step(self) -> Tensor:
        """Learn from a window of each stream; its loss ()."""
        ids = self._windows.draw()  # (B, T+1)
        states: list[Any] | None = None
        loss = torch.zeros(())
        self._optimizer.zero_grad()
        for place in range(ids.shape[1] - 1):
            hidden, states = self.network(ids[:, place : place + 1], states)
            loss = loss + functional.cross_entropy(self.network.output(hidden[:, 0]), ids[:, place + 1])
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()
        return loss.detach() / (ids.shape[1] - 1)


class TargetTraining:
    """Windows at random places, each read from an empty state, with the symbol after it as its one target.

    It is what Keras' ``fit`` computes for a stack of layers of which the last returns its last output only.
    """

    def __init__(self, recipe: Recipe, ids: np.ndarray, vocab_size: int) -> None:
        """Args: see `WindowTraining`; float32 always."""
        self.network = PlainNetwork(recipe, vocab_size)
        self._optimizer = torch.optim.Adam(self.network.parameters(), recipe.learning_rate)
        self._windows = RandomWindows(ids, recipe)

    def step(self) -> Tensor:
        """Learn one target of each window; the loss ()."""
        ids = self._windows.draw()  # (B, T+1)
        hidden, _ = self.network(ids[:, :-1])
        loss = functional.cross_entropy(self.network.output(hidden[:, -1]), ids[:, -1])
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()
        return loss.detach()


class RandomWindows:
    """Draws windows of T symbols and the one after them, B at a time."""

    def __init__(self, ids: np.ndarray, recipe: Recipe) -> None:
        """Args: ids (N,); a recipe that has B and T."""
        self._ids = torch.from_numpy(ids.astype(np.int64))
        self._batch_size = recipe.batch_size
        self._offsets = torch.arange(recipe.window + 1)

    def draw(self) -> Tensor:
        """(B, T+1)"""
        starts = torch.randint(len(self._ids) - len(self._offsets) + 1, (self._batch_size, 1))
        return self._ids[starts + self._offsets]
