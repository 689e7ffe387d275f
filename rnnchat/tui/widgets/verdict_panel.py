"""What the text says about the models: the verdict in words, then every model's interval on one axis."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from rnnchat.desk.contest import Contest
from rnnchat.desk.interval_bar import draw_intervals
from rnnchat.desk.trial import describe_text, list_readers

MAX_BAR, LEAST_BAR = 50, 12
"""Columns of the axis."""
_BESIDE_BAR = 10
"""Columns for the figure and the gaps."""


class VerdictPanel(Static):
    """Shows the verdict of a contest; empty before the first run."""

    DEFAULT_CSS = """
    VerdictPanel { height: auto; padding: 0 1; }
    """

    def __init__(self, contest: Contest) -> None:
        """Speak of ``contest``."""
        super().__init__(markup=False)
        self._contest = contest
        self._shown: tuple[object, ...] = ()

    def show(self) -> None:
        """Draw what is new."""
        trial = self._contest.trial
        names = list_readers(self._contest)
        read = 0 if trial is None else sum(len(trial.read(name)) for name in names)
        phases = tuple(one.phase for one in self._contest.contestants)
        shown = (trial, self._contest.text, tuple(names), read, phases, self.size.width)
        if shown == self._shown:
            return
        self._shown = shown
        sentences = describe_text(self._contest)
        self.display = bool(sentences)
        parts = [Content.styled(sentence, "$quiet" if i else "bold") for i, sentence in enumerate(sentences)]
        if trial is not None and len(names) > 1:
            room = self.size.width - 2 - _BESIDE_BAR - max(map(len, names))
            if room >= LEAST_BAR:
                standings = trial.judge(names).standings
                parts += [Content(line) for line in draw_intervals(standings, min(room, MAX_BAR))]
        self.update(Content("\n").join(parts))

    def on_resize(self) -> None:
        self.show()
