"""The gates for models that never learned one of their own.

``gates.json`` holds two, learned by ``benchmarks/memory.py``: one of six orders for characters and bytes, one of four
for words and pieces of words.

Letters: K orders, G hidden units.
"""

import json
from functools import lru_cache
from importlib import resources

import numpy as np

from rnnchat.memory.index import Packing
from rnnchat.memory.mixing import EXTRA_INPUTS, INPUTS, UNSEEN, Gate, Mixing


@lru_cache
def find_default(vocab_size: int) -> Mixing:
    """The mixing for a vocabulary of V symbols about which nothing else is known."""
    num_orders = len(Packing(vocab_size).orders)
    gates = {gate.num_orders: gate for gate in map(Gate.from_json, json.loads(_read()))}
    return Mixing(narrow(gates[min(size for size in gates if size >= num_orders)], num_orders))


def narrow(gate: Gate, num_orders: int) -> Gate:
    """The same gate for the first K of its orders: as if the longer contexts were never seen."""
    kept = np.arange(gate.num_orders) < num_orders
    inputs = np.append(np.tile(kept, INPUTS), [True] * EXTRA_INPUTS)
    unseen = np.append(np.repeat(UNSEEN, gate.num_orders), [0.0] * EXTRA_INPUTS).astype(np.float32)
    outputs = np.tile(kept, 2)
    bias = gate.hidden_bias + gate.hidden_weight[:, ~inputs] @ unseen[~inputs]
    return Gate(gate.hidden_weight[:, inputs], bias, gate.output_weight[outputs], gate.output_bias[outputs])


def _read() -> str:
    return resources.files("rnnchat.memory").joinpath("gates.json").read_text()
