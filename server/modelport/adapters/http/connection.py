"""One HTTP/1.1 connection of the event loop, with the response that is being read from it.

Importing this module imports httpx2.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Hashable

import httpx2
from typing_extensions import override

from modelport.adapters.http.causes import NotHttp
from modelport.adapters.http.connecting import Admission
from modelport.adapters.http.http1 import ResponseReader

MAX_WAITING_BYTES = 256 * 1024
"""Bytes of a body that may wait for its reader before the connection is left unread."""
MAX_READ_BYTES = 32 * 1024
"""What is read and parsed in one turn of the event loop: some milliseconds at the worst."""
KEEP_ALIVE_S = 60.0

Origin = tuple[str, str, int]
"""Scheme, host and port."""


class Connection(asyncio.BufferedProtocol):
    """One connection, with the response that is being read from it."""

    def __init__(self, origin: Origin) -> None:
        self.origin = origin
        self._buffer = memoryview(bytearray(MAX_READ_BYTES))
        self.reader = ResponseReader()
        self._failure: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._paused = False
        self._forget: Callable[[Connection], None] | None = None
        self._expiry: asyncio.TimerHandle | None = None
        self._admitted: set[Hashable] = set()

    # What the event loop calls.

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is there."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  create_connection makes no other
        self._transport = transport

    @override
    def get_buffer(self, sizehint: int) -> memoryview:
        """The room for one read."""
        return self._buffer

    @override
    def buffer_updated(self, nbytes: int) -> None:
        """So many bytes have come."""
        self._received(bytes(self._buffer[:nbytes]))

    def _received(self, data: bytes) -> None:
        if self._forget is not None:
            # Nothing is expected on an idle connection.
            self.abort()
            return
        try:
            self.reader.feed(data)
        except NotHttp as error:
            self._fail(_with_cause(httpx2.RemoteProtocolError(str(error)), error))
        else:
            if self.reader.waiting_bytes > MAX_WAITING_BYTES and not self._paused:
                self._paused = True
                self._transport.pause_reading()
        self._wake()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        if self._forget is not None:
            self._forget(self)
        if self._expiry is not None:
            self._expiry.cancel()
        if exc is not None:
            self._fail(_with_cause(httpx2.ReadError(str(exc)), exc))
        elif self._failure is None:
            try:
                self.reader.end()
            except NotHttp as error:
                self._fail(_with_cause(httpx2.RemoteProtocolError(str(error)), error))
        self._wake()

    # What the transport and the body call.

    async def admit(self, admission: Admission) -> None:
        """Has the other end looked at, unless it was for the same reasons, which raises where a request may not go."""
        if admission.reasons in self._admitted:
            return
        ours, theirs = (self._transport.get_extra_info(name) for name in ("sockname", "peername"))
        if not ours or not theirs:
            raise httpx2.ReadError("the connection is gone")
        await admission.admit(((ours[0], ours[1]), (theirs[0], theirs[1])))
        self._admitted.add(admission.reasons)

    def send(self, head: bytes, body: bytes) -> None:
        """Writes a request; the loop sends what the socket does not take at once."""
        self._transport.write(head + body if len(body) < MAX_WAITING_BYTES else head)
        if len(body) >= MAX_WAITING_BYTES:
            self._transport.write(body)

    async def head(self) -> ResponseReader:
        """The response, once its head is there."""
        while not self.reader.status:
            await self._more()
        return self.reader

    async def chunk(self) -> bytes:
        """More of the body, all that has come; nothing at its end."""
        reader = self.reader
        while not reader.waiting_bytes:
            if reader.complete:
                return b""
            await self._more()
        if self._paused:
            self._paused = False
            self._transport.resume_reading()
        return reader.take()

    def idle(self, forget: Callable[[Connection], None]) -> None:
        """Waits to be used again; ``forget`` is called when the other side closes it first."""
        self._forget = forget
        self._expiry = asyncio.get_running_loop().call_later(KEEP_ALIVE_S, self.abort)

    def in_use(self) -> None:
        """Is used again."""
        self._forget = None
        if self._expiry is not None:
            self._expiry.cancel()
        if self._paused:
            self._paused = False
            self._transport.resume_reading()
        self.reader = ResponseReader()

    async def secured(self, tls: ssl.SSLContext, server_name: str) -> Connection:
        """A connection to the same origin, with TLS inside of this one.

        Raises:
            OSError: there is no handshake, or the certificate is not the server's.
        """
        inner = Connection(self.origin)
        # A handshake that fails ends a protocol that was never begun.
        inner.connection_made(self._transport)
        transport = await asyncio.get_running_loop().start_tls(self._transport, inner, tls, server_hostname=server_name)
        if transport is None:
            raise ConnectionAbortedError("the connection ended in the handshake")
        inner.connection_made(transport)
        return inner

    def abort(self) -> None:
        """Closes at once, without waiting for bytes in transit."""
        self._transport.abort()

    async def _more(self) -> None:
        if self._failure is not None:
            raise self._failure
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _fail(self, error: Exception) -> None:
        if self._failure is None:
            self._failure = error
            self._transport.abort()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


def _with_cause(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error
