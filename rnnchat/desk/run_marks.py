"""Which trainings are marked for comparison: each has a letter, which it keeps as long as it is marked."""

from collections.abc import Collection, Sequence

from rnnchat.desk.run_views import RunView
from rnnchat.errors import UsageError
from rnnchat.runs.comparison import LETTERS, choose_alike


class RunMarks:
    """The marked runs.

    Attributes:
        letters: The letter of each marked run, by its name.
    """

    def __init__(self) -> None:
        """Mark nothing yet."""
        self.letters: dict[str, str] = {}

    @property
    def is_comparing(self) -> bool:
        """Whether enough runs are marked to be compared."""
        return len(self.letters) > 1

    def toggle(self, name: str) -> None:
        """Mark the run called ``name``, or take its mark away.

        Raises:
            UsageError: As many runs are marked as there are letters.
        """
        free = [letter for letter in LETTERS if letter not in self.letters.values()]
        if name in self.letters:
            del self.letters[name]
        elif free:
            self.letters[name] = free[0]
        else:
            raise UsageError(f"at most {len(LETTERS)} runs can be compared: unmark one first")

    def mark_alike(self, runs: Sequence[RunView], name: str) -> None:
        """Mark the run called ``name`` and the latest others on the same texts.

        Raises:
            UsageError: There is no other run on these texts.
        """
        alike = choose_alike([(run.name, run.info) for run in runs], name)
        if len(alike) < 2:
            raise UsageError(f"no other run is on the texts of {name}: mark the runs to compare with space")
        self.letters = dict(zip(alike, LETTERS, strict=False))

    def clear(self) -> None:
        """Take all marks away."""
        self.letters = {}

    def keep(self, names: Collection[str]) -> bool:
        """Take the marks of all runs away that are not among ``names``; return whether there were any."""
        left = {name: letter for name, letter in self.letters.items() if name in names}
        is_changed, self.letters = left != self.letters, left
        return is_changed
