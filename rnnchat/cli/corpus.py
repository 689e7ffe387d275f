"""``rnnchat corpus``: the catalogue of texts, and what any text holds before a model learns from it."""

import dataclasses
from pathlib import Path
from typing import Annotated, Any

import typer

from rnnchat.cli.option import TextEncoding
from rnnchat.cli.output import print_fields, print_json, print_table
from rnnchat.desk.figures import format_bytes
from rnnchat.desk.visible import picture_controls
from rnnchat.text import catalogue
from rnnchat.text.catalogue import CATALOGUE, CatalogueEntry
from rnnchat.text.corpus import Corpus
from rnnchat.text.summary import CorpusSummary
from rnnchat.text.web import fetch_url, is_url

HEAD_CHARS = 600
HEAD_LINES = 12
SHOWN_LEFT_OUT = 20

app = typer.Typer(help="List, fetch and show texts to train on.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Names = Annotated[
    list[str], typer.Argument(metavar="NAME…", help=f"Names of the catalogue ({', '.join(CATALOGUE)}), or URLs.")
]
Sources = Annotated[
    list[str],
    typer.Argument(
        metavar="TEXT…", help="Files, folders, patterns, URLs, - for standard input, or a name of the catalogue."
    ),
]


@app.command("list")
def list_corpora(is_json: Json = False) -> None:
    """List the texts of the catalogue, and which of them are on this machine."""
    if is_json:
        print_json({"corpora": [_describe_entry(entry) for entry in CATALOGUE.values()]})
        return
    rows = [
        (entry.name, entry.title, entry.language, f"{entry.chars:,}", entry.licence, _say_where(entry))
        for entry in CATALOGUE.values()
    ]
    print_table(("name", "text", "language", "characters", "licence", "here"), rows, right=("characters",))


@app.command("fetch")
def fetch_corpora(names: Names, is_json: Json = False) -> None:
    """Download texts of the catalogue, checked and cleaned, or any text by its URL; needs the network once."""
    fetched = {name: _fetch(name) for name in names}
    if is_json:
        print_json({"corpora": [{"name": name, "path": str(path)} for name, path in fetched.items()]})
        return
    for path in fetched.values():
        typer.echo(path)


@app.command("show")
def show_corpus(sources: Sources, encoding: TextEncoding = None, is_json: Json = False) -> None:
    """Show what texts hold: characters, symbols, encoding, what is left out and why, the first lines."""
    entry = CATALOGUE.get(sources[0]) if len(sources) == 1 else None
    if entry and not catalogue.is_at_hand(entry.name):
        _show_absent(entry, is_json)
        return
    corpus = Corpus(sources, encoding)
    summary = corpus.summarize()
    head = next(corpus.read_pieces())[:HEAD_CHARS]
    if is_json:
        about = {"entry": _describe_entry(entry)} if entry else {}
        print_json({**summary.to_json(), **about, "head": head})
        return
    print_fields([*(_entry_fields(entry) if entry else []), *_summary_fields(summary)])
    for left_out in summary.left_out[:SHOWN_LEFT_OUT]:
        typer.echo(picture_controls(f"left out: {left_out.path} {left_out.reason}"))
    if len(summary.left_out) > SHOWN_LEFT_OUT:
        typer.echo(f"left out: {len(summary.left_out) - SHOWN_LEFT_OUT} more")
    typer.echo("\n" + picture_controls("\n".join(head.splitlines()[:HEAD_LINES])))


def _fetch(name: str) -> Path:
    """Download a text by its name or URL; a URL is downloaded anew."""
    if is_url(name):
        return fetch_url(name, is_anew=True)
    return catalogue.fetch(name, lambda step: typer.echo(step, err=True))


def _show_absent(entry: CatalogueEntry, is_json: bool) -> None:
    """What the catalogue says of a text that is not on this machine."""
    if is_json:
        print_json({"entry": _describe_entry(entry)})
        return
    print_fields(_entry_fields(entry))
    typer.echo(f"It is not on this machine yet: run `rnnchat corpus fetch {entry.name}`.", err=True)


def _entry_fields(entry: CatalogueEntry) -> list[tuple[str, str]]:
    return [
        ("text", entry.title),
        ("language", entry.language),
        ("licence", entry.licence),
        ("source", entry.source),
        ("about", entry.about),
    ]


def _summary_fields(summary: CorpusSummary) -> list[tuple[str, str]]:
    files = f"{len(summary.files):,}" + (f", and {len(summary.left_out):,} left out" if summary.left_out else "")
    return [
        ("name", summary.name),
        ("files", files),
        ("read", f"{format_bytes(summary.bytes_read)} ({summary.bytes_read:,} bytes)"),
        ("characters", f"{summary.chars:,}"),
        ("symbols", f"{summary.distinct_chars:,} distinct characters"),
        ("encoding", summary.describe_encodings() or "utf-8"),
        ("path", summary.files[0].path if len(summary.files) == 1 else ""),
    ]


def _describe_entry(entry: CatalogueEntry) -> dict[str, Any]:
    path = catalogue.find_corpus_path(entry.name)
    return {**dataclasses.asdict(entry), "path": path and str(path)}


def _say_where(entry: CatalogueEntry) -> str:
    path: Path | None = catalogue.find_corpus_path(entry.name)
    if path:
        return format_bytes(path.stat().st_size)
    return "made on demand" if catalogue.is_at_hand(entry.name) else "–"
