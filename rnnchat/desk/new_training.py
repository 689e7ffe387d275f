"""A new training, from the texts that are typed to the process that learns them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from rnnchat.desk.training_form import FormValues, check_form, split_texts

if TYPE_CHECKING:
    from rnnchat.runs.folder import RunFolder
    from rnnchat.text.summary import CorpusSummary


class NewTraining:
    """Reads the texts of a form, each version of them once, and starts the training.

    Attributes:
        is_reading_to_start: Whether a start waits for the texts to be read, and can still be called off.
    """

    def __init__(self) -> None:
        """Know no text yet."""
        self.is_reading_to_start = False
        self._known: tuple[str, CorpusSummary] | None = None

    def find(self, texts: str) -> CorpusSummary | None:
        """What ``texts``, as typed, hold; None where they have not been read, or something else since."""
        return self._known[1] if self._known is not None and self._known[0] == texts else None

    async def read(self, texts: str) -> CorpusSummary:
        """What ``texts``, as typed, hold; read in a thread unless it is known.

        Raises:
            FieldError: A quotation mark is not closed.
            TextError: They cannot be read.
        """
        if (known := self.find(texts)) is not None:
            return known
        summary = await asyncio.to_thread(summarize, split_texts(texts))
        self._known = (texts, summary)
        return summary

    async def start(
        self, values: FormValues, replace: bool = False, read: Callable[[str], Awaitable[CorpusSummary]] | None = None
    ) -> RunFolder:
        """Check the form, read its texts, and train in a process of its own.

        Args:
            values: The form.
            replace: Whether an ended run and a model of this name may be replaced.
            read: Reads the texts, as `read` does, and shows that it does; None for `read` itself.

        Raises:
            RnnchatError: Something cannot be used; ``training_form.place_error`` finds the field that it is about.
        """
        from rnnchat.plan.choice import check_length
        from rnnchat.runs import job

        options = check_form(values, replace)
        self.is_reading_to_start = True
        try:
            summary = await (read or self.read)(values.texts)
        finally:
            self.is_reading_to_start = False
        check_length(summary.chars, summary.name)
        return await asyncio.to_thread(job.start_training, options)


def summarize(sources: tuple[str, ...]) -> CorpusSummary:
    """What the texts hold; for a thread, since it reads all of them."""
    from rnnchat.text.corpus import Corpus

    return Corpus(sources).summarize()
