"""Parts that are loaded once, off the event loop."""

from __future__ import annotations

import threading
import time

import anyio
import pytest

from modelport.lazy import Lazy, LazyTable


class Part:
    pass


async def test_two_first_callers_get_the_same_value() -> None:
    started, go_on = threading.Event(), threading.Event()
    loads: list[int] = []

    def load() -> Part:
        loads.append(threading.get_ident())
        started.set()
        go_on.wait()
        return Part()

    lazy, got = Lazy(load), list[Part]()

    async def ask() -> None:
        got.append(await lazy.get())

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask)
        await anyio.to_thread.run_sync(started.wait)
        tasks.start_soon(ask)
        await anyio.wait_all_tasks_blocked()
        go_on.set()
    assert len(loads) == 1
    assert loads[0] != threading.get_ident()
    assert got[0] is got[1]
    assert lazy.loaded is got[0]


async def test_what_was_loaded_for_a_cancelled_caller_is_kept() -> None:
    started, go_on = threading.Event(), threading.Event()
    loads = 0

    def load() -> Part:
        nonlocal loads
        loads += 1
        started.set()
        go_on.wait()
        return Part()

    lazy = Lazy(load)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(lazy.get)
        await anyio.to_thread.run_sync(started.wait)
        tasks.cancel_scope.cancel()
        go_on.set()
    await lazy.get()
    assert loads == 1


async def test_a_load_that_raised_is_tried_again() -> None:
    outcomes = [OSError("not yet"), Part()]

    def load() -> Part:
        outcome = outcomes.pop(0)
        if isinstance(outcome, OSError):
            raise outcome
        return outcome

    lazy = Lazy(load)
    with pytest.raises(OSError, match="not yet"):
        await lazy.get()
    assert lazy.loaded is None
    assert isinstance(await lazy.get(), Part)


async def test_a_table_loads_each_key_once() -> None:
    keys: list[str] = []

    def load(key: str) -> str:
        keys.append(key)
        return key.upper()

    table = LazyTable(load)
    assert [await table.get(key) for key in ("a", "b", "a")] == ["A", "B", "A"]
    assert keys == ["a", "b"]


def test_threads_that_need_a_part_at_once_make_it_once() -> None:
    """Two threads that build one type's decoder crash msgspec."""
    made: list[int] = []
    barrier = threading.Barrier(4)

    def load() -> int:
        made.append(1)
        time.sleep(0.02)
        return len(made)

    part = Lazy(load)
    found: list[int] = []

    def use() -> None:
        barrier.wait(5)
        found.append(part.get_now())

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert (found, made) == ([1, 1, 1, 1], [1])


def test_a_part_may_need_another_while_it_loads() -> None:
    inner = Lazy(lambda: 1)
    assert Lazy(lambda: inner.get_now() + 1).get_now() == 2
