"""What writing and scoring need of a network, whatever computes it.

Letters: B batch, T time, V vocabulary, H hidden.
"""

from typing import Protocol

import numpy as np

from rnnchat.model import state
from rnnchat.model.config import ModelConfig
from rnnchat.runtime.constant import Precision

State = state.State[np.ndarray]
"""What a network remembers of a text, as float32 arrays of NumPy."""


class Predictor(Protocol):
    """What writing and scoring need of a network: a ``Runtime``, or several as a ``Mixture``."""

    config: ModelConfig
    precision: Precision

    def initial_state(self, batch_size: int = 1) -> State:
        """The state before any text."""

    def step(self, ids: np.ndarray, state: State) -> tuple[np.ndarray, State]:
        """Read one symbol in each stream: ids (B,) int64 to log-probabilities (B, V) float32, and the state after."""

    def read(self, ids: np.ndarray, state: State, last_only: bool = False) -> tuple[np.ndarray, State]:
        """Read T symbols in each stream: ids (B, T) to log-probabilities (B, T, V), or (B, 1, V) of the last."""

    def read_hidden(self, ids: np.ndarray, state: State) -> tuple[np.ndarray, tuple[np.ndarray, ...], State]:
        """As ``read``, with the hidden states of each layer, (B, T, H_l), in between."""


class Recall(Protocol):
    """What was read, as far as it changes what is expected next: a value like the state, which it goes along with."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is remembered."""

    def learn(self, ids: np.ndarray) -> "Recall":
        """What it becomes with one more text that stands by itself, ids (N,); this one stays as it is."""

    def read(self, ids: np.ndarray) -> "Recall":
        """What it becomes after N more symbols of the text, ids (N,)."""

    def follow(self, ids: np.ndarray) -> "Recall":
        """What it becomes after N more symbols, ids (N,), that are not remembered."""

    def stand_after(self, ids: np.ndarray) -> "Recall":
        """The same memory at the end of a text, ids (N,), whatever it was told came last."""

    def write(self, id: int) -> "Recall":
        """What it becomes after a symbol that the model itself has written."""

    def mix(self, log_probs: np.ndarray) -> np.ndarray:
        """What is expected next, (V,) float32 log-probabilities, from what the network alone expects, (V,)."""
