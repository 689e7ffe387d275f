"""Hints: one at a time, and none whose key was used."""

import pytest

from rnnchat.desk.hint import HINTS, SETTLED_S, Scene, choose_hint, say_hint

SCENES = {
    "ghost.begin": Scene(ghost="ROMEO:"),
    "write.take": Scene(is_empty=False, passages=1, model_passages=1),
    "write.take-before": Scene(is_empty=False, passages=1, model_passages=1, takes=2),
    "page.enter": Scene(is_empty=False, passages=3, model_passages=1, takes=2),
    "ghost.take": Scene(is_empty=False, passages=2, model_passages=1, ghost=" or person?", typed_chars=21),
    "app.train": Scene(is_empty=False, elapsed_s=SETTLED_S),
    "app.compare": Scene(is_empty=False, has_trained=True),
}


def test_there_is_a_scene_for_each_hint() -> None:
    assert SCENES.keys() == {hint.name for hint in HINTS}


@pytest.mark.parametrize("name", SCENES)
def test_each_hint_is_shown_in_its_scene_and_never_once_its_key_was_used(name: str) -> None:
    scene = SCENES[name]
    hint = choose_hint(scene, ())
    assert hint is not None
    assert hint.name == name
    used = choose_hint(scene, {name})
    assert used is None or used.name != name


def test_a_blank_page_without_a_model_gives_no_hint() -> None:
    assert choose_hint(Scene(), ()) is None


def test_the_hint_before_comes_back_when_a_later_one_is_used() -> None:
    hint = choose_hint(SCENES["write.take-before"], {"write.take-before"})
    assert hint is not None
    assert hint.name == "write.take"


def test_a_hint_names_the_keys_in_use_and_fits_into_80_columns() -> None:
    hint = choose_hint(SCENES["ghost.begin"], ())
    assert hint is not None
    sentence = say_hint(hint, lambda name: {"ghost.take": "tab", "write.send": "enter"}[name])
    assert sentence == "tab takes the grey words, or write your own; enter lets the model continue"
    assert len(sentence) <= 74
