"""Writes to the wire without ever blocking the event loop.

Both sinks have one write under way at a time: ``write`` returns True when all bytes were written at
once, else False, and calls ``on_writable`` on the loop after the last one.
"""

from __future__ import annotations

import asyncio
import os
import queue
import threading
from collections.abc import Callable
from typing import Protocol

from modelport.frontends.rpc.stdio import write_some


class Sink(Protocol):
    """Somewhere to write frames."""

    def write(self, data: bytes) -> bool:
        """Begins a write; True when it is complete already.

        Raises:
            OSError: the client has closed its side.
        """
        ...

    def close(self) -> None:
        """No more writes."""
        ...


class PollSink:
    """A non-blocking pipe or socket, watched by the event loop."""

    def __init__(self, descriptor: int, on_writable: Callable[[], None], on_broken: Callable[[], None]) -> None:
        self._descriptor = descriptor
        self._on_writable = on_writable
        self._on_broken = on_broken
        self._loop = asyncio.get_running_loop()
        self._rest = memoryview(b"")

    def write(self, data: bytes) -> bool:
        """Writes what fits; the loop calls back for the rest."""
        rest = memoryview(data)[self._try(data) :]
        if not rest:
            return True
        self._rest = rest
        self._loop.add_writer(self._descriptor, self._more)
        return False

    def close(self) -> None:
        """Stops watching."""
        self._loop.remove_writer(self._descriptor)

    def _more(self) -> None:
        try:
            self._rest = self._rest[self._try(self._rest) :]
        except OSError:
            self._loop.remove_writer(self._descriptor)
            self._on_broken()
            return
        if not self._rest:
            self._loop.remove_writer(self._descriptor)
            self._on_writable()

    def _try(self, data: bytes | memoryview) -> int:
        try:
            return os.write(self._descriptor, data)
        except BlockingIOError:
            return 0


class ThreadSink:
    """Any descriptor, written by a thread: for files, and for systems whose pipes cannot be polled."""

    def __init__(self, descriptor: int, on_writable: Callable[[], None], on_broken: Callable[[], None]) -> None:
        self._descriptor = descriptor
        self._on_writable = on_writable
        self._on_broken = on_broken
        self._loop = asyncio.get_running_loop()
        self._work: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        threading.Thread(target=self._run, name="modelport-stdout", daemon=True).start()

    def write(self, data: bytes) -> bool:
        """Hands the data to the thread."""
        self._work.put(data)
        return False

    def close(self) -> None:
        """Lets the thread end."""
        self._work.put(None)

    def _run(self) -> None:
        while (data := self._work.get()) is not None:
            rest = memoryview(data)
            notify = self._on_writable
            try:
                while rest:
                    rest = rest[write_some(self._descriptor, rest) :]
            except OSError:
                notify = self._on_broken
            try:
                self._loop.call_soon_threadsafe(notify)
            except RuntimeError:
                return
