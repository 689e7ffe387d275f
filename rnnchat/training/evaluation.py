"""How well a network knows a held-out text, and a few lines of its own.

Letters: B streams, T window, V vocabulary, N ids.
"""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from rnnchat.network.language_model import LanguageModel, State
from rnnchat.text.tokenizer import Tokenizer
from rnnchat.training.batch import NOT_SCORED, read_held_out

MOST_STREAMS = 32
WINDOW = 64
SAMPLE_TEMPERATURE = 0.7
SAMPLE_CHARS = 300


@torch.no_grad()
def evaluate(network: LanguageModel, ids: np.ndarray, tokens: int) -> float:
    """Nats per symbol on a held-out text, in float32, its state carried along.

    Args:
        network: any network; it is left as it was, in training or not.
        ids: (N,), the held-out text.
        tokens: how many symbols to score, spread evenly over the text; N - 1 scores all.
    """
    was_training = network.training
    network.eval()
    device = next(network.parameters()).device
    state: State | None = None
    nats = torch.zeros((), dtype=torch.float64, device=device)
    scored = 0
    for inputs, targets in read_held_out(ids, tokens, WINDOW, MOST_STREAMS):
        is_first = state is None
        logits, state = network(torch.from_numpy(inputs).to(device), state)  # (B, T, V)
        if is_first:
            state = _forget_first(state)
        goals = torch.from_numpy(targets).to(device)
        nats += measure_loss(logits, goals, "sum")
        scored += int((targets != NOT_SCORED).sum())
    network.train(was_training)
    return nats.item() / scored


def measure_loss(logits: Tensor, targets: Tensor, reduction: str = "mean") -> Tensor:
    """Cross-entropy in nats of logits (B, T, V) against targets (B, T)."""
    return functional.cross_entropy(
        logits.flatten(0, 1).float(), targets.flatten(), ignore_index=NOT_SCORED, reduction=reduction
    )


@torch.no_grad()
def sample(network: LanguageModel, tokenizer: Tokenizer, prompt_ids: list[int], seed: int) -> str:
    """What the network writes after ``prompt_ids`` (at least one): about 300 characters, always alike for a seed."""
    was_training = network.training
    network.eval()
    device = next(network.parameters()).device
    # On the CPU, so that a seed gives the same draws whatever the network runs on.
    generator = torch.Generator().manual_seed(seed)
    state = network.initial_state(1)
    for id in prompt_ids:
        logits, state = network.step(torch.tensor([id], device=device), state)
    decoder = tokenizer.start_decoding(prompt_ids)
    text = ""
    ids = list(prompt_ids)
    # A symbol of the byte level may give no character: the number of symbols is bounded as well.
    for _ in range(4 * SAMPLE_CHARS):
        logits[:, list(tokenizer.find_banned("", ids))] = -torch.inf
        probabilities = functional.softmax(logits[0].float().cpu() / SAMPLE_TEMPERATURE, dim=0)  # (V,)
        drawn = torch.multinomial(probabilities, 1, generator=generator)
        ids.append(int(drawn))
        text += decoder.feed(ids[-1])
        if len(text) >= SAMPLE_CHARS:
            break
        logits, state = network.step(drawn.to(device), state)
    network.train(was_training)
    return text + decoder.flush()


def _forget_first(state: State) -> State:
    """Start the first stream afresh: nothing stands before it."""
    keep = torch.ones_like(state.hidden[0][:, :1])  # (B, 1)
    keep[0] = 0
    return State(tuple(part * keep for part in state.hidden), tuple(part * keep for part in state.cell))
