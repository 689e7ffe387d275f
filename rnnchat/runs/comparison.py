"""Several runs side by side: their curves on one axis, their figures, and the differences between their recipes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, get_args

from rnnchat.runs.history import Point, RunHistory
from rnnchat.runs.info import RunInfo
from rnnchat.runs.status import RunStatus

Axis = Literal["time", "chars", "steps"]
"""The horizontal axis of a curve: seconds of training, characters read, or steps."""
AXES: tuple[Axis, ...] = get_args(Axis)

LETTERS = "abcdefghij"
"""The labels of runs in a plot, which holds no more."""
_LAST_FEW = 5

_LABELS = {
    "hidden_sizes": "hidden",
    "embedding_size": "embedding",
    "batch_size": "batch size",
    "learning_rate": "learning rate",
    "max_vocab": "max vocab",
    "validation_fraction": "validation split",
}
"""The names of recipe fields where they differ from the field."""


@dataclass(frozen=True)
class ComparedRun:
    """One run of several."""

    letter: str
    """Its label in the plot."""
    status: RunStatus
    info: RunInfo
    evaluations: tuple[Point, ...] = ()
    """Validation losses."""

    @property
    def name(self) -> str:
        """Its name."""
        return self.status.name

    @property
    def best(self) -> float | None:
        """Lowest validation loss in bits per character."""
        return self.status.bits_per_char

    @property
    def last(self) -> float | None:
        """Latest validation loss in bits per character."""
        return self.evaluations[-1].bits_per_char if self.evaluations else None

    @property
    def chars_per_step(self) -> float:
        """Characters per step; 0 before the text is prepared."""
        recipe = self.info.recipe
        if recipe is None or not self.info.train_tokens:
            return 0.0
        return recipe.batch_size * recipe.window * self.info.chars_per_token

    @property
    def chars_read(self) -> float:
        """Characters read, repetitions included."""
        return self.status.step * self.chars_per_step

    @property
    def chars_per_s(self) -> float:
        """Mean over the whole training, evaluation and samples included."""
        return self.chars_read / self.status.elapsed_s if self.status.elapsed_s else 0.0

    @property
    def held_out(self) -> tuple[object, ...]:
        """The validation text: equal for two runs only if their losses are comparable."""
        texts = self.info.options.validation or list_texts(self.info)
        return texts, self.info.validation_chars

    def trace(self, over: Axis) -> list[tuple[float, float]]:
        """Its curve: (seconds, characters or steps; bits per character), in order."""
        if over == "time":
            return [(point.elapsed_s, point.bits_per_char) for point in self.evaluations]
        scale = self.chars_per_step if over == "chars" else 1.0
        return [(point.step * scale, point.bits_per_char) for point in self.evaluations]


class Difference(NamedTuple):
    """A field in which the runs differ: one value each, in their order."""

    field: str
    values: tuple[Any, ...]


@dataclass(frozen=True)
class RunComparison:
    """Several runs, the best first."""

    runs: tuple[ComparedRun, ...]
    differences: tuple[Difference, ...]
    equal: dict[str, Any]
    """The fields that are the same in all recipes."""
    is_fair: bool
    """Whether all have the same validation text."""

    def find_end(self, over: Axis) -> float:
        """The end of the longest curve."""
        return max((points[-1][0] for run in self.runs if (points := run.trace(over))), default=0.0)


def compare_runs(runs: Iterable[ComparedRun]) -> RunComparison:
    """Sort runs, the best first, and find the differences between their recipes."""
    ordered = tuple(sorted(runs, key=lambda run: (run.best is None, run.best or 0.0)))
    recipes = [_describe_recipe(run.info) for run in ordered]
    fields = list(dict.fromkeys(field for recipe in recipes for field in recipe))
    differences, equal = [], {}
    for field in fields:
        values = tuple(recipe.get(field) for recipe in recipes)
        if all(value == values[0] for value in values):
            equal[field] = values[0]
        else:
            differences.append(Difference(field, values))
    return RunComparison(ordered, tuple(differences), equal, len({run.held_out for run in ordered}) <= 1)


def rank_runs(histories: Iterable[RunHistory]) -> RunComparison:
    """Compare runs and label them with letters, the best ``a``; unreadable runs are skipped."""
    readable = [(history, history.info) for history in histories if history.info is not None]
    runs = [ComparedRun("", history.judge(), info, tuple(history.evaluations)) for history, info in readable]
    ordered = compare_runs(runs).runs
    return compare_runs(
        ComparedRun(letter, run.status, run.info, run.evaluations)
        for letter, run in zip(LETTERS, ordered, strict=False)
    )


def choose_alike(infos: Sequence[tuple[str, RunInfo | None]], name: str | None = None) -> list[str]:
    """The last few runs on the same texts as ``name``, or as the newest prepared run.

    Args:
        infos: name and info of every run, the newest first.
        name: a run, which is always included.
    """
    prepared = [(each, info) for each, info in infos if info is not None and info.recipe is not None]
    model = next((info for each, info in prepared if name in (None, each)), None)
    if model is None:
        return []
    alike = [each for each, info in prepared if list_texts(info) == list_texts(model)]
    chosen = alike[:_LAST_FEW]
    return chosen if name in (None, *chosen) else [*chosen[:-1], str(name)]


def list_texts(info: RunInfo) -> tuple[str, ...]:
    """The training texts: the digests of the files, or the sources as given where these are not known."""
    digests = tuple(file["sha256"] for file in info.corpus.get("files", ()) if "sha256" in file)
    return digests or info.options.corpus


def name_field(field: str) -> str:
    """The name of a recipe field: ``hidden`` for ``hidden_sizes``."""
    return _LABELS.get(field, field.replace("_", " "))


def say_value(value: Any) -> str:
    """A recipe value in as few characters as possible; – for None."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(say_value, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def say_equal(comparison: RunComparison) -> str:
    """One sentence on what is the same in all; what is off or unset is omitted."""
    told = {field: value for field, value in comparison.equal.items() if value not in (None, False, 0, 0.0, "")}
    if not told:
        return ""
    words = (f"{name_field(field)} {say_value(value)}" for field, value in told.items())
    return f"Same in all: {'; '.join(words)}."


def say_unfair(comparison: RunComparison) -> str:
    """One sentence if losses are not comparable, with the validation text of each; empty if they are."""
    if comparison.is_fair:
        return ""
    groups: dict[tuple[object, ...], list[ComparedRun]] = {}
    for run in comparison.runs:
        groups.setdefault(run.held_out, []).append(run)
    parts = (f"{' '.join(run.letter for run in runs)} on {_say_held_out(runs[0].info)}" for runs in groups.values())
    return f"The losses are not comparable, since the validation texts differ: {'; '.join(parts)}."


def _say_held_out(info: RunInfo) -> str:
    if not info.split:
        return "nothing yet"
    return info.split if info.options.validation else f"{info.corpus.get('name', 'its text')}, {info.split}"


def _describe_recipe(info: RunInfo) -> dict[str, Any]:
    """The recipe as plain values, after the training text."""
    recipe = info.recipe.to_json() if info.recipe else {}
    return {"text": info.corpus.get("name") or ", ".join(info.options.corpus), **recipe}
