"""What the tests of stories share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from rnnchat.stories.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    store = Store(tmp_path / "stories.db")
    yield store
    store.close()
