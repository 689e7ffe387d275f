"""What a person fills in to start a training, checked field by field. No widgets here."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rnnchat import paths
from rnnchat.description import Description, check_value, find_choices, find_descriptions, find_types, parse_number
from rnnchat.desk.figures import count_things, format_bytes, format_parameters
from rnnchat.errors import NameTakenError, RnnchatError, TextError
from rnnchat.plan.options import TrainingOptions
from rnnchat.plan.size import parse_sizes

if TYPE_CHECKING:
    from rnnchat.text.summary import CorpusSummary

AUTO = "auto"
"""The choice that leaves a field open."""


class FieldError(RnnchatError):
    """A field of the form cannot be taken as it is; ``field`` says which."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


@dataclass(frozen=True)
class FormValues:
    """The form as it stands, unchecked."""

    texts: str = ""
    minutes: float = 5.0
    filled: Mapping[str, str] = field(default_factory=dict)
    """What was typed or chosen, by fields of `TrainingOptions`. Empty or auto leaves a field open."""

    @property
    def name(self) -> str:
        """The name that was typed, or nothing."""
        return self.filled.get("name", "").strip()


def list_rows() -> dict[str, Description]:
    """The fields of `TrainingOptions` that have a row of their own in the form, in their order."""
    descriptions = find_descriptions(TrainingOptions)
    return {name: each for name, each in descriptions.items() if each.label and name != "minutes"}


def list_choices(name: str) -> tuple[str, ...]:
    """The words to choose from for a field, or nothing where something is typed."""
    choices = find_choices(find_types(TrainingOptions)[name])
    return (AUTO, *choices) if choices and getattr(TrainingOptions, name) is None else choices


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
    options = {
        name: _read(name, typed.strip()) for name, typed in values.filled.items() if typed.strip() not in ("", AUTO)
    }
    return TrainingOptions(corpus, minutes=values.minutes, replace=replace, beside_tui=True, **options)


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
        symbols = (
            Symbols(chars, chars)
            if options.own_level == "char"
            else guess_symbols(options.own_level, options.max_vocab)
        )
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


def _read(name: str, typed: str) -> Any:
    """The value of a field that was filled in.

    Raises:
        FieldError: it cannot be taken.
    """
    from rnnchat.model.name import check_name

    wanted, description = find_types(TrainingOptions)[name], find_descriptions(TrainingOptions)[name]
    try:
        if name == "name":
            check_name(typed)
        value = typed if description.bounds is None else _parse(typed, wanted)
        check_value(description.label, value, wanted, description)
    except RnnchatError as e:
        raise FieldError(name, str(e)) from e
    return value


def _parse(typed: str, wanted: Any) -> Any:
    """Numbers as they are typed; what is none stays as it is."""
    if wanted == tuple[int, ...] | None:
        return parse_sizes(typed)
    try:
        return parse_number(typed)
    except ValueError:
        return typed
