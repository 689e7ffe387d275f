"""The size of a network, from its text and its time.

A network that is too big for its text overfits; one that is too big for its time does not read enough of it.
"""

from typing import Literal, NamedTuple

from rnnchat.description import cut
from rnnchat.errors import UsageError
from rnnchat.model.config import ModelConfig
from rnnchat.plan.options import Preset, TrainingOptions
from rnnchat.text.tokenizer import DEFAULT_MAX_VOCAB, Level

Kind = Literal["spelling", "words"]
"""Symbols are few and each is frequent, or many and most are rare; rare ones are memorised sooner."""
MANY_SYMBOLS = 300
"""From this many common characters on (Chinese, Japanese), they are treated like words."""
LEAST_SEEN: dict[Kind, float] = {"spelling": 1.0, "words": 0.3}
"""A network that reads fewer symbols than this per parameter is too big for its time: while 1×512 read 0.3 M
characters, 1×256 read 0.7 M and reached 1.63 nats instead of 1.71."""
_LARGE_SEEN = 2.0
"""The same for the largest, as a multiple."""
_SHORT, _SHORTISH, _LONG = 3_000, 20_000, 5_000_000
"""Characters. A network may be big for its text: on 33,000 characters 1×512 with dropout reached 2.32 bits per
character and 1×256 2.47."""


class Symbols(NamedTuple):
    """The symbols of a text."""

    size: int
    """Of the vocabulary."""
    common: int
    """How many distinct symbols make up 99 % of the text."""


class NetworkSize(NamedTuple):
    """The sizes of a network."""

    hidden_sizes: tuple[int, ...]
    embedding_size: int
    tied: bool = False


PRESETS: dict[Kind, dict[Preset, NetworkSize]] = {
    "spelling": {
        "tiny": NetworkSize((128,), 32),
        "small": NetworkSize((256,), 64),
        "medium": NetworkSize((512,), 64),
        "large": NetworkSize((640, 640), 128),
    },
    "words": {
        "tiny": NetworkSize((128,), 128, tied=True),
        "small": NetworkSize((256,), 192, tied=True),
        "medium": NetworkSize((512,), 256, tied=True),
        "large": NetworkSize((640, 640), 320, tied=True),
    },
}
_USUAL_VOCAB: dict[Level, int] = {"char": 100}
"""Levels whose vocabulary is usually much smaller than its maximum."""


def find_kind(level: Level, common: int) -> Kind:
    """The kind of a text with ``common`` common symbols."""
    return "words" if level in ("word", "bpe") or common >= MANY_SYMBOLS else "spelling"


def choose_preset(options: TrainingOptions, chars: int, symbols: Symbols, flop: float | None) -> Preset:
    """The biggest network for which text and time suffice.

    Args:
        options: as given.
        chars: characters to train on.
        symbols: of the text.
        flop: floating-point operations that the time allows; None where the budget is not a time.
    """
    if chars < _SHORT:
        return "tiny"
    kind = find_kind(options.own_level, symbols.common)
    presets: tuple[Preset, ...] = ("small",) if chars < _SHORTISH else ("medium", "small")
    if flop is not None and chars > _LONG:
        presets = ("large", *presets)
    for preset in presets:
        size = PRESETS[kind][preset]
        config = ModelConfig(
            symbols.size, options.cell or "lstm", size.hidden_sizes, size.embedding_size, 0.0, size.tied
        )
        least = LEAST_SEEN[kind] * (_LARGE_SEEN if preset == "large" else 1)
        if flop is None or flop >= count_flop(config.parameters) * least * config.parameters:
            return preset
    return "tiny"


def count_flop(parameters: int) -> int:
    """Floating-point operations to train on one symbol: a multiplication and an addition forward, twice that
    backward."""
    return 6 * parameters


def guess_symbols(level: Level, max_vocab: int | None) -> Symbols:
    """The symbols that a text of that level usually has."""
    size = max_vocab or _USUAL_VOCAB.get(level, DEFAULT_MAX_VOCAB[level])
    return Symbols(size, min(size, MANY_SYMBOLS - 1))


def parse_sizes(text: str) -> tuple[int, ...]:
    """Parse hidden sizes as typed: ``512`` or ``128,64``.

    Raises:
        UsageError: it is not a list of whole numbers.
    """
    try:
        return tuple(int(size) for size in text.split(","))
    except ValueError as e:
        raise UsageError(
            f"hidden-sizes must be a size, as in 512, or one per layer, as in 128,64, not {cut(text)}"
        ) from e
