"""Reading standard input on a thread of its own."""

from __future__ import annotations

import fcntl
import os
import termios
import threading
from array import array
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import anyio
import anyio.lowlevel
import pytest

from modelport.frontends.rpc import inbox as module
from modelport.frontends.rpc.frames import BadFrame
from modelport.frontends.rpc.inbox import Inbox
from modelport.frontends.rpc.stdio import Stdio


def frame(body: bytes) -> bytes:
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def unread_bytes(descriptor: int) -> int:
    """How much waits in a pipe."""
    size = array("i", [0])
    fcntl.ioctl(descriptor, termios.FIONREAD, size)
    return size[0]


class Pipe:
    """An inbox at the reading end of a pipe, and what it handed over."""

    def __init__(self, unread: bytes = b"") -> None:
        self.source, self.writing = os.pipe()
        self.received: list[bytes | str] = []
        self.ended = anyio.Event()
        self.changed = anyio.Event()
        self.inbox = Inbox(Stdio(self.source, -1, pollable=False), unread, self.ended.set)

    def take(self, item: bytes | BadFrame) -> None:
        self.received.append(item.reason if isinstance(item, BadFrame) else item)
        self.changed.set()

    async def until(self, count: int) -> list[bytes | str]:
        """The items, once there are so many."""
        with anyio.fail_after(5):
            while len(self.received) < count:
                self.changed = anyio.Event()
                await self.changed.wait()
        return self.received


@asynccontextmanager
async def pipe(unread: bytes = b"") -> AsyncIterator[Pipe]:
    mine = Pipe(unread)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(mine.inbox.run, mine.take)
        yield mine
        with suppress(OSError):
            os.close(mine.writing)
        with anyio.fail_after(5):
            await mine.ended.wait()
        tasks.cancel_scope.cancel()
    os.close(mine.source)


async def test_messages_come_in_order_and_what_was_read_before_comes_first() -> None:
    async with pipe(frame(b"one") + b"Content-Le") as mine:
        os.write(mine.writing, frame(b"two")[10:] + frame(b"three"))
        assert await mine.until(3) == [b"one", b"two", b"three"]


async def test_garbage_is_handed_over_as_that() -> None:
    async with pipe() as mine:
        os.write(mine.writing, b"hello\r\n\r\n" + frame(b"one"))
        assert await mine.until(2) == ["a header without a valid Content-Length", b"one"]


async def test_the_end_is_reported_after_the_last_message() -> None:
    async with pipe() as mine:
        os.write(mine.writing, frame(b"one") + frame(b"two"))
        os.close(mine.writing)
        with anyio.fail_after(5):
            await mine.ended.wait()
        assert await mine.until(2) == [b"one", b"two"]


async def test_on_a_slow_machine_the_end_is_still_reported_after_the_last_message() -> None:
    """The thread has read everything before the event loop has its first turn."""
    source, writing = os.pipe()
    os.write(writing, frame(b"one") + frame(b"two"))
    os.close(writing)
    received: list[bytes | str] = []
    inbox = Inbox(Stdio(source, -1, pollable=False), b"", lambda: received.append("the end"))
    inbox._read()
    with anyio.fail_after(5):
        await inbox.run(lambda item: received.append(item if isinstance(item, bytes) else item.reason))
    assert received == [b"one", b"two", "the end"]
    # The thread that ``run`` has started would read from a later pipe of the same number.
    for thread in threading.enumerate():
        if thread.name == "modelport-stdin":
            thread.join(5)
    os.close(source)


async def test_a_client_that_does_not_read_is_not_read_from() -> None:
    async with pipe() as mine:
        mine.inbox.hold(True)
        os.write(mine.writing, frame(b"one"))
        with anyio.fail_after(5):
            while unread_bytes(mine.source):
                await anyio.lowlevel.checkpoint()
        # It has been read, and is kept back.
        await anyio.wait_all_tasks_blocked()
        assert mine.received == []
        mine.inbox.hold(False)
        assert await mine.until(1) == [b"one"]


async def test_a_client_that_floods_fills_the_pipe_and_not_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_UNHANDLED_BYTES", 1000)
    monkeypatch.setattr(module, "READ_SIZE", 4096)
    most = 0
    async with pipe() as mine:
        release = threading.Event()

        def flood() -> None:
            for n in range(500):
                os.write(mine.writing, frame(b"%04d" % n + b"x" * 1000))
            release.set()

        writer = threading.Thread(target=flood)
        writer.start()
        with anyio.fail_after(10):
            while len(mine.received) < 500:
                most = max(most, mine.inbox._unhandled)
                await anyio.lowlevel.checkpoint()
        writer.join()
        assert [item[:4] for item in mine.received] == [b"%04d" % n for n in range(500)]
    assert most < 1000 + 4096 + 1004
