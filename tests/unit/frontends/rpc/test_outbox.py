"""Outgoing messages: in order, bounded, and never blocking the event loop."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from modelport.frontends.rpc import outbox as module
from modelport.frontends.rpc.outbox import Outbox
from modelport.frontends.rpc.stdio import Stdio

BODY = b'{"n":%d}'


class Wire:
    """A pipe with an outbox at its writing end; what the outbox reports is kept."""

    def __init__(self, *, pollable: bool) -> None:
        self.reading, self.sink = os.pipe()
        if pollable:
            os.set_blocking(self.sink, False)
        self.pressure: list[bool] = []
        self.broken = 0
        stdio = Stdio(-1, self.sink, pollable=pollable)
        self.outbox = Outbox(stdio, on_broken=self._broken, on_pressure=self.pressure.append)

    def _broken(self) -> None:
        self.broken += 1

    async def read(self, size: int = 1 << 20) -> bytes:
        return await anyio.to_thread.run_sync(os.read, self.reading, size)

    async def read_all(self, count: int) -> list[bytes]:
        """This many bodies."""
        data = b""
        while data.count(b"Content-Length: ") < count or not whole(data):
            data += await self.read()
        return parsed(data)

    def close(self) -> None:
        self.outbox.close()
        for descriptor in (self.reading, self.sink):
            with suppress(OSError):
                os.close(descriptor)


def parsed(data: bytes) -> list[bytes]:
    found: list[bytes] = []
    while data:
        header, _, rest = data.partition(b"\r\n\r\n")
        length = int(header.removeprefix(b"Content-Length: "))
        found.append(rest[:length])
        data = rest[length:]
    return found


def whole(data: bytes) -> bool:
    try:
        return b"".join(b"Content-Length: %d\r\n\r\n%b" % (len(body), body) for body in parsed(data)) == data
    except ValueError:
        return False


@pytest.fixture(params=[True, False], ids=["polled", "thread"])
async def wire(request: pytest.FixtureRequest) -> Any:
    made = Wire(pollable=request.param)
    yield made
    made.close()


class Source:
    """A source with frames to send."""

    def __init__(self, *frames: bytes) -> None:
        self.pending = list(frames)

    def frames(self) -> bytes:
        said, self.pending = self.pending, []
        return b"".join(b"Content-Length: %d\r\n\r\n%b" % (len(body), body) for body in said)


async def test_messages_leave_in_order(wire: Wire) -> None:
    with anyio.fail_after(5):
        for n in range(50):
            wire.outbox.send(BODY % n)
        assert await wire.read_all(50) == [BODY % n for n in range(50)]
        await wire.outbox.flushed()


async def test_a_source_is_collected_when_there_is_room(wire: Wire) -> None:
    with anyio.fail_after(5):
        source = Source(b"delta")
        wire.outbox.ready(source)
        assert await wire.read_all(1) == [b"delta"]
        source.pending.append(b"more")
        wire.outbox.ready(source)
        assert await wire.read_all(1) == [b"more"]


async def test_what_is_collected_goes_ahead_of_what_is_sent_later(wire: Wire) -> None:
    with anyio.fail_after(5):
        source = Source(b"delta")
        wire.outbox.ready(source)
        wire.outbox.collect(source)
        wire.outbox.send(b"reply")
        assert await wire.read_all(2) == [b"delta", b"reply"]
        # It is not collected again.
        wire.outbox.collect(source)
        wire.outbox.send(b"end")
        assert await wire.read_all(1) == [b"end"]


async def test_one_write_carries_all_that_is_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = Wire(pollable=True)
    sizes: list[int] = []
    write = wire.outbox._sink.write
    monkeypatch.setattr(wire.outbox._sink, "write", lambda data: (sizes.append(len(data)), write(data))[1])
    for n in range(10):
        wire.outbox.send(BODY % n)
    wire.outbox.ready(Source(b"delta"))
    with anyio.fail_after(5):
        await wire.outbox.flushed()
    assert len(sizes) == 1
    wire.close()


async def test_a_write_is_capped_and_what_is_over_waits_where_it_can_be_merged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_WRITE_BYTES", 1000)
    wire = Wire(pollable=True)
    sizes: list[int] = []
    monkeypatch.setattr(wire.outbox._sink, "write", lambda data: bool(sizes.append(len(data))))
    sources = [Source(b"x" * 400) for _ in range(5)]
    for source in sources:
        wire.outbox.ready(source)
    await anyio.lowlevel.checkpoint()
    # The write under way has taken no more than it may; the sources after it can still merge what they get.
    assert [bool(source.pending) for source in sources] == [False, False, False, True, True]
    sources[3].pending.append(b"y" * 400)
    for _ in range(2):
        wire.outbox._writable()
    framed = len(b"Content-Length: 400\r\n\r\n") + 400
    assert sizes == [3 * framed, 3 * framed]
    wire.close()


async def test_a_client_that_does_not_read_is_reported_and_blocks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_WAITING_BYTES", 1000)
    wire = Wire(pollable=True)
    with anyio.fail_after(5):
        wire.outbox.send(b"x" * 1_000_000)
        await anyio.lowlevel.checkpoint()
        assert wire.outbox.blocked
        for _ in range(20):
            wire.outbox.send(b"y" * 100)
        assert wire.pressure[-1] is True
        bodies = await wire.read_all(21)
        assert [len(body) for body in bodies] == [1_000_000] + [100] * 20
        await wire.outbox.flushed()
    assert wire.pressure[-1] is False
    assert wire.outbox.waiting_bytes == 0
    wire.close()


async def test_waiting_sources_are_collected_once_there_is_room(wire: Wire) -> None:
    with anyio.fail_after(5):
        wire.outbox.send(b"x" * 1_000_000)
        await anyio.lowlevel.checkpoint()
        source = Source(b"one")
        wire.outbox.ready(source)
        source.pending.append(b"two")
        wire.outbox.ready(source)
        bodies = await wire.read_all(3)
        assert bodies[1:] == [b"one", b"two"]


async def test_a_client_that_is_gone_is_reported_once_and_not_waited_for(wire: Wire) -> None:
    os.close(wire.reading)
    with anyio.fail_after(5):
        while not wire.broken:
            wire.outbox.send(b"x")
            await anyio.sleep(0.001)
        wire.outbox.send(b"x")
        await wire.outbox.flushed()
        await anyio.lowlevel.checkpoint()
    assert wire.broken == 1


async def test_a_closed_outbox_sends_nothing_more(wire: Wire) -> None:
    with anyio.fail_after(5):
        wire.outbox.send(b"before")
        await wire.outbox.flushed()
        wire.outbox.close()
        wire.outbox.send(b"after")
        wire.outbox.ready(Source(b"after"))
        await wire.outbox.flushed()
        assert await wire.read_all(1) == [b"before"]
