"""Sends HTTP/1.1 requests for httpx2, a connection per request under way.

The rest of the program uses httpx2; this replaces its own transport, for direct connections and for those through a
proxy. Each read of the socket is parsed once and handed out as one chunk, which makes a streamed delta several times
cheaper.

Importing this module imports httpx2.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import Self

import anyio
import httpx2
from typing_extensions import override

from modelport.adapters.http.connecting import ADMISSION, connected_socket
from modelport.adapters.http.connection import Connection, Origin
from modelport.adapters.http.http1 import request_head
from modelport.adapters.http.proxies.address import Proxy
from modelport.adapters.http.proxies.socks import connect_through
from modelport.protocol.secret import forget_frames

MAX_IDLE_CONNECTIONS = 20
DEFAULT_CONNECT_TIMEOUT_S = 10.0


class HttpTransport(httpx2.AsyncBaseTransport):
    """An httpx2 transport over connections of the event loop, all of them direct or all through one proxy."""

    def __init__(self, tls: ssl.SSLContext, proxy: Proxy | None = None) -> None:
        self._tls = tls
        self._proxy = proxy
        self._idle: list[Connection] = []

    @override
    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """The response as soon as its head is there; its body follows.

        Raises:
            httpx2.TransportError: no connection, or no response on it.
        """
        message = await _message(request, self._proxy)
        connection = await self._connection(request)
        try:
            if admission := request.extensions.get(ADMISSION):
                await connection.admit(admission)
            connection.send(message.head, message.body)
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

    async def _connection(self, request: httpx2.Request) -> Connection:
        url = request.url
        secure = url.scheme == "https"
        origin = (url.scheme, url.raw_host.decode("ascii"), url.port or (443 if secure else 80))
        for connection in reversed(self._idle):
            if connection.origin == origin:
                self._idle.remove(connection)
                connection.in_use()
                return connection
        return await _connect(origin, self._tls, self._proxy, request)

    def _put_back(self, connection: Connection) -> None:
        """Keeps a connection for the next request, for a while."""
        if len(self._idle) >= MAX_IDLE_CONNECTIONS:
            self._idle.pop(0).abort()
        self._idle.append(connection)
        connection.idle(self._forget)

    def _forget(self, connection: Connection) -> None:
        if connection in self._idle:
            self._idle.remove(connection)


class _Body(httpx2.AsyncByteStream):
    """The body of a response. Closing it gives the connection back, or ends it when more would come."""

    def __init__(self, connection: Connection, put_back: Callable[[Connection], None]) -> None:
        self._connection: Connection | None = connection
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


class _Message:
    """A request as bytes. Its head holds the key, and is in no local of a frame that waits."""

    __slots__ = ("body", "head")

    def __init__(self, head: bytes, body: bytes) -> None:
        self.head, self.body = head, body


async def _message(request: httpx2.Request, proxy: Proxy | None) -> _Message:
    url, target = request.url, request.url.raw_path
    read_by_proxy = proxy if proxy is not None and proxy.protocol == "http" and url.scheme == "http" else None
    if read_by_proxy is not None:
        # The proxy reads the request itself. Source: RFC 9112, section 3.2.2.
        target = b"http://%b%b" % (url.netloc, target)
    body = await request.aread()
    method, log_in = request.method.encode("ascii"), read_by_proxy.basic_log_in if read_by_proxy else tuple
    try:
        return _Message(request_head(method, target, [*request.headers.raw, *log_in()]), body)
    except ValueError as error:
        forget_frames(error)
        raise httpx2.LocalProtocolError(str(error)) from error


async def _connect(origin: Origin, tls: ssl.SSLContext, proxy: Proxy | None, request: httpx2.Request) -> Connection:
    limit = request.extensions.get("timeout", {}).get("connect") or DEFAULT_CONNECT_TIMEOUT_S
    try:
        with anyio.fail_after(limit):
            return await (_direct(origin, tls) if proxy is None else _through(proxy, origin, tls))
    except httpx2.ProxyError as error:
        raise httpx2.ProxyError(f"at {proxy.place} {error}" if proxy else str(error)) from error
    except TimeoutError as error:
        raise httpx2.ConnectTimeout(f"no connection within {limit:g} s") from error
    except OSError as error:
        raise httpx2.ConnectError(str(error)) from error


async def _direct(origin: Origin, tls: ssl.SSLContext) -> Connection:
    scheme, host, port = origin
    sock = await connected_socket(host, port)
    return await _connection_over(sock, origin, tls if scheme == "https" else None, host)


async def _through(proxy: Proxy, origin: Origin, tls: ssl.SSLContext) -> Connection:
    """A connection that the proxy makes, or one to a proxy that reads the requests itself."""
    scheme, host, port = origin
    try:
        sock = await connected_socket(proxy.host, proxy.port)
    except socket.gaierror as error:
        raise httpx2.ProxyError("has no address") from error
    except OSError as error:
        raise httpx2.ProxyError("cannot be reached") from error
    if proxy.protocol == "http":
        try:
            connection = await _connection_over(sock, origin, tls if proxy.secure else None, proxy.host)
        except ssl.SSLError as error:
            reason = getattr(error, "verify_message", "") or error.reason or "no handshake"
            raise httpx2.ProxyError(f"makes no secure connection ({reason})") from error
        return connection if scheme == "http" else await _tunnelled(connection, proxy, origin, tls)
    try:
        await connect_through(sock, proxy, host, port)
    except BaseException as error:
        sock.close()
        if isinstance(error, ConnectionError):
            raise httpx2.ProxyError("closed the connection") from error
        raise
    return await _connection_over(sock, origin, tls if scheme == "https" else None, host)


async def _connection_over(
    sock: socket.socket, origin: Origin, tls: ssl.SSLContext | None, server_name: str
) -> Connection:
    loop = asyncio.get_running_loop()
    try:
        _, connection = await loop.create_connection(
            lambda: Connection(origin), sock=sock, ssl=tls, server_hostname=server_name if tls else None
        )
    except BaseException:
        sock.close()
        raise
    return connection


async def _tunnelled(outer: Connection, proxy: Proxy, origin: Origin, tls: ssl.SSLContext) -> Connection:
    """A connection with TLS inside of one to a proxy. Source: RFC 9110, section 9.3.6."""
    host, port = origin[1:]
    target = (f"[{host}]:{port}" if ":" in host else f"{host}:{port}").encode("ascii")
    try:
        outer.send(request_head(b"CONNECT", target, [(b"Host", target), *proxy.basic_log_in()]), b"")
        try:
            status = (await outer.head()).status
        except httpx2.TransportError as error:
            raise httpx2.ProxyError("closed the connection, or is no HTTP proxy") from error
        if not 200 <= status < 300:
            why = "requires a log-in, or another one" if status == 407 else "refuses the connection"
            raise httpx2.ProxyError(f"{why} ({status})")
        return await outer.secured(tls, host)
    except BaseException:
        outer.abort()
        raise
