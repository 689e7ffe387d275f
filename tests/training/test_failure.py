"""What a disk refuses is told with what to do now, which depends on what there is to go on from."""

import errno
import os
from collections.abc import Callable

import pytest

from rnnchat.runs.folder import RunFolder
from rnnchat.training.failure import explain


@pytest.mark.parametrize(("number", "sentence"), [(errno.ENOSPC, "make room"), (errno.EACCES, "Permission denied")])
def test_what_has_nothing_to_go_on_from_is_started_anew(
    number: int, sentence: str, begin_run: Callable[..., RunFolder]
) -> None:
    run, error = begin_run(name="sea"), OSError(number, os.strerror(number))
    assert sentence in explain(run, error)
    assert "start it again" in explain(run, error)
    run.checkpoint_path.touch()
    assert sentence in explain(run, error)
    assert "resume with `rnnchat runs resume sea`" in explain(run, error)
