"""The listener that a browser comes back to at the end of a log-in, on this machine alone.

It is bound before the address is given to anyone. A request that does not belong to the log-in is answered and changes
nothing; the first that does ends it.

Source: RFC 8252, 7.3 and 8; RFC 6749, 4.1.2.
"""

from __future__ import annotations

import errno
import secrets
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

import anyio
import anyio.abc
import h11
from msgspec import Struct

from modelport.adapters.log_ins.oauth.pages import page
from modelport.domain.loopback import is_loopback

IPV4, IPV6 = "127.0.0.1", "::1"
NO_IPV6 = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})
MAX_HEAD_BYTES = 32 * 1024
MAX_CONNECTIONS = 16
MAX_UNREAD_CHUNKS = 16
READ_TIMEOUT_S = 10.0
TRIES = 5
"""For a free port that is free for both addresses."""

Accept = Callable[[str], tuple[int, str, str]]
"""Takes the query of a request; returns the status, the heading and the sentence of its page."""


class PortTaken(Exception):
    """Another program listens on the port that the provider sends browsers to. Holds the port."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self.port = port


class Redirect(Struct, frozen=True, kw_only=True):
    """Where the browser is to be sent: ``port`` 0 for any, ``fixed`` for the whole text that is registered."""

    host: str
    port: int
    path: str
    fixed: str | None = None

    def uri(self, port: int) -> str:
        """The address with the port that is listened on."""
        return self.fixed or f"http://{self.host}:{port}{self.path}"


def read_redirect(given: str | None) -> Redirect | None:
    """The address to listen at; None where the one that is given is not on this machine."""
    if given is None:
        return Redirect(host=IPV4, port=0, path=_unguessable())
    if not given.startswith("http://") or not is_loopback(given):
        return None
    parts = urlsplit(given)
    fixed = given if parts.port and parts.path not in ("", "/") else None
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or IPV4
    path = parts.path if parts.path not in ("", "/") else _unguessable()
    return Redirect(host=host, port=parts.port or 0, path=path, fixed=fixed)


def _unguessable() -> str:
    return f"/{secrets.token_urlsafe(24)}"


@asynccontextmanager
async def listening(redirect: Redirect, accept: Accept) -> AsyncGenerator[str]:
    """Listens while the block runs; yields the address to send the browser to.

    Raises:
        PortTaken: another program listens there.
    """
    async with AsyncExitStack() as closing:
        listeners = await _bound(redirect)
        for listener in listeners:
            closing.push_async_callback(listener.aclose)
        uri = redirect.uri(_port(listeners[0]))
        server = _Server(uri, accept)
        async with anyio.create_task_group() as tasks:
            for listener in listeners:
                tasks.start_soon(listener.serve, server.serve)
            try:
                yield uri
            finally:
                tasks.cancel_scope.cancel()


async def _bound(redirect: Redirect) -> list[Any]:
    """The listeners, on literal addresses. ``localhost`` may be either of two, so both are listened on."""
    hosts = {"localhost": (IPV4, IPV6), "[::1]": (IPV6,)}.get(redirect.host, (redirect.host,))
    for last in (*[False] * (TRIES - 1), True):
        listeners: list[Any] = []
        try:
            for host in hosts:
                port = _port(listeners[0]) if listeners else redirect.port
                try:
                    listeners += (await anyio.create_tcp_listener(local_host=host, local_port=port)).listeners
                except OSError as error:
                    if not listeners or error.errno not in NO_IPV6:
                        raise
            return listeners
        except OSError as error:
            for listener in listeners:
                await listener.aclose()
            if redirect.port or last:
                raise PortTaken(redirect.port) from error
    raise AssertionError("the last try returns or raises")


def _port(listener: Any) -> int:
    return int(listener.extra(anyio.abc.SocketAttribute.local_port))  # noqa: S610  not Django's


class _Server:
    def __init__(self, uri: str, accept: Accept) -> None:
        parts = urlsplit(uri)
        self._host = parts.netloc
        self._path = parts.path
        self._accept = accept
        self._limiter = anyio.CapacityLimiter(MAX_CONNECTIONS)

    async def serve(self, stream: anyio.abc.SocketStream) -> None:
        """Answers one request, and closes the connection."""
        async with stream, self._limiter:
            with (
                suppress(anyio.BrokenResourceError, anyio.ClosedResourceError, anyio.EndOfStream),
                anyio.move_on_after(READ_TIMEOUT_S),
            ):
                await stream.send(await self._answer(stream))
                await stream.send_eof()
                # What is left unread would reset the connection, and the page be lost.
                for _ in range(MAX_UNREAD_CHUNKS):
                    await stream.receive()

    async def _answer(self, stream: anyio.abc.SocketStream) -> bytes:
        connection = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD_BYTES)
        try:
            while not isinstance(event := connection.next_event(), h11.Request):
                if event is not h11.NEED_DATA:
                    return b""
                connection.receive_data(await stream.receive())
        except h11.RemoteProtocolError as error:
            return page(error.error_status_hint, "Not understood", "This is no request of a browser.")
        except anyio.EndOfStream:
            return b""
        return self._page(event)

    def _page(self, request: h11.Request) -> bytes:
        if _values(request, b"host") != [self._host]:
            # A page of another name that leads here is not asked by our provider.
            return page(403, "Not allowed", "This address is for the log-in alone.")
        if any(origin != f"http://{self._host}" for origin in _values(request, b"origin")):
            return page(403, "Not allowed", "Another page has sent this request.")
        path, _, query = request.target.decode("latin-1").partition("?")
        if not secrets.compare_digest(path.encode(), self._path.encode()):
            return page(404, "Nothing here", "This is not the address of the log-in.")
        if request.method != b"GET":
            return page(405, "Not allowed", "The log-in comes back with a GET.")
        return page(*self._accept(query))


def _values(request: h11.Request, wanted: bytes) -> list[str]:
    return [value.decode("latin-1") for name, value in request.headers if name == wanted]
