"""Learns how much a memory counts: the gate of `rnnchat.memory.mixing`, once the network is trained.

The same formula as there, over many positions at once and with torch's gradients.

Letters: V vocabulary, K orders, P positions of a batch, C candidates of a batch (symbols that followed, of all its
positions one after the other), G hidden units of the gate.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from rnnchat.memory.default import find_default
from rnnchat.memory.memory import Memory
from rnnchat.memory.mixing import EXTRA_INPUTS, FLOOR, INPUTS, Gate, Mixing, Rates, describe
from rnnchat.memory.recollection import Recollection
from rnnchat.model.file import Model
from rnnchat.runtime.runtime import Runtime

HIDDEN = 16
"""G: 32 are better by 0.001 bits, 8 worse by 0.002."""
STEPS = 150
"""From a gate that is nearly right, in a second or two; 600 from a random one."""
LEAST_HELD_OUT = 2_000
MAX_SAMPLES = 4_000
MAX_WARM_UP = 1_000
"""Symbols that the network reads before the sample begins."""
MAX_REMEMBERED = 2_000_000
"""Symbols of a text that a person may have in memory."""
RATE_WEIGHT = 0.6
"""On four novels 0.4 came to 1.627 bits per character, 0.6 and 0.8 to 1.624, none to 1.644."""
_BATCH = 512
_BLOCK = 128
_RATE = 0.01


class Observations(NamedTuple):
    """What a memory said at P successive positions of a text, and what came."""

    inputs: np.ndarray
    """(P, 3K + 2) float32, of the gate."""
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


def learn_mixing(model: Model, held_out: np.ndarray, learned: np.ndarray) -> Mixing | None:
    """How much a memory should count beside a network that was just trained.

    A short text is remembered whole while this is learned, as it will be in use; of a long one only the rates are.

    Args:
        model: with its weights.
        held_out: (N,) ids that the network was not trained on.
        learned: (N,) ids that it was trained on.

    Returns:
        None where the held-out text is too short to learn it from: the default will do.
    """
    if len(held_out) < LEAST_HELD_OUT:
        return None
    vocab_size = model.config.vocab_size
    known = model.mixing or find_default(vocab_size)
    is_long = len(learned) > MAX_REMEMBERED
    rates = known.rates
    if is_long:
        counts = np.bincount(learned, minlength=vocab_size) + 0.5
        rates = Rates(counts / counts.sum(), RATE_WEIGHT)
    memory = Memory.of(vocab_size)
    begin = len(held_out) // 2 if is_long else 1
    memory = memory.extend(held_out[:begin]) if is_long else memory.learn(learned).extend(held_out[:begin])
    ids = held_out[begin : begin + MAX_SAMPLES]
    sample = collect(_predict(model, held_out, begin, len(ids)), ids, memory, rates)
    start = known.gate
    gate = fit([sample], start)
    # A held-out text of one kind may teach what does not hold for others: what gains nothing is not taken.
    return Mixing(gate if measure(sample, gate) < measure(sample, start) else start, rates)


def _predict(model: Model, ids: np.ndarray, begin: int, count: int) -> Iterator[np.ndarray]:
    """What the network alone expects, (V,), before each of ``count`` symbols from ``begin`` on."""
    runtime = Runtime(model, "float32")
    state = runtime.initial_state()
    read = ids[max(0, begin - MAX_WARM_UP) : begin + count - 1]
    skipped = len(read) - count
    for first in range(0, len(read), _BLOCK):
        log_probs, state = runtime.read(read[None, first : first + _BLOCK], state)
        for place, row in enumerate(log_probs[0], first):
            if place >= skipped:
                yield row


def collect(log_probs: Iterable[np.ndarray], ids: np.ndarray, memory: Memory, rates: Rates) -> Observations:
    """Walk through a text with a memory of what stands before it.

    Args:
        log_probs: what the network expects, (V,), before each symbol of the text.
        ids: (P,), the text.
        memory: of what stands before it.
        rates: of the network's own text.
    """
    rows: list[tuple[np.ndarray, ...]] = []
    target, target_known, begin = [], [], 0
    place = Recollection(memory, Mixing(find_default(memory.packing.vocab_size).gate, rates))
    nothing = np.zeros(len(memory.packing.orders), np.float32)
    for row, id in zip(log_probs, ids, strict=True):
        known = place.adapt(row)
        target_known.append(known[id])
        evidence = place.memory.recall()
        symbols, counts = evidence[:2] if evidence else (np.zeros(0, np.int32), np.zeros((len(nothing), 0), np.float32))
        totals, distinct = counts.sum(1), (counts > 0).sum(1)
        most = counts.max(1) if len(symbols) else nothing
        inputs = describe(totals, distinct, most, float(known.max()), len(place.memory))
        rows.append((inputs, totals, distinct, counts.T, known[symbols]))
        found = np.flatnonzero(symbols == id)
        target.append(begin + int(found[0]) if len(found) else -1)
        begin += len(symbols)
        place = place.read(ids[len(target) - 1 : len(target)])
    columns = list(zip(*rows, strict=True))
    stacked = [np.stack(column).astype(np.float32) for column in columns[:3]]
    joined = [np.concatenate(column).astype(np.float32) for column in columns[3:]]
    sizes = np.array([len(part) for part in columns[-1]])
    return Observations(
        stacked[0], stacked[1], stacked[2], sizes, joined[0], joined[1], np.array(target),
        np.array(target_known, np.float32),
    )  # fmt: skip


def fit(samples: Sequence[Observations], start: Gate | None = None, steps: int = STEPS, seed: int = 1) -> Gate:
    """The gate that makes the samples' texts most probable.

    Args:
        samples: of texts that the network has not been trained on.
        start: the gate to begin with; a random one by default.
        steps: of 512 symbols.
        seed: of the start values and of the order of the batches.
    """
    torch.manual_seed(seed)
    gate = _Gate(samples[0].totals.shape[1], start)
    changer = torch.optim.Adam(gate.parameters(), lr=_RATE)
    decay = torch.optim.lr_scheduler.LinearLR(changer, 1.0, 0.05, steps)
    random = np.random.default_rng(seed)
    for _ in range(steps):
        sample = samples[int(random.integers(len(samples)))]
        begin = int(random.integers(max(1, len(sample.sizes) - _BATCH)))
        loss = -gate.score(cut(sample, begin, begin + _BATCH)).mean()
        changer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(gate.parameters(), 1.0)
        changer.step()
        decay.step()
    return gate.export()


@torch.no_grad()
def measure(sample: Observations, gate: Gate) -> float:
    """Nats per symbol of the sample's text with a gate."""
    return -float(_Gate(gate.num_orders, gate).score(sample).mean())


def cut(sample: Observations, begin: int, end: int) -> Observations:
    """The positions from ``begin`` to ``end``."""
    first, last = int(sample.sizes[:begin].sum()), int(sample.sizes[:end].sum())
    target = sample.target[begin:end]
    rows, candidates = slice(begin, end), slice(first, last)
    return Observations(
        sample.inputs[rows],
        sample.totals[rows],
        sample.distinct[rows],
        sample.sizes[rows],
        sample.counts[candidates],
        sample.known[candidates],
        np.where(target >= 0, target - first, -1),
        sample.target_known[rows],
    )


class _Gate(nn.Module):
    """`rnnchat.memory.mixing.Gate`, to be learned."""

    def __init__(self, num_orders: int, start: Gate | None = None) -> None:
        super().__init__()
        size = HIDDEN if start is None else len(start.hidden_bias)
        self.hidden = nn.Linear(INPUTS * num_orders + EXTRA_INPUTS, size)
        self.output = nn.Linear(size, 2 * num_orders)
        if start is None:
            nn.init.zeros_(self.output.weight)
            nn.init.zeros_(self.output.bias)
            nn.init.constant_(self.output.bias[:num_orders], -1.5)  # weights of a fifth to begin with
        else:
            for tensor, part in zip(self._tensors, start.parts, strict=True):
                tensor.data = torch.from_numpy(part.copy())

    @property
    def _tensors(self) -> tuple[Tensor, ...]:
        return self.hidden.weight, self.hidden.bias, self.output.weight, self.output.bias

    def score(self, sample: Observations) -> Tensor:
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
        return Gate(*(tensor.detach().numpy().copy() for tensor in self._tensors))
