"""Which answers are ended for a budget, and what is left of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import anyio
import anyio.lowlevel
import pytest

from modelport.domain.completions.call import Answer
from modelport.domain.errors import RequestFailed
from modelport.engine.budgets.output_limit import end_beyond
from support.builders import RecordingListener, numbered_answer

Work = Callable[[], Awaitable[None]]


class Stream:
    """An answer of so many deltas of four characters, which are a token each."""

    def __init__(self) -> None:
        self.heard = RecordingListener()
        self.answer: Answer = numbered_answer(self.heard)
        self.asked: list[int] = []
        self.closed = False

    def work(self, deltas: int, emit: Callable[[Answer, int], None] | None = None) -> Work:
        async def play() -> None:
            try:
                for number in range(deltas):
                    if emit is None:
                        self.answer.text("abcd")
                    else:
                        emit(self.answer, number)
                    await anyio.lowlevel.checkpoint()
                    await anyio.lowlevel.checkpoint()
                    await anyio.lowlevel.checkpoint()
                self.answer.finish("stop")
            finally:
                self.closed = True

        return play

    async def run(self, limit: int, work: Work, grants: Sequence[int] = ()) -> None:
        left = list(grants)

        async def extend(tokens: int) -> int:
            self.asked.append(tokens)
            return left.pop(0) if left else tokens - 1

        await end_beyond(limit, extend, self.answer, work)


async def test_an_answer_within_its_reservation_asks_nothing() -> None:
    stream = Stream()
    await stream.run(5, stream.work(5))
    assert (stream.asked, stream.answer.finish_reason) == ([], "stop")
    assert stream.heard.said("text") == "abcd" * 5


async def test_an_answer_goes_on_for_as_long_as_there_is_room() -> None:
    stream = Stream()
    await stream.run(2, stream.work(20), grants=[5, 30])
    assert (stream.asked, stream.answer.finish_reason) == ([3, 6], "stop")
    assert stream.answer.whole_text() == "abcd" * 20


async def test_without_room_it_is_ended_and_what_came_is_kept() -> None:
    stream = Stream()
    await stream.run(2, stream.work(1000), grants=[5])
    assert (stream.asked, stream.answer.finish_reason) == ([3, 6], "budget")
    assert stream.closed
    text = stream.answer.whole_text()
    assert text == stream.heard.said("text")
    # The deltas that came before the cancellation was delivered are kept as well.
    assert 6 * 4 <= len(text) < 12 * 4


def think(answer: Answer, _: int) -> None:
    answer.reasoning("abcd")


def call_tool(answer: Answer, number: int) -> None:
    answer.tool_call(0, call_id="c", name="f", arguments='{"a' if number == 0 else "bcde")


@pytest.mark.parametrize("emit", [think, call_tool])
async def test_reasoning_and_tool_calls_are_paid_for_too(emit: Callable[[Answer, int], None]) -> None:
    stream = Stream()
    await stream.run(3, stream.work(1000, emit))
    assert stream.answer.finish_reason == "budget"
    assert stream.answer.output_characters() < 12 * 4


async def test_a_failure_is_itself_and_no_group() -> None:
    stream = Stream()

    async def fail() -> None:
        stream.answer.text("abcd")
        raise RequestFailed("network", "Cut.")

    with pytest.raises(RequestFailed, match="Cut"):
        await stream.run(5, fail)
    assert stream.answer.finish_reason is None


async def test_a_cancelled_request_is_not_ended_by_a_budget() -> None:
    stream = Stream()
    with anyio.move_on_after(0.01) as scope:
        await stream.run(1_000_000, anyio.sleep_forever)
    assert scope.cancelled_caught
    assert stream.answer.finish_reason is None


async def test_an_answer_that_was_whole_before_the_end_of_its_body_stays_so() -> None:
    stream = Stream()

    async def linger() -> None:
        stream.answer.text("abcd" * 10)
        stream.answer.finish("stop")
        await anyio.sleep_forever()

    await stream.run(5, linger)
    assert stream.answer.finish_reason == "stop"


async def test_an_answer_that_is_over_while_the_ledger_is_asked_is_whole() -> None:
    stream = Stream()

    async def never(_: int) -> int:
        await anyio.sleep_forever()
        raise AssertionError("unreachable")

    await end_beyond(1, never, stream.answer, stream.work(5))
    assert stream.answer.finish_reason == "stop"


async def test_the_listener_is_the_same_in_everything_else() -> None:
    stream = Stream()

    async def work() -> None:
        listener = stream.answer.listener
        listener.attempt("a", "m", "network")
        listener.reset()
        listener.progress("Loading.")
        assert not listener.congested
        await listener.drained()

    await stream.run(5, work)
    assert stream.heard.events == [("attempt", "a", "m", "network"), ("reset",)]
