"""``rnnchat models``: the library of models, imports and exports."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from rnnchat.cli.neurons import neurons
from rnnchat.cli.output import print_fields, print_json, print_table, show_safely
from rnnchat.desk.figures import format_bits, format_bytes, format_date
from rnnchat.desk.visible import picture_controls
from rnnchat.errors import ModelError, UsageError
from rnnchat.model import library
from rnnchat.model.file import Model, ModelHeader, read_header, read_model
from rnnchat.model.library import ModelEntry
from rnnchat.model.name import name_model

app = typer.Typer(
    help="List, show, import, export and remove models; inspect their hidden units.", no_args_is_help=True
)
app.command("neurons")(neurons)

Name = Annotated[str, typer.Argument(metavar="MODEL", help="Name of a model or run, or a model file.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Replace = Annotated[bool, typer.Option("--replace", help="Replace an existing model or file of that name.")]


@app.command("list")
def list_models(is_json: Json = False) -> None:
    """List all models on this machine."""
    entries = library.list_models()
    if is_json:
        print_json({"models": [_describe_entry(entry) for entry in entries]})
        return
    if not entries:
        typer.echo("no models on this machine: train one with `rnnchat train`", err=True)
        return
    columns = ("name", "level", "network", "bits/char", "size", "corpus", "from", "date")
    rows = [_list_row(entry, entry.header) for entry in entries if entry.header]
    print_table(columns, rows, right=("bits/char", "size"))
    for entry in entries:
        if entry.problem:
            typer.echo(picture_controls(f"{entry.name}: {entry.problem}"), err=True)


@app.command()
def show(name: Name, is_json: Json = False) -> None:
    """Show everything that a model's file says."""
    path = library.find_model(name)
    header = read_header(path)
    if is_json:
        print_json({"name": name, "path": str(path), **_describe_header(header), "card": header.card.to_json(),
                    "training": {**header.training.to_json(), "words": len(header.training.words)}})  # fmt: skip
    else:
        print_fields(_show_fields(path, header))


@app.command("import")
def import_model(
    file: Annotated[Path, typer.Argument(help="A model of rnnchat or of another program (docs/import.md).")],
    name: Annotated[str | None, typer.Option(help="Name in the library; by default that of the file.")] = None,
    vocab: Annotated[
        Path | None, typer.Option(metavar="FILE", help="List of its symbols in the order of their ids.")
    ] = None,
    text: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="Text it was trained on; may be given several times.")
    ] = None,
    cell: Annotated[str | None, typer.Option(help="rnn-tanh or rnn-relu, where the file does not say which.")] = None,
    replace: Replace = False,
) -> None:
    """Check a model and copy it into the library, converted if another program made it; nothing in it is run."""
    from rnnchat.importers.importer import import_file
    from rnnchat.importers.source import Hints

    typer.echo(import_file(file, Hints(vocab, tuple(text or ()), cell), name, replace))


@app.command("export")
def export_model(
    name: Name,
    destination: Annotated[
        Path | None,
        typer.Argument(help="File or folder for the model file; by default here, unless an option names another."),
    ] = None,
    onnx: Annotated[Path | None, typer.Option(metavar="FILE", help="Write an ONNX file.")] = None,
    torch: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a state dict of torch.")] = None,
    keras: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a .keras file.")] = None,
    memory: Annotated[
        bool | None,
        typer.Option(help="Export the text that the model remembers with it, word for word, or leave it out."),
    ] = None,
    replace: Replace = False,
) -> None:
    """Copy a model out of the library, or write it for other programs (docs/export.md shows how they read it)."""
    wanted = {".onnx": onnx, ".pt": torch, ".keras": keras}
    if destination or not any(wanted.values()):
        with_text = _choose_text(name) if memory is None else memory
        typer.echo(library.export_model(name, destination or Path(), replace, with_text))
    model = read_model(library.find_model(name)) if any(wanted.values()) else None
    for suffix, file in wanted.items():
        if model and file:
            path = _choose_file(file, name, suffix, replace)
            _load_writer(suffix)(model, path)
            typer.echo(path)


def _choose_text(name: str) -> bool:
    """Whether the text that a model remembers is exported with it: asked, where there is one.

    Raises:
        UsageError: there is nobody to ask.
    """
    size = read_header(library.find_model(name)).text_bytes
    if not size:
        return True
    if not sys.stdin.isatty():
        raise UsageError(
            f"{name} remembers the text it was trained on, word for word: add --memory to export that as well, or "
            "--no-memory to leave it out"
        )
    return typer.confirm(
        f"{name} remembers its text word for word ({format_bytes(size)}). Export that as well?", err=True
    )


def _load_writer(suffix: str) -> Callable[[Model, Path], None]:
    """What writes a model for another program; loads the libraries that it needs."""
    if suffix == ".onnx":
        from rnnchat.runtime.onnx_file import write_onnx  # onnx: 0.2 s

        return write_onnx
    if suffix == ".pt":
        from rnnchat.network.state_dict import write_state_dict  # torch: 2 s

        return write_state_dict
    from rnnchat.model.keras_file import write_keras

    return write_keras


@app.command("remove")
def remove_model(
    name: Name,
    is_sure: Annotated[bool, typer.Option("--yes", "-y", help="Delete without asking.")] = False,
) -> None:
    """Delete one of your own models."""
    path = library.find_model(name)
    if not is_sure:
        typer.confirm(picture_controls(f"Delete {path}?"), abort=True, err=True)
    removed = library.remove_model(name)
    typer.echo(show_safely(str(removed)))
    if library.is_run_model(run := name_model(removed)):
        advice = f"the training {run!r} keeps its model: remove it too with `rnnchat runs remove {run}`"
        typer.echo(picture_controls(advice), err=True)


def _choose_file(path: Path, name: str, suffix: str, replace: bool) -> Path:
    """Where an export goes: into a folder under the model's name.

    Raises:
        ModelError: the file is there already and ``replace`` is False.
    """
    if path.is_dir():
        path = path / (name_model(name) + suffix)
    if path.exists() and not replace:
        raise ModelError(f"{path} already exists: choose another name, or use --replace")
    return path


def _origin(entry: ModelEntry) -> str:
    return "rnnchat" if entry.is_shipped else "training" if entry.is_run else "you"


def _list_row(entry: ModelEntry, header: ModelHeader) -> tuple[str, ...]:
    return (
        entry.name,
        header.tokenizer.level,
        header.config.describe(),
        format_bits(header.training.bits_per_char, 3),
        format_bytes(header.size_bytes),
        header.training.corpus,
        _origin(entry),
        format_date(entry.created)[:10],
    )


def _describe_entry(entry: ModelEntry) -> dict[str, Any]:
    record = {"name": entry.name, "path": str(entry.path), "origin": _origin(entry), "problem": entry.problem}
    return record | (_describe_header(entry.header) if entry.header else {})


def _describe_header(header: ModelHeader) -> dict[str, Any]:
    return {
        "level": header.tokenizer.level,
        "vocab_size": header.config.vocab_size,
        "config": header.config.to_json(),
        "parameters": header.config.parameters,
        "dtype": header.dtype,
        "size_bytes": header.size_bytes,
        "bits_per_char": header.training.bits_per_char,
        "int8_loss": header.training.int8_loss,
        "corpus": header.training.corpus,
    }


def _show_fields(path: Path, header: ModelHeader) -> list[tuple[str, str]]:
    training, card = header.training, header.card
    recipe = ", ".join(f"{name} {value}" for name, value in training.recipe.items() if value is not None)
    return [
        ("title", card.title),
        ("description", card.description),
        ("licence of the texts", card.licence),
        ("file", f"{path} ({format_bytes(header.size_bytes)}, {header.dtype})"),
        ("vocabulary", f"{header.config.vocab_size:,} symbols ({header.tokenizer.level})"),
        ("network", f"{header.config.describe()}, {header.config.parameters:,} parameters"),
        ("bits per character", format_bits(training.bits_per_char, 3)),
        ("int8 loss", "" if training.int8_loss is None else f"{training.int8_loss:.4f} bits per character"),
        ("corpus", f"{training.corpus}, {training.chars:,} characters" if training.corpus else ""),
        ("held out", training.split),
        ("remembers", f"its text, word for word, {format_bytes(header.text_bytes)}" if header.text_bytes else ""),
        ("training", f"{training.steps:,} steps, {training.elapsed_s / 60:.1f} minutes" if training.steps else ""),
        ("trained", training.trained_at),
        ("recipe", recipe),
        ("examples", " · ".join(repr(example) for example in card.examples)),
    ]
