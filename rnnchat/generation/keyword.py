"""Settings as keywords: ``write("ROMEO:", length=300, temperature=0.5)``."""

import difflib
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, TypedDict

from rnnchat.description import find_types
from rnnchat.errors import UsageError
from rnnchat.generation.settings import DrawAt, Settings, Until, Words


class SettingKeywords(TypedDict, total=False):
    """The fields of `Settings`, for type checkers.

    One text may stand for a list of one, a list for a tuple, and a dict of texts and nats for the pairs of ``bias``.
    """

    temperature: float
    temperature_cycle: Sequence[float]
    length: int
    min_length: int
    until: Until
    stop: str | Sequence[str]
    top_k: int
    top_p: float
    min_p: float
    draw_at: DrawAt
    words: Words
    repetition_penalty: float
    presence_penalty: float
    frequency_penalty: float
    penalty_window: int
    penalty_decay: float
    escape_loops: bool
    ban: str | Sequence[str]
    bias: Mapping[str, float] | Sequence[tuple[str, float]]
    memory: bool
    seed: int | None


def make_settings(settings: Settings | None, keywords: SettingKeywords) -> Settings:
    """The settings, or the default ones, but for ``keywords``.

    Raises:
        UsageError: a name is unknown, or a value is out of range or contradicts another.
    """
    settings = settings or Settings()
    return settings.change(**adapt_keywords(Settings, keywords)) if keywords else settings


def adapt_keywords(record: Any, keywords: Mapping[str, Any]) -> dict[str, Any]:
    """Keywords as the fields of a dataclass hold them: tuples for lists, a text alone for a list of one.

    Raises:
        UsageError: a name is unknown.
    """
    wanted = find_types(record)
    check_names(keywords, wanted)
    return {name: _adapt(value, wanted[name] == tuple[str, ...]) for name, value in keywords.items()}


def check_names(names: Iterable[str], known: Collection[str]) -> None:
    """Make sure that every keyword is known.

    Raises:
        UsageError: one is not; the nearest one is named.
    """
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            advice = f"did you mean {near[0]}?" if near else f"choose from {', '.join(known)}"
            raise UsageError(f"there is no setting {name:.40}: {advice}")


def _adapt(value: Any, is_list: bool = False) -> Any:
    """Tuples for lists, a text alone for a list of one where a list is wanted, Python's own numbers for NumPy's."""
    if is_list and isinstance(value, str):
        return (value,)
    if isinstance(value, Mapping):
        value = list(value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(map(_adapt, value))
    return value.item() if hasattr(value, "item") and not getattr(value, "shape", ()) else value
