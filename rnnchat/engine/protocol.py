"""What a front end and the process that holds a model say to each other: one JSON object a line.

    front end ──▶ engine   Write, Remember, Change, Cancel, Score, Measure, Offer, Explain
    engine ──▶ front end   Loaded (once, first), Chunk (many for each Write), ScoreInfo, Measured (many for
                           each Measure), Offered, Explained, Remembered, Failed

Every message is a small frozen dataclass; on the wire it is ``{"kind": "write", "request": 3, …}``, pure ASCII,
so that no character inside a text can end a line. ``request`` ties an answer to its question. Closing the pipe
ends the engine; there is no message for that. This module loads nothing heavy: the TUI imports it.
"""

import dataclasses
import json
from dataclasses import dataclass
from typing import Any, Literal, get_args

from rnnchat.errors import UsageError
from rnnchat.generation.settings import Settings

PROTOCOL = 2
"""Raised whenever an older front end would misread a newer engine."""

Reason = Literal["", "length", "line", "sentence", "paragraph", "stop", "cancelled"]
"""Why a text ended; empty while it goes on."""


@dataclass(frozen=True)
class ModelInfo:
    """What a front end shows of a loaded model."""

    name: str
    path: str
    level: str
    """How text is cut into symbols: ``char``, ``byte``, ``word`` or ``bpe``."""
    cell: str
    hidden_sizes: tuple[int, ...]
    parameters: int
    size_bytes: int
    """Of the file on disk."""
    vocab_size: int
    bits_per_char: float | None
    """On the text held back in training; None when the training record does not say."""
    corpus: str
    precision: str
    """The arithmetic in use: ``float32`` or ``int8``."""
    turns: dict[str, Any] | None = None
    """How turns are laid out in its texts, as ``TurnLayout.to_json``; None where they are no conversation."""


@dataclass(frozen=True)
class Loaded:
    """The model is in memory and the engine listens."""

    info: ModelInfo
    protocol: int = PROTOCOL


@dataclass(frozen=True)
class Write:
    """Go on from ``prompt``; a write in progress is cancelled first."""

    request: int
    prompt: str
    settings: Settings
    own: tuple[tuple[int, int], ...] = ()
    """Where a model wrote the prompt, begins and ends: it is not remembered word for word."""


@dataclass(frozen=True)
class Remember:
    """Keep these texts in memory from now on, and no others; the answer is ``Remembered``."""

    request: int
    texts: tuple[str, ...]
    """Files, folders, or names of the catalogue."""


@dataclass(frozen=True)
class Change:
    """Use ``settings`` from the next symbol of the running write on."""

    settings: Settings


@dataclass(frozen=True)
class Cancel:
    """End the write ``request`` after what is already made; nothing happens if it has ended."""

    request: int


@dataclass(frozen=True)
class Score:
    """Say how well the model predicts ``text``; answered at once, also while a text is being written."""

    request: int
    text: str


@dataclass(frozen=True)
class Measure:
    """Say what each cell of ``text`` costs, as it is read; a write or a cancellation ends it."""

    request: int
    text: str


@dataclass(frozen=True)
class Offer:
    """Say the ``count`` likeliest symbols after ``text``: to the model, or once ``settings`` have shaped its choice."""

    request: int
    text: str
    count: int = 5
    settings: Settings | None = None
    """None: the model alone."""


@dataclass(frozen=True)
class Explain:
    """Say what the model thinks of each symbol of ``text``, as if it stood after a line end."""

    request: int
    text: str
    top: int = 5
    """Alternatives for each symbol."""


@dataclass(frozen=True)
class Chunk:
    """A piece of the text being written, as much as was made in about 30 ms."""

    text: str
    chars: int = 0
    """Characters written since the prompt, this chunk included."""
    chars_per_s: float = 0.0
    """Speed since the first symbol, reading the prompt not counted."""
    seed: int = 0
    """The seed in use: the one asked for, or the one drawn."""
    unknown: tuple[str, ...] = ()
    """First chunk only: symbols of the prompt that the model does not know: read as the unknown symbol, or left out."""
    finished: bool = False
    """True for the last chunk of a write, and only for that."""
    reason: Reason = ""
    log_probs: tuple[float, ...] = ()
    """Nats of each symbol in ``text`` under the model's own distribution (temperature 1, nothing cut)."""
    loop: str = ""
    """The stretch that the text repeats again and again at its end; empty where it does not."""
    request: int = 0


@dataclass(frozen=True)
class ScoreInfo:
    """How well the model predicts a text; lower is better."""

    bits_per_char: float
    perplexity: float
    """Per symbol of the model's own level."""
    chars: int
    tokens: int
    unknown: int
    """Characters of the text that the model does not know."""
    request: int = 0


@dataclass(frozen=True)
class Measured:
    """What the next cells of a text cost, and at the end what of it the model was trained on."""

    cells: tuple[float, ...]
    """Bits of each stretch of ``rnnchat.analysis.cell.CELL_CHARS`` characters."""
    finished: bool = False
    """True for the last answer to a `Measure`, and only for that."""
    share: float | None = None
    """With the last one: the share of the text that is in the model's training text; None where that is not known."""
    copied: tuple[int, ...] = ()
    """With the last one: the cells that hold any of it."""
    request: int = 0


@dataclass(frozen=True)
class Offered:
    """Symbols that may come next: the likeliest for the model or once settings have shaped its choice.

    In the order of the model's own probabilities, best first.
    """

    labels: tuple[str, ...]
    """As shown to a person: ``e``, ``␣``, ``↵``."""
    texts: tuple[str, ...]
    """What each would add to the text."""
    probabilities: tuple[float, ...]
    """The model's own."""
    shaped: tuple[float, ...]
    """What the settings make of them; the same without settings."""
    request: int = 0


@dataclass(frozen=True)
class Explained:
    """What the model thinks of each symbol of a text; the first four have one entry for each."""

    texts: tuple[str, ...]
    """What it adds to the text; empty while a character is incomplete."""
    log_probs: tuple[float, ...]
    """Nats."""
    ranks: tuple[int, ...]
    """1 for the likeliest symbol."""
    entropies: tuple[float, ...]
    """Bits that the symbol in this place costs on average."""
    alternatives: tuple[tuple[tuple[str, float], ...], ...]
    """For each symbol the likeliest ones in its place, best first: labels and nats."""
    request: int = 0


@dataclass(frozen=True)
class Remembered:
    """What is in memory besides the text being written."""

    chars: int
    """Of all texts; what the model's own file remembers is not counted."""
    request: int = 0


@dataclass(frozen=True)
class Failed:
    """A request, or the start, failed; ``message`` is one sentence for a person."""

    message: str
    request: int | None = None
    error: str = "EngineError"
    """Name of the class in :mod:`rnnchat.errors` that the front end raises."""


Request = Write | Remember | Change | Cancel | Score | Measure | Offer | Explain
Response = Loaded | Chunk | ScoreInfo | Measured | Offered | Explained | Remembered | Failed
Message = Request | Response

_KINDS: dict[str, type[Message]] = {kind.__name__.lower(): kind for kind in (*get_args(Request), *get_args(Response))}


def encode_line(message: Message) -> bytes:
    """Write ``message`` as one line of ASCII that ends with a line feed."""
    record: dict[str, Any] = {"kind": type(message).__name__.lower()}
    for field in dataclasses.fields(message):
        value = getattr(message, field.name)
        if isinstance(value, Settings):
            value = value.to_json()
        elif isinstance(value, ModelInfo):
            value = dataclasses.asdict(value)
        record[field.name] = value
    return json.dumps(record, separators=(",", ":")).encode("ascii") + b"\n"


def decode_line(line: bytes) -> Message:
    """Read one line that :func:`encode_line` wrote.

    Raises:
        ValueError: the line is no message of this protocol.
        UsageError: the message carries settings out of range.
    """
    try:
        record = json.loads(line)
        kind = _KINDS[record.pop("kind")]
        if record.get("settings") is not None:
            record["settings"] = Settings.from_json(record["settings"])
        if "info" in record:
            record["info"] = ModelInfo(**_with_tuples(record["info"]))
        return kind(**_with_tuples(record))
    except UsageError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError) as e:
        raise ValueError(f"not a message of protocol {PROTOCOL}: {line[:80]!r}") from e


def _with_tuples(record: dict[str, Any]) -> dict[str, Any]:
    """Give back the tuples that JSON made lists of."""
    return {name: _to_tuple(value) for name, value in record.items()}


def _to_tuple(value: Any) -> Any:
    return tuple(map(_to_tuple, value)) if isinstance(value, list) else value
