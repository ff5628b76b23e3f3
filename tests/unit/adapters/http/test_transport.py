"""The transport under httpx2's client, against real servers on loopback, plain and with TLS."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import anyio
import httpx2
import pytest
import trustme

from modelport.adapters.http.connection import MAX_WAITING_BYTES
from modelport.adapters.http.transport import HttpTransport

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(serve: Serve, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """A server that handles each connection with a function."""
    writers: list[asyncio.StreamWriter] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        try:
            await serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"{'https' if tls else 'http'}://localhost:{port}"
    finally:
        server.close()
        for writer in writers:
            # Up to Python 3.11 a transport that was closed while data waited cannot be aborted once all is written.
            with contextlib.suppress(AttributeError):
                writer.transport.abort()
        await asyncio.sleep(0)


@asynccontextmanager
async def client(tls: ssl.SSLContext | None = None) -> AsyncIterator[httpx2.AsyncClient]:
    transport = HttpTransport(tls or ssl.create_default_context())
    async with httpx2.AsyncClient(transport=transport) as made:
        yield made


async def request_of(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
    return head, await reader.readexactly(length)


def reply(body: bytes, *headers: bytes) -> bytes:
    lines = [b"HTTP/1.1 200 OK", b"Content-Length: %d" % len(body), *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


async def test_connections_are_used_again() -> None:
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        while True:
            _, body = await request_of(reader)
            writer.write(reply(b"got " + body))

    async with serving(serve) as url, client() as made:
        for n in range(5):
            response = await made.post(url, content=b"%d" % n)
            assert response.content == b"got %d" % n
        assert connections == 1
        async with made.stream("POST", url, content=b"a"), made.stream("POST", url, content=b"b"):
            assert connections == 2


async def test_a_connection_the_server_closed_is_not_used_again() -> None:
    connections = 0
    closed = anyio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await request_of(reader)
        writer.write(reply(b"once"))
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        closed.set()

    async with serving(serve) as url, client() as made:
        assert (await made.get(url)).content == b"once"
        await closed.wait()
        await anyio.sleep(0.01)
        assert (await made.get(url)).content == b"once"
        assert connections == 2


async def test_a_body_that_is_not_read_to_its_end_closes_the_connection() -> None:
    gone = anyio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
        await reader.read()
        gone.set()

    async with serving(serve) as url, client() as made:
        async with made.stream("GET", url) as response:
            assert await anext(response.aiter_bytes()) == b"first"
        with anyio.fail_after(2):
            await gone.wait()


async def test_a_reader_that_pauses_leaves_the_rest_in_the_socket() -> None:
    written = 0
    total = 64 * MAX_WAITING_BYTES

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        await request_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % total)
        while written < total:
            writer.write(b"x" * 65536)
            written += 65536
            await writer.drain()

    async with serving(serve) as url, client() as made, made.stream("GET", url) as response:
        await anyio.sleep(0.3)
        assert written < total
        received = 0
        async for piece in response.aiter_bytes():
            received += len(piece)
        assert received == total


async def test_a_large_request_arrives_whole() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, body = await request_of(reader)
        writer.write(reply(b"%d" % len(body)))

    async with serving(serve) as url, client() as made:
        response = await made.post(url, content=b"y" * 5_000_000)
        assert response.content == b"5000000"


@pytest.mark.parametrize("sent", [b"", b"SSH-2.0-x\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Le"])
async def test_a_connection_that_ends_without_a_response(sent: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(sent)

    async with serving(serve) as url, client() as made:
        with pytest.raises(httpx2.RemoteProtocolError):
            await made.get(url)


async def test_a_body_that_breaks_off() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n")

    async with serving(serve) as url, client() as made, made.stream("GET", url) as response:
        pieces = response.aiter_bytes()
        assert await anext(pieces) == b"part"
        with pytest.raises(httpx2.RemoteProtocolError):
            await anext(pieces)


async def test_a_port_without_a_listener() -> None:
    async with client() as made:
        with pytest.raises(httpx2.ConnectError) as failed:
            await made.get("http://127.0.0.1:9/")
        assert isinstance(failed.value.__cause__, ConnectionRefusedError)


async def test_a_name_without_an_address() -> None:
    import socket

    async with client() as made:
        with pytest.raises(httpx2.ConnectError) as failed:
            await made.get("http://no-such-host.invalid/")
        assert isinstance(failed.value.__cause__, socket.gaierror)


async def test_a_line_break_in_a_header_is_refused() -> None:
    async with client() as made:
        with pytest.raises(httpx2.LocalProtocolError):
            await made.get("http://127.0.0.1:9/", headers={"X": "a\r\nEvil: yes"})


async def test_cancelling_closes_the_connection() -> None:
    begun, gone = anyio.Event(), anyio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        begun.set()
        await reader.read()
        gone.set()

    async with serving(serve) as url, client() as made:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(made.get, url)
            await begun.wait()
            tasks.cancel_scope.cancel()
        with anyio.fail_after(2):
            await gone.wait()


# TLS


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def server_tls(authority: trustme.CA, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        _, body = await request_of(reader)
        writer.write(reply(body * 1000))


async def test_tls_that_can_be_trusted(authority: trustme.CA) -> None:
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    async with serving(echo, server_tls(authority, "localhost")) as url, client(trusting) as made:
        for _ in range(3):
            assert (await made.post(url, content=b"secret")).content == b"secret" * 1000


@pytest.mark.parametrize(("name", "trusts"), [("localhost", False), ("elsewhere.example", True)])
async def test_tls_that_cannot_be_trusted(authority: trustme.CA, name: str, trusts: bool) -> None:
    context = ssl.create_default_context()
    if trusts:
        authority.configure_trust(context)
    async with serving(echo, server_tls(authority, name)) as url, client(context) as made:
        with pytest.raises(httpx2.ConnectError) as failed:
            await made.post(url, content=b"secret")
        assert isinstance(failed.value.__cause__, ssl.SSLCertVerificationError)


async def test_tls_with_the_systems_trust_store(
    authority: trustme.CA, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The context the pool makes: SSL_CERT_FILE adds to what the system trusts."""
    bundle = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(str(bundle))
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    context = httpx2.create_ssl_context()
    async with serving(echo, server_tls(authority, "localhost")) as url, client(context) as made:
        assert (await made.post(url, content=b"x")).content == b"x" * 1000
