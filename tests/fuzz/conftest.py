"""How many cases the fuzz tests try: about 300 of each kind, or as many as the environment variable RNNCHAT_FUZZ says.

Ten thousand of each, on every core, in some minutes:

    RNNCHAT_FUZZ=10000 pytest tests/fuzz -n auto

Every case follows from its number alone: ``RNNCHAT_FUZZ_FIRST=4711 RNNCHAT_FUZZ=1`` tries that one again.
"""

import os

import pytest

CASES = int(os.environ.get("RNNCHAT_FUZZ", "300"))
FIRST = int(os.environ.get("RNNCHAT_FUZZ_FIRST", "0"))
BATCH = 50


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that takes ``seeds`` gets the cases in batches; one that takes ``few_seeds`` a tenth of them."""
    for fixture, count in (("seeds", CASES), ("few_seeds", max(1, CASES // 10))):
        if fixture in metafunc.fixturenames:
            size = BATCH if fixture == "seeds" else BATCH // 10
            starts = range(FIRST, FIRST + count, size)
            batches = [range(start, min(start + size, FIRST + count)) for start in starts]
            metafunc.parametrize(fixture, batches, ids=[f"from-{batch[0]}" for batch in batches])
