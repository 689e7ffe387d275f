"""The host without a process: an inbox that lets messages arrive at exact moments."""

import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from rnnchat.engine.host import Host
from rnnchat.engine.protocol import (
    Cancel,
    Change,
    Chunk,
    Explain,
    Explained,
    Failed,
    Message,
    Offer,
    Offered,
    Score,
    ScoreInfo,
    Write,
    decode_line,
    encode_line,
)
from rnnchat.generation.language_model import LanguageModel
from rnnchat.generation.settings import Settings
from rnnchat.model.file import Model

LONG = Settings(length=1_000_000, seed=1)


AFTER_TEN = 12
"""Looks into the inbox until ten symbols are written: one for the prompt's block, one after it, one a symbol."""


class NothingMoreError(Exception):
    """The inbox is empty and no further message will come."""


class TimedInbox:
    """Lets each message arrive when the host has looked into the inbox so many times."""

    def __init__(self, *messages: tuple[int, Message]) -> None:
        self.messages = list(messages)
        self.looks = 0

    def empty(self) -> bool:
        self.looks += 1
        return not self.messages or self.messages[0][0] > self.looks

    def get(self) -> Message:
        if not self.messages:
            raise NothingMoreError
        return self.messages.pop(0)[1]


def serve(model: Model, *messages: tuple[int, Message]) -> list[Message]:
    """The answers of a host with ``model`` to ``messages``."""
    output = io.BytesIO()
    with pytest.raises(NothingMoreError):
        Host(LanguageModel.of(model, "tiny", "float32"), TimedInbox(*messages), output).serve()  # type: ignore[arg-type]
    return [decode_line(line) for line in output.getvalue().splitlines()]


def join(answers: list[Message], request: int = 1) -> str:
    """The text that answers ``request``."""
    return "".join(answer.text for answer in answers if isinstance(answer, Chunk) and answer.request == request)


def last_chunk(answers: list[Message], request: int = 1) -> Chunk:
    """The chunk that ends ``request``, and is its only finished one."""
    (chunk,) = [
        answer for answer in answers if isinstance(answer, Chunk) and answer.request == request and answer.finished
    ]
    return chunk


def test_a_cancellation_ends_the_text_after_the_symbol_at_hand(make_model: Callable[..., Model]) -> None:
    answers = serve(make_model(), (0, Write(1, "abc", LONG)), (AFTER_TEN, Cancel(1)))
    assert last_chunk(answers).reason == "cancelled"
    assert last_chunk(answers).chars == len(join(answers)) == 10


def test_a_cancellation_stops_the_reading_of_a_long_prompt(make_model: Callable[..., Model]) -> None:
    inbox = TimedInbox((0, Write(1, "abcd" * 25_000, LONG)), (3, Cancel(1)))
    output = io.BytesIO()
    with pytest.raises(NothingMoreError):
        Host(LanguageModel.of(make_model(), "tiny", "float32"), inbox, output).serve()  # type: ignore[arg-type]
    (chunk,) = [decode_line(line) for line in output.getvalue().splitlines()]
    assert isinstance(chunk, Chunk)
    assert (chunk.text, chunk.reason) == ("", "cancelled")
    assert inbox.looks < 6


def test_a_cancellation_of_an_earlier_text_is_passed_over(make_model: Callable[..., Model]) -> None:
    answers = serve(make_model(), (0, Write(2, "abc", Settings(length=20, seed=1))), (5, Cancel(1)))
    assert last_chunk(answers, 2).reason == "length"


def test_a_change_acts_from_the_next_symbol(make_model: Callable[..., Model]) -> None:
    wild, sure = Settings(length=40, temperature=2, seed=3), Settings(length=40, temperature=0)
    changed = join(serve(make_model(), (0, Write(1, "abc", wild)), (AFTER_TEN, Change(sure))))
    assert changed[:10] == join(serve(make_model(), (0, Write(1, "abc", wild))))[:10]
    rest = join(serve(make_model(), (0, Write(1, "abc" + changed[:10], sure))))
    assert changed[10:] == rest[:30]


def test_a_change_while_the_prompt_is_read_acts_from_the_first_symbol(make_model: Callable[..., Model]) -> None:
    sure = Settings(length=15, temperature=0)
    answers = serve(make_model(), (0, Write(1, "abc" * 1000, Settings(temperature=2))), (1, Change(sure)))
    assert join(answers) == join(serve(make_model(), (0, Write(1, "abc" * 1000, sure))))


def test_a_second_text_ends_the_first(make_model: Callable[..., Model]) -> None:
    short = Settings(length=5, seed=2)
    answers = serve(make_model(), (0, Write(1, "abc", LONG)), (8, Write(2, "fed", short)))
    assert last_chunk(answers, 1).reason == "cancelled"
    assert join(answers, 2) == join(serve(make_model(), (0, Write(2, "fed", short))), 2)


def test_questions_are_answered_while_a_text_is_written_and_do_not_disturb_it(make_model: Callable[..., Model]) -> None:
    write = Write(1, "abc", Settings(length=30, seed=4))
    for moment in (1, 12):  # before the first symbol; in the middle
        answers = serve(make_model(), (0, write), (moment, Offer(2, "hgf", 3)), (moment, Score(3, "abcd")))
        kinds = [type(answer) for answer in answers]
        assert kinds.index(Offered) < kinds.index(ScoreInfo) < len(kinds) - 1
        assert join(answers) == join(serve(make_model(), (0, write)))


def test_offered_symbols_come_best_first_and_have_the_probabilities_of_the_model(
    make_model: Callable[..., Model],
) -> None:
    (offered,) = serve(make_model(), (0, Offer(1, "abc", 100)))
    assert isinstance(offered, Offered)
    assert sum(offered.probabilities) == pytest.approx(1, abs=1e-5)
    assert list(offered.probabilities) == sorted(offered.probabilities, reverse=True)
    assert join(serve(make_model(), (0, Write(1, "abc", Settings(length=1, temperature=0))))) == offered.texts[0]


def test_settings_shape_the_offered_probabilities_and_raise_what_they_favour(
    make_model: Callable[..., Model],
) -> None:
    reading = LanguageModel.of(make_model(), "tiny", "float32").read("abc")
    (everything,) = serve(make_model(), (0, Offer(1, "abc", 100)))
    assert isinstance(everything, Offered)
    assert everything.shaped == everything.probabilities
    least = everything.texts[-1]
    settings = Settings(temperature=0.5, bias=((least, 50.0),))
    (offered,) = serve(make_model(), (0, Offer(2, "abc", 2, settings)))
    assert isinstance(offered, Offered)
    assert offered.texts == (everything.texts[0], least)
    assert offered.probabilities == (everything.probabilities[0], everything.probabilities[-1])
    wanted = reading.expect(settings)[1]
    ids = [make_model().tokenizer.encode(text)[0] for text in offered.texts]
    assert offered.shaped == pytest.approx(wanted[ids].tolist())


def test_an_offer_that_its_settings_forbid_leaves_the_text_at_hand_where_it_is(
    make_model: Callable[..., Model],
) -> None:
    write = Write(1, "abc", Settings(length=30, seed=4))
    nothing = Settings(ban=tuple("\n abcdefgh"))
    answers = serve(make_model(), (0, write), (12, Offer(2, "hgf", 3, nothing)))
    (failed,) = [answer for answer in answers if isinstance(answer, Failed)]
    assert (failed.request, failed.error) == (2, "UsageError")
    assert join(answers) == join(serve(make_model(), (0, write)))


def test_each_symbol_of_a_text_is_explained_as_the_library_does(make_model: Callable[..., Model]) -> None:
    model = make_model()
    expected = LanguageModel.of(model, "tiny", "float32").explain("abc h", 3)
    (answer,) = serve(model, (0, Explain(1, "abc h", 3)))
    assert isinstance(answer, Explained)
    assert "".join(answer.texts) == "abc h"
    assert answer.log_probs == pytest.approx(expected.log_probs.tolist())
    assert answer.ranks == tuple(expected.ranks.tolist())
    assert answer.entropies == pytest.approx(expected.entropies.tolist())
    for found, ids, nats in zip(answer.alternatives, expected.top_ids, expected.top_log_probs, strict=True):
        assert [label for label, _ in found] == [model.tokenizer.label(id) for id in ids.tolist()]
        assert [value for _, value in found] == pytest.approx(nats.tolist())


def test_a_text_that_is_too_long_to_explain_is_refused(make_model: Callable[..., Model]) -> None:
    (failed,) = serve(make_model(), (0, Explain(1, "a" * 20_001)))
    assert isinstance(failed, Failed)
    assert failed.error == "UsageError"


def test_chunks_tell_the_stretch_that_repeats_itself_until_loops_are_escaped(
    make_model: Callable[..., Model],
) -> None:
    looping = Settings(length=1_500, temperature=0)
    answers = serve(make_model(), (0, Write(1, "abc", looping)))
    stretch = last_chunk(answers).loop
    assert stretch
    assert join(answers).endswith(stretch * 3)
    assert next(answer for answer in answers if isinstance(answer, Chunk)).loop == ""
    escaped = serve(make_model(), (0, Write(1, "abc", looping.change(escape_loops=True))))
    assert join(escaped) != join(answers)


def test_the_first_chunk_tells_what_the_model_does_not_know(make_model: Callable[..., Model]) -> None:
    answers = serve(make_model(), (0, Write(1, "aßbß!", Settings(length=500, seed=1))))
    chunks = [answer for answer in answers if isinstance(answer, Chunk)]
    assert chunks[0].unknown == ("ß", "!")
    assert all(chunk.unknown == () for chunk in chunks[1:])


def test_an_error_is_an_answer_and_the_host_goes_on(make_model: Callable[..., Model]) -> None:
    failed, score = serve(make_model(), (0, Score(1, "")), (0, Score(2, "abc")))
    assert isinstance(failed, Failed)
    assert (failed.request, failed.error) == (1, "TextError")
    assert isinstance(score, ScoreInfo)


def test_a_process_answers_garbage_with_an_error_and_goes_on(tiny_model: Path) -> None:
    lines = b"garbage\n" + encode_line(Score(1, "abc"))
    command = [sys.executable, "-m", "rnnchat.engine.host", str(tiny_model)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(lines)
        process.stdin.flush()
        _, failed, score = (decode_line(process.stdout.readline()) for _ in range(3))
        process.stdin.close()
        assert process.wait() == 0
    assert isinstance(failed, Failed)
    assert "not a message" in failed.message
    assert isinstance(score, ScoreInfo)
