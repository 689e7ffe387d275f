"""Windows follow the text, and every held-out symbol counts once."""

import numpy as np
import pytest

from rnnchat.training.window import NOT_SCORED, Streams, read_held_out


def test_each_stream_reads_on_where_its_last_window_ended() -> None:
    n, streams, window = 97, 4, 5
    ids = np.arange(n, dtype=np.uint16)
    reader = Streams(ids, streams, window)
    read = [[] for _ in range(streams)]
    for number in range(60):
        inputs, targets = reader.read(number)
        assert inputs.shape == targets.shape == (streams, window)
        assert inputs.dtype == np.int64
        np.testing.assert_array_equal(targets, (inputs + 1) % n)
        for row, ids_read in enumerate(inputs):
            read[row].extend(ids_read)
    for row, ids_read in enumerate(read):
        start = row * n // streams
        assert ids_read == [(start + offset) % n for offset in range(60 * window)]


def test_one_epoch_reads_every_symbol_once() -> None:
    ids = np.arange(120)
    reader = Streams(ids, 4, 5)
    epoch = np.concatenate([reader.read(number)[0].ravel() for number in range(120 // (4 * 5))])
    assert sorted(epoch) == list(range(120))


@pytest.mark.parametrize("n", [2, 3, 20, 63, 64, 65, 257, 1000, 5003])
@pytest.mark.parametrize("window", [2, 7, 64])
def test_every_held_out_symbol_but_the_first_is_scored_once(n: int, window: int) -> None:
    ids = np.arange(n, dtype=np.uint16)
    scored: list[int] = []
    for inputs, targets in read_held_out(ids, n - 1, window, 8):
        is_scored = targets != NOT_SCORED
        np.testing.assert_array_equal(targets[is_scored], inputs[is_scored] + 1)
        scored.extend(targets[is_scored])
    assert sorted(scored) == list(range(1, n))


def test_a_part_of_the_held_out_text_is_spread_evenly_over_it() -> None:
    n, part = 8001, 800
    windows = list(read_held_out(np.arange(n), part, 20, 8))
    scored = np.concatenate([targets[targets != NOT_SCORED] for _, targets in windows])
    assert len(scored) == len(set(scored)) == part
    assert scored.min() < n / 8
    assert scored.max() > n * 7 / 8


def test_the_windows_of_a_held_out_stream_follow_each_other() -> None:
    windows = [inputs for inputs, _ in read_held_out(np.arange(2000), 1999, 16, 4)]
    for stream in range(1, 4):
        positions = np.concatenate([window[stream] for window in windows[:-2]])
        np.testing.assert_array_equal(np.diff(positions), 1)
        assert positions[0] == stream * 1999 // 4 - 16  # warmed up by the window before
