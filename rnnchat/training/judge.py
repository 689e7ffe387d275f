"""Validation during a training: evaluate, keep the best network, write samples, give advice."""

import json
import math
from collections.abc import Iterator

import numpy as np
from torch import Tensor

from rnnchat.analysis.copied_text import share_copied
from rnnchat.errors import TrainingError
from rnnchat.model.file import read_model
from rnnchat.network.network import load_weights
from rnnchat.plan.advice import Amounts, judge_end, judge_overfitting, judge_size
from rnnchat.plan.recipe import Recipe
from rnnchat.plan.size import find_kind
from rnnchat.runs.event import Evaluated, Event, Finished, Noted, Sampled, Saved
from rnnchat.runs.folder import RunFolder
from rnnchat.runs.info import RunInfo
from rnnchat.text.ids import count_common, open_ids
from rnnchat.text.tokenizer import tokenizer_from_json
from rnnchat.training.averaging import has_stalled
from rnnchat.training.best_model import build_record, publish_best, recall_best, write_best, write_milestone
from rnnchat.training.checkpoint import Progress
from rnnchat.training.evaluation import SAMPLE_TEMPERATURES, evaluate, sample
from rnnchat.training.learner import Learner
from rnnchat.training.meter import Meter
from rnnchat.training.schedule import Schedule
from rnnchat.training.stopping import find_end

MOST_EVALUATIONS = 25
LEAST_EVALUATIONS = 8
"""Evaluations within a time budget, at least and at most."""
MOST_SHARE = 0.05
"""Evaluation takes at most about this share of the time."""
_FLOP_PER_S = 5e10
"""A common processor's speed, to plan with before anything is measured."""
_FORWARD_SHARE = 1 / 3
"""The cost of reading a symbol as a share of the cost of a training step on it."""
_FIRST_SAMPLE_S = 3.0
_FEW_STEPS = 20
"""Fewer steps than this do not tell the speed."""
_MOST_UNKNOWN = 10_000
"""Among this many symbols of a text at least one is in the vocabulary."""
_MOST_COMPARED = 1_000_000
"""Samples are searched for in this many symbols of the text at most, which takes 30 ms."""
TAIL_FROM = 0.75
"""Progress at which a tail average begins at the latest; earlier if the validation loss stalls."""


class DivergenceError(TrainingError):
    """The loss diverged; training can return to the last good checkpoint."""


class Judge:
    """Tracks how good the network of one training is."""

    def __init__(self, run: RunFolder, info: RunInfo, learner: Learner, schedule: Schedule, progress: Progress) -> None:
        self._run, self._info, self._recipe = run, info, info.get_recipe()
        self._learner, self._schedule, self._clock = learner, schedule, schedule.clock
        self._ids = open_ids(run.validation_ids_path, info.vocab_size)
        self._tokenizer = tokenizer_from_json(json.loads(run.tokenizer_path.read_text(encoding="utf-8")))
        self._prompt_ids = self._choose_prompt()
        self._tokens = min(len(self._ids) - 1, _choose_tokens(self._recipe, schedule, info.parameters))
        self._every_steps = _choose_interval(self._recipe, schedule.total_steps, self._tokens)
        self._s_per_token = 0.0
        self._losses = Meter()
        self._curve = progress.curve
        self._train_bits = progress.train_bits
        self._advised = progress.advised
        self._learnt: str | None = None
        self._best = recall_best(run)
        self._next_evaluation_s = progress.next_evaluation_s or schedule.budget_s / MOST_EVALUATIONS
        self._next_sample_s = self._clock.elapsed_s + _FIRST_SAMPLE_S

    def add(self, loss: Tensor) -> None:
        """Take in the loss () of a step, in nats."""
        self._losses.add(loss)

    def is_evaluation_due(self, step: int) -> bool:
        """Whether to evaluate now: by steps where the budget is in steps, so that runs repeat exactly; else by the
        clock."""
        if self._every_steps is not None:
            return step > 0 and step % self._every_steps == 0 and not self.has_looked_at(step)
        return self._clock.elapsed_s >= self._next_evaluation_s

    def is_sample_due(self) -> bool:
        """Whether to sample now: often at first, when much changes, then less and less often."""
        return self._clock.elapsed_s >= self._next_sample_s

    def look(self, step: int) -> Iterator[Event]:
        """Evaluate the network; keep it if it is the best so far."""
        started_s = self._clock.elapsed_s
        with self._learner.show_best() as network:
            bits = self._info.to_validation_bits(evaluate(network, self._ids, self._tokens))
        check_number(bits, step)
        elapsed_s = self._clock.elapsed_s
        self._plan_next(elapsed_s, elapsed_s - started_s)
        self._curve = (*self._curve, (step, bits))
        is_better = self._best is None or bits < self._best[1]
        if is_better:
            record = build_record(self._info, step, elapsed_s, bits, self._curve)
            with self._learner.show_best() as network:
                write_best(self._run, network, self._tokenizer, record)
            self._best = (step, bits)
        assert self._best is not None
        best_step, best_bits = self._best
        losses = self._losses
        if losses.steps:
            self._train_bits = self._info.to_bits(losses.take(elapsed_s)[0])
        train_bits = bits if self._train_bits is None else self._train_bits
        self._begin_tail(step)
        yield Evaluated(step, elapsed_s, bits, best_bits, best_step, train_bits)
        if is_better:
            yield Saved(step, str(self._run.best_path))
        if "overfitting" not in self._advised and (advice := judge_overfitting(self._recipe, self._curve, train_bits)):
            self._advised = (*self._advised, "overfitting")
            yield Noted(advice)

    def has_looked_at(self, step: int) -> bool:
        """Whether the network was evaluated after ``step``."""
        return bool(self._curve) and self._curve[-1][0] == step

    def has_best(self) -> bool:
        """Whether there is a best network yet."""
        return self._best is not None

    def judge_size(self, step: int) -> Iterator[Noted]:
        """Warn if the network is too big for its text or time, as soon as its speed is known."""
        budget_s = self._schedule.budget_s
        is_unknown = budget_s and (step < _FEW_STEPS or self._clock.elapsed_s < min(10.0, budget_s / 10))
        if "size" in self._advised or is_unknown:
            return
        self._advised = (*self._advised, "size")
        seen = self._schedule.estimate_steps(step) * self._recipe.batch_size * self._recipe.window
        info = self._info
        kind = find_kind(self._recipe.level, count_common(open_ids(self._run.ids_path, info.vocab_size)))
        amounts = Amounts(info.parameters, info.train_tokens, seen, kind)
        for advice in judge_size(self._recipe, amounts):
            yield Noted(advice)

    def find_end(self) -> int:
        """How many evaluations without improvement end the training early; 0 if it continues."""
        return find_end([bits for _, bits in self._curve], self._recipe.patience)

    def go_back(self, progress: Progress) -> None:
        """Forget everything after ``progress`` except the best network."""
        self._curve, self._train_bits = progress.curve, progress.train_bits
        self._losses = Meter()

    def write_samples(self, step: int) -> Iterator[Sampled]:
        """Write a few lines with the current network at three temperatures, always from the same seed, so that samples
        are comparable."""
        seed = self._recipe.seed
        with self._learner.show_best() as network:
            texts = sample(network, self._tokenizer, self._prompt_ids, seed, SAMPLE_TEMPERATURES)
        learnt, compared = self._read_learnt()
        prompt = self._tokenizer.decode(self._prompt_ids)
        for temperature, text in zip(SAMPLE_TEMPERATURES, texts, strict=True):
            copied = round(share_copied(text, [learnt]), 4)
            yield Sampled(step, temperature, seed, prompt, text, copied, compared)
        elapsed_s = self._clock.elapsed_s
        self._next_sample_s = elapsed_s + max(5.0, elapsed_s / 4)

    def keep_milestone(self, step: int) -> bool:
        """Keep the network as it is, at steps 0, 1, 2, 4, 8 and so on; whether it was kept.

        A training of a million steps leaves 21 files.
        """
        if step & (step - 1) or self._run.milestone_path(step).exists():
            return False
        with self._learner.show_best() as network:
            record = build_record(self._info, step, self._clock.elapsed_s, None, self._curve)
            write_milestone(self._run, network, self._tokenizer, record)
        return True

    def conclude(self, step: int, is_stopped: bool) -> Iterator[Event]:
        """Add the best network to the library; evaluate it on the whole held-out text if the run is done."""
        assert self._best is not None
        _, bits = self._best
        advice: tuple[str, ...] = ()
        if not is_stopped:
            load_weights(self._learner.network, read_model(self._run.best_path).weights)
            self._learner.average = None
            bits = self._info.to_validation_bits(evaluate(self._learner.network, self._ids, self._count_last_tokens()))
            advice = self._advise(step)
            for sentence in advice:
                yield Noted(sentence)
            yield from self.write_samples(step)
        elapsed_s = self._clock.elapsed_s
        learned = open_ids(self._run.ids_path, self._info.vocab_size)
        path = publish_best(self._run, bits, self._curve, self._ids, learned)
        reason = "stopped" if is_stopped else "done"
        yield Finished(step, reason, bits, str(path), elapsed_s, " ".join(advice))

    def tell_progress(self, step: int) -> Progress:
        """The progress that a checkpoint stores."""
        return Progress(
            step,
            self._clock.elapsed_s,
            self._curve,
            self._next_evaluation_s,
            train_bits=self._train_bits,
            advised=self._advised,
        )

    def _advise(self, step: int) -> tuple[str, ...]:
        if self._train_bits is None:
            return ()
        readings = step * self._recipe.batch_size * self._recipe.window / self._info.train_tokens
        return judge_end(self._recipe, self._curve, self._train_bits, readings, self.find_end() > 0)

    def _begin_tail(self, step: int) -> None:
        average = self._learner.average
        if average is None or self._recipe.average != "tail":
            return
        has_stopped_falling = has_stalled([bits for _, bits in self._curve])
        if has_stopped_falling or self._schedule.measure_progress(step) >= TAIL_FROM:
            average.begin()

    def _read_learnt(self) -> tuple[str, float]:
        """The training text, or its beginning; and the share of it that this is."""
        ids = open_ids(self._run.ids_path, self._info.vocab_size)
        if self._learnt is None:
            self._learnt = self._tokenizer.decode(ids[:_MOST_COMPARED])
        return self._learnt, round(min(1.0, _MOST_COMPARED / len(ids)), 4)

    def _plan_next(self, elapsed_s: float, took_s: float) -> None:
        self._s_per_token = took_s / self._tokens
        budget_s = self._schedule.budget_s
        # One evaluation that a busy machine slowed down must not postpone the next one forever.
        interval_s = min(max(budget_s / MOST_EVALUATIONS, took_s / MOST_SHARE), budget_s / LEAST_EVALUATIONS)
        self._next_evaluation_s = elapsed_s + interval_s
        self._schedule.reserve_s = self._count_last_tokens() * self._s_per_token

    def _count_last_tokens(self) -> int:
        """How many symbols the last evaluation reads: all, unless that would take too much of the time."""
        allowed_s = MOST_SHARE * (self._schedule.budget_s or self._clock.elapsed_s)
        affordable = int(allowed_s / self._s_per_token) if self._s_per_token else 0
        return min(len(self._ids) - 1, max(self._tokens, affordable))

    def _choose_prompt(self) -> list[int]:
        """The ids that a sample starts from: a newline, or the first known held-out symbol if the text has none."""
        unknown = self._tokenizer.unknown_id
        line_end = self._tokenizer.encode("\n").tolist()
        if line_end and unknown not in line_end:
            return [int(id) for id in line_end]
        known = np.flatnonzero(self._ids[:_MOST_UNKNOWN] != unknown) if unknown is not None else np.zeros(1, int)
        return [int(self._ids[known[0] if len(known) else 0])]


def check_number(value: float, step: int) -> None:
    """Check that a loss is finite.

    Raises:
        DivergenceError: ``value`` is infinite or not a number.
    """
    if not math.isfinite(value):
        raise DivergenceError(f"the loss is not finite at step {step:,}")


def _choose_tokens(recipe: Recipe, schedule: Schedule, parameters: int) -> int:
    """How many symbols a regular evaluation reads, so that there is time for many."""
    share = MOST_SHARE / MOST_EVALUATIONS
    if schedule.total_steps is None:
        affordable = schedule.budget_s * share * _FLOP_PER_S / (2 * parameters)
    else:
        affordable = schedule.total_steps * recipe.batch_size * recipe.window * share / _FORWARD_SHARE
    return round(max(8_000, min(100_000, affordable)))


def _choose_interval(recipe: Recipe, total_steps: int | None, tokens: int) -> int | None:
    """Steps between two evaluations; None where the clock decides."""
    if total_steps is None:
        return None
    affordable = tokens * _FORWARD_SHARE / MOST_SHARE / (recipe.batch_size * recipe.window)
    return max(1, round(max(total_steps / MOST_EVALUATIONS, affordable)))
