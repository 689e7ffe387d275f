import pytest

from rnnchat.errors import UsageError
from rnnchat.plan.size import parse_sizes


def test_sizes_are_read_as_people_write_them() -> None:
    assert parse_sizes("512") == (512,)
    assert parse_sizes("128, 64") == (128, 64)
    with pytest.raises(UsageError, match="hidden-sizes must be .*, not big"):
        parse_sizes("big")
