"""Training progress in a terminal: a live picture, or plain lines without a terminal.

Both are fed with events, from the trainer itself or from a run folder.
"""

import sys
import textwrap
from types import TracebackType
from typing import Protocol

from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from rnnchat.cli.curve import MARK, draw_curve
from rnnchat.desk.figures import format_bits, format_duration
from rnnchat.desk.visible import picture_controls
from rnnchat.runs.event import Evaluated, Event, Failed, Finished, Noted, Paused, Resumed, Sampled, Started, Stepped
from rnnchat.runs.folder import RunFolder
from rnnchat.runs.status import RunStatus, fold_event
from rnnchat.text.tokenizer import SYMBOL_NAMES

_REFRESHES_PER_S = 4
_PLAIN_EVERY_S = 5.0
_CURVE_HEIGHT = 9
_LEAST_CURVE = 6
_SAMPLE_LINES = 4
_MOST_SAMPLES = 3
_LEAST_SAMPLE = 5
_FIXED_ROWS = 7
"""Rows for name and progress, network, two rows of figures, a space, the footer, and one that stays free."""
_WIDEST = 100


def describe_sample(sample: Sampled) -> str:
    """A sample in a few words: its temperature, and how much of it is copied."""
    words = f"temperature {sample.temperature:g}"
    if sample.copied is None:
        return words
    where = "the text" if sample.compared >= 1 else f"the first {sample.compared:.1%} of the text"
    return f"{words}, {sample.copied:.0%} verbatim from {where}"


class TrainingDisplay(Protocol):
    """Shows events as they arrive."""

    def __enter__(self) -> "TrainingDisplay": ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def show(self, event: Event) -> None:
        """Take in an event."""


def choose_display(run: RunFolder, footer: str) -> TrainingDisplay:
    """A live picture if stderr is a terminal that can be drawn on, plain lines otherwise."""
    console = Console(stderr=True)
    if console.is_terminal and not console.is_dumb_terminal:
        return LiveDisplay(run, console, footer)
    return PlainDisplay()


class PlainDisplay:
    """Prints what matters to stderr, one line every few seconds at most."""

    def __init__(self) -> None:
        self._next_s = 0.0

    def __enter__(self) -> "PlainDisplay":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def show(self, event: Event) -> None:
        """Print the event if it is worth a line."""
        if line := self._describe(event):
            sys.stderr.write(picture_controls(line) + "\n")
            sys.stderr.flush()

    def _describe(self, event: Event) -> str:
        match event:
            case Noted():
                return event.message
            case Stepped() if event.elapsed_s >= self._next_s:
                self._next_s = event.elapsed_s + max(_PLAIN_EVERY_S, event.elapsed_s / 20)
                return (
                    f"{event.progress:4.0%}  step {event.step:,} of {event.total_steps:,}  "
                    f"{format_bits(event.loss_bits_per_char, 3)} bits/char  {event.chars_per_s:,.0f} chars/s  "
                    f"{format_duration(event.left_s)} left"
                )
            case Evaluated():
                is_best = "  best so far" if event.step == event.best_step else ""
                return f"      step {event.step:,}  validation {format_bits(event.bits_per_char, 3)} bits/char{is_best}"
            case Sampled():
                text = textwrap.indent((event.prompt + event.text).strip("\n"), "      | ", lambda _: True)
                return f"      {describe_sample(event)}\n{text}"
            case Paused():
                return f"paused at step {event.step:,}"
            case Resumed():
                return f"resuming from step {event.step:,}"
        return ""


class LiveDisplay:
    """A picture that is redrawn several times a second."""

    def __init__(self, run: RunFolder, console: Console, footer: str) -> None:
        self._picture = TrainingPicture(run, footer)
        self._live = Live(self._picture, console=console, refresh_per_second=_REFRESHES_PER_S)

    def __enter__(self) -> "LiveDisplay":
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._picture.footer = ""
        self._live.stop()

    def show(self, event: Event) -> None:
        """Take in an event; the next drawing shows it. Notes stay above the picture."""
        self._picture.take(event)
        if isinstance(event, Noted):
            self._live.console.print(Text(picture_controls(event.message)))
        if isinstance(event, Finished | Failed):
            self._live.refresh()


class TrainingPicture:
    """The picture of a training: as wide and high as there is room, its figures always in the same places."""

    def __init__(self, run: RunFolder, footer: str) -> None:
        self.footer = footer
        self._run = run
        self._status = RunStatus(run.name, run.path)
        self._headline = ""
        self._losses: list[tuple[int, float, float]] = []  # step, seconds, bits per character
        self._validations: list[tuple[int, float, float]] = []
        self._samples: dict[float, Sampled] = {}

    def take(self, event: Event) -> None:
        """Take in an event."""
        self._status = fold_event(self._status, event)
        match event:
            case Stepped():
                self._losses.append((event.step, event.elapsed_s, event.loss_bits_per_char))
            case Evaluated():
                self._validations.append((event.step, event.elapsed_s, event.bits_per_char))
            case Sampled():
                if any(sample.step != event.step for sample in self._samples.values()):
                    self._samples.clear()
                self._samples[event.temperature] = event
            case Started() | Resumed():
                self._headline = self._describe_run()
                # Later steps are repeated.
                step = event.step if isinstance(event, Resumed) else 0
                self._losses = [point for point in self._losses if point[0] <= step]
                self._validations = [point for point in self._validations if point[0] <= step]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = min(options.max_width, _WIDEST)
        parts: list[Table | Text] = [self._draw_head(width), self._draw_line(self._headline), self._draw_figures()]
        room = options.size.height - _FIXED_ROWS
        if room >= _LEAST_CURVE:
            height = min(_CURVE_HEIGHT, room - 2)
            parts.append(self._draw_curve(width, height))
            room -= height + 2
        if room >= _LEAST_SAMPLE:
            parts.append(self._draw_samples(console, width, room - 2))
        parts.append(self._draw_line(self._say()))
        yield Group(*parts)

    def _draw_head(self, width: int) -> Table:
        status = self._status
        bar = ProgressBar(
            total=1.0,
            completed=status.progress,
            width=max(4, width - len(status.name) - 21),
            complete_style="cyan",
            finished_style="cyan",
        )
        left = "" if status.left_s is None else f"{format_duration(status.left_s):>8} left"
        head = Table.grid(padding=(0, 1), expand=False)
        for _ in range(4):
            head.add_column(no_wrap=True)
        head.add_row(Text(status.name, style="bold"), bar, f"{status.progress:4.0%}", left)
        return head

    def _draw_line(self, line: str) -> Text:
        return Text(line, style="dim", no_wrap=True, overflow="ellipsis")

    def _draw_figures(self) -> Text:
        status = self._status
        validation = self._validations[-1][2] if self._validations else None
        total = "–" if status.total_steps is None else f"{status.total_steps:,}"
        text = Text(
            f"bits/char   training {format_bits(status.loss, 3):>6}   validation {format_bits(validation, 3):>6}   "
        )
        text.no_wrap, text.overflow = True, "crop"
        text.append(f"best {format_bits(status.bits_per_char, 3):>6}", style="bold")
        text.append(f" at step {status.best_step:,}\n" if status.best_step is not None else "\n")
        text.append(f"step {status.step:>10,} of {total:>10}   {status.chars_per_s:>9,.0f} characters/s")
        text.append(f"   {format_duration(status.elapsed_s):>8} of training\n")
        return text

    def _draw_curve(self, width: int, height: int) -> Text:
        status = self._status
        most_s = status.elapsed_s + (status.left_s or 0.0)
        losses = [(seconds, bits) for _, seconds, bits in self._losses]
        validations = [(seconds, bits) for _, seconds, bits in self._validations]
        rows = draw_curve(losses, validations, width, height, most_s)
        foot = f"       0:00   ── training   {MARK} validation"
        rows.append(f"{foot}{format_duration(most_s):>{max(1, width - len(foot))}}")
        text = Text("\n".join(rows), no_wrap=True)
        text.highlight_regex(MARK, "bold cyan")
        return text

    def _draw_samples(self, console: Console, width: int, room: int) -> Text:
        """The latest samples, the usual temperature first; always of the same height, so that nothing jumps."""
        count = max(1, min(_MOST_SAMPLES, room // (_SAMPLE_LINES + 1)))
        height = min(_SAMPLE_LINES, room // count - 1)
        drawn = Text("\n")
        samples = [*list(self._samples.values())[::-1][:count], *[None] * count][:count]
        for sample in samples:
            title = "" if sample is None else f"step {sample.step:,}, {describe_sample(sample)}"
            text = "" if sample is None else picture_controls(sample.prompt + sample.text).expandtabs(4).strip("\n")
            lines = [line.plain for line in Text(text).wrap(console, width - 4)]
            drawn.append(f"{title[:width]}\n", style="dim")
            drawn.append("".join(f"  {line}\n" for line in (lines + [""] * height)[:height]))
        return drawn

    def _describe_run(self) -> str:
        info = self._run.read_info()
        network = info.get_recipe().build_config(info.vocab_size).describe()
        return (
            f"{network}, {info.parameters:,} parameters, on {SYMBOL_NAMES[info.level]}s of {info.corpus['name']} "
            f"({info.corpus['chars']:,} characters)"
        )

    def _say(self) -> str:
        status = self._status
        if status.state == "paused":
            return f"paused: resume with `rnnchat runs resume {self._run.typed_name}`"
        if status.state == "starting":
            return status.message or "reading the text and loading torch …"
        return self.footer
