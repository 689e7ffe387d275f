"""What a person fills in to start a training, checked field by field. No widgets here."""

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rnnchat import paths
from rnnchat.desk.figures import count_things, format_bytes, format_parameters
from rnnchat.errors import NameTakenError, RnnchatError, TextError
from rnnchat.plan.options import TrainingOptions, parse_sizes

if TYPE_CHECKING:
    from rnnchat.text.corpus import CorpusSummary

AUTO_SIZE = "auto"
SIZES = (AUTO_SIZE, "tiny", "small", "medium", "large")
LEVELS = ("char", "byte", "word", "bpe")


class FieldError(RnnchatError):
    """A field of the form cannot be taken as it is; ``field`` says which."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


@dataclass(frozen=True)
class FormValues:
    """The form as it stands: what was typed, unchecked. Empty means: choose for me."""

    texts: str = ""
    name: str = ""
    level: str = "char"
    size: str = AUTO_SIZE
    minutes: float = 5.0
    cell: str = "lstm"
    hidden: str = ""
    embedding: str = ""
    dropout: str = ""
    learning_rate: str = ""
    batch: str = ""
    window: str = ""
    seed: str = ""


@dataclass(frozen=True)
class _Number:
    """A number that may be left out: how it is called, and what it may be."""

    field: str
    option: str
    read: Callable[[str], Any]
    is_allowed: Callable[[Any], bool]
    sentence: str


NUMBERS = (
    _Number("embedding", "embedding_size", int, lambda n: 0 <= n <= 65_536, "Embedding: a whole number, 0 or more."),
    _Number("dropout", "dropout", float, lambda n: 0 <= n < 1, "Dropout: a share from 0 to below 1, such as 0.2."),
    _Number("learning_rate", "learning_rate", float, lambda n: 0 < n < 1, "Rate: above 0 and below 1, such as 0.004."),
    _Number("batch", "batch_size", int, lambda n: 1 <= n <= 4096, "Streams: a whole number from 1 to 4096."),
    _Number("window", "window", int, lambda n: 2 <= n <= 4096, "Window: a whole number from 2 to 4096."),
    _Number("seed", "seed", int, lambda n: 0 <= n < 2**32, "Seed: a whole number, 0 or more."),
)


def split_texts(texts: str) -> tuple[str, ...]:
    """The texts as typed: names or paths with spaces between; quotes keep a path with spaces together.

    Raises:
        FieldError: a quote is not closed.
    """
    try:
        return tuple(shlex.split(texts))
    except ValueError as e:
        raise FieldError("texts", "A quotation mark is not closed.") from e


def add_text(texts: str, text: str) -> str:
    """Put one more text behind those that are there; one that is there already is not named twice."""
    known = split_texts(texts)
    return texts.strip() if text in known else " ".join([*map(shlex.quote, known), shlex.quote(text)])


def check_form(values: FormValues, replace: bool = False) -> TrainingOptions:
    """Make options of what was filled in.

    Args:
        values: the form.
        replace: may an ended run and a model of this name be replaced?

    Raises:
        FieldError: naming the field and what to do about it.
    """
    corpus = split_texts(values.texts)
    if not corpus:
        raise FieldError("texts", "Choose a text: a file, a folder, or a name such as shakespeare.")
    _check_name(values.name.strip())
    hidden = None
    if values.hidden.strip():
        try:
            hidden = parse_sizes(values.hidden)
        except RnnchatError as e:
            raise FieldError("hidden", "Hidden: one size per layer, such as 512 or 128,64.") from e
        if not all(1 <= size <= 4096 for size in hidden):
            raise FieldError("hidden", "Hidden: sizes go from 1 to 4096.")
    return TrainingOptions(
        corpus,
        name=values.name.strip() or None,
        replace=replace,
        level=values.level,  # type: ignore[arg-type]
        preset=None if values.size == AUTO_SIZE else values.size,  # type: ignore[arg-type]
        cell=values.cell,  # type: ignore[arg-type]
        hidden_sizes=hidden,
        minutes=values.minutes,
        beside_tui=True,
        **_read_numbers(values),
    )


def is_name_taken(name: str) -> bool:
    """Is there a run or a model of the person's own with that name?"""
    name = name.strip()
    return bool(name) and (
        (paths.runs_dir() / name).exists() or (paths.models_dir() / f"{name}{paths.MODEL_SUFFIX}").exists()
    )


def describe_texts(summary: "CorpusSummary") -> str:
    """What was read: ``3 files, 1.9 MB, 1,912,345 characters (84 distinct)``."""
    files = count_things(len(summary.files), "file")
    left_out = f", {len(summary.left_out)} left out" if summary.left_out else ""
    chars = f"{count_things(summary.chars, 'character')} ({summary.distinct_chars:,} distinct)"
    return f"{files}{left_out}, {format_bytes(summary.bytes_read)}, {chars}"


def describe_network(values: FormValues, summary: "CorpusSummary") -> str:
    """What would be trained: ``lstm 1×384, about 0.7 M weights``; empty where the form cannot be taken yet."""
    from rnnchat.plan.choice import choose_recipe
    from rnnchat.plan.size import Symbols, guess_symbols

    try:
        options, chars = check_form(values), summary.distinct_chars
        symbols = Symbols(chars, chars) if values.level == "char" else guess_symbols(options.level, options.max_vocab)
        recipe, _ = choose_recipe(options, summary.chars, summary.chars, symbols=symbols)
        config = recipe.build_config(symbols.size)
    except RnnchatError:
        return ""
    return f"{config.describe()}, about {format_parameters(config.parameters)} weights"


def place_error(error: RnnchatError) -> FieldError | None:
    """The error beside the field that it is about; None where it is about the machine and no field."""
    match error:
        case FieldError():
            return error
        case NameTakenError():
            return FieldError("name", str(error))
        case TextError():
            return FieldError("texts", str(error))
    return None


def _check_name(name: str) -> None:
    from rnnchat.model.name import check_name

    if name:
        try:
            check_name(name)
        except RnnchatError as e:
            raise FieldError("name", str(e)) from e


def _read_numbers(values: FormValues) -> dict[str, Any]:
    options = {}
    for number in NUMBERS:
        text = getattr(values, number.field).strip()
        if not text:
            continue
        try:
            value = number.read(text)
        except ValueError as e:
            raise FieldError(number.field, number.sentence) from e
        if not number.is_allowed(value):
            raise FieldError(number.field, number.sentence)
        options[number.option] = value
    return options
