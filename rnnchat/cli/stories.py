"""``rnnchat stories``: what was written on this machine, listed, exported and backed up."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from rnnchat.cli.output import print_json, print_table, show_safely
from rnnchat.desk.figures import format_date
from rnnchat.desk.visible import picture_controls
from rnnchat.errors import StoryError, UsageError
from rnnchat.paths import database_path, write_text_atomically
from rnnchat.stories.export import FORMATS, export_story
from rnnchat.stories.store import Store

app = typer.Typer(help="List, export, import and back up stories.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Replace = Annotated[bool, typer.Option("--replace", help="Replace a file that exists.")]


@app.command("list")
def list_stories(
    is_deleted: Annotated[bool, typer.Option("--deleted", help="List deleted stories.")] = False,
    is_json: Json = False,
) -> None:
    """List stories, the most recently changed first."""
    with _open_store() as store:
        stories = store.list_stories(is_deleted)
    if is_json:
        print_json({"stories": [vars(story) for story in stories]})
    elif stories:
        rows = [(s.title, f"{s.chars:,}", s.model or "", format_date(s.updated), s.id) for s in stories]
        print_table(("title", "characters", "model", "changed", "id"), rows, right=("characters",))
    else:
        typer.echo(
            "No deleted stories." if is_deleted else "No stories yet: `rnnchat` opens a page to write on.", err=True
        )


@app.command("export")
def export(
    name: Annotated[str, typer.Argument(metavar="STORY", help="Title or id of a story.")],
    file: Annotated[Path | None, typer.Argument(help="File to write; standard output if none is given.")] = None,
    format_: Annotated[
        str | None, typer.Option("--format", help=f"{', '.join(FORMATS)}; after the file's name by default, else text.")
    ] = None,
    replace: Replace = False,
) -> None:
    """Write a story as plain text, Markdown, HTML with its authors in colour, or JSON with all its takes."""
    form = format_ or ({".htm": "html", ".markdown": "md"}.get(file.suffix, file.suffix[1:]) if file else "txt")
    if form not in FORMATS:
        if format_:
            raise UsageError(f"--format must be one of {', '.join(FORMATS)}, not {format_}")
        form = "txt"
    with _open_store() as store:
        text = export_story(store.load(store.find(name)), form)
    if file is None:
        typer.echo(show_safely(text), nl=False)
        return
    _refuse_existing(file, replace)
    write_text_atomically(file, text)
    typer.echo(file)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="JSON file that `rnnchat stories export` wrote.")],
) -> None:
    """Add a story from a JSON file, with all its takes and its history."""
    from rnnchat.stories.importing import read_export

    with _open_store() as store:
        story = store.keep(read_export(file))
        typer.echo(show_safely(store.load(story.id).title or "Untitled"))


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="File to write: one database with every story and comparison.")],
    replace: Replace = False,
) -> None:
    """Copy all stories and comparisons to one file, also while rnnchat is open."""
    _refuse_existing(file, replace)
    with _open_store() as store:
        store.back_up(file)
    typer.echo(file)
    typer.echo(f"To restore it, close rnnchat and copy the file to {database_path()}", err=True)


def _refuse_existing(file: Path, replace: bool) -> None:
    if file.exists() and not replace:
        raise StoryError(f"{file} already exists: choose another name, or use --replace")


@contextmanager
def _open_store() -> Iterator[Store]:
    store = Store()
    try:
        if store.notice:
            typer.echo(picture_controls(store.notice), err=True)
        yield store
    finally:
        store.close()
