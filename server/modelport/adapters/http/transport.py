"""Sends HTTP/1.1 requests for httpx2, a connection per request under way.

The rest of the program uses httpx2; this replaces its own transport for direct connections. Each
read of the socket is parsed once and handed out as one chunk, which makes a streamed delta several
times cheaper. Requests that go through a proxy use httpx2's transport.

Importing this module imports httpx2.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import Self

import anyio
import httpx2
from typing_extensions import override

from modelport.adapters.http.http1 import NotHttp, ResponseReader, request_head

MAX_WAITING_BYTES = 256 * 1024
"""Bytes of a body that may wait for its reader before the connection is left unread."""
MAX_IDLE_CONNECTIONS = 20
KEEP_ALIVE_S = 60.0
DEFAULT_CONNECT_TIMEOUT_S = 10.0

Origin = tuple[str, str, int]


class DirectTransport(httpx2.AsyncBaseTransport):
    """An httpx2 transport over plain connections of the event loop."""

    def __init__(self, tls: ssl.SSLContext) -> None:
        self._tls = tls
        self._idle: list[_Connection] = []

    @override
    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """The response as soon as its head is there; its body follows.

        Raises:
            httpx2.TransportError: no connection, or no response on it.
        """
        head, body = await _message(request)
        connection = await self._connection(request)
        try:
            connection.send(head, body)
            reader = await connection.head()
        except BaseException:
            connection.abort()
            raise
        return httpx2.Response(
            reader.status,
            headers=reader.headers,
            stream=_Body(connection, self._put_back),
            extensions={"http_version": b"HTTP/1.1"},
        )

    @override
    async def aclose(self) -> None:
        """Closes the connections that wait to be used again."""
        while self._idle:
            self._idle.pop().abort()

    async def _connection(self, request: httpx2.Request) -> _Connection:
        url = request.url
        secure = url.scheme == "https"
        origin = (url.scheme, url.host, url.port or (443 if secure else 80))
        for connection in reversed(self._idle):
            if connection.origin == origin:
                self._idle.remove(connection)
                connection.in_use()
                return connection
        return await _connect(origin, self._tls if secure else None, request)

    def _put_back(self, connection: _Connection) -> None:
        """Keeps a connection for the next request, for a while."""
        if len(self._idle) >= MAX_IDLE_CONNECTIONS:
            self._idle.pop(0).abort()
        self._idle.append(connection)
        connection.idle(self._forget)

    def _forget(self, connection: _Connection) -> None:
        if connection in self._idle:
            self._idle.remove(connection)


class _Connection(asyncio.Protocol):
    """One connection, with the response that is being read from it."""

    def __init__(self, origin: Origin) -> None:
        self.origin = origin
        self.reader = ResponseReader()
        self._failure: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._paused = False
        self._forget: Callable[[_Connection], None] | None = None
        self._expiry: asyncio.TimerHandle | None = None

    # What the event loop calls.

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is there."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  create_connection makes no other
        self._transport = transport

    @override
    def data_received(self, data: bytes) -> None:
        """Bytes have come."""
        if self._forget is not None:
            # Nothing is expected on an idle connection.
            self.abort()
            return
        try:
            self.reader.feed(data)
        except NotHttp as error:
            self._fail(httpx2.RemoteProtocolError(str(error)))
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
                self._fail(httpx2.RemoteProtocolError(str(error)))
        self._wake()

    # What the transport and the body call.

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

    def idle(self, forget: Callable[[_Connection], None]) -> None:
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


class _Body(httpx2.AsyncByteStream):
    """The body of a response. Closing it gives the connection back, or ends it when more would come."""

    def __init__(self, connection: _Connection, put_back: Callable[[_Connection], None]) -> None:
        self._connection: _Connection | None = connection
        self._put_back = put_back

    @override
    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        chunk = await self._connection.chunk() if self._connection else b""
        if not chunk:
            raise StopAsyncIteration
        return chunk

    @override
    async def aclose(self) -> None:
        """Ends the reading, at the body's end or before it."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        if connection.reader.complete and connection.reader.reusable:
            self._put_back(connection)
        else:
            connection.abort()


async def _message(request: httpx2.Request) -> tuple[bytes, bytes]:
    body = await request.aread()
    try:
        return request_head(request.method.encode("ascii"), request.url.raw_path, request.headers.raw), body
    except ValueError as error:
        raise httpx2.LocalProtocolError(str(error)) from error


async def _connect(origin: Origin, tls: ssl.SSLContext | None, request: httpx2.Request) -> _Connection:
    _, host, port = origin
    limit = request.extensions.get("timeout", {}).get("connect") or DEFAULT_CONNECT_TIMEOUT_S
    loop = asyncio.get_running_loop()
    try:
        with anyio.fail_after(limit):
            _, connection = await loop.create_connection(
                lambda: _Connection(origin),
                host,
                port,
                ssl=tls,
                server_hostname=host if tls else None,
                happy_eyeballs_delay=0.25,
            )
    except TimeoutError as error:
        raise httpx2.ConnectTimeout(f"no connection within {limit:g} s") from error
    except OSError as error:
        raise httpx2.ConnectError(str(error)) from error
    return connection


def _with_cause(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error
