"""The trial of a contest: a text is put before its models, and what it says about them is said in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rnnchat.desk.contestant import Contestant

if TYPE_CHECKING:
    from rnnchat.comparison.trial import Trial
    from rnnchat.desk.contest import Contest


def make_trial(text: str, contestants: Sequence[Contestant], before: Trial | None = None) -> Trial | None:
    """Put a text before the models of these, each once; None where there is too little text or only one model.

    Args:
        text: the text.
        contestants: who takes part; each is told what it is called in the verdict.
        before: an earlier trial on the same text, whose results stay.
    """
    from rnnchat.comparison.trial import Trial
    from rnnchat.comparison.verdict import MIN_CHARS

    names: dict[str, str] = {}
    for one in contestants:
        is_taken = one.name in names.values() and one.source not in names
        one.trial_name = names.setdefault(one.source, one.source if is_taken else one.name)
    if len(text) < MIN_CHARS:
        return None
    trial = Trial(text, list(names.values()))
    if before is not None and before.text == text:
        trial.adopt(before)
    return trial


def describe_text(contest: Contest) -> list[str]:
    """What the text says about the models, in sentences; none before the first run."""
    from rnnchat.comparison.verdict import MIN_CHARS

    trial = contest.trial
    if trial is None:
        if not contest.text.strip():
            return []
        count = f"{len(contest.text):,} characters"
        return [f"Too short to tell which model fits better: {count}; about {MIN_CHARS:,} are enough."]
    names = list_readers(contest)
    if any(not len(trial.read(name)) for name in names):
        return [f"Reading the text, {trial.chars:,} characters …"]
    return [sentence for sentence in trial.describe(names) if sentence] if len(names) > 1 else []


def list_readers(contest: Contest) -> list[str]:
    """What those are called that take part in the verdict: each model once, without those that failed."""
    trial = contest.trial
    if trial is None:
        return []
    here = [one.trial_name for one in contest.contestants if one.phase != "failed" or trial.is_read_by(one.trial_name)]
    return [name for name in dict.fromkeys(here) if name in trial.names]
