"""Operations with a stream of partial results."""

from __future__ import annotations

import asyncio

import anyio
import anyio.lowlevel
import pytest

from modelport.frontends.python.streams import MAX_WAITING_ITEMS, Operation, ResultStream

Numbers = ResultStream[int, str]


async def three(stream: Numbers) -> str:
    for number in range(3):
        await anyio.lowlevel.checkpoint()
        stream.add(number)
    return "done"


async def broken(stream: Numbers) -> str:
    stream.add(1)
    raise ValueError("broken")


class Endless:
    """Adds one item and goes on until it is stopped."""

    def __init__(self) -> None:
        self.stopped = False

    async def __call__(self, stream: Numbers) -> str:
        stream.add(1)
        try:
            await anyio.sleep_forever()
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.lowlevel.checkpoint()
            self.stopped = True
        raise AssertionError


async def test_items_and_the_result() -> None:
    async with Operation(Numbers(), three) as stream:
        assert [number async for number in stream] == [0, 1, 2]
        assert await stream.result() == "done"
    assert await stream.result() == "done"
    assert [number async for number in stream] == []


async def test_the_result_alone() -> None:
    assert await Operation(Numbers(), three) == "done"
    async with Operation(Numbers(), three) as stream:
        assert await stream.result() == "done"
        assert [number async for number in stream] == []


async def test_the_items_of_an_awaited_operation_are_dropped() -> None:
    async def many(stream: Numbers) -> str:
        for number in range(3 * MAX_WAITING_ITEMS):
            stream.add(number)
            await stream.drained()
        return "done"

    with anyio.fail_after(5):
        assert await Operation(Numbers(), many) == "done"


async def test_an_error_is_raised_after_the_items_before_it() -> None:
    async with Operation(Numbers(), broken) as stream:
        assert await anext(stream) == 1
        with pytest.raises(ValueError, match="broken"):
            await anext(stream)
        with pytest.raises(ValueError, match="broken"):
            await stream.result()
    with pytest.raises(ValueError, match="broken"):
        await Operation(Numbers(), broken)


async def test_leaving_early_stops_the_operation_and_waits_for_it() -> None:
    work = Endless()
    async with Operation(Numbers(), work) as stream:
        async for _ in stream:
            break
        assert not work.stopped
    assert work.stopped
    with pytest.raises(RuntimeError, match="stopped early"):
        await stream.result()


async def test_an_error_of_the_block_is_raised_unchanged() -> None:
    work = Endless()

    async def fail() -> None:
        async with Operation(Numbers(), work):
            await anyio.lowlevel.checkpoint()
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        await fail()
    assert work.stopped


async def test_a_scope_around_it_that_is_cancelled() -> None:
    work = Endless()
    with anyio.CancelScope() as scope:
        async with Operation(Numbers(), work) as stream:
            async for _ in stream:
                scope.cancel()
    assert scope.cancelled_caught
    assert work.stopped


async def test_a_time_limit_of_asyncio_around_it() -> None:
    work = Endless()

    async def read() -> None:
        async with asyncio.timeout(0.05), Operation(Numbers(), work) as stream:
            async for _ in stream:
                pass

    with pytest.raises(TimeoutError):
        await read()
    assert work.stopped
    task = asyncio.current_task()
    assert task is not None
    assert not task.cancelling()


async def test_a_task_of_asyncio_that_is_cancelled() -> None:
    work, entered = Endless(), anyio.Event()

    async def read() -> None:
        async with Operation(Numbers(), work) as stream:
            entered.set()
            async for _ in stream:
                pass

    task = asyncio.get_running_loop().create_task(read())
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert work.stopped


async def test_a_slow_reader_pauses_the_operation() -> None:
    added = 0

    async def eager(stream: Numbers) -> str:
        nonlocal added
        for number in range(3 * MAX_WAITING_ITEMS):
            if stream.congested:
                await stream.drained()
            stream.add(number)
            added += 1
        return "done"

    async with Operation(Numbers(), eager) as stream:
        first = await anext(stream)
        assert added == MAX_WAITING_ITEMS
        assert [first, *[number async for number in stream]] == list(range(3 * MAX_WAITING_ITEMS))
        assert added == 3 * MAX_WAITING_ITEMS


async def test_all_that_waits_at_once() -> None:
    async with Operation(Numbers(), three) as stream:
        taken: list[int] = []
        while numbers := await stream.take():
            taken += numbers
        assert taken == [0, 1, 2]
        assert not await stream.take()


async def test_an_operation_begins_once() -> None:
    operation = Operation(Numbers(), three)
    await operation
    with pytest.raises(RuntimeError, match="begun already"):
        async with operation:
            pass
    with pytest.raises(RuntimeError, match="begun already"):
        await operation
