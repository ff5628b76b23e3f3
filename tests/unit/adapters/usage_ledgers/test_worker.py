"""A thread that does one thing after another for the event loop."""

from __future__ import annotations

import threading

import anyio
import pytest

from modelport.adapters.usage_ledgers.worker import Worker


async def test_work_is_done_in_order_on_one_thread_of_its_own() -> None:
    worker = Worker("own")
    done: list[tuple[int, str]] = []

    def note(n: int) -> int:
        done.append((n, threading.current_thread().name))
        return n

    async def ask(n: int) -> None:
        assert await worker.run(lambda: note(n)) == n

    async with anyio.create_task_group() as tasks:
        for n in range(20):
            tasks.start_soon(ask, n)
    assert done == [(n, "own") for n in range(20)]
    worker.stop()


async def test_errors_are_raised_to_the_caller_and_the_worker_goes_on() -> None:
    worker = Worker("own")
    with pytest.raises(ZeroDivisionError):
        await worker.run(lambda: 1 // 0)
    assert await worker.run(lambda: "fine") == "fine"
    worker.stop()


async def test_the_event_loop_goes_on_and_work_whose_caller_is_gone_is_done_all_the_same() -> None:
    worker = Worker("own")
    begun, release, done = threading.Event(), threading.Event(), threading.Event()

    def slow() -> None:
        begun.set()
        release.wait(5)
        done.set()

    with anyio.move_on_after(0.01) as scope:
        await worker.run(slow)
    assert scope.cancelled_caught
    assert not done.is_set()
    release.set()
    assert await worker.run(done.is_set)
    worker.stop()


async def test_a_worker_that_was_stopped_finishes_what_it_has_and_can_be_used_again() -> None:
    worker = Worker("own")
    results: list[int] = []
    async with anyio.create_task_group() as tasks:
        for n in range(3):
            tasks.start_soon(worker.run, lambda n=n: results.append(n))
        await anyio.wait_all_tasks_blocked()
        worker.stop()
    assert results == [0, 1, 2]
    assert await worker.run(lambda: 7) == 7
    worker.stop()


async def test_a_worker_that_was_never_used_has_no_thread() -> None:
    before = threading.active_count()
    Worker("own").stop()
    assert threading.active_count() == before
