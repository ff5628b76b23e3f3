"""The queue of outgoing messages: in order, bounded, and never blocking the event loop.

Replies and notifications queue as finished frames. A stream does not queue its deltas: they are
collected from it when there is room, so that deltas which had to wait arrive merged. One write per
turn of the event loop carries all that is ready.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

import anyio

from modelport.frontends.rpc.logs import log_bug
from modelport.frontends.rpc.sink import PollSink, Sink, ThreadSink
from modelport.frontends.rpc.stdio import Stdio

log = logging.getLogger("modelport.wire")
MAX_WRITE_BYTES = 256 * 1024
MAX_WAITING_BYTES = 32 * 1024 * 1024
"""Bytes of finished frames that may wait; beyond them ``on_pressure`` stops the reading of requests."""


class Source(Protocol):
    """A producer of frames that are collected when there is room."""

    def frames(self) -> bytes:
        """All frames that are ready now."""
        ...


class Outbox:
    """The outgoing side of a connection.

    ``on_broken`` is called once when the client has closed its side; ``on_pressure`` with True when
    more than ``MAX_WAITING_BYTES`` wait for a client that does not read, and with False when they are sent.
    """

    def __init__(self, stdio: Stdio, *, on_broken: Callable[[], None], on_pressure: Callable[[bool], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._on_broken = on_broken
        self._on_pressure = on_pressure
        self._pressed = False
        make = PollSink if stdio.pollable else ThreadSink
        self._sink: Sink = make(stdio.sink, self._writable, self._broken)
        self._queue: list[bytes] = []
        self._sources: dict[Source, None] = {}
        self._scheduled = False
        self._writing = False
        self._closed = False
        self._idle = anyio.Event()
        self.waiting_bytes = 0
        """Bytes of finished frames that the client has not taken yet."""

    @property
    def blocked(self) -> bool:
        """Whether the client is behind with reading."""
        return self._writing

    def send(self, body: bytes) -> None:
        """Queues one message."""
        frame = b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
        self._put(frame)

    def ready(self, source: Source) -> None:
        """Collects from the source with the next write."""
        self._sources[source] = None
        self._schedule()

    def collect(self, source: Source) -> None:
        """Queues the source's frames now, ahead of anything sent later."""
        self._sources.pop(source, None)
        if frames := source.frames():
            self._put(frames)

    async def flushed(self) -> None:
        """Returns when everything has been written or the client is gone."""
        while not self._closed and (self._queue or self._sources or self._writing):
            self._idle = anyio.Event()
            await self._idle.wait()

    def close(self) -> None:
        """Sends nothing more."""
        self._closed = True
        self._sink.close()

    def _put(self, frames: bytes) -> None:
        self._queue.append(frames)
        self.waiting_bytes += len(frames)
        if self.waiting_bytes > MAX_WAITING_BYTES and not self._pressed:
            self._pressed = True
            self._on_pressure(True)
        self._schedule()

    def _schedule(self) -> None:
        if not self._scheduled and not self._writing and not self._closed:
            self._scheduled = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._scheduled = False
        if self._writing or self._closed:
            return
        while self._queue or self._sources:
            data = self._next_write()
            if not data:
                continue
            try:
                self._writing = not self._sink.write(data)
            except OSError:
                self._broken()
                return
            if self._writing:
                return
        self._idle.set()

    def _next_write(self) -> bytes:
        """The bytes of the next write: queued frames, then each source in turn up to ``MAX_WRITE_BYTES``."""
        parts, self._queue = self._queue, []
        size = self.waiting_bytes
        self.waiting_bytes = 0
        if self._pressed:
            self._pressed = False
            self._on_pressure(False)
        while self._sources and size < MAX_WRITE_BYTES:
            source = next(iter(self._sources))
            del self._sources[source]
            try:
                frames = source.frames()
            except Exception as bug:  # noqa: BLE001  what the other senders have queued leaves all the same
                log_bug(log, "bug in a stream of updates", bug)
                continue
            parts.append(frames)
            size += len(frames)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _writable(self) -> None:
        self._writing = False
        self._flush()

    def _broken(self) -> None:
        if not self._closed:
            self._closed = True
            self._queue.clear()
            self._sources.clear()
            self._idle.set()
            self._on_broken()
