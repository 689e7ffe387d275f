import hashlib
import json
import math
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import Result

from rnnchat import paths
from rnnchat.generation.language_model import LanguageModel
from rnnchat.generation.settings import USUAL, Settings
from rnnchat.model.file import Model, write_model
from rnnchat.model.library import import_model
from rnnchat.model.record import TrainingRecord

Run = Callable[..., Result]


def write_here(model: Path, prompt: str, settings: Settings) -> str:
    return LanguageModel.open(model, "int8").write_text(prompt, settings)


def test_prompt_and_continuation_are_all_of_stdout(run: Run, tiny_model: Path) -> None:
    result = run("generate", tiny_model, "-p", "abc", "--until", "length", "--length", 60, "--seed", 5)
    assert result.exit_code == 0
    assert result.stdout.rstrip("\n") == ("abc" + write_here(tiny_model, "abc", Settings(length=60, seed=5))).rstrip(
        "\n"
    )
    assert result.stderr.startswith("seed 5 · 60 characters · ")


def test_every_option_reaches_the_settings(run: Run, tiny_model: Path) -> None:
    settings = Settings(
        temperature=1.5, length=25, min_length=3, until="line", top_k=6, top_p=0.9, min_p=0.01, draw_at="word",
        repetition_penalty=1.3, presence_penalty=0.2, frequency_penalty=-0.1, penalty_window=9, penalty_decay=0.9,
        escape_loops=True, ban=("h", "ab"), bias=(("a=b", -2.5), ("c", 1)), seed=9, stop=("zz", "yy"),
    )  # fmt: skip
    result = run(
        *("generate", tiny_model, "-p", "abc", "--json", "--temperature", 1.5, "--length", 25, "--until", "line"),
        *("--top-k", 6, "--top-p", 0.9, "--min-p", 0.01, "--repetition-penalty", 1.3, "--seed", 9),
        *("--stop", "zz", "--stop", "yy", "--min-length", 3, "--draw-at", "word", "--presence-penalty", 0.2),
        *("--frequency-penalty", -0.1, "--penalty-window", 9, "--penalty-decay", 0.9, "--escape-loops"),
        *("--ban", "h", "--ban", "ab", "--bias", "a=b=-2.5", "--bias", "c=1"),
    )
    record = json.loads(result.stdout)
    assert Settings.from_json(record["settings"]) == settings
    assert record["text"] == write_here(tiny_model, "abc", settings)
    assert record["chars"] == len(record["text"])
    assert result.stderr == ""


def test_several_temperatures_take_turns(run: Run, tiny_model: Path) -> None:
    result = run("generate", tiny_model, "--temperature", "0, 0.5,2", "--until", "length", "--length", 30, "--seed", 4)
    settings = Settings(temperature_cycle=(0, 0.5, 2), length=30, seed=4)
    assert result.stdout.rstrip("\n") == write_here(tiny_model, "", settings).rstrip("\n")


def test_a_least_length_above_the_usual_length_moves_it(run: Run, tiny_model: Path) -> None:
    assert (
        json.loads(run("generate", tiny_model, "--min-length", 400, "--until", "length", "--json").stdout)["chars"]
        == 400
    )


def test_candidates_are_the_texts_that_their_seeds_give_alone(run: Run, tiny_model: Path) -> None:
    arguments = (
        "generate",
        tiny_model,
        "-p",
        "abc",
        "-p",
        "ha",
        "--until",
        "length",
        "--length",
        20,
        "--json",
        "--seed",
    )
    record = json.loads(run(*arguments, 7, "--candidates", 2).stdout)
    texts = record.pop("texts")
    assert [(text["prompt"], text["seed"]) for text in texts] == [("abc", 7), ("abc", 8), ("ha", 7), ("ha", 8)]
    for text in texts:
        settings = Settings(length=20, seed=text["seed"])
        assert text["text"] == write_here(tiny_model, text["prompt"], settings)
    assert record["model"] == str(tiny_model)


def test_several_texts_are_numbered_with_their_seeds(run: Run, tiny_model: Path) -> None:
    result = run(
        "generate", tiny_model, "-p", "abc", "--until", "length", "--length", 20, "--candidates", 3, "--seed", 5
    )
    headings = [line for line in result.stdout.splitlines() if line.startswith("── ")]
    assert [heading.split(" · ")[:2] for heading in headings] == [[f"── {n}", f"seed {n + 4}"] for n in (1, 2, 3)]
    for seed in (5, 6, 7):
        assert "abc" + write_here(tiny_model, "abc", Settings(length=20, seed=seed)) + "\n\n" in result.stdout
    assert result.stderr.startswith("3 texts · 60 characters · ")


def test_beams_are_those_of_the_search_the_best_first(run: Run, tiny_model: Path) -> None:
    found = LanguageModel.open(tiny_model, "int8").search("abc", 4, Settings(length=12))
    arguments = ("generate", tiny_model, "-p", "abc", "--until", "length", "--beams", 4, "--length", 12)
    texts = json.loads(run(*arguments, "--json").stdout)["texts"]
    assert [(text["text"], text["seed"]) for text in texts] == [(beam.text, None) for beam in found]
    shown = run(*arguments).stdout
    places = [shown.index(f"abc{beam.text}\n") for beam in found]
    assert places == sorted(places)


def test_one_beam_is_shown_like_a_text(run: Run, tiny_model: Path) -> None:
    greedy = run("generate", tiny_model, "-p", "abc", "--temperature", 0, "--length", 30)
    found = run("generate", tiny_model, "-p", "abc", "--beams", 1, "--length", 30)
    assert found.stdout == greedy.stdout
    assert "seed" not in found.stderr


@pytest.fixture
def other_model(make_model: Callable[..., Model], tmp_path: Path) -> Path:
    """Another model of the same vocabulary."""
    path = tmp_path / "other.safetensors"
    write_model(make_model("gru", (6,), seed=1), path)
    return path


def test_the_weight_of_a_second_model_leads_from_one_to_the_other(
    run: Run, tiny_model: Path, other_model: Path
) -> None:
    def mix(weight: float) -> str:
        options = ("--mix", other_model, "--mix-weight", weight, "--seed", 1, "--json")
        text: str = json.loads(run("generate", tiny_model, "-p", "abc", *options).stdout)["text"]
        return text

    assert mix(0) == write_here(tiny_model, "abc", USUAL.change(seed=1))
    assert mix(1) == write_here(other_model, "abc", USUAL.change(seed=1))
    assert mix(0.5) not in (mix(0), mix(1))
    default = run("generate", tiny_model, "-p", "abc", "--mix", other_model, "--seed", 1, "--json")
    assert json.loads(default.stdout)["text"] == mix(0.5)


def test_models_of_different_vocabularies_are_not_mixed(
    run: Run, tiny_model: Path, make_model: Callable[..., Model], tmp_path: Path
) -> None:
    write_model(make_model(symbols="xyz\n"), tmp_path / "other.safetensors")
    result = run("generate", tiny_model, "--mix", tmp_path / "other.safetensors")
    assert result.exit_code == 2
    assert "cannot be mixed" in result.stderr


def test_each_symbol_is_explained_as_the_model_sees_it(run: Run, tiny_model: Path) -> None:
    options = (
        "--explain",
        3,
        "--hidden",
        1,
        "--until",
        "length",
        "--length",
        10,
        "--seed",
        2,
        "--precision",
        "float32",
        "--json",
    )
    record = json.loads(run("generate", tiny_model, "-p", "abc", *options).stdout)
    model = LanguageModel.open(tiny_model, "float32")
    pieces = list(model.write("abc", Settings(length=10, seed=2), alternatives=3))
    assert "".join(symbol["text"] for symbol in record["symbols"]) == record["text"]
    for symbol, units, piece in zip(record["symbols"], record["hidden"], pieces, strict=True):
        assert piece.insight is not None
        assert symbol == {"text": piece.text, "id": piece.id, **piece.insight.to_json(model.tokenizer)}
        assert units == pytest.approx(piece.hidden[1].tolist(), abs=1e-6)
    nats = -sum(symbol["log_prob"] for symbol in record["symbols"])
    assert record["bits_per_char"] == pytest.approx(nats / math.log(2) / 10)


def test_what_a_text_has_copied_is_told_where_the_training_text_is_at_hand(
    run: Run, make_model: Callable[..., Model], tmp_path: Path
) -> None:
    model, path = make_model(), tmp_path / "taught.safetensors"
    write_model(model, path)
    arguments = ("generate", path, "-p", "abc", "--until", "length", "--length", 60, "--seed", 1)
    written = json.loads(run(*arguments, "--json").stdout)["text"]
    learnt = f"hgf{written[5:50]}!"
    digest = hashlib.sha256(learnt.encode()).hexdigest()
    write_model(replace(model, training=TrainingRecord(corpus="names", sha256=(digest,))), path)
    refused = run(*arguments, "--copied")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "(names) is not on this machine" in refused.stderr
    paths.corpora_dir().mkdir(parents=True)
    (paths.corpora_dir() / "names.txt").write_text(learnt, encoding="utf-8")
    copied = json.loads(run(*arguments, "--copied", "--json").stdout)["copied"]
    assert copied["longest"]["content"] in written
    assert copied["longest"]["content"] in learnt
    assert copied["longest"]["length"] >= 45
    assert copied["share"] >= 45 / 60
    told = run(*arguments, "--copied", "--candidates", 2).stderr
    assert f"1 copied: {copied['share']:.1%}" in told
    assert "2 copied: " in told


def test_a_text_that_repeats_itself_is_told_once_and_escaped_if_asked(run: Run, tiny_model: Path) -> None:
    looping = ("generate", tiny_model, "-p", "abc", "--until", "length", "--temperature", 0, "--length", 600)
    told = run(*looping)
    assert told.stderr.count("repeats itself") == 1
    assert "--escape-loops" in told.stderr
    stretch = json.loads(run(*looping, "--json").stdout)["loop"]
    assert stretch * 3 in told.stdout
    escaped = run(*looping, "--escape-loops")
    assert "repeats itself" not in escaped.stderr
    assert escaped.stdout != told.stdout


def test_the_precision_suits_the_model_unless_one_is_asked_for(
    run: Run, make_model: Callable[..., Model], tmp_path: Path
) -> None:
    def find_precision(loss: float | None, *options: object) -> str:
        model = replace(make_model(), training=TrainingRecord(int8_loss=loss))
        write_model(model, tmp_path / "model.safetensors")
        result = run("generate", tmp_path / "model.safetensors", "--length", 3, "--json", *options)
        precision: str = json.loads(result.stdout)["precision"]
        return precision

    assert find_precision(0.1) == "float32"
    assert find_precision(0.001) == "int8"
    assert find_precision(None) == "int8"
    assert find_precision(0.1, "--precision", "int8") == "int8"
    assert find_precision(0.001, "--precision", "float32") == "float32"


def test_by_default_a_text_ends_near_its_length_with_a_word(run: Run, tiny_model: Path) -> None:
    for seed in range(3):
        record = json.loads(run("generate", tiny_model, "-p", "abc", "--length", 60, "--seed", seed, "--json").stdout)
        whole = write_here(tiny_model, "abc", Settings(length=150, seed=seed))
        assert 51 <= record["chars"] <= 115
        assert whole.startswith(record["text"])
        assert whole[record["chars"]].isspace()


def test_the_best_of_several_texts_is_shown_and_the_others_are_in_the_object(run: Run, tiny_model: Path) -> None:
    arguments = ("generate", tiny_model, "-p", "abc", "--length", 40, "--seed", 5, "--best-of", 4)
    record = json.loads(run(*arguments, "--json").stdout)
    ranked = LanguageModel.open(tiny_model, "int8").best("abc", 4, USUAL.change(length=40, seed=5))
    shown = [record, *record["others"]]
    assert [each["text"] for each in shown] == [each.continuation.text for each in ranked]
    assert [each["score"] for each in shown] == [each.score for each in ranked]
    result = run(*arguments)
    assert result.stdout.rstrip("\n") == ("abc" + record["text"]).rstrip("\n")
    assert result.stderr.startswith(f"seed {record['seed']} · ")


def test_until_without_a_length_takes_the_next_end(run: Run, tiny_model: Path) -> None:
    result = run("generate", tiny_model, "--until", "line", "--seed", 1, "--json")
    record = json.loads(result.stdout)
    assert record["reason"] == "line"
    assert record["text"].index("\n") == len(record["text"]) - 1


def test_a_drawn_seed_is_told_and_gives_the_same_text_again(run: Run, tiny_model: Path) -> None:
    first = run("generate", tiny_model, "-p", "abc")
    seed = first.stderr.split()[1]
    assert run("generate", tiny_model, "-p", "abc", "--seed", seed).stdout == first.stdout


def test_the_prompt_comes_from_stdin_with_a_dash(run: Run, tiny_model: Path) -> None:
    typed = run("generate", tiny_model, "-p", "abc\nd", "--seed", 3)
    assert run("generate", tiny_model, "-p", "-", "--seed", 3, input="abc\nd\n").stdout == typed.stdout


def test_what_the_model_does_not_know_stays_in_the_text_and_is_told(run: Run, tiny_model: Path) -> None:
    result = run("generate", tiny_model, "-p", "aßb!", "--seed", 3)
    assert result.stdout.startswith("aßb!")
    assert "'ß' '!'" in result.stderr


@pytest.mark.parametrize(
    "option", [("--temperature", 3), ("--top-p", 0), ("--length", -1), ("--until", "word"), ("--precision", "int3")]
)
def test_an_option_out_of_range_is_wrong_usage(run: Run, tiny_model: Path, option: tuple[object, ...]) -> None:
    result = run("generate", tiny_model, *option)
    assert result.exit_code == 2
    assert str(option[0]).strip("-") in result.stderr


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (("--beams", 3, "--candidates", 2), "--candidates"),
        (("--beams", 3, "--temperature", 0.5), "--temperature"),
        (("--beams", 3, "--temperature", "0.5,1"), "--temperature"),
        (("--beams", 3, "--seed", 1), "--seed"),
        (("--beams", 3, "--explain", 1, "--json"), "--explain"),
        (("--beams", 0), "beams"),
        (("--best-of", 3, "--candidates", 2), "--candidates"),
        (("--best-of", 3, "--beams", 2), "--beams"),
        (("--best-of", 3, "--explain", 1, "--json"), "--explain"),
        (("--best-of", 0), "--best-of"),
        (("--best-of", 5000), "too many"),
        (("--candidates", 0), "must be at least 1, not 0"),
        (("--candidates", 5000), "too many"),
        (("--mix-weight", 0.5), "--mix"),
        (("--mix", "x", "--mix-weight", 2), "--mix-weight"),
        (("--explain", 1), "--json"),
        (("--explain", 0, "--json"), "--explain"),
        (("--hidden", 0), "--json"),
        (("--hidden", 2, "--json"), "layer"),
        (("--temperature", "0.5;1"), "temperature"),
        (("--bias", "the"), "bias"),
        (("--bias", "the=much"), "bias"),
        (("--ban", "a", "--bias", "a=1"), "banned"),
        (("--length", 10, "--min-length", 20), "min-length"),
        (("-p", "-", "-p", "-"), "stdin"),
    ],
)
def test_what_contradicts_itself_is_one_sentence_before_any_text(
    run: Run, tiny_model: Path, options: tuple[object, ...], word: str
) -> None:
    result = run("generate", tiny_model, *options)
    assert (result.exit_code, result.stdout) == (2, "")
    assert word in result.stderr
    assert result.stderr.count("\n") == 1


def test_help_groups_the_options(run: Run) -> None:
    help = run("generate", "--help").stdout
    panels = ("Arguments:", "What to write:", "Sampling:", "Repetition:", "Search and mixing:", "Output:")
    places = [help.index(f"\n{panel}\n") for panel in panels]
    assert places == sorted(places)
    assert places[2] < help.index("--top-p") < places[3] < help.index("--penalty-window") < places[4]


def test_a_model_that_is_not_there_is_one_sentence_with_near_names(run: Run, tiny_model: Path) -> None:
    import_model(tiny_model, "sonnets")
    result = run("generate", "sonets")
    assert result.exit_code == 1
    assert "did you mean sonnets" in result.stderr


def test_a_machine_without_models_is_one_sentence(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("rnnchat.paths.shipped_models_dir", lambda: tmp_path / "none")
    result = run("generate")
    assert result.exit_code == 1
    assert "rnnchat train" in result.stderr


def start_long(model: Path) -> "subprocess.Popen[bytes]":
    """A process that writes for hours."""
    arguments = ("generate", str(model), "-p", "abc", "--until", "length", "--length", "10000000")
    return subprocess.Popen(
        [sys.executable, "-m", "rnnchat", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def test_text_streams_and_control_c_ends_it_quietly(tiny_model: Path) -> None:
    with start_long(tiny_model) as process:
        assert process.stdout is not None
        assert os.read(process.stdout.fileno(), 3) == b"abc"
        process.send_signal(signal.SIGINT)
        _, messages = process.communicate(timeout=60)
    assert process.returncode == 130
    assert messages.startswith(b"seed ")
    assert messages.count(b"\n") == 1


def test_a_reader_that_goes_away_ends_it_quietly(tiny_model: Path) -> None:
    with start_long(tiny_model) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert os.read(process.stdout.fileno(), 3) == b"abc"
        process.stdout.close()
        assert process.stderr.read() == b""


@pytest.mark.parametrize(
    "content", [b"abc\r\ndef", b"\xef\xbb\xbfabc\ndef\n", "abc\ndef".encode("utf-16"), b"abc\rdef"]
)
def test_a_prompt_from_stdin_is_read_as_a_file_is(run: Run, tiny_model: Path, content: bytes) -> None:
    record = json.loads(run("generate", tiny_model, "-p", "-", "--length", 5, "--json", input=content).stdout)
    assert record["prompt"] == "abc\ndef"


def test_a_prompt_that_is_typed_has_the_line_ends_of_a_file(run: Run, tiny_model: Path) -> None:
    record = json.loads(run("generate", tiny_model, "-p", "abc\r\ndef", "--length", 5, "--json").stdout)
    assert record["prompt"] == "abc\ndef"
    assert record["unknown"] == []
