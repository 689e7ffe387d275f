from hypothesis import given
from hypothesis import strategies as st

from rnnchat.text.utf8 import NUM_BYTES, find_pending, list_invalid


@given(st.text(max_size=5), st.characters(exclude_categories=["Cs"]), st.integers(0, 3))
def test_what_a_character_goes_on_with_is_never_invalid(before, character, cut):
    data = character.encode()
    cut = min(cut, len(data) - 1)
    pending = find_pending([*before.encode(), *data[:cut]])
    assert pending == data[:cut]
    assert data[cut] not in list_invalid(pending)


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=40))
def test_any_choice_among_what_is_valid_is_text(choices):
    written: list[int] = []
    for choice in choices:
        allowed = sorted(set(range(NUM_BYTES)) - set(list_invalid(find_pending(written))))
        written.append(allowed[choice % len(allowed)])
    while pending := find_pending(written):
        written.append(min(set(range(NUM_BYTES)) - set(list_invalid(pending))))
    assert bytes(written).decode().encode() == bytes(written)
