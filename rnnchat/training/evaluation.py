"""Validation loss, and samples of a network in training.

Letters: B streams, T window, V vocabulary, N ids.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from rnnchat.model.state import State
from rnnchat.network.network import Network
from rnnchat.text.tokenizer import Tokenizer
from rnnchat.training.loss import measure
from rnnchat.training.window import NOT_SCORED, read_held_out

MOST_STREAMS = 32
WINDOW = 64
SAMPLE_TEMPERATURES = (1.1, 0.5, 0.8)
"""High, low and usual."""
SAMPLE_CHARS = 300


@torch.no_grad()
def evaluate(network: Network, ids: np.ndarray, tokens: int) -> float:
    """Nats per symbol on a held-out text, in float32, with the state carried along.

    Args:
        network: left in the mode (training or not) that it was in.
        ids: (N,), the held-out text.
        tokens: how many symbols to score, spread evenly over the text; N - 1 scores all.
    """
    was_training = network.training
    network.eval()
    device = next(network.parameters()).device
    state: State[Tensor] | None = None
    nats = torch.zeros((), dtype=torch.float64, device=device)
    scored = 0
    for inputs, targets in read_held_out(ids, tokens, WINDOW, MOST_STREAMS):
        is_first = state is None
        logits, state = network(torch.from_numpy(inputs).to(device), state)  # (B, T, V)
        if is_first:
            state = _forget_first(state)
        goals = torch.from_numpy(targets).to(device)
        nats += measure(logits, goals, reduction="sum")
        scored += int((targets != NOT_SCORED).sum())
    network.train(was_training)
    return nats.item() / scored


@torch.no_grad()
def sample(
    network: Network, tokenizer: Tokenizer, prompt_ids: list[int], seed: int, temperatures: Sequence[float]
) -> list[str]:
    """What the network writes after ``prompt_ids`` (at least one): about 300 characters, the same for the same seed.

    Returns:
        A text for each of B ``temperatures``, independent of the others.
    """
    was_training = network.training
    network.eval()
    device = next(network.parameters()).device
    state = network.initial_state(len(temperatures))
    for id in prompt_ids:
        logits, state = network.step(torch.full((len(temperatures),), id, device=device), state)  # (B, V)
    writers = [_Writer(tokenizer, prompt_ids, seed, temperature) for temperature in temperatures]
    # A symbol of the byte level may give no character: the number of symbols is bounded as well.
    for _ in range(4 * SAMPLE_CHARS):
        drawn = [writer.draw(scores) for writer, scores in zip(writers, logits.float().cpu(), strict=True)]
        if all(writer.is_done for writer in writers):
            break
        logits, state = network.step(torch.tensor(drawn, device=device), state)
    network.train(was_training)
    return [writer.finish() for writer in writers]


class _Writer:
    """Draws one text, symbol by symbol."""

    def __init__(self, tokenizer: Tokenizer, prompt_ids: list[int], seed: int, temperature: float) -> None:
        self._tokenizer, self._temperature = tokenizer, temperature
        # On the CPU, so that a seed gives the same draws whatever the network runs on.
        self._generator = torch.Generator().manual_seed(seed)
        self._decoder = tokenizer.start_decoding(prompt_ids)
        self._ids = list(prompt_ids)
        self._text = ""

    @property
    def is_done(self) -> bool:
        return len(self._text) >= SAMPLE_CHARS

    def draw(self, scores: Tensor) -> int:
        """The next id, from logits (V,); the last one again once the text is long enough."""
        if not self.is_done:
            scores[list(self._tokenizer.find_banned("", self._ids))] = -torch.inf
            probabilities = functional.softmax(scores / self._temperature, dim=0)  # (V,)
            self._ids.append(int(torch.multinomial(probabilities, 1, generator=self._generator)))
            self._text += self._decoder.feed(self._ids[-1])
        return self._ids[-1]

    def finish(self) -> str:
        """The text."""
        return self._text + self._decoder.flush()


def _forget_first(state: State[Tensor]) -> State[Tensor]:
    """Reset the first stream: nothing precedes it."""
    return state.map(lambda part: torch.cat((torch.zeros_like(part[:1]), part[1:])))
