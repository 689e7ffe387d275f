"""A comparison as a page of HTML that needs nothing else, and as Markdown."""

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rnnchat.comparison.trait import Trait
from rnnchat.comparison.verdict import Standing
from rnnchat.desk.figures import NOTHING, format_bits
from rnnchat.desk.visible import picture_controls

_WIDTH, _ROW, _LABEL = 760, 26, 200
"""Pixels of a drawing, of a row in it, and of the names at its left."""
_CURVE_HEIGHT = 220
_COLOURS = ("#0b62a4", "#c2410c", "#15803d", "#7e22ce", "#a16207", "#be123c")
_STYLE = """body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1f2933}
h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}.verdict{font-size:1.2rem}.quiet{color:#52606d}
table{border-collapse:collapse}td,th{padding:.3rem .8rem;border-bottom:1px solid #d9e2ec;text-align:right}
td:first-child,th:first-child{text-align:left}.samples{display:grid;gap:1rem;
grid-template-columns:repeat(auto-fit,minmax(18rem,1fr))}pre{white-space:pre-wrap;font:14px/1.5 ui-monospace,monospace}
.prompt{color:#829ab1}svg{max-width:100%;height:auto;font:13px system-ui,sans-serif}
@media(prefers-color-scheme:dark){body{background:#1b1f24;color:#e4e7eb}td,th{border-color:#3e4c59}
svg text{fill:#e4e7eb}.quiet{color:#9aa5b1}}"""


@dataclass(frozen=True)
class Sample:
    """What one column wrote."""

    label: str
    prompt: str
    text: str


@dataclass(frozen=True)
class Report:
    """A comparison as it is shown to others."""

    text_name: str
    """What the text is called; "" where there was none."""
    sentences: tuple[str, ...]
    """The verdict, and what is to be said about overlap."""
    standings: tuple[Standing, ...]
    curves: Mapping[str, np.ndarray]
    """Of each model, bits per character along the text."""
    samples: Sequence[Sample]
    traits: Mapping[str, Trait]
    """By label."""
    matrix: Mapping[str, Mapping[str, float | None]]
    """Bits per character of each model (outer) on the samples of each model (inner)."""
    settings: str
    """How the samples were written, in words."""


def write_html(report: Report) -> str:
    """The report as one page; whatever models or people wrote is escaped."""
    title = f"Comparison on {report.text_name}" if report.text_name else "Comparison"
    parts = [f"<h1>{_escape(title)}</h1>"]
    parts += [f'<p class="{"verdict" if not i else "quiet"}">{_escape(s)}</p>' for i, s in enumerate(report.sentences)]
    if any(standing.interval for standing in report.standings):
        parts += ["<h2>Bits per character, lower is better</h2>", _draw_intervals(report.standings)]
    if any(len(curve) > 1 for curve in report.curves.values()):
        parts += ["<h2>Along the text</h2>", _draw_curves(report.curves)]
    if report.matrix:
        parts += ["<h2>Each model on each model’s samples</h2>", _make_matrix(report.matrix)]
    if report.traits:
        parts += ["<h2>Samples in figures</h2>", _make_table(*_list_traits(report.traits))]
    if report.samples:
        parts += [f'<h2>Samples</h2><p class="quiet">{_escape(report.settings)}</p>', _show_samples(report.samples)]
    head = f'<meta charset="utf-8"><title>{_escape(title)}</title><style>{_STYLE}</style>'
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{"".join(parts)}</body></html>\n'


def write_markdown(report: Report) -> str:
    """The verdict and tables as Markdown."""
    lines = [*report.sentences, ""] if report.sentences else []
    rows = []
    for standing in report.standings:
        interval = standing.interval
        shown = f"{interval.low:.3f} to {interval.high:.3f}" if interval else NOTHING
        rows.append([standing.name, format_bits(standing.bits_per_char, 3), shown])
    lines += _make_markdown(["model", "bits/char", "95 %"], rows) if rows else []
    lines += _make_markdown(*_list_traits(report.traits)) if report.traits else []
    return "\n".join(lines)


def _list_traits(traits: Mapping[str, Trait]) -> tuple[list[str], list[list[str]]]:
    head = ["samples of", "distinct-1", "distinct-2", "repetition", "non-words", "longest copy"]
    rows = []
    for label, trait in traits.items():
        shares = (trait.distinct_1, trait.distinct_2, trait.repetition, trait.nonwords)
        figures = [NOTHING if share is None else f"{share:.3f}" for share in shares]
        rows.append([label, *figures, NOTHING if trait.longest_copy is None else str(trait.longest_copy)])
    return head, rows


def _make_markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    def join(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"

    return [join(head), "|---|" + "---:|" * (len(head) - 1), *map(join, rows), ""]


def _make_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    cells = "".join(f"<th>{_escape(cell)}</th>" for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{_escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{cells}</tr>{body}</table>"


def _make_matrix(matrix: Mapping[str, Mapping[str, float | None]]) -> str:
    writers = list(next(iter(matrix.values())))
    rows = [[f"{name} reads", *(format_bits(row[writer]) for writer in writers)] for name, row in matrix.items()]
    return _make_table(["bits/char on the samples of", *writers], rows)


def _draw_intervals(standings: Sequence[Standing]) -> str:
    known = [(standing, standing.interval) for standing in standings if standing.interval]
    low, high = min(i.low for _, i in known), max(i.high for _, i in known)
    room = (high - low) * 0.1 or 0.1
    scale = (_WIDTH - _LABEL - 70) / (high - low + 2 * room)

    def place(bits: float) -> float:
        return _LABEL + (bits - low + room) * scale

    parts = []
    for row, (standing, interval) in enumerate(known):
        y, colour = row * _ROW + 18, _COLOURS[row % len(_COLOURS)]
        parts.append(
            f'<text x="0" y="{y + 4}">{_escape(standing.name)}</text>'
            f'<line x1="{place(interval.low):.1f}" x2="{place(interval.high):.1f}" y1="{y}" y2="{y}" stroke="{colour}"'
            f' stroke-width="3"/><circle cx="{place(standing.bits_per_char):.1f}" cy="{y}" r="5" fill="{colour}"/>'
            f'<text x="{_WIDTH - 60}" y="{y + 4}">{standing.bits_per_char:.3f}</text>'
        )
    return _wrap("".join(parts), len(known) * _ROW + 12)


def _draw_curves(curves: Mapping[str, np.ndarray]) -> str:
    drawn = {name: curve for name, curve in curves.items() if len(curve) > 1}
    low, high = min(c.min() for c in drawn.values()), max(c.max() for c in drawn.values())
    height = _CURVE_HEIGHT - 40
    parts = []
    for row, (name, curve) in enumerate(drawn.items()):
        x = np.linspace(60, _WIDTH - _LABEL, len(curve))
        y = 20 + (high - curve) / (high - low or 1) * height
        points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
        colour = _COLOURS[row % len(_COLOURS)]
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts.append(
            f'<text x="{_WIDTH - _LABEL + 12}" y="{24 + row * 20}" style="fill:{colour}">{_escape(name)}</text>'
        )
    parts += [f'<text x="0" y="{24 + y}">{bits:.2f}</text>' for y, bits in ((0, high), (height, low))]
    return _wrap("".join(parts), _CURVE_HEIGHT)


def _show_samples(samples: Sequence[Sample]) -> str:
    cells = (
        f"<section><h3>{_escape(sample.label)}</h3><pre>"
        f'<span class="prompt">{_escape(sample.prompt)}</span>{_escape(sample.text)}</pre></section>'
        for sample in samples
    )
    return f'<div class="samples">{"".join(cells)}</div>'


def _wrap(drawing: str, height: int) -> str:
    return f'<svg viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" role="img">{drawing}</svg>'


def _escape(text: str) -> str:
    return html.escape(picture_controls(text))
