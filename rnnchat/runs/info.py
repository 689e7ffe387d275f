"""The contents of run.json (what the run is) and control.json (requests to it)."""

import math
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from rnnchat.plan.options import TrainingOptions
from rnnchat.plan.recipe import Recipe
from rnnchat.text.coverage import BITS_PER_UNKNOWN_BYTE
from rnnchat.text.tokenizer import Level
from rnnchat.text.turn import TurnLayout
from rnnchat.typed_record import check_record

LATEST = 32_503_680_000
"""The year 3000, in seconds since 1970: no run was made later."""
Request = Literal["run", "pause", "stop"]


@dataclass(frozen=True)
class Control:
    """The requests of watchers to a training."""

    request: Request = "run"
    samples: int = 0
    """Samples requested so far; incrementing it requests one."""


@dataclass(frozen=True)
class RunInfo:
    """The contents of run.json. The fields from ``recipe`` on are empty until the text is prepared."""

    options: TrainingOptions
    started: float
    """When the run was created, in seconds since 1970."""
    versions: dict[str, str] = field(default_factory=dict)
    recipe: Recipe | None = None
    corpus: dict[str, Any] = field(default_factory=dict)
    """The summary of the text: ``name``, ``files`` with their sha256, ``chars``, ..."""
    parameters: int = 0
    vocab_size: int = 0
    train_chars: int = 0
    train_tokens: int = 0
    validation_chars: int = 0
    validation_tokens: int = 0
    train_unknown_bytes: int = 0
    """Bytes of UTF-8 in the training text that are not in the vocabulary."""
    validation_unknown_bytes: int = 0
    """The same in the held-out text."""
    split: str = ""
    """What is held out, in words."""
    turns: TurnLayout | None = None
    """How the turns of its texts are laid out; None where they are no conversation."""
    ancestry: tuple[str, ...] = ()
    """The models that the base model descends from, itself included, the oldest first."""

    @property
    def level(self) -> Level:
        """The level of the tokenizer; before the text is prepared, that of a training from scratch."""
        return self.recipe.level if self.recipe else self.options.own_level

    def get_recipe(self) -> Recipe:
        """The recipe of a prepared run."""
        assert self.recipe is not None, "the run is not prepared"
        return self.recipe

    @property
    def chars_per_token(self) -> float:
        """Of the training text."""
        return self.train_chars / self.train_tokens

    def to_bits(self, nats_per_token: float) -> float:
        """Convert a loss on the training text to bits per character, unknown characters included."""
        known = nats_per_token / math.log(2) * self.train_tokens
        return (known + BITS_PER_UNKNOWN_BYTE * self.train_unknown_bytes) / self.train_chars

    def to_validation_bits(self, nats_per_token: float) -> float:
        """Convert a loss on the held-out text to bits per character, unknown characters included."""
        known = nats_per_token / math.log(2) * self.validation_tokens
        return (known + BITS_PER_UNKNOWN_BYTE * self.validation_unknown_bytes) / self.validation_chars

    def to_json(self) -> dict[str, Any]:
        """The info as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> "RunInfo":
        """Read what ``to_json`` wrote.

        Raises:
            ValueError, KeyError, TypeError: It is not that.
            UsageError: A newer rnnchat wrote it, or an option is out of range.
        """
        check_record(cls, record)
        recipe, turns = record.get("recipe"), record.get("turns")
        parsed = {
            "options": TrainingOptions.from_json(record["options"]),
            "recipe": None if recipe is None else Recipe.from_json(recipe),
            "turns": None if turns is None else TurnLayout.from_json(turns),
            "ancestry": tuple(record.get("ancestry", ())),
        }
        info = cls(**{**record, **parsed})
        info._check()
        return info

    def _check(self) -> None:
        """Refuse what could not be shown: a date, a text or a network that cannot exist."""
        if not 0 <= self.started < LATEST:
            raise ValueError(f"started cannot be {self.started}")
        facts = {"name": "", "chars": 0, "files": []}
        for name, example in facts.items():
            if type(self.corpus.get(name, example)) is not type(example):
                raise ValueError(f"corpus.{name} cannot be {self.corpus[name]!r:.60}")
        if not all(isinstance(file, dict) for file in self.corpus.get("files", ())):
            raise ValueError("corpus.files must be a list of objects")
        if self.recipe is not None:
            self.recipe.build_config(max(1, self.vocab_size))
