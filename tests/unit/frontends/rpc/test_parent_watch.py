"""Detecting that the client's process has ended."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import anyio
import pytest

from modelport.frontends.rpc import parent_watch
from modelport.frontends.rpc.parent_watch import ParentWatch
from support.builders import VirtualTime


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return "asyncio", {"loop_factory": VirtualTime}


def sleeper() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE)


async def notices(watch: ParentWatch, seconds: float = 10) -> float | None:
    """After how many seconds the watch calls, or None."""
    gone = anyio.Event()
    began = anyio.current_time()
    called: list[float] = []
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(watch.run, lambda: (called.append(anyio.current_time() - began), gone.set()))
        with anyio.move_on_after(seconds):
            await gone.wait()
        tasks.cancel_scope.cancel()
    return called[0] if called else None


async def test_nothing_is_noticed_while_both_processes_live() -> None:
    watch = ParentWatch()
    watch.also(os.getppid())
    assert await notices(watch) is None


async def test_the_clients_end_is_noticed_within_a_second() -> None:
    client = sleeper()
    watch = ParentWatch()
    watch.also(client.pid)
    client.communicate(b"\n")
    assert await notices(watch) == 1.0


async def test_the_parents_end_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = ParentWatch()
    monkeypatch.setattr(parent_watch.os, "getppid", lambda: 1)
    assert await notices(watch) == 1.0


async def test_a_server_that_was_started_as_an_orphan_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parent_watch.os, "getppid", lambda: 1)
    assert await notices(ParentWatch()) is None


@pytest.mark.parametrize("odd", [None, "7", 0, -1, 2**31 - 7, 2**80, 1.5, [1]])
async def test_a_process_that_cannot_be_seen_is_not_watched(odd: Any) -> None:
    watch = ParentWatch()
    watch.also(odd)
    assert await notices(watch) is None


async def test_a_client_in_the_servers_own_process_is_not_watched() -> None:
    watch = ParentWatch()
    watch.also(os.getpid())
    assert watch._client is None
