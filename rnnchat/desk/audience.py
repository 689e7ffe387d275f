"""What a front end shows of what happens while a story is written."""

from rnnchat.desk.kept import Kept
from rnnchat.desk.piece import Piece
from rnnchat.errors import RnnchatError


class Audience:
    """Notified of what happens, by a front end or a test. This one ignores everything."""

    def show_story(self) -> None:
        """The story is another one, or has changed other than by growing."""

    def show_change(self, start: int, end: int, text: str, passage: str) -> None:
        """The characters from ``start`` to ``end``, all of one passage, were replaced; nothing else has changed."""
        self.show_story()

    def show_growth(self, piece: Piece) -> None:
        """The story has grown by ``piece``."""

    def show_progress(self) -> None:
        """Writing has begun, made progress or ended; see the writer's attributes."""

    def show_kept(self, kept: Kept) -> None:
        """Passages are not shown any more, because they follow another take of the last one shown."""

    def show_notice(self, sentence: str) -> None:
        """Something that the person may want to know."""

    def show_problem(self, sentence: str | None) -> None:
        """What keeps the story from being saved, shown for as long as it lasts; None when all is well."""

    def show_loop(self, stretch: str) -> None:
        """The text has begun to repeat ``stretch`` over and over."""

    def show_failure(self, error: RnnchatError, given_back: str) -> None:
        """Something went wrong; ``given_back`` is the person's text, for the prompt box."""
