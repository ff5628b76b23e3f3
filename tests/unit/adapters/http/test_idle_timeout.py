"""Ending a call whose provider sends nothing for too long."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio
import pytest

from modelport.adapters.http.idle_timeout import IdleTimeout
from modelport.domain.completions.timeouts import FIRST_DELTA_TIMEOUT_S, GAP_TIMEOUT_S
from support.builders import VirtualTime, endpoint


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return "asyncio", {"loop_factory": VirtualTime}


PATIENT = endpoint()


async def ends_after(watch_of: Callable[[IdleTimeout], Any], idle_timeout_s: float | None = None) -> float:
    """The seconds until the watch cancels its scope, while this happens."""
    began = anyio.current_time()
    with anyio.CancelScope() as scope:
        watch = IdleTimeout(endpoint(idle_timeout_s=idle_timeout_s), scope)
        await watch_of(watch)
        await anyio.sleep_forever()
    assert watch.expired
    return anyio.current_time() - began


async def nothing(watch: IdleTimeout) -> None:
    pass


async def test_a_provider_may_think_for_minutes_before_its_first_word() -> None:
    assert await ends_after(nothing) == FIRST_DELTA_TIMEOUT_S == 300


async def test_an_answer_that_has_begun_may_pause_for_half_a_minute() -> None:
    async def begin(watch: IdleTimeout) -> None:
        await anyio.sleep(100)
        watch.touch()
        watch.allow(GAP_TIMEOUT_S)

    assert await ends_after(begin) == 100 + GAP_TIMEOUT_S == 130


async def test_every_chunk_starts_the_clock_again() -> None:
    async def chunks(watch: IdleTimeout) -> None:
        watch.allow(GAP_TIMEOUT_S)
        for _ in range(50):
            await anyio.sleep(29)
            watch.touch()

    assert await ends_after(chunks) == 50 * 29 + 30


async def test_saying_twice_that_it_has_begun_changes_nothing() -> None:
    async def begin(watch: IdleTimeout) -> None:
        watch.allow(GAP_TIMEOUT_S)
        await anyio.sleep(10)
        watch.allow(GAP_TIMEOUT_S)

    assert await ends_after(begin) == 30


async def test_the_users_limit_holds_from_the_start() -> None:
    assert await ends_after(nothing, idle_timeout_s=5) == 5


async def test_a_longer_limit_counts_from_what_arrived_last() -> None:
    async def later(watch: IdleTimeout) -> None:
        await anyio.sleep(100)
        watch.touch()
        await anyio.sleep(10)
        watch.allow(600)

    assert await ends_after(later) == 700


async def test_the_clock_stands_while_it_is_we_who_do_not_read() -> None:
    async def pause(watch: IdleTimeout) -> None:
        watch.allow(GAP_TIMEOUT_S)
        await anyio.sleep(10)
        watch.pause()
        await anyio.sleep(1000)
        watch.resume()

    assert await ends_after(pause) == 10 + 1000 + 30


async def test_a_closed_watch_ends_nothing() -> None:
    with anyio.CancelScope() as scope:
        watch = IdleTimeout(PATIENT, scope)
        watch.close()
        await anyio.sleep(10_000)
    assert not watch.expired
    assert not scope.cancelled_caught
