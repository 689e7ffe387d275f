import errno
import shutil
from dataclasses import replace

import numpy as np
import pytest

from rnnchat import paths
from rnnchat.errors import ModelError
from rnnchat.model.file import read_header, read_model, write_model
from rnnchat.model.library import (
    default_model,
    export_model,
    find_model,
    import_model,
    list_models,
    remove_model,
)
from rnnchat.model.name import name_model


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    """An empty folder in place of the models that come with rnnchat."""
    folder = tmp_path / "shipped"
    folder.mkdir()
    monkeypatch.setattr(paths, "shipped_models_dir", lambda: folder)
    return folder


def put(source, destination):
    destination.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, destination)
    return destination


def test_own_models_come_before_runs_and_runs_before_shipped_ones(shipped, tiny_model):
    third = put(tiny_model, shipped / "a.safetensors")
    assert find_model("a") == third
    second = put(tiny_model, paths.runs_dir() / "a" / "best.safetensors")
    assert find_model("a") == second
    first = put(tiny_model, paths.models_dir() / "a.safetensors")
    assert find_model("a") == first
    assert [(entry.name, entry.path) for entry in list_models()] == [("a", first)]


def test_a_path_is_taken_as_a_path(tiny_model, monkeypatch):
    assert find_model(str(tiny_model)) == tiny_model
    with pytest.raises(ModelError, match="no model file at"):
        find_model("elsewhere/none.safetensors")


def test_a_wrong_name_brings_near_ones(shipped, tiny_model):
    put(tiny_model, shipped / "shakespeare.safetensors")
    with pytest.raises(ModelError, match="did you mean shakespeare"):
        find_model("shakespear")


def test_a_broken_file_is_listed_with_its_problem(shipped, tiny_model):
    put(tiny_model, paths.models_dir() / "good.safetensors")
    broken = put(tiny_model, paths.models_dir() / "broken.safetensors")
    broken.write_bytes(b"not a model")
    bad, good = list_models()
    assert (bad.name, bad.header) == ("broken", None)
    assert "not a readable model file" in bad.problem
    assert good.header.config.cell == "lstm"
    assert good.problem is None


def test_a_folder_that_cannot_be_looked_into_is_told(shipped, monkeypatch):
    def refuse(path):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr("pathlib.Path.iterdir", refuse)
    problems = [entry.problem for entry in list_models()]
    assert len(problems) == 3
    assert all("cannot be read (Permission denied): change its permissions" in problem for problem in problems)


def test_import_checks_before_it_copies(shipped, tiny_model, tmp_path):
    junk = tmp_path / "junk.safetensors"
    junk.write_bytes(b"junk")
    with pytest.raises(ModelError, match="not a readable model file"):
        import_model(junk)
    path = import_model(tiny_model, "mine")
    assert find_model("mine") == path
    with pytest.raises(ModelError, match="already exists"):
        import_model(tiny_model, "mine")
    import_model(tiny_model, "mine", replace=True)
    assert path.read_bytes() == tiny_model.read_bytes()


@pytest.mark.parametrize("name", ["", "../up", "a/b", ".hidden", "end ", "x" * 101])
def test_a_name_that_would_be_no_file_name_is_refused(tiny_model, name):
    with pytest.raises(ModelError, match="is not a valid name"):
        import_model(tiny_model, name or " ")


def test_import_refuses_weights_that_are_not_numbers(shipped, make_model, tmp_path):
    model = make_model()
    path = tmp_path / "bad.safetensors"
    write_model(model, path)
    content = path.read_bytes()
    path.write_bytes(content[:-4] + np.float32(np.nan).tobytes())
    with pytest.raises(ModelError, match="not finite"):
        import_model(path)
    assert list_models() == []


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("v1.2", "v1.2"),
        ("models/v1.2.safetensors", "v1.2"),
        ("runs/letters/best.safetensors", "letters"),
        ("C:\\models\\kjv.safetensors", "kjv"),
        ("best", "best"),
    ],
)
def test_a_model_keeps_its_whole_name(path, name):
    assert name_model(path) == name


def test_export_copies_to_a_file_or_into_a_folder(shipped, tiny_model, tmp_path):
    import_model(tiny_model, "mine")
    (tmp_path / "out").mkdir()
    assert export_model("mine", tmp_path / "out").name == "mine.safetensors"
    import_model(tiny_model, "v1.2")
    assert export_model("v1.2", tmp_path / "out").name == "v1.2.safetensors"
    assert export_model("mine", tmp_path / "copy.safetensors").read_bytes() == tiny_model.read_bytes()
    with pytest.raises(ModelError, match="there already"):
        export_model("mine", tmp_path / "copy.safetensors")


def test_only_own_models_can_be_removed(shipped, tiny_model):
    put(tiny_model, shipped / "theirs.safetensors")
    put(tiny_model, paths.runs_dir() / "running" / "best.safetensors")
    path = import_model(tiny_model, "mine")
    assert remove_model("mine") == path
    assert not path.exists()
    with pytest.raises(ModelError, match="came with rnnchat"):
        remove_model("theirs")
    with pytest.raises(ModelError, match="belongs to a training"):
        remove_model("running")
    with pytest.raises(ModelError, match="not in the library"):
        remove_model(str(tiny_model))


def test_the_default_is_english_then_any_shipped_then_any_own(shipped, tiny_model):
    assert default_model() is None
    import_model(tiny_model, "mine")
    assert default_model() == "mine"
    put(tiny_model, shipped / "kjv.safetensors")
    assert default_model() == "kjv"
    put(tiny_model, shipped / "english.safetensors")
    assert default_model() == "english"


def test_a_model_is_exported_with_or_without_the_text_that_it_remembers(make_model, tmp_path):
    write_model(replace(make_model(), text="Dear Anna, abc"), tmp_path / "mine.safetensors")
    import_model(tmp_path / "mine.safetensors", "mine")
    whole = export_model("mine", tmp_path / "whole.safetensors")
    assert read_model(whole).text == "Dear Anna, abc"
    bare = export_model("mine", tmp_path / "bare.safetensors", with_text=False)
    assert read_model(bare).text == ""
    assert b"Dear Anna" not in bare.read_bytes()
    assert read_header(bare).text_bytes == 0 < read_header(whole).text_bytes
