"""A memory at work beside a network: what it has read, and how much that counts.

Letters: N symbols, V vocabulary.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from rnnchat.memory.memory import Memory
from rnnchat.memory.mixing import Mixing, add_bias


@dataclass(frozen=True)
class Recollection:
    """A value that goes along with a network's state: `rnnchat.runtime.predictor.Recall`."""

    memory: Memory
    mixing: Mixing

    @cached_property
    def bias(self) -> np.ndarray | None:
        """(V,): see `Rates.find_bias`."""
        return self.mixing.rates.find_bias(self.memory.counts)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is remembered."""
        return not len(self.memory)

    def learn(self, ids: np.ndarray) -> "Recollection":
        """With one more text that stands by itself, ids (N,)."""
        return self._with(self.memory.learn(ids))

    def read(self, ids: np.ndarray) -> "Recollection":
        """After N symbols of the person's, ids (N,), which are remembered."""
        return self._with(self.memory.extend(ids))

    def follow(self, ids: np.ndarray) -> "Recollection":
        """After N symbols of the text, ids (N,), that are not remembered."""
        return self._with(self.memory.follow(ids))

    def stand_after(self, ids: np.ndarray) -> "Recollection":
        """At the end of a text, ids (N,): symbols at a seam are not those of the two parts."""
        return self._with(self.memory.stand_after(ids))

    def write(self, id: int) -> "Recollection":
        """After a symbol of the model's own, which is not: what it has just said would make it say that again."""
        return self._with(self.memory.follow(np.array([id], np.int32)))

    def mix(self, log_probs: np.ndarray) -> np.ndarray:
        """What is expected next, (V,) float32 log-probabilities, from what the network alone expects, (V,)."""
        return self.mixing.mix(self.adapt(log_probs), self.memory.recall())

    def adapt(self, log_probs: np.ndarray) -> np.ndarray:
        """What the network alone expects, (V,), brought to the rates of what is remembered."""
        return log_probs if self.bias is None else add_bias(log_probs, self.bias)

    def _with(self, memory: Memory) -> "Recollection":
        after = replace(self, memory=memory)
        if "bias" in self.__dict__ and memory.counts is self.memory.counts:
            after.__dict__["bias"] = self.bias  # a cached property of a frozen value
        return after
