"""The screen Compare: several engines at the same time, each following its script."""

import threading
from pathlib import Path

import pytest
from textual.widgets import Static

from rnnchat.comparison.store import ComparisonStore
from rnnchat.desk import contest
from rnnchat.desk.lineup import list_readable
from rnnchat.errors import ModelError
from rnnchat.tui.screens.pick_model import PickModel
from rnnchat.tui.widgets.compare_column import CompareColumn
from rnnchat.tui.widgets.compare_grid import CompareGrid
from rnnchat.tui.widgets.compared_text import ComparedText
from rnnchat.tui.widgets.prompt_box import PromptBox
from rnnchat.tui.widgets.verdict_panel import VerdictPanel


def read_columns(pilot) -> list[CompareColumn]:
    return pilot.app.screen.query_one(CompareGrid).columns


def read_texts(pilot) -> list[str]:
    return [
        "".join(str(text.content) for text in column.query(".text").results(Static)) for column in read_columns(pilot)
    ]


def read_figures(pilot) -> list[str]:
    return [str(column.query_one(".figures", Static).content) for column in read_columns(pilot)]


class Engines:
    """Gives a scripted engine for each model, and keeps them all."""

    def __init__(self, scripted_engine, scripts, **behaviour):
        self.made = []
        self._scripted_engine, self._scripts, self._behaviour = scripted_engine, scripts, behaviour

    def __call__(self, source: str):
        name = Path(source).stem
        if name not in self._scripts:
            raise ModelError(f"{name} cannot be read.")
        engine = self._scripted_engine(self._scripts[name], name=name, **self._behaviour)
        self.made.append(engine)
        return engine

    @property
    def open(self) -> list[str]:
        return sorted(engine.info.name for engine in self.made if not engine.is_closed)


@pytest.fixture
def engines(scripted_engine):
    def make(scripts=None, **behaviour) -> Engines:
        return Engines(scripted_engine, scripts or {"one": ["all ", "grey"], "two": ["very ", "far"]}, **behaviour)

    return make


@pytest.fixture
def two_models(save_model):
    save_model("two")
    save_model("one")


async def test_both_columns_write_on_the_prompt_with_the_same_seed(open_app, two_models, engines, until):
    made = engines()
    async with open_app("f5", engine_of=made) as pilot:
        await until(lambda: len(read_columns(pilot)) == 2)
        await pilot.press(*"The sea", "enter")
        await until(lambda: sorted(read_texts(pilot)) == ["all grey", "very far"])
        writes = [call for engine in made.made for call in engine.calls if call[0] == "write"]
        assert [call[1] for call in writes] == ["The sea", "The sea"]
        assert writes[0][2].seed is not None
        assert writes[0][2].seed == writes[1][2].seed
        for figures in read_figures(pilot):
            assert "prompt 2.50 bits/char" in figures
            assert "1,000 chars/s" in figures
            assert f"seed {writes[0][2].seed}" in figures
            assert "lstm 1×16   1 k   6 kB" in figures


async def test_a_prompt_that_is_sent_before_the_models_are_listed_is_not_lost(
    open_app, two_models, engines, until, monkeypatch
):
    listed, read = threading.Event(), list_readable
    monkeypatch.setattr(contest, "list_readable", lambda: listed.wait(60) and read())
    async with open_app("f5", engine_of=engines()) as pilot:
        await pilot.press(*"The sea", "enter")
        assert read_columns(pilot) == []
        listed.set()
        await until(lambda: sorted(read_texts(pilot)) == ["all grey", "very far"])


async def test_escape_stops_all_and_keeps_what_they_wrote(open_app, two_models, engines, until):
    async with open_app("f5", engine_of=engines(hang_after=1)) as pilot:
        await until(lambda: len(read_columns(pilot)) == 2)
        await pilot.press(*"Hm", "enter")
        await until(lambda: sorted(read_texts(pilot)) == ["all ", "very "])
        assert pilot.app.screen.contest.is_busy
        await pilot.press("escape")
        await until(lambda: not pilot.app.screen.contest.is_busy)
        assert sorted(read_texts(pilot)) == ["all ", "very "]


async def test_escape_also_ends_the_opening_of_a_model(open_app, two_models, until):
    import asyncio

    async with open_app("f5") as pilot:
        await until(lambda: len(read_columns(pilot)) == 2)

        async def open_for_ever(source):
            await asyncio.Event().wait()

        pilot.app.start_engine = open_for_ever
        await pilot.press(*"Hm", "enter")
        await until(lambda: read_texts(pilot) == ["opening the model …"] * 2)
        await pilot.press("escape")
        await until(lambda: read_texts(pilot) == ["", ""])


async def test_one_that_cannot_be_opened_leaves_the_others_alone(open_app, two_models, engines, until):
    async with open_app("f5", engine_of=engines({"one": ["all ", "grey"]})) as pilot:
        await until(lambda: len(read_columns(pilot)) == 2)
        await pilot.press(*"Hm", "enter")
        await until(lambda: sorted(read_texts(pilot)) == ["all grey", "✗ two cannot be read.\nenter starts it again"])


async def test_one_that_dies_keeps_its_text_and_says_so(open_app, two_models, engines, until):
    async with open_app("f5", engine_of=engines(die_after=1)) as pilot:
        await until(lambda: len(read_columns(pilot)) == 2)
        await pilot.press(*"Hm", "enter")
        await until(lambda: all("is gone" in text for text in read_texts(pilot)))
        assert all(text.startswith(("all ", "very ")) for text in read_texts(pilot))


async def test_the_engines_are_closed_when_one_leaves(open_app, two_models, engines, until):
    made = engines()
    async with open_app("f5", engine_of=made) as pilot:
        await until(lambda: len(read_columns(pilot)) == 2)
        await pilot.press(*"Hm", "enter")
        await until(lambda: len(made.open) >= 2 and not pilot.app.screen.contest.is_busy)
        at_work = [one.engine for one in pilot.app.screen.contest.contestants]
        await pilot.press("f3")
        await until(lambda: all(engine.is_closed for engine in at_work))


async def test_a_dialog_is_no_leaving(open_app, two_models, engines, until):
    async with open_app("f5", engine_of=engines()) as pilot:
        await until(lambda: len(read_columns(pilot)) == 2)
        await pilot.press(*"Hm", "enter")
        await until(lambda: sorted(read_texts(pilot)) == ["all grey", "very far"])
        at_work = [one.engine for one in pilot.app.screen.contest.contestants]
        await pilot.press("f1")
        await pilot.pause()
        await pilot.press("escape")
        await pilot.pause()
        assert not any(engine.is_closed for engine in at_work)


async def test_a_run_and_the_vote_on_it_are_kept(open_app, two_models, engines, until):
    async with open_app("f5", engine_of=engines()) as pilot:
        await until(lambda: len(read_columns(pilot)) == 2)
        await pilot.press(*"Hm", "enter")
        await until(lambda: ComparisonStore().list_comparisons())
        kept = ComparisonStore().list_comparisons()[0]
        assert kept.prompt == "Hm"
        assert sorted(column.text for column in kept.columns) == ["all grey", "very far"]
        await until(lambda: pilot.app.screen.check_action("vote", ()))
        await pilot.press("right", "v")
        await until(lambda: ComparisonStore().find_vote(kept.id))
        assert ComparisonStore().find_vote(kept.id).preferred == 1
        assert str(read_columns(pilot)[1].query_one(".name", Static).content).startswith("★")
        await pilot.press("v")
        await until(lambda: ComparisonStore().find_vote(kept.id).preferred is None)


async def test_columns_are_added_and_dropped_between_two_and_six(open_app, two_models, engines, until):
    async with open_app("f5", engine_of=engines()) as pilot:
        await until(lambda: len(read_columns(pilot)) == 2)
        await pilot.press("tab", "tab", "tab")
        for count in (3, 4, 5, 6):
            await pilot.press("a")
            await until(lambda: isinstance(pilot.app.screen, PickModel))
            await until(lambda: pilot.app.screen.query_one("ModelTable").row_count == 2)
            await pilot.press("enter")
            await until(lambda count=count: len(read_columns(pilot)) == count)
        await pilot.press("a")
        await pilot.pause()
        assert not isinstance(pilot.app.screen, PickModel)
        labels = {(column.contestant.name, column.contestant.temperature) for column in read_columns(pilot)}
        assert len(labels) == 6  # the same model comes again at another temperature
        await pilot.press(*"ddddd")
        await until(lambda: len(read_columns(pilot)) == 2)


async def test_one_model_is_spread_over_temperatures(open_app, two_models, engines, until):
    made = engines()
    async with open_app("f5", engine_of=made) as pilot:
        await until(lambda: len(read_columns(pilot)) == 2)
        await pilot.press(*"Hm", "enter")
        await until(lambda: sorted(read_texts(pilot)) == ["all grey", "very far"])
        await pilot.press("t")
        temperatures = [0.8, 0.4, 0.7, 1.0, 1.3, 0.8]
        await until(lambda: [column.contestant.temperature for column in read_columns(pilot)] == temperatures)
        await until(lambda: all(read_texts(pilot)) and not pilot.app.screen.contest.is_busy)
        settings = [call[2] for engine in made.made for call in engine.calls if call[0] == "write"]
        assert sorted(one.temperature for one in settings) == sorted(temperatures)
        assert len({one.seed for one in settings}) == 1
        await pilot.press("ctrl+z")
        await until(lambda: [column.contestant.temperature for column in read_columns(pilot)] == [0.8, 0.8])
        assert sorted(read_texts(pilot)) == ["all grey", "very far"]


async def test_again_draws_a_new_seed(open_app, two_models, engines, until, monkeypatch):
    from rnnchat.tui.screens import compare

    seeds = iter((1, 2))
    monkeypatch.setattr(compare, "draw_seed", lambda: next(seeds))
    async with open_app("f5", engine_of=engines()) as pilot:
        await until(lambda: len(read_columns(pilot)) == 2)
        await pilot.press(*"Hm", "enter")
        await until(lambda: all("seed 1" in figures for figures in read_figures(pilot)))
        await pilot.press("r")
        await until(lambda: all("seed 2" in figures for figures in read_figures(pilot)))


@pytest.mark.parametrize(("size", "side_by_side"), [((80, 24), 2), ((200, 60), 3), ((50, 24), 1)])
async def test_columns_flow_into_rows(open_app, two_models, engines, until, size, side_by_side):
    async with open_app("f5", size=size, engine_of=engines()) as pilot:
        await until(lambda: len(read_columns(pilot)) == 2)
        await pilot.press("tab", "tab", "tab", "t")
        await until(lambda: len(read_columns(pilot)) == 6)
        await until(lambda: len({column.region.x for column in read_columns(pilot)}) == side_by_side)


async def test_a_machine_with_one_model_compares_it_with_itself(open_app, save_model, engines, until):
    save_model("one")
    async with open_app("f5", engine_of=engines()) as pilot:
        await until(lambda: [column.contestant.temperature for column in read_columns(pilot)] == [0.5, 1.0])


async def test_a_machine_without_models_says_so_and_finds_one_that_comes_later(open_app, save_model, engines, until):
    async with open_app("f5", engine_of=engines()) as pilot:
        hint = pilot.app.screen.query_one("#hint", Static)
        await until(lambda: "no models yet" in str(hint.content))
        save_model("one")
        await pilot.press("f3", "f5")
        await until(lambda: len(read_columns(pilot)) == 2)


async def test_engines_are_closed_after_a_while_and_opened_again(open_app, two_models, engines, until, monkeypatch):
    from rnnchat.tui.screens import compare

    monkeypatch.setattr(compare, "IDLE_S", 0.01)
    async with open_app("f5", engine_of=engines()) as pilot:
        await until(lambda: len(read_columns(pilot)) == 2)
        await pilot.press(*"Hm", "enter")
        await until(lambda: sorted(read_texts(pilot)) == ["all grey", "very far"])
        await until(lambda: all(one.engine is None for one in pilot.app.screen.contest.contestants))
        assert sorted(read_texts(pilot)) == ["all grey", "very far"]
        await pilot.press("r")
        await until(lambda: all(one.phase == "done" for one in pilot.app.screen.contest.contestants))


async def test_the_mouse_chooses_a_column(open_app, two_models, engines, until):
    async with open_app("f5", engine_of=engines()) as pilot:
        await until(lambda: len(read_columns(pilot)) == 2)
        await pilot.click(read_columns(pilot)[1])
        await until(lambda: read_columns(pilot)[1].has_focus)


def read_verdict(pilot) -> str:
    return str(pilot.app.screen.query_one(VerdictPanel).content)


async def test_a_short_text_is_said_to_be_too_short(open_app, two_models, engines, until):
    async with open_app("f5", engine_of=engines()) as pilot:
        await until(lambda: len(read_columns(pilot)) == 2)
        await pilot.press(*"Hm", "enter")
        await until(lambda: read_verdict(pilot).startswith("Too short to tell which model fits better: 2 characters"))


async def test_a_file_is_read_by_all_and_the_verdict_stands_above_the_columns(
    open_app, save_model, engines, until, tmp_path
):
    save_model("four")
    save_model("six")
    path = tmp_path / "letter.txt"
    path.write_text("The sea was grey.\n" * 300)
    made = engines({"four": ["a"], "six": ["b"]})
    async with open_app("f5", engine_of=made) as pilot:
        await until(lambda: len(read_columns(pilot)) == 2)
        await pilot.app.screen.query_one(ComparedText).take_file(path)
        await until(lambda: read_verdict(pilot).startswith("six predicts this text better: 2.50 against 3.50"))
        await until(lambda: read_verdict(pilot).count("●") == 2)
        assert "letter.txt, 5,400 characters" in str(pilot.app.screen.query_one(PromptBox).placeholder)
        prompts = {call[1] for engine in made.made for call in engine.calls if call[0] == "write"}
        assert all(len(prompt) <= 500 and path.read_text().endswith(prompt) for prompt in prompts)
        assert all("text" in figures for figures in read_figures(pilot))


async def test_columns_texts_and_votes_are_there_after_a_restart(open_app, two_models, engines, until):
    async with open_app("f5", engine_of=engines()) as pilot:
        await until(lambda: len(read_columns(pilot)) == 2)
        await pilot.press(*"Hm", "enter")
        await until(lambda: pilot.app.screen.contest.saved)
        before = read_texts(pilot)
    async with open_app("f5", engine_of=engines()) as pilot:
        await until(lambda: len(read_columns(pilot)) == 2)
        await until(lambda: read_texts(pilot) == before)
        assert pilot.app.screen.query_one(PromptBox).text == "Hm"


async def test_enter_starts_a_model_that_died_again(open_app, two_models, engines, until):
    made = engines(die_after=1)
    async with open_app("f5", engine_of=made) as pilot:
        await until(lambda: len(read_columns(pilot)) == 2)
        await pilot.press(*"Hm", "enter")
        await until(lambda: all("enter starts it again" in text for text in read_texts(pilot)))
        made._behaviour = {}
        await pilot.press("enter")
        await until(lambda: read_texts(pilot)[0] in ("all grey", "very far"))
        assert "is gone" in read_texts(pilot)[1]
