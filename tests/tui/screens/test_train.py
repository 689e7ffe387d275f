"""The screen Train: the form, the list of runs, what is asked of them. Nothing is trained here."""

from dataclasses import replace

import pytest
from textual.widgets import Input, Static

from rnnchat import paths
from rnnchat.desk.training_form import FieldError
from rnnchat.errors import TrainingError
from rnnchat.plan.options import TrainingOptions
from rnnchat.runs import job
from rnnchat.runs.event import Evaluated, Failed, Finished, Noted, Paused, Started, Stepped
from rnnchat.runs.folder import find_run
from rnnchat.runs.new import make_run
from rnnchat.tui.screens.ask import AskYesNo
from rnnchat.tui.widgets.choice import Choice
from rnnchat.tui.widgets.curve import LearningCurve, OverlaidCurves
from rnnchat.tui.widgets.form_row import FormRow
from rnnchat.tui.widgets.run_detail import RunDetail
from rnnchat.tui.widgets.run_form import RunForm
from rnnchat.tui.widgets.run_list import RunList
from rnnchat.tui.widgets.run_overlay import RunOverlay


def read_runs(pilot) -> list[str]:
    runs = pilot.app.screen.query_one(RunList)
    return [str(runs.get_option_at_index(index).prompt) for index in range(runs.option_count)]


def read_detail(pilot, id: str) -> str:
    return str(pilot.app.screen.query_one(RunDetail).query_one(f"#{id}", Static).content)


def read_problem(pilot, field: str) -> str:
    return pilot.app.screen.query_one(RunForm).find_row(field).problem


def read_notices(pilot) -> list[str]:
    return [notice.message for notice in pilot.app._notifications]


@pytest.fixture
def started(monkeypatch) -> list:
    """What was started, instead of processes."""
    options_of = []

    def start(options):
        options_of.append(options)
        return make_run(options)

    monkeypatch.setattr(job, "start_training", start)
    return options_of


@pytest.fixture
def letters(tmp_path):
    """A text that is long enough."""
    path = tmp_path / "letters.txt"
    path.write_text("Dear Anna, the snow has not gone.\n" * 40, encoding="utf-8")
    return path


# The list


async def test_a_run_that_appears_while_the_screen_is_open_shows_up(open_app, begin_run, until):
    async with open_app("f4") as pilot:
        await until(lambda: pilot.app.run_watcher.has_looked)
        assert read_runs(pilot) == []
        begin_run("mine")
        await until(lambda: read_runs(pilot))
        assert "● mine" in read_runs(pilot)[0]
        assert "2.40" in read_runs(pilot)[0]
        assert "10 %  4:30 left" in read_runs(pilot)[0]


async def test_the_run_under_the_cursor_is_shown_in_full(open_app, begin_run, until):
    run = begin_run("mine")
    async with open_app("f4") as pilot:
        await until(lambda: read_runs(pilot))
        assert "48,100 chars/s" in read_detail(pilot, "facts")
        assert "best 2.40 at 100" in read_detail(pilot, "facts")
        assert read_detail(pilot, "sample") == "Dear Anna, the snow"
        assert "temperature 0.7, seed 1" in read_detail(pilot, "sample-head")
        assert "lstm" in read_detail(pilot, "headline")
        curve = pilot.app.screen.query_one(LearningCurve)
        assert curve.training == ((30.0, 2.5),)
        assert curve.validation == ((30.0, 2.4),)
        run.append_event(Stepped(200, 1000, 2.0, 0.004, 50_000, 60.0, 240.0, 0.2))
        await until(lambda: "step 200" in read_detail(pilot, "facts"))
        assert "●" in str(curve.render())


async def test_a_crashed_run_is_told_in_words(open_app, begin_run, until):
    run = begin_run("mine", is_alive=False)
    run.checkpoint_path.write_bytes(b"a checkpoint")
    async with open_app("f4") as pilot:
        await until(lambda: read_runs(pilot))
        assert "✗ mine" in read_runs(pilot)[0]
        assert "crashed at 10 %" in read_runs(pilot)[0]
        assert read_detail(pilot, "words") == "The process ended unexpectedly; p resumes it from its last checkpoint."


async def test_a_run_that_fails_is_told_on_any_screen(open_app, begin_run, until):
    run = begin_run("mine")
    async with open_app("f4") as pilot:
        await until(lambda: read_runs(pilot))
        await pilot.press("f2")
        run.append_event(Failed("The disk is full: make room."))
        await until(lambda: "mine: The disk is full: make room." in read_notices(pilot))


async def test_a_run_that_ends_is_told_with_its_quality(open_app, begin_run, until):
    run = begin_run("mine")
    async with open_app("f4") as pilot:
        await until(lambda: read_runs(pilot))
        run.append_event(Finished(1000, "done", 1.62, "/models/mine.safetensors", 300.0))
        await until(lambda: "mine is ready: 1.62 bits/char" in read_notices(pilot))
        assert "✓ mine" in read_runs(pilot)[0]


async def test_runs_that_ended_before_are_listed_without_a_notice(open_app, begin_run, until):
    begin_run("old", Started("old", 1, 1, 1, 2, None), Failed("No room."))
    async with open_app("f4") as pilot:
        await until(lambda: read_runs(pilot))
        assert not any("old" in notice for notice in read_notices(pilot))


async def test_what_was_chosen_and_what_happened_is_told_in_sentences(open_app, begin_run, until):
    run = begin_run("mine", Noted("Read letters."), Noted("Training lstm 1×6, for that is what the time allows."))
    async with open_app("f4") as pilot:
        await until(lambda: read_runs(pilot))
        assert read_detail(pilot, "notes") == "Read letters.\nTraining lstm 1×6, for that is what the time allows."
        run.append_event(Stepped(100, 1000, 2.5, 0.004, 48_100, 30.0, 270.0, 0.1))
        run.append_event(Noted("It learns its text by heart: take a smaller network."))
        await until(lambda: read_detail(pilot, "notes").startswith("! It learns its text by heart"))


# Several runs in one picture


@pytest.fixture
def three(begin_run) -> list[str]:
    """Three runs of one text, each worse and with more dropout than the one before."""
    for place, name in enumerate(("one", "two", "three")):
        told = [Evaluated(step, step / 2, 3 + place - step / 100, 2 + place, 100, 2.5) for step in (50, 100)]
        run = begin_run(name, Started(name, 1, 1, 1, 2, None), *told)
        info = run.read_info()
        run.write_info(replace(info, recipe=replace(info.recipe, dropout=place / 10), started=info.started - place))
    return ["one", "two", "three"]


def read_overlay(pilot, id: str) -> str:
    return str(pilot.app.screen.query_one(RunOverlay).query_one(f"#overlay-{id}", Static).content)


async def test_marked_runs_are_laid_over_each_other(open_app, three, until):
    async with open_app("f4") as pilot:
        await until(lambda: len(read_runs(pilot)) == 3)
        screen = pilot.app.screen
        await pilot.press("escape", "space")
        await until(lambda: read_runs(pilot)[0].startswith("a "))
        assert screen.query_one(RunDetail).region.area
        await pilot.press("down", "space")
        await until(lambda: screen.query_one(RunOverlay).region.area)
        assert not screen.query_one(RunDetail).region.area
        assert [line.split()[:2] for line in read_overlay(pilot, "figures").splitlines()[1:]] == [
            ["a", "one"],
            ["b", "two"],
        ]
        assert [line.split() for line in read_overlay(pilot, "differences").split("\n") if line] == [
            ["a", "b"],
            ["dropout", "0", "0.1"],
        ]
        picture = str(screen.query_one(OverlaidCurves).render())
        assert "a" in picture
        assert "b" in picture
        await pilot.press("space")
        await until(lambda: screen.query_one(RunDetail).region.area)


async def test_one_key_compares_all_runs_of_a_text_and_ends_it(open_app, three, until):
    async with open_app("f4") as pilot:
        await until(lambda: len(read_runs(pilot)) == 3)
        await pilot.press("escape", "c")
        await until(lambda: sorted(line[0] for line in read_runs(pilot)) == ["a", "b", "c"])
        await pilot.press("escape")
        await until(lambda: pilot.app.screen.query_one(RunDetail).region.area)
        assert all(line.startswith("·") for line in read_runs(pilot))


async def test_a_run_that_goes_on_grows_in_the_picture(open_app, three, until):
    async with open_app("f4") as pilot:
        await until(lambda: len(read_runs(pilot)) == 3)
        await pilot.press("escape", "c")
        curves = pilot.app.screen.query_one(OverlaidCurves)
        await until(lambda: len(curves.curves) == 3)
        find_run("two").append_event(Evaluated(200, 100.0, 1.5, 1.5, 200, 1.5))
        await until(lambda: curves.end == 100.0)
        assert "two" in read_overlay(pilot, "figures").splitlines()[1]


async def test_the_axis_is_changed_by_key_and_by_click(open_app, three, until):
    async with open_app("f4") as pilot:
        await until(lambda: len(read_runs(pilot)) == 3)
        await pilot.press("escape", "c")
        await until(lambda: "over time" in read_overlay(pilot, "axis"))
        await pilot.press("o")
        await until(lambda: "over characters" in read_overlay(pilot, "axis"))
        await pilot.click("#overlay-axis")
        await until(lambda: "over steps" in read_overlay(pilot, "axis"))


async def test_a_click_before_a_run_marks_it_and_one_on_it_opens_it(open_app, three, until):
    async with open_app("f4") as pilot:
        await until(lambda: len(read_runs(pilot)) == 3)
        screen = pilot.app.screen
        await pilot.click(RunList, offset=(0, 1))
        await until(lambda: read_runs(pilot)[1].startswith("a "))
        assert not screen.has_class("-detail")
        await pilot.click(RunList, offset=(6, 1))
        await until(lambda: screen.has_class("-detail"))


async def test_on_a_narrow_terminal_enter_shows_the_picture(open_app, three, until):
    async with open_app("f4", size=(80, 24)) as pilot:
        await until(lambda: len(read_runs(pilot)) == 3)
        screen = pilot.app.screen
        await pilot.press("escape", "c", "enter")
        await until(lambda: screen.query_one(RunOverlay).region.area)
        assert screen.query_one(OverlaidCurves).size.height >= 6
        await pilot.press("c")
        await until(lambda: screen.query_one(RunDetail).region.area)


async def test_a_run_that_is_the_only_one_of_its_text_says_so(open_app, begin_run, until):
    begin_run("mine")
    async with open_app("f4") as pilot:
        await until(lambda: read_runs(pilot))
        await pilot.press("escape", "c")
        await until(lambda: any("no other run is on the texts of mine" in notice for notice in read_notices(pilot)))


async def test_a_run_that_is_gone_leaves_the_picture(open_app, three, until):
    async with open_app("f4") as pilot:
        await until(lambda: len(read_runs(pilot)) == 3)
        await pilot.press("escape", "c")
        await until(lambda: len(pilot.app.screen.marks.letters) == 3)
        (find_run("two").path / "run.json").unlink()
        await until(lambda: set(pilot.app.screen.marks.letters) == {"one", "three"})


# What is asked of a run


async def test_pause_go_on_and_stop_are_written_into_the_folder(open_app, begin_run, until):
    run = begin_run("mine")
    async with open_app("f4") as pilot:
        await until(lambda: read_runs(pilot))
        await pilot.press("escape", "p")
        await until(lambda: run.read_control().request == "pause")
        run.append_event(Paused(100))
        await until(lambda: "paused" in read_runs(pilot)[0])
        await pilot.press("p")
        await until(lambda: run.read_control().request == "run")
        await pilot.press("s")
        await until(lambda: run.read_control().request == "stop")


async def test_a_stopped_run_goes_on_in_a_new_process(open_app, begin_run, until, monkeypatch):
    run = begin_run("mine", Started("mine", 1, 1, 1, 2, None), Finished(50, "stopped", 2.0, "", 10.0))
    run.checkpoint_path.write_bytes(b"a checkpoint")
    resumed = []
    monkeypatch.setattr(job, "resume_training", resumed.append)
    async with open_app("f4") as pilot:
        await until(lambda: read_runs(pilot))
        await pilot.press("escape", "p")
        await until(lambda: resumed == ["mine"])


async def test_one_can_talk_to_a_run_that_still_learns(open_app, begin_run, save_model, until):
    run = begin_run("mine")
    save_model("best", folder=run.path)
    async with open_app("f4") as pilot:
        await until(lambda: read_runs(pilot))
        await pilot.press("escape", "t")
        await until(lambda: pilot.app.current_mode == "write")
        await until(lambda: pilot.app.model_state.name == "mine")


async def test_a_run_is_removed_only_after_a_question(open_app, begin_run, until):
    run = begin_run("mine", is_alive=False)
    async with open_app("f4") as pilot:
        await until(lambda: read_runs(pilot))
        await pilot.press("escape", "delete")
        await until(lambda: isinstance(pilot.app.screen, AskYesNo))
        await pilot.press("enter")  # the cursor is on the harmless answer
        await until(lambda: not isinstance(pilot.app.screen, AskYesNo))
        assert run.path.exists()
        await pilot.press("delete", "y")
        await until(lambda: not run.path.exists())
        await until(lambda: read_runs(pilot) == [])


async def test_a_running_training_cannot_be_removed(open_app, begin_run, until):
    begin_run("mine")
    async with open_app("f4") as pilot:
        await until(lambda: read_runs(pilot))
        await pilot.press("escape", "delete")
        assert not isinstance(pilot.app.screen, AskYesNo)


# The form


async def test_the_texts_are_summarised_while_one_types(open_app, letters, until):
    async with open_app("f4") as pilot:
        pilot.app.screen.query_one("#texts", Input).value = str(letters)
        summary = pilot.app.screen.query_one("#summary", Static)
        await until(lambda: str(summary.content).startswith("1 file, 1 kB, "))
        await until(lambda: "about" in str(pilot.app.screen.query_one("#network", Static).content))


async def test_a_text_and_minutes_are_all_there_is_to_choose(open_app, letters, until, started):
    async with open_app("f4") as pilot:
        form = pilot.app.screen.query_one(RunForm)
        assert [row.field for row in form.query(FormRow)] == ["texts"]
        assert not form.query(Choice)
        form.find_row("texts").text = str(letters)
        await pilot.press("ctrl+g")
        await until(lambda: started)
        assert started[0] == TrainingOptions((str(letters),), minutes=started[0].minutes, beside_tui=True)


async def test_a_problem_with_a_folded_field_folds_it_out(open_app, until):
    async with open_app("f4") as pilot:
        form = pilot.app.screen.query_one(RunForm)
        form.show_problem(FieldError("name", "It is taken."))
        await until(lambda: form.has_class("-more") and read_problem(pilot, "name") == "It is taken.")


async def test_a_training_is_started_with_what_was_filled_in(open_app, letters, until, started):
    async with open_app("f4") as pilot:
        pilot.app.screen.query_one("#texts", Input).value = str(letters)
        pilot.app.screen.query_one("#minutes").focus()
        await pilot.press("right")
        pilot.app.screen.query_one(RunForm).show_details(True)
        await until(lambda: pilot.app.screen.query("#name"))
        pilot.app.screen.query_one("#name", Input).value = "mine"
        pilot.app.screen.query_one("#level").focus()
        await pilot.press("right", "right", "tab", "right", "right", "ctrl+g")
        await until(lambda: started)
        assert (started[0].corpus, started[0].name) == ((str(letters),), "mine")
        assert (started[0].level, started[0].preset, started[0].minutes) == ("byte", "small", 10)
        await until(lambda: read_runs(pilot) and "○ mine" in read_runs(pilot)[0])


@pytest.mark.parametrize(
    ("field", "text", "sentence"),
    [
        ("texts", "", "Choose a text: a file, a folder, or a name such as shakespeare."),
        ("texts", "'unclosed", "A quotation mark is not closed."),
        ("name", "a/b", "is not a valid name"),
        ("hidden_sizes", "big", "hidden-sizes must be a size, as in 512, or one per layer, as in 128,64, not big"),
        ("dropout", "2", "Dropout must be from 0 to below 1, not 2"),
        ("seed", "one", "Seed must be a whole number from 0 to 9,223,372,036,854,775,807, not one"),
    ],
)
async def test_what_cannot_be_taken_is_told_beside_its_field(open_app, letters, until, started, field, text, sentence):
    async with open_app("f4") as pilot:
        form = pilot.app.screen.query_one(RunForm)
        form.find_row("texts").text = str(letters)
        form.show_details(True)
        await until(lambda: pilot.app.screen.query("#seed"))
        form.find_row(field).text = text
        await pilot.press("ctrl+g")
        await until(lambda: sentence in read_problem(pilot, field))
        assert pilot.app.focused is not None
        assert pilot.app.focused.id == field
        assert not any(sentence in notice for notice in read_notices(pilot))  # said once, beside the field
        assert not started


async def test_a_text_that_is_too_short_is_not_started(open_app, until, started, tmp_path):
    (tmp_path / "note.txt").write_text("Too short.", encoding="utf-8")
    async with open_app("f4") as pilot:
        pilot.app.screen.query_one(RunForm).find_row("texts").text = str(tmp_path / "note.txt")
        await pilot.press("ctrl+g")
        await until(lambda: "too short to train on" in read_problem(pilot, "texts"))
        assert not started


async def test_a_name_that_is_taken_is_replaced_only_after_a_question(open_app, letters, until, started, save_model):
    save_model("mine")
    async with open_app("f4") as pilot:
        form = pilot.app.screen.query_one(RunForm)
        form.find_row("texts").text = str(letters)
        form.show_details(True)
        await until(lambda: pilot.app.screen.query("#name"))
        form.find_row("name").text = "mine"
        await pilot.press("ctrl+g")
        await until(lambda: isinstance(pilot.app.screen, AskYesNo))
        await pilot.press("y")
        await until(lambda: started)
        assert started[0].replace


async def test_a_failure_to_start_is_told_and_the_form_stays(open_app, letters, until, monkeypatch):
    def refuse(options):
        raise TrainingError("The process does not start: try again.")

    monkeypatch.setattr(job, "start_training", refuse)
    async with open_app("f4") as pilot:
        pilot.app.screen.query_one(RunForm).find_row("texts").text = str(letters)
        await pilot.press("ctrl+g")
        await until(lambda: "The process does not start: try again." in read_notices(pilot))
        assert pilot.app.screen.query_one(RunForm).read_values().texts == str(letters)


async def test_a_text_of_the_catalogue_is_fetched_and_filled_in(open_app, until, monkeypatch):
    from rnnchat.tui.screens import catalogue

    def fetch(name, report):
        report("downloading …")
        path = paths.corpora_dir() / f"{name}.txt"
        path.parent.mkdir(parents=True)
        path.write_text("In the beginning.\n" * 40, encoding="utf-8")
        return path

    monkeypatch.setattr(catalogue, "fetch", fetch)
    async with open_app("f4") as pilot:
        await pilot.press("f8")
        await until(lambda: isinstance(pilot.app.screen, catalogue.PickFromCatalogue))
        await pilot.press("down", "enter")
        await until(lambda: pilot.app.current_mode == "train" and pilot.app.screen.query(FormRow))
        await until(lambda: pilot.app.screen.query_one(RunForm).read_values().texts == "english")


async def test_without_a_network_the_catalogue_says_so(open_app, until, monkeypatch):
    from rnnchat.errors import TextError
    from rnnchat.tui.screens import catalogue

    def fetch(name, report):
        raise TextError("There is no network: connect, and try again.")

    monkeypatch.setattr(catalogue, "fetch", fetch)
    async with open_app("f4") as pilot:
        await pilot.press("f8")
        await until(lambda: isinstance(pilot.app.screen, catalogue.PickFromCatalogue))
        await pilot.press("down", "enter")
        words = pilot.app.screen.query_one("#fetching", Static)
        await until(lambda: "There is no network" in str(words.content))
        await pilot.press("escape")
        await until(lambda: pilot.app.screen.query(RunForm))


async def test_on_a_narrow_terminal_enter_shows_the_run_and_escape_the_list(open_app, begin_run, until):
    begin_run("mine")
    async with open_app("f4", size=(80, 24)) as pilot:
        await until(lambda: read_runs(pilot))
        screen = pilot.app.screen
        assert not screen.query_one(RunDetail).region.area
        await pilot.press("escape", "enter")
        await until(lambda: screen.query_one(RunDetail).region.area)
        assert not screen.query_one(RunList).region.area
        assert "p" in screen.active_bindings
        await pilot.press("escape")
        await until(lambda: screen.query_one(RunList).region.area)


async def test_a_run_replaced_under_its_name_begins_a_new_curve(open_app, begin_run, until):
    run = begin_run("mine", is_alive=False)
    async with open_app("f4") as pilot:
        await until(lambda: read_runs(pilot))
        run.events_path.unlink()
        run.write_info(replace(run.read_info(), started=run.read_info().started + 60))
        await until(lambda: pilot.app.screen.query_one(LearningCurve).training == ())


async def test_escape_ends_a_start_that_still_reads_its_texts(open_app, letters, until, started, monkeypatch):
    import threading

    from rnnchat.desk import new_training

    released = threading.Event()
    summarize = new_training.summarize
    monkeypatch.setattr(new_training, "summarize", lambda sources: (released.wait(20), summarize(sources))[1])
    async with open_app("f4") as pilot:
        pilot.app.screen.query_one(RunForm).find_row("texts").text = str(letters)
        await pilot.press("ctrl+g")
        summary = pilot.app.screen.query_one("#summary", Static)
        await until(
            lambda: (
                pilot.app.screen.query_one(RunForm).training.is_reading_to_start and str(summary.content) == "reading …"
            )
        )
        await pilot.press("escape")
        await until(lambda: "nothing was started" in str(summary.content))
        released.set()
        assert not started
