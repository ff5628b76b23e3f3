"""Reads standard input on a thread of its own and hands whole messages to the event loop.

The thread stops reading while more than ``MAX_UNHANDLED_BYTES`` wait for the loop, so that a client
that floods the server fills the pipe and not the memory.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable

import anyio

from modelport.frontends.rpc.frames import BadFrame, FrameParser
from modelport.frontends.rpc.stdio import Stdio

READ_SIZE = 256 * 1024
MAX_UNHANDLED_BYTES = 32 * 1024 * 1024

Item = bytes | BadFrame


class Inbox:
    """The incoming side of a connection. ``unread`` are bytes that were read from the input before.

    ``on_end`` is called once, after the client has closed its side and all its messages have been handed over.
    """

    def __init__(self, stdio: Stdio, unread: bytes, on_end: Callable[[], None]) -> None:
        self._stdio = stdio
        self._unread = unread
        self._on_end = on_end
        self._loop = asyncio.get_running_loop()
        self._arrived = anyio.Event()
        self._items: list[Item] = []
        self._room = threading.Condition()
        self._unhandled = 0
        self._held = False
        self._at_end = False

    async def run(self, receive: Callable[[Item], None]) -> None:
        """Hands every item to ``receive``, in order, up to the end of the input."""
        # The thread does not keep the process alive: it may wait for input for ever.
        threading.Thread(target=self._read, name="modelport-stdin", daemon=True).start()
        while True:
            await self._arrived.wait()
            self._arrived = anyio.Event()
            items, self._items = self._items, []
            for item in items:
                receive(item)
            with self._room:
                self._unhandled -= sum(map(_size, items))
                self._room.notify()
            if self._at_end:
                self._on_end()
                return

    def hold(self, held: bool) -> None:  # noqa: FBT001  it is a switch
        """True stops reading messages, while the client does not read its own; False goes on."""
        with self._room:
            self._held = held
            self._room.notify()

    def _read(self) -> None:
        # The loop may be closed already: no caller is left then.
        with contextlib.suppress(RuntimeError):
            try:
                self._read_all()
            finally:
                self._loop.call_soon_threadsafe(self._end)

    def _read_all(self) -> None:
        parser = FrameParser()
        chunk = self._unread
        while True:
            if chunk:
                self._hand_over(parser.feed(chunk))
            chunk = self._stdio.read(READ_SIZE)
            if not chunk:
                return

    def _hand_over(self, items: list[Item]) -> None:
        if not items:
            return
        with self._room:
            self._room.wait_for(lambda: self._unhandled < MAX_UNHANDLED_BYTES and not self._held)
            self._unhandled += sum(map(_size, items))
        self._loop.call_soon_threadsafe(self._take, items)

    def _take(self, items: list[Item]) -> None:
        self._items += items
        self._arrived.set()

    def _end(self) -> None:
        self._at_end = True
        self._arrived.set()


def _size(item: Item) -> int:
    return len(item) if isinstance(item, bytes) else 0
