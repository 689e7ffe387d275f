"""A memory finds exactly what stood before, and is a value."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnchat.memory.evidence import MAX_OCCURRENCES
from rnnchat.memory.memory import MAX_TAIL, Memory


def count_by_hand(texts: list[list[int]], context: list[int]) -> Counter[int]:
    """What followed ``context`` in the texts."""
    size = len(context)
    return Counter(text[end] for text in texts for end in range(size, len(text)) if text[end - size : end] == context)


def check_evidence(memory: Memory, files: list[list[int]], story: list[int]) -> None:
    evidence = memory.recall()
    for row, order in enumerate(memory.packing.orders):
        if order > len(story):
            continue
        wanted = count_by_hand([*files, story], story[-order:])
        symbols, counts = ([], []) if evidence is None else (evidence.symbols.tolist(), evidence.counts[row].tolist())
        found = {symbol: count for symbol, count in zip(symbols, counts, strict=True) if count}
        assert sum(found.values()) == pytest.approx(sum(wanted.values()))
        if sum(wanted.values()) < MAX_OCCURRENCES:
            assert found == pytest.approx(dict(wanted))


@settings(deadline=None, max_examples=60)
@given(
    st.integers(1, 5),
    st.lists(st.lists(st.integers(0, 4), max_size=60), max_size=2),
    st.lists(st.integers(0, 4), min_size=1, max_size=80),
)
def test_it_recalls_every_earlier_occurrence_of_every_context(
    vocab_size: int, files: list[list[int]], story: list[int]
) -> None:
    files, story = (
        [[id % vocab_size for id in text] for text in (*files, story)][:-1],
        [id % vocab_size for id in story],
    )
    memory = Memory.of(vocab_size)
    for file in files:
        memory = memory.learn(np.array(file, np.int32))
    for id in story:
        memory = memory.append(id)
    check_evidence(memory, files, story)


@pytest.mark.parametrize("vocab_size", [3, 90, 8_000, 60_000])
def test_a_story_of_many_parts_is_recalled_as_one_text(vocab_size: int) -> None:
    random = np.random.default_rng(1)
    story = (random.zipf(1.3, 3 * MAX_TAIL + 100) % vocab_size).astype(np.int32)
    file = story[500:900]
    memory = Memory.of(vocab_size).learn(file)
    begin = 0
    while begin < len(story):
        end = begin + int(random.integers(1, 700))
        memory = memory.extend(story[begin:end])
        begin = end
        check_evidence(memory, [file.tolist()], story[:end].tolist())
    assert len(memory) == len(story) + len(file)
    counts = np.bincount(np.concatenate((story, file)), minlength=vocab_size)
    assert np.abs(memory.counts - counts).sum() == memory.uncounted


def test_what_is_remembered_later_leaves_an_earlier_memory_as_it_was() -> None:
    story = np.arange(50, dtype=np.int32) % 7
    before = Memory.of(7).learn(story).extend(story)
    evidence, size = before.recall(), len(before)
    one, other = before.append(3), before.extend(np.full(3 * MAX_TAIL, 5, np.int32))
    after = before.recall()
    assert evidence is not None
    assert after is not None
    assert len(before) == size
    assert (after.counts == evidence.counts).all()
    assert (after.symbols == evidence.symbols).all()
    check_evidence(one, [story.tolist()], [*story.tolist(), 3])
    check_evidence(other, [story.tolist()], [*story.tolist(), *[5] * 3 * MAX_TAIL])


@pytest.mark.parametrize("vocab_size", [5, 8_000])
def test_what_is_only_followed_is_context_and_not_remembered(vocab_size: int) -> None:
    random = np.random.default_rng(4)
    memory, parts, recent = Memory.of(vocab_size), [], np.zeros(0, np.int32)
    for turn in range(60):
        read, own = (random.integers(0, 5, int(random.integers(1, 90))).astype(np.int32) for _ in range(2))
        memory = memory.extend(read)
        parts.append([*recent.tolist(), *read.tolist()])
        recent = np.concatenate((recent, read, own))[-memory.packing.longest :]
        if turn % 7 == 0:
            check_parts(memory, parts, parts[-1])
        memory = memory.follow(own)
        check_parts(memory, parts, recent.tolist())


def check_parts(memory: Memory, parts: list[list[int]], recent: list[int]) -> None:
    evidence = memory.recall()
    for row, order in enumerate(memory.packing.orders):
        if order <= len(recent):
            wanted = count_by_hand(parts, recent[-order:])
            assert (0 if evidence is None else evidence.counts[row].sum()) == pytest.approx(sum(wanted.values()))


def test_a_memory_of_nothing_recalls_nothing() -> None:
    assert Memory.of(10).recall() is None
    assert Memory.of(10).append(3).recall() is None
    assert Memory.of(10).learn(np.zeros(0, np.int32)).recall() is None


def test_a_text_of_a_million_symbols_takes_twelve_bytes_for_each() -> None:
    ids = (np.arange(1_000_000) * 7919 % 100).astype(np.int32)
    assert Memory.of(100).learn(ids).num_bytes == pytest.approx(12e6, rel=0.01)
