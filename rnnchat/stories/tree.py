"""A tree of passages and the path through it that is shown.

Passages that continue the same point are takes of each other, and every passage remembers which of its takes
comes next. Wordings of a passage share its place: whatever continues one may continue the others, so a tree
holds, under each place, one list of takes.
"""

from collections.abc import Iterator, Mapping, Set

from rnnchat.errors import StoryError
from rnnchat.stories.passage import Passage


class Tree:
    """Passages, which one follows which, and which are deleted. Nothing ever leaves it."""

    def __init__(self) -> None:
        self._passages: dict[str, Passage] = {}
        self._takes: dict[str | None, list[str]] = {}  # place -> the passages that continue it, oldest first
        self._sharing: dict[str, list[str]] = {}  # place -> the passages that share it, oldest first
        self._chosen: dict[str | None, str | None] = {}  # passage -> the one that follows it; None: the beginning
        self._deleted: set[str] = set()

    @property
    def passages(self) -> Mapping[str, Passage]:
        """Every passage ever added, by id, oldest first; also those undone or deleted."""
        return self._passages

    @property
    def deleted(self) -> Set[str]:
        """The ids of the passages that were deleted, or that can only be reached through one that was."""
        return self._deleted

    @property
    def leaf(self) -> Passage | None:
        """The last passage of the path; None while the story is empty."""
        path = self.path()
        return path[-1] if path else None

    def path(self) -> list[Passage]:
        """The passages that make up the text, from the beginning to the leaf."""
        return [self._passages[id] for id in self._follow(None)]

    def walk_back(self, passage_id: str) -> Iterator[Passage]:
        """This passage, the one that comes before it, and so on back to the beginning.

        Where a place has several wordings, it is the one that is shown now, or else the newest.
        """
        here = self._get(passage_id)
        shown: dict[str, Passage] = {}
        yield here
        while (place := here.parent) is not None:
            wordings = self._wordings(place)
            if len(wordings) > 1 and not shown:
                shown = {passage.place: passage for passage in self.path()}
            here = shown.get(place) or self._passages[wordings[-1]]
            yield here

    def takes(self, passage_id: str) -> list[Passage]:
        """All passages that continue the same point as this one, itself included, oldest first."""
        ids = self._takes[self._get(passage_id).parent]
        return [self._passages[id] for id in ids if id not in self._deleted or id == passage_id]

    def continuations(self, passage_id: str | None) -> list[Passage]:
        """All passages that continue this one (None: that begin the story), oldest first."""
        return self._find_takes(None if passage_id is None else self._get(passage_id).place)

    def chosen_after(self, passage_id: str | None) -> str | None:
        """The passage that comes next whenever the path leads here (None: the one that begins the story)."""
        return self._chosen.get(passage_id)

    def _get(self, passage_id: str) -> Passage:
        try:
            return self._passages[passage_id]
        except KeyError:
            raise StoryError(f"this story has no passage {passage_id}: choose one that is shown") from None

    def _follow(self, passage_id: str | None) -> Iterator[str]:
        """What the path leads on to after this passage (None: from the beginning)."""
        while (passage_id := self._chosen.get(passage_id)) is not None:
            yield passage_id

    def _find_takes(self, place: str | None) -> list[Passage]:
        return [self._passages[id] for id in self._takes.get(place, ()) if id not in self._deleted]

    def _insert(self, passage: Passage) -> None:
        self._passages[passage.id] = passage
        self._takes.setdefault(passage.parent, []).append(passage.id)
        self._sharing.setdefault(passage.place, []).append(passage.id)

    def _wordings(self, place: str) -> list[str]:
        """The passages that share a place, the one to prefer last: not deleted, and newest."""
        return sorted(self._sharing[place], key=lambda id: id not in self._deleted)

    def _find_offspring(self, passage: Passage) -> Iterator[str]:
        """This passage and all that can only be reached through it, leaving out what is deleted already."""
        open_ends, gone = [passage], set(self._deleted)
        while open_ends:
            passage = open_ends.pop()
            yield passage.id
            gone.add(passage.id)
            if gone.issuperset(self._sharing[passage.place]):
                open_ends += self._find_takes(passage.place)
