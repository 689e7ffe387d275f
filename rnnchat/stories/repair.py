"""What of a damaged story can be kept: a record from a file that anybody may have changed becomes a tree again.

Texts are never dropped. A passage that continues nothing, or itself, becomes another beginning; a history that does
not fit the passages is left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from rnnchat.stories.passage import Choice, Passage, Step


@dataclass
class Rows:
    """A story as it is kept: the arguments of `Story.restore`."""

    passages: list[Passage]
    chosen: dict[str | None, str | None]
    deleted: set[str]
    steps: list[Step]
    steps_done: int

    def rename(self, ids: Mapping[str | None, str | None]) -> "Rows":
        """The same under other ids; those that stand for nothing stay, to be repaired."""

        def find(old: str | None) -> str | None:
            return ids.get(old, old)

        return Rows(
            [
                replace(p, id=find(p.id), parent=find(p.parent), edit_of=find(p.edit_of))  # type: ignore[arg-type]
                for p in self.passages
            ],
            {find(after): find(now) for after, now in self.chosen.items()},
            {str(find(id)) for id in self.deleted},
            [
                Step(
                    step.kind,
                    tuple(Choice(find(c.after), find(c.before), find(c.now)) for c in step.choices),
                    frozenset(str(find(id)) for id in step.toggled),
                )
                for step in self.steps
            ],
            self.steps_done,
        )


def repair(rows: Rows) -> tuple[Rows, bool]:
    """The rows as a tree, and whether anything had to be changed for it."""
    known: dict[str, Passage] = {}
    for passage in rows.passages:
        if passage.id not in known:
            known[passage.id] = _attach(passage, known)

    def follows(after: str | None, now: str | None) -> bool:
        if after is not None and after not in known:
            return False
        return now is None or (now in known and known[now].parent == (None if after is None else known[after].place))

    chosen = {after: now for after, now in rows.chosen.items() if follows(after, now)}
    for after in (None, *known):
        if after not in chosen:
            place = None if after is None else known[after].place
            chosen[after] = next((p.id for p in reversed(known.values()) if p.parent == place), None)
    deleted = rows.deleted & known.keys()
    is_history = all(
        follows(choice.after, choice.before) and follows(choice.after, choice.now)
        for step in rows.steps
        for choice in step.choices
    ) and all(step.toggled <= known.keys() for step in rows.steps)
    steps = rows.steps if is_history else []
    fixed = Rows([*known.values()], chosen, deleted, steps, max(0, min(rows.steps_done, len(steps))))
    kept = {after: now for after, now in chosen.items() if after in rows.chosen}
    is_whole = (fixed.passages, kept, deleted, steps) == (rows.passages, rows.chosen, rows.deleted, rows.steps)
    return fixed, not is_whole


def _attach(passage: Passage, known: Mapping[str, Passage]) -> Passage:
    """The passage as one that continues a passage before it, or as a beginning."""
    first = known.get(passage.edit_of or "")
    if first is not None:
        parent = passage.parent if _is_tail(passage, first, known) else first.parent
        return replace(passage, parent=parent, edit_of=first.place)
    before = known.get(passage.parent or "")
    return replace(passage, parent=None if before is None else before.place, edit_of=None)


def _is_tail(passage: Passage, first: Passage, known: Mapping[str, Passage]) -> bool:
    """Whether ``passage``, which shares the place of ``first``, is what was split off: after other takes of it."""
    here = known.get(passage.parent or "")
    while here is not None and here.id == here.place != first.place:
        if here.parent == first.parent:
            return True
        here = known.get(here.parent or "")
    return False
