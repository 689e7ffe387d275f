"""Learns how much a memory counts: the gate of `rnnchat.memory.mixing`, once the network is trained.

The same formula as there, over many positions at once and with torch's gradients.

Letters: V vocabulary, K orders, P positions of a batch, C candidates of a batch (symbols that followed, of all its
positions one after the other), G hidden units of the gate.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from rnnchat.memory.memory import Memory
from rnnchat.memory.mixing import FLOOR, INPUTS, Gate, Mixing, Rates, add_bias, describe

HIDDEN = 16
"""G: 32 are better by 0.001 bits, 8 worse by 0.002."""
STEPS = 600
_BATCH = 512
_RATE = 0.01


class Sample(NamedTuple):
    """What a memory said at P successive positions of a text, and what came."""

    inputs: np.ndarray
    """(P, 3K + 1) float32, of the gate."""
    totals: np.ndarray
    """(P, K)"""
    distinct: np.ndarray
    """(P, K)"""
    sizes: np.ndarray
    """(P,): candidates of each position."""
    counts: np.ndarray
    """(C, K)"""
    known: np.ndarray
    """(C,): the network's log-probabilities of the candidates."""
    target: np.ndarray
    """(P,): the candidate that came, as its place among all; -1 where it was none."""
    target_known: np.ndarray
    """(P,): the network's log-probability of what came."""


def collect(log_probs: np.ndarray, ids: np.ndarray, memory: Memory, shares: np.ndarray | None, rate_weight: float) -> Sample:
    """Walk through a text with a memory of what stands before it.

    Args:
        log_probs: (P, V), the network's for each symbol of the text.
        ids: (P,), the text.
        memory: of what stands before it.
        shares: (V,), see `find_bias`.
        rate_weight: see `Mixing`.
    """
    parts: list[tuple[np.ndarray, ...]] = []
    target, target_known, begin = [], [], 0
    num_orders = len(memory.packing.orders)
    nothing = np.zeros(num_orders, np.float32)
    rates, counted, bias = Rates(shares, rate_weight), None, None
    for at, id in enumerate(ids.tolist()):
        if memory.counts is not counted:
            counted = memory.counts
            bias = rates.find_bias(counted)
        known = log_probs[at] if bias is None else add_bias(log_probs[at], bias)
        evidence = memory.recall()
        target_known.append(known[id])
        if evidence is None:
            parts.append((describe(nothing, nothing, nothing, known.max()), nothing, nothing, np.zeros((0, num_orders)), np.zeros(0)))
            target.append(-1)
        else:
            symbols, counts = evidence
            totals, distinct = counts.sum(1), (counts > 0).sum(1)
            parts.append((describe(totals, distinct, counts.max(1), known.max()), totals, distinct, counts.T, known[symbols]))
            place = np.flatnonzero(symbols == id)
            target.append(begin + int(place[0]) if len(place) else -1)
            begin += len(symbols)
        memory = memory.append(id)
    inputs, totals, distinct, counts, known = zip(*parts, strict=True)
    stacked = (np.stack(part).astype(np.float32) for part in (inputs, totals, distinct))
    joined = (np.concatenate(part).astype(np.float32) for part in (counts, known))
    sizes = np.array([len(part) for part in known])
    return Sample(*stacked, sizes, *joined, np.array(target), np.array(target_known, np.float32))


def fit(samples: Sequence[Sample], seed: int = 1, steps: int = STEPS) -> Gate:
    """The gate that makes the samples' texts most probable.

    Args:
        samples: of texts that the network has not been trained on.
        seed: of the start values and of the order of the batches.
    """
    torch.manual_seed(seed)
    num_orders = samples[0].totals.shape[1]
    gate = _Gate(num_orders)
    changer = torch.optim.Adam(gate.parameters(), lr=_RATE)
    decay = torch.optim.lr_scheduler.LinearLR(changer, 1.0, 0.05, steps)
    random = np.random.default_rng(seed)
    for _ in range(steps):
        sample = samples[random.integers(len(samples))]
        begin = int(random.integers(max(1, len(sample.sizes) - _BATCH)))
        loss = -gate.score(cut(sample, begin, begin + _BATCH)).mean()
        changer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(gate.parameters(), 1.0)
        changer.step()
        decay.step()
    return gate.export()


def cut(sample: Sample, begin: int, end: int) -> Sample:
    """The positions from ``begin`` to ``end``."""
    first, last = int(sample.sizes[:begin].sum()), int(sample.sizes[:end].sum())
    target = sample.target[begin:end]
    rows, candidates = slice(begin, end), slice(first, last)
    return Sample(
        sample.inputs[rows], sample.totals[rows], sample.distinct[rows], sample.sizes[rows], sample.counts[candidates],
        sample.known[candidates], np.where(target >= 0, target - first, -1), sample.target_known[rows],
    )


class _Gate(nn.Module):
    """`rnnchat.memory.mixing.Gate`, to be learned."""

    def __init__(self, num_orders: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(INPUTS * num_orders + 1, HIDDEN)
        self.output = nn.Linear(HIDDEN, 2 * num_orders)
        nn.init.zeros_(self.output.weight)
        nn.init.zeros_(self.output.bias)
        with torch.no_grad():
            self.output.bias[:num_orders] = -1.5  # weights of a fifth to begin with

    def score(self, sample: Sample) -> Tensor:
        """(P,): the log-probability of what came at each position."""
        inputs, totals, distinct, sizes, counts, known, target, target_known = map(torch.from_numpy, sample)
        num_orders = totals.shape[1]
        outputs = self.output(torch.tanh(self.hidden(inputs)))  # (P, 2K)
        weights = torch.sigmoid(outputs[:, :num_orders]) * (totals > 0)
        escapes = distinct * torch.exp(outputs[:, num_orders:]) + FLOOR
        rows = torch.repeat_interleave(torch.arange(len(sizes)), sizes)  # (C,)
        probabilities = known.exp()
        shared = -(weights * (totals + escapes).log()).sum(1)  # (P,)
        escape = shared + (weights * escapes.log()).sum(1)
        estimates = (counts + escapes[rows] * probabilities[:, None]).log()  # (C, K)
        scores = (1 - weights.sum(1))[rows] * known + (weights[rows] * estimates).sum(1) + shared[rows]
        nothing = torch.zeros(len(sizes))
        rest = (1 - nothing.index_add(0, rows, probabilities)).clamp_min(FLOOR)
        normaliser = (nothing.index_add(0, rows, scores.exp()) + rest * escape.exp()).log()
        came = target >= 0
        known_score = scores[target.clamp_min(0)] if len(scores) else target_known
        return torch.where(came, known_score, target_known + escape) - normaliser

    def export(self) -> Gate:
        """The numbers, for NumPy."""
        tensors = (self.hidden.weight, self.hidden.bias, self.output.weight, self.output.bias)
        return Gate(*(tensor.detach().numpy().copy() for tensor in tensors))


def measure_bits(samples: Sequence[Sample], mixing: Mixing) -> float:
    """Bits per symbol of the samples' texts with a mixing."""
    raise NotImplementedError
