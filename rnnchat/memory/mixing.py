"""The network's distribution, changed by what followed the same symbols before.

For each order k the memory has its own estimate, PPM's with the network in place of the next lower order (Cleary and
Witten 1984; the escape e is learned instead of method C's u):

    p_k(s) = (n_k(s) + e_k p(s)) / (N_k + e_k)

The estimates are mixed in the log domain, as in the PAQ compressors (Mahoney 2005), each as its ratio to the network:

    log p'(s) = log p(s) + Σ_k w_k log (p_k(s) / p(s)) - log Z

A small network, the gate, gives w_k and e_k from what is known before the symbol: how often each context was seen,
how many symbols followed it, how clear its favourite is, and how sure the network is. Before all that the network is
brought to the rates of the text, which need no context: log p(s) += a log (r(s) / q(s)), r(s) the rate of the symbol
in the memory and q(s) that in what the network was trained on.

Letters: V vocabulary, K orders, S symbols that followed, G hidden units of the gate.
"""

import base64
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnchat.memory.evidence import Evidence
from rnnchat.memory.index import Packing

INPUTS = 3
"""Of the gate for each order, beside `EXTRA_INPUTS`."""
EXTRA_INPUTS = 2
"""For the network, and for the size of the memory."""
UNSEEN = (0.0, 0.0, -1.0)
"""Those of an order whose context was never seen."""
FLOOR = 1e-6
"""Keeps an escape from being nothing."""
LEAST_PROBABILITY = np.float32(1e-30)
"""What is less probable, to a network with wild weights, counts as this much."""
DECIMALS = 4
"""Of the gate's weights in a file."""
_STEPS_PER_OCTAVE = 8
MAX_BIAS = 6.0
"""Nats: no symbol is made more or less likely than by so much because of its rate."""


@dataclass(frozen=True)
class Gate:
    """Two layers of numbers: (3K + 2) inputs, G hidden units (tanh), 2K outputs."""

    hidden_weight: np.ndarray
    """(G, 3K + 2) float32"""
    hidden_bias: np.ndarray
    """(G,)"""
    output_weight: np.ndarray
    """(2K, G)"""
    output_bias: np.ndarray
    """(2K,): for each order the logit of w_k, then the logarithm of e_k for each different follower."""

    @property
    def num_orders(self) -> int:
        """K"""
        return len(self.output_bias) // 2

    def __post_init__(self) -> None:
        hidden, orders = len(self.hidden_bias), self.num_orders
        shapes = ((hidden, INPUTS * orders + EXTRA_INPUTS), (hidden,), (2 * orders, hidden), (2 * orders,))
        found = tuple(np.shape(part) for part in self.parts)
        if found != shapes or not all(np.isfinite(part).all() for part in self.parts):
            raise ValueError(f"a gate's weights have the shapes {found}, or are not finite")

    @property
    def parts(self) -> tuple[np.ndarray, ...]:
        """The four arrays."""
        return self.hidden_weight, self.hidden_bias, self.output_weight, self.output_bias

    def to_json(self) -> list[Any]:
        """The four arrays as lists."""
        return [np.round(part.astype(float), DECIMALS).tolist() for part in self.parts]

    @classmethod
    def from_json(cls, record: list[Any]) -> "Gate":
        """Read what ``to_json`` wrote.

        Raises:
            TypeError, ValueError: it is not a gate.
        """
        return cls(*(np.array(part, np.float32) for part in record))

    def __call__(self, inputs: np.ndarray) -> np.ndarray:
        """(3K + 2,) -> (2K,)"""
        hidden = np.tanh(self.hidden_weight @ inputs + self.hidden_bias)
        outputs: np.ndarray = self.output_weight @ hidden + self.output_bias
        return outputs


@dataclass(frozen=True)
class Rates:
    """How often each symbol stood in what the network was trained on, and how far a text's own rates replace that."""

    shares: np.ndarray | None = None
    """q (V,), which add up to 1; None where they are not known."""
    weight: float = 0.0
    """a, from 0 to 1."""

    def find_bias(self, counts: np.ndarray) -> np.ndarray | None:
        """What brings the network to a text's rates: (V,) float32 in nats; None where nothing changes.

        Args:
            counts: (V,), of the symbols in the text.
        """
        if self.shares is None or not self.weight:
            return None
        bias: np.ndarray = self.weight * np.log((counts + 1) / (counts.sum() * self.shares + 1))
        return bias.clip(-MAX_BIAS, MAX_BIAS).astype(np.float32)


@dataclass(frozen=True)
class Mixing:
    """How much a memory counts; learned when a model is made, and kept in its file."""

    gate: Gate
    rates: Rates = Rates()

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; each share within 5 %."""
        shares = self.rates.shares
        encoded = None if shares is None else base64.b64encode(_to_bytes(shares)).decode()
        return {"gate": self.gate.to_json(), "rate_weight": self.rates.weight, "shares": encoded}

    @classmethod
    def from_json(cls, record: dict[str, Any], vocab_size: int) -> "Mixing":
        """Read what ``to_json`` wrote, for a vocabulary of V symbols.

        Raises:
            KeyError, TypeError, ValueError: it is not a mixing, or one for another vocabulary.
        """
        gate, shares, weight = Gate.from_json(record["gate"]), None, float(record["rate_weight"])
        if record["shares"] is not None:
            shares = _from_bytes(base64.b64decode(record["shares"], validate=True))
            if len(shares) != vocab_size:
                raise ValueError(f"the rates of {len(shares)} symbols are given, the vocabulary has {vocab_size}")
        if not 0 <= weight <= 1 or gate.num_orders != len(Packing(vocab_size).orders):
            raise ValueError(f"a mixing of {gate.num_orders} orders with the rate weight {weight} does not fit")
        return cls(gate, Rates(shares, weight))

    def mix(self, log_probs: np.ndarray, evidence: Evidence | None) -> np.ndarray:
        """The distribution with memory.

        Args:
            log_probs: (V,) float32, the network's, brought to the text's rates already.
            evidence: what followed before.

        Returns:
            (V,) float32, normalised; the same array where there is no evidence.
        """
        if evidence is None:
            return log_probs
        symbols, counts, size = evidence
        num_orders = len(counts)
        totals = counts.sum(1)  # (K,)
        distinct = (counts > 0).sum(1)  # (K,)
        outputs = self.gate(describe(totals, distinct, counts.max(1), log_probs.max(), size))
        weights = (totals > 0) / (1 + np.exp(-outputs[:num_orders]))  # (K,): w
        escapes = distinct * np.exp(outputs[num_orders:]) + FLOOR  # (K,): e
        known = log_probs[symbols]  # (S,)
        probabilities = np.maximum(np.exp(known), LEAST_PROBABILITY)
        estimates = np.log(counts + escapes[:, None] * probabilities)  # (K, S): log of n + e p
        # Of every symbol, and of those that followed: log p' - log p, but for the normaliser.
        shared = -float(weights @ np.log(totals + escapes))
        escape = shared + float(weights @ np.log(escapes))
        scores = (1 - weights.sum()) * known + weights @ estimates + shared  # (S,)
        rest = max(FLOOR, 1.0 - float(probabilities.sum()))
        normaliser = math.log(float(np.exp(scores).sum()) + rest * math.exp(escape))
        mixed = log_probs + np.float32(escape - normaliser)
        mixed[symbols] = scores - normaliser
        return mixed


def describe(totals: np.ndarray, distinct: np.ndarray, most: np.ndarray, best_log_prob: float, size: int) -> np.ndarray:
    """What the gate looks at: (3K + 2,) from three counts of each order (K,), the network's confidence in nats, and
    how many symbols are remembered."""
    num_orders = len(totals)
    inputs = np.empty(INPUTS * num_orders + EXTRA_INPUTS, np.float32)
    inputs[:num_orders] = totals
    inputs[num_orders : 2 * num_orders] = distinct
    np.log1p(inputs[: 2 * num_orders], out=inputs[: 2 * num_orders])
    inputs[2 * num_orders : -2] = most / (totals + 1) - (totals == 0)
    inputs[-2] = best_log_prob
    inputs[-1] = math.log1p(size) / 4
    return inputs


def _to_bytes(shares: np.ndarray) -> bytes:
    """A byte for each share: its distance from 1 in eighths of an octave."""
    eighths: np.ndarray = -np.log2(np.maximum(shares, 2.0**-31)) * _STEPS_PER_OCTAVE
    return eighths.round().clip(0, 255).astype(np.uint8).tobytes()


def _from_bytes(data: bytes) -> np.ndarray:
    shares: np.ndarray = 2.0 ** (-np.frombuffer(data, np.uint8) / _STEPS_PER_OCTAVE)
    shares /= shares.sum()
    return shares


def add_bias(log_probs: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """The network's distribution (V,) brought to a text's rates, normalised."""
    shifted: np.ndarray = log_probs + bias
    shifted -= np.log(np.exp(shifted).sum())
    return shifted
