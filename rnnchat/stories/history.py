"""What was done to a story, and taking it back: choosing takes, deleting, undo and redo.

Every change of what is shown is a step: choices of what follows what, and passages that go out of sight or come
back. Undoing a step sets the choices back; the passages stay in the tree.
"""

import itertools
from abc import abstractmethod
from collections.abc import Iterable, Sequence

from rnnchat.errors import StoryError
from rnnchat.stories.passage import Choice, Passage, Step, StepKind, Unsaved
from rnnchat.stories.tree import Tree


class History(Tree):
    """A tree whose path a person leads, step by step, forth and back.

    Attributes:
        unsaved: What of it is not in the database yet.
    """

    def __init__(self) -> None:
        super().__init__()
        self.unsaved = Unsaved()
        self._steps: list[Step] = []
        self._done = 0  # steps that are in force; those after it can be redone

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        return self._done > 0

    @property
    def can_redo(self) -> bool:
        """Whether there is a step that was taken back."""
        return self._done < len(self._steps)

    @property
    def steps(self) -> Sequence[Step]:
        """All that was done, also what was taken back since."""
        return self._steps

    @property
    def steps_done(self) -> int:
        """How many of the steps are in force; those after them were taken back."""
        return self._done

    def undo(self) -> Step | None:
        """Take the last step back; None where there is none. What it wrote stays in the tree as a take."""
        if not self.can_undo:
            return None
        step = self._steps[self._done - 1]
        self._take_back(step)
        self._notify()
        return step

    def redo(self) -> Step | None:
        """Do the last step that was taken back again; None where there is none."""
        if not self.can_redo:
            return None
        step = self._steps[self._done]
        self._apply(step)
        self._notify()
        return step

    def choose_take(self, passage_id: str) -> Passage:
        """Lead the path through this passage, wherever in the tree it is; a deleted one comes back."""
        passage = self._get(passage_id)
        if passage_id not in {p.id for p in self.path()}:
            self._lead("chose", self._line_to(passage_id))
            self._notify()
        return passage

    def choose_neighbour(self, passage_id: str, offset: int) -> Passage:
        """Choose the take ``offset`` after this one (negative: before it), the last or first at most."""
        takes = self.takes(passage_id)
        index = takes.index(self._get(passage_id))
        return self.choose_take(takes[min(max(index + offset, 0), len(takes) - 1)].id)

    def delete(self, passage_id: str) -> None:
        """Take a passage and what follows it out of sight; a neighbouring take comes in its place, if any."""
        ids = [take.id for take in self.takes(passage_id)]
        if passage_id in self._deleted:
            raise StoryError(f"passage {passage_id} is deleted already: choose another one")
        index = ids.index(passage_id)
        neighbour = next(iter([*reversed(ids[:index]), *ids[index + 1 :]]), None)
        holders = [after for after, chosen in self._chosen.items() if chosen == passage_id]
        choices = [Choice(after, passage_id, neighbour) for after in holders]
        self._do("deleted", choices, self._find_offspring(self._passages[passage_id]))
        self._notify()

    @abstractmethod
    def _notify(self) -> None:
        """Something changed."""

    def _line_to(self, passage_id: str) -> list[str | None]:
        """The passages to lead the path through to reach this one, from the beginning and itself included."""
        return [None, *reversed([passage.id for passage in self.walk_back(passage_id)])]

    def _lead(self, kind: StepKind, line: Sequence[str | None], further: Sequence[Choice] = ()) -> None:
        """Let the passages of ``line`` follow each other, and bring back what of the path was deleted.

        ``further`` are choices that come before, of passages that are not on the path.
        """
        pairs = itertools.pairwise(line)
        choices = [*further, *(Choice(a, self._chosen.get(a), b) for a, b in pairs if self._chosen.get(a) != b)]
        shown = itertools.chain(line, self._follow(line[-1]))
        self._do(kind, choices, self._deleted.intersection(id for id in shown if id))

    def _do(self, kind: StepKind, choices: Iterable[Choice], toggled: Iterable[str] = ()) -> None:
        """Write a step into the history in place of those that were taken back, and apply it."""
        del self._steps[self._done :]
        self.unsaved.steps_from = min(self.unsaved.steps_from, self._done)
        self._steps.append(Step(kind, tuple(choices), frozenset(toggled)))
        self._apply(self._steps[-1])

    def _apply(self, step: Step) -> None:
        for choice in step.choices:
            self._choose(choice.after, choice.now)
        self._toggle(step.toggled)
        self._done += 1

    def _take_back(self, step: Step) -> None:
        for choice in reversed(step.choices):
            self._choose(choice.after, choice.before)
        self._toggle(step.toggled)
        self._done -= 1

    def _choose(self, after: str | None, passage_id: str | None) -> None:
        self._chosen[after] = passage_id
        self.unsaved.choices.add(after)

    def _toggle(self, passages: Iterable[str]) -> None:
        self._deleted.symmetric_difference_update(passages)
        self.unsaved.toggled.update(passages)
