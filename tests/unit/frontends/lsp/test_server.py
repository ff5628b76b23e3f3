"""How the server ends: when its input has ended, when its client is gone; on a clock of its own, so that no wait is long."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import anyio.to_thread
import pytest

from modelport.frontends.lsp.first_reply import Greeting
from modelport.frontends.lsp.handlers.table import HANDLERS
from modelport.frontends.lsp.server import Server
from modelport.frontends.rpc import parent_watch
from modelport.frontends.rpc.parent_watch import ParentWatch
from modelport.frontends.rpc.stdio import Stdio
from modelport.protocol import types
from support.builders import VirtualTime
from support.server_process import frame

AN_HOUR_S = 3600.0


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return "asyncio", {"loop_factory": VirtualTime}


class Running:
    """A server that has been initialised, over two pipes; ``codes`` is empty while it runs."""

    def __init__(self) -> None:
        source, writing = os.pipe()
        reading, sink = os.pipe()
        os.set_blocking(sink, False)
        self.stdio = Stdio(source, sink, pollable=True)
        self.codes: list[int] = []
        self.reading: int | None = reading
        self.output = b""
        self._writing: int | None = writing

    async def run(self) -> None:
        self.codes.append(await Server(self.stdio, Greeting({"processId": None}, b""), ParentWatch()).run())

    def say(self, **message: Any) -> None:
        assert self._writing is not None
        os.write(self._writing, frame({"jsonrpc": "2.0", **message}))

    def end_input(self) -> None:
        assert self._writing is not None
        os.close(self._writing)
        self._writing = None

    def stop_reading(self) -> None:
        assert self.reading is not None
        os.close(self.reading)
        self.reading = None

    async def read(self) -> None:
        """Some of its output."""
        assert self.reading is not None
        self.output += await anyio.to_thread.run_sync(os.read, self.reading, 1 << 16)

    def close(self) -> None:
        """Ends its input and reads the rest of its output."""
        if self._writing is not None:
            self.end_input()
        # A thread that still reads would take what a later test writes into a pipe of the same number. One that is held
        # back waits for a loop that has ended, and reads no more.
        for thread in threading.enumerate():
            if thread.name == "modelport-stdin":
                thread.join(0.5)
        os.close(self.stdio.sink)
        os.close(self.stdio.source)
        if self.reading is not None:
            while data := os.read(self.reading, 1 << 16):
                self.output += data
            self.stop_reading()

    @property
    def replies(self) -> dict[int, dict[str, Any]]:
        """All its replies, by id."""
        bodies = [part.partition(b"\r\n\r\n")[2] for part in self.output.split(b"Content-Length: ")[1:]]
        return {message["id"]: message for message in map(json.loads, bodies)}


@asynccontextmanager
async def server() -> AsyncIterator[Running]:
    """Left when the server has ended."""
    mine = Running()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(mine.run)
        yield mine
    mine.close()


class Slow:
    """What ``provider/status`` does: it takes so long."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.begun = anyio.Event()
        self.cancelled = False

    async def __call__(self, session: Any, params: Any) -> types.Empty:
        self.begun.set()
        try:
            await anyio.sleep(self.seconds)
        except anyio.get_cancelled_exc_class():
            self.cancelled = True
            raise
        return types.Empty()


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Slow:
    handler = Slow(AN_HOUR_S)
    monkeypatch.setitem(HANDLERS, "provider/status", handler)
    return handler


async def test_what_was_asked_before_the_end_of_the_input_is_answered_however_long_it_takes(slow: Slow) -> None:
    async with server() as mine:
        for n in range(3):
            mine.say(id=n, method="provider/status")
        mine.say(id=3, method="shutdown")
        mine.end_input()
        await slow.begun.wait()
        began = anyio.current_time()
    assert anyio.current_time() - began >= AN_HOUR_S
    assert mine.replies == {n: {"jsonrpc": "2.0", "id": n, "result": {} if n < 3 else None} for n in range(4)}
    assert mine.codes == [0]


async def test_with_nothing_to_answer_the_end_of_the_input_is_the_end() -> None:
    async with server() as mine:
        mine.end_input()
    assert (mine.replies, mine.codes) == ({}, [1])


async def test_an_answer_is_written_to_its_end_however_slowly_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "x" * 1_000_000

    async def long(session: Any, params: Any) -> Any:
        return text

    monkeypatch.setitem(HANDLERS, "provider/status", long)
    async with server() as mine:
        mine.say(id=1, method="provider/status")
        mine.end_input()
        while len(mine.output) < len(text) and not mine.codes:
            # Many times as long as a server that was asked to exit waits for its client.
            await anyio.sleep(60)
            await mine.read()
    assert mine.replies[1]["result"] == text
    assert mine.codes == [1]


async def test_a_client_that_does_not_read_any_more_ends_it(slow: Slow) -> None:
    async with server() as mine:
        mine.say(id=1, method="provider/status")
        mine.end_input()
        await slow.begun.wait()
        await anyio.sleep(60)
        assert not mine.codes
        began = anyio.current_time()
        mine.stop_reading()
    assert anyio.current_time() - began < 5
    assert slow.cancelled
    assert mine.codes == [1]


async def test_a_client_that_is_gone_ends_it(slow: Slow, monkeypatch: pytest.MonkeyPatch) -> None:
    async with server() as mine:
        mine.say(id=1, method="provider/status")
        mine.end_input()
        await slow.begun.wait()
        began = anyio.current_time()
        monkeypatch.setattr(parent_watch.os, "getppid", lambda: 1)
    assert anyio.current_time() - began < 5
    assert slow.cancelled
    assert mine.replies[1]["error"]["data"]["kind"] == "stream_interrupted"
    assert mine.codes == [1]


async def test_a_client_that_says_exit_does_not_wait_for_answers(slow: Slow) -> None:
    async with server() as mine:
        mine.say(id=1, method="provider/status")
        mine.say(method="exit")
        mine.end_input()
    assert mine.replies[1]["error"]["data"]["kind"] == "stream_interrupted"
    assert mine.codes == [1]
