"""Detecting that the client's process has ended."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import anyio
import anyio.to_thread
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
        tasks.start_soon(watch.run, lambda _: (called.append(anyio.current_time() - began), gone.set()))
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
    assert await notices(watch) == 0.0


async def test_one_that_ends_meanwhile_is_noticed() -> None:
    client = sleeper()
    watch = ParentWatch()
    watch.also(client.pid)
    async with anyio.create_task_group() as tasks:
        called: list[str] = []
        tasks.start_soon(watch.run, called.append)
        await anyio.wait_all_tasks_blocked()
        assert not called
        await anyio.to_thread.run_sync(client.communicate, b"\n")
    assert called == ["the client's process is gone"]


async def test_a_client_that_only_waits_to_be_reaped_is_gone() -> None:
    client = sleeper()
    watch = ParentWatch()
    watch.also(client.pid)
    assert client.stdin is not None
    client.stdin.close()
    os.waitid(os.P_PID, client.pid, os.WEXITED | os.WNOWAIT)  # noqa: ASYNC222
    try:
        if sys.platform == "linux":
            assert watch.gone()
            late = ParentWatch()
            late.also(client.pid)
            assert late.gone()
    finally:
        client.wait()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells when a process began")
async def test_another_process_with_the_clients_number_is_not_the_client(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = ParentWatch()
    watch.also(os.getppid())
    assert not watch.gone()
    monkeypatch.setattr(parent_watch, "_began", lambda _: "1")
    assert watch.gone()


async def test_the_parents_end_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = ParentWatch()
    monkeypatch.setattr(parent_watch.os, "getppid", lambda: 1)
    assert await notices(watch) == 0.0


async def test_one_that_was_an_orphan_when_it_started_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parent_watch, "_is_orphan", lambda *_: True)
    assert await notices(ParentWatch(source=0)) == 0.0


@pytest.mark.parametrize("asked", [1, 2, 3])
async def test_a_parent_that_ends_at_any_moment_of_the_start_is_noticed(
    asked: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However often the number of the parent has been asked for by then."""
    editor, init = 4711, 1
    numbers = iter([editor] * asked)
    monkeypatch.setattr(parent_watch.os, "getppid", lambda: next(numbers, init))
    reading, writing = os.pipe()
    watch = ParentWatch(source=reading)
    assert await notices(watch) is not None
    os.close(reading)
    os.close(writing)


async def test_a_server_that_the_first_process_has_started_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parent_watch.os, "getppid", lambda: 1)
    assert await notices(ParentWatch()) is None


@pytest.mark.parametrize("odd", [None, "7", 0, -1, 1.5, [1], True])
async def test_what_is_no_process_is_not_watched(odd: Any) -> None:
    watch = ParentWatch()
    watch.also(odd)
    assert await notices(watch) is None


@pytest.mark.parametrize("number", [2**31 - 7, 2**80])
async def test_a_client_that_does_not_exist_is_gone_at_once(number: int) -> None:
    watch = ParentWatch()
    watch.also(number)
    assert await notices(watch) == 0.0
    assert f"process {number} does not exist" in watch.gone()
    assert "null" in watch.gone()


async def test_a_process_of_another_user_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: int) -> None:
        raise PermissionError

    monkeypatch.setattr(parent_watch.os, "kill", refused)
    watch = ParentWatch()
    watch.also(2**22 - 7)
    assert await notices(watch) is None


@pytest.mark.parametrize("parent", [0, 1])
async def test_outside_of_a_container_are_processes_without_a_number_in_it(
    parent: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parent_watch, "_namespace", lambda: "pid:[4026532001]")
    here = ParentWatch()
    monkeypatch.setattr(parent_watch.os, "getppid", lambda: parent)
    first = ParentWatch()
    for watch in (here, first):
        watch.also(2**31 - 7)
    assert not first.gone()
    monkeypatch.undo()
    assert here.gone(), "a client in the container has started it, and is not there any more"


@pytest.mark.parametrize(
    ("parent", "name", "namespace", "environment", "orphan"),
    [
        (1, "init", parent_watch.INITIAL_PID_NAMESPACE, {}, True),
        (1, "systemd", parent_watch.INITIAL_PID_NAMESPACE, {"SYSTEMD_EXEC_PID": "7"}, True),
        (1, "systemd", parent_watch.INITIAL_PID_NAMESPACE, {"SYSTEMD_EXEC_PID": "own"}, False),
        (1, "systemd", parent_watch.INITIAL_PID_NAMESPACE, {"INVOCATION_ID": "a"}, False),
        (900, "systemd", parent_watch.INITIAL_PID_NAMESPACE, {"SYSTEMD_EXEC_PID": "7", "INVOCATION_ID": "a"}, True),
        (900, "nvim", parent_watch.INITIAL_PID_NAMESPACE, {}, False),
        (1, "tini", "pid:[4026532001]", {}, False),
        (0, "", parent_watch.INITIAL_PID_NAMESPACE, {}, False),
    ],
)
def test_what_tells_an_orphan(
    parent: int,
    name: str,
    namespace: str,
    environment: dict[str, str],
    orphan: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for variable in ("SYSTEMD_EXEC_PID", "INVOCATION_ID"):
        monkeypatch.delenv(variable, raising=False)
    for variable, value in environment.items():
        monkeypatch.setenv(variable, str(os.getpid()) if value == "own" else value)
    monkeypatch.setattr(parent_watch, "_name", lambda _: name)
    monkeypatch.setattr(parent_watch, "_namespace", lambda: namespace)
    reading, writing = os.pipe()
    assert parent_watch._is_orphan(parent, reading) is orphan
    os.close(reading)
    os.close(writing)
    nothing = os.open(os.devnull, os.O_RDONLY)
    assert not parent_watch._is_orphan(parent, nothing), "what the system itself starts has no pipe"
    os.close(nothing)


async def test_a_client_in_the_servers_own_process_is_not_watched() -> None:
    watch = ParentWatch()
    watch.also(os.getpid())
    assert watch._client is None
