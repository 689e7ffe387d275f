"""Names of runs: after the text, never taking the place of anything without leave."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from rnnchat import paths
from rnnchat.errors import ModelError, TrainingError
from rnnchat.plan.options import TrainingOptions
from rnnchat.runs.custody import remove_run
from rnnchat.runs.event import Failed, Finished
from rnnchat.runs.folder import RunFolder, find_run, list_runs, read_status
from rnnchat.runs.new import make_run

BeginRun = Callable[..., RunFolder]


def end(run: RunFolder) -> None:
    """Let a run look as if it had trained and ended."""
    run.checkpoint_path.write_bytes(b"weights")
    run.append_event(Finished(30, "done", 2.5, "", 6.0))


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("letters/sea.txt", "sea"),
        ("letters/sea.txt.gz", "sea"),
        ("letters/v1.2 final.md", "v1.2-final"),
        ("letters/*.txt", "letters"),
        ("letters/**/a*.txt", "letters"),
        ("shakespeare", "shakespeare"),
        ("三国.txt", "三国"),
        ("-", "text"),
    ],
)
def test_a_run_is_called_after_its_text(
    source: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "shipped_models_dir", lambda: tmp_path / "none")
    assert make_run(TrainingOptions(corpus=(source,))).name == name


def test_a_number_is_added_where_a_run_or_a_model_has_the_name(begin_run: BeginRun) -> None:
    assert begin_run().name == "sea"
    (paths.models_dir()).mkdir(parents=True)
    (paths.models_dir() / "sea-2.safetensors").write_bytes(b"")
    assert begin_run().name == "sea-3"


def test_a_name_that_cannot_be_is_refused(begin_run: BeginRun) -> None:
    with pytest.raises(ModelError, match="is not a valid name"):
        begin_run(name="../sea")


def test_a_run_under_way_is_never_replaced(begin_run: BeginRun) -> None:
    begin_run(name="sea")
    with pytest.raises(TrainingError, match="active"):
        begin_run(name="sea", replace=True)


def test_an_ended_run_is_replaced_only_with_leave(begin_run: BeginRun) -> None:
    run = begin_run(name="sea")
    end(run)
    with pytest.raises(TrainingError, match="another --name, or use --replace"):
        begin_run(name="sea")
    begin_run(name="sea", replace=True)
    assert not run.checkpoint_path.exists()


def test_a_replaced_run_comes_back_if_the_new_one_never_begins(begin_run: BeginRun) -> None:
    run = begin_run(name="sea")
    end(run)
    for text in ("The text is empty.", "The text is empty again."):
        new = begin_run(name="sea", replace=True)
        assert (new.path, list_runs()) == (run.path, [run])
        new.append_event(Failed(text))
        with pytest.raises(TrainingError, match="or use --replace"):
            begin_run(name="sea")
    remove_run(run)
    assert read_status(run).state == "failed"
    remove_run(run)
    assert read_status(run).state == "done"
    assert run.checkpoint_path.read_bytes() == b"weights"
    assert not run.replaced_path.exists()


def test_a_best_model_without_a_checkpoint_is_not_given_up(begin_run: BeginRun) -> None:
    run = begin_run(name="sea")
    run.best_path.write_bytes(b"weights")
    run.heartbeat_path.unlink()
    with pytest.raises(TrainingError, match="or use --replace"):
        begin_run(name="sea")
    assert run.best_path.exists()


def test_runs_that_are_begun_at_once_get_names_of_their_own(begin_run: BeginRun) -> None:
    with ThreadPoolExecutor(8) as pool:
        runs = list(pool.map(lambda _: begin_run(), range(16)))
    assert len({run.name for run in runs}) == 16
    assert sorted(run.name for run in list_runs()) == sorted(run.name for run in runs)


def test_a_run_that_never_took_a_step_makes_room(begin_run: BeginRun) -> None:
    begin_run(name="sea").append_event(Failed("The text is empty."))
    run = begin_run(name="sea")
    assert run.name == "sea"
    events, _ = run.read_events()
    assert not any(isinstance(event, Failed) for event in events)


def test_a_model_is_replaced_only_with_leave(begin_run: BeginRun) -> None:
    paths.models_dir().mkdir(parents=True)
    model = paths.models_dir() / "sea.safetensors"
    model.write_bytes(b"weights")
    with pytest.raises(TrainingError, match="a model named 'sea' already exists"):
        begin_run(name="sea")
    begin_run(name="sea", replace=True)
    assert model.exists()  # until the new one is there


def test_a_run_that_was_put_aside_by_a_killed_process_comes_back(
    begin_run: BeginRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = begin_run(name="sea")
    end(old)
    info = old.read_info()
    rename = Path.rename

    def die_before_the_new_one_has_its_place(path: Path, target: Path) -> Path:
        if target == old.path:
            raise KeyboardInterrupt
        return rename(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", die_before_the_new_one_has_its_place)
        with pytest.raises(KeyboardInterrupt):
            begin_run(name="sea", replace=True)
    assert not old.exists
    assert list_runs() == []  # the process lives
    (aside,) = (paths.runs_dir() / ".aside").iterdir()
    (aside / "heartbeat").unlink()
    assert find_run("sea").read_info() == info
    assert list_runs() == [old]
    assert not list((paths.runs_dir() / ".aside").iterdir())


def test_a_disk_that_refuses_is_told_in_a_sentence(
    begin_run: BeginRun, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.mkdir()
    (home / "runs").write_text("a file where the folder should be")
    with pytest.raises(TrainingError, match="cannot write"):
        begin_run(name="sea")


def test_a_disk_that_refuses_a_new_run_leaves_the_old_one_and_nothing_else(
    begin_run: BeginRun, full_disk: Callable[[int], AbstractContextManager[None]]
) -> None:
    old = begin_run(name="sea")
    end(old)
    info = old.read_info()
    with pytest.raises(TrainingError, match="cannot write"), full_disk(100):
        begin_run(name="sea", replace=True)
    assert old.read_info() == info
    assert not list((paths.runs_dir() / ".aside").iterdir())
