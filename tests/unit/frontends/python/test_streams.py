"""Work that tells its pieces while it goes on."""

from __future__ import annotations

import asyncio

import anyio
import anyio.lowlevel
import pytest

from modelport.frontends.python.streams import MOST_WAITING, Operation, ResultStream

Numbers = ResultStream[int, str]


async def three(feed: Numbers) -> str:
    for number in range(3):
        await anyio.lowlevel.checkpoint()
        feed.add(number)
    return "done"


async def broken(feed: Numbers) -> str:
    feed.add(1)
    raise ValueError("broken")


class Endless:
    """Says one thing and goes on until it is stopped."""

    def __init__(self) -> None:
        self.stopped = False

    async def __call__(self, feed: Numbers) -> str:
        feed.add(1)
        try:
            await anyio.sleep_forever()
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.lowlevel.checkpoint()
            self.stopped = True
        raise AssertionError


async def test_pieces_and_the_result() -> None:
    async with Operation(Numbers(), three) as feed:
        assert [number async for number in feed] == [0, 1, 2]
        assert await feed.result() == "done"
    assert await feed.result() == "done"
    assert [number async for number in feed] == []


async def test_the_result_alone() -> None:
    assert await Operation(Numbers(), three) == "done"
    async with Operation(Numbers(), three) as feed:
        assert await feed.result() == "done"
        assert [number async for number in feed] == []


async def test_nobody_reads_the_pieces_of_work_that_is_awaited() -> None:
    async def many(feed: Numbers) -> str:
        for number in range(3 * MOST_WAITING):
            feed.add(number)
            await feed.drained()
        return "done"

    with anyio.fail_after(5):
        assert await Operation(Numbers(), many) == "done"


async def test_what_goes_wrong_comes_after_the_pieces_before_it() -> None:
    async with Operation(Numbers(), broken) as feed:
        assert await anext(feed) == 1
        with pytest.raises(ValueError, match="broken"):
            await anext(feed)
        with pytest.raises(ValueError, match="broken"):
            await feed.result()
    with pytest.raises(ValueError, match="broken"):
        await Operation(Numbers(), broken)


async def test_leaving_early_stops_the_work_and_waits_for_it() -> None:
    work = Endless()
    async with Operation(Numbers(), work) as feed:
        async for _ in feed:
            break
        assert not work.stopped
    assert work.stopped
    with pytest.raises(RuntimeError, match="stopped before it was done"):
        await feed.result()


async def test_an_error_of_the_block_comes_out_as_it_is() -> None:
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
        async with Operation(Numbers(), work) as feed:
            async for _ in feed:
                scope.cancel()
    assert scope.cancelled_caught
    assert work.stopped


async def test_a_time_limit_of_asyncio_around_it() -> None:
    work = Endless()

    async def read() -> None:
        async with asyncio.timeout(0.05), Operation(Numbers(), work) as feed:
            async for _ in feed:
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
        async with Operation(Numbers(), work) as feed:
            entered.set()
            async for _ in feed:
                pass

    task = asyncio.get_running_loop().create_task(read())
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert work.stopped


async def test_a_reader_that_is_slow_holds_the_work_up() -> None:
    told = 0

    async def eager(feed: Numbers) -> str:
        nonlocal told
        for number in range(3 * MOST_WAITING):
            if feed.congested:
                await feed.drained()
            feed.add(number)
            told += 1
        return "done"

    async with Operation(Numbers(), eager) as feed:
        first = await anext(feed)
        assert told == MOST_WAITING
        assert [first, *[number async for number in feed]] == list(range(3 * MOST_WAITING))
        assert told == 3 * MOST_WAITING


async def test_all_that_waits_at_once() -> None:
    async with Operation(Numbers(), three) as feed:
        taken: list[int] = []
        while numbers := await feed.take():
            taken += numbers
        assert taken == [0, 1, 2]
        assert not await feed.take()


async def test_a_job_is_done_once() -> None:
    job = Operation(Numbers(), three)
    await job
    with pytest.raises(RuntimeError, match="begun before"):
        async with job:
            pass
    with pytest.raises(RuntimeError, match="begun before"):
        await job
