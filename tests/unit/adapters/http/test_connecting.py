"""Connections to hosts with one address or several; whatever ends an attempt, nothing is left of it."""

from __future__ import annotations

import asyncio
import gc
import socket
from collections.abc import AsyncIterator

import anyio
import pytest

from modelport.adapters.http import connecting
from modelport.adapters.http.connecting import connected_socket


@pytest.fixture
async def port() -> AsyncIterator[int]:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


def resolve(monkeypatch: pytest.MonkeyPatch, *hosts: str) -> None:
    """A name has these addresses."""
    own = socket.getaddrinfo

    def look_up(_: str, port: int, *args: object, flags: int = 0, **kwargs: object) -> list[object]:
        if flags:
            raise socket.gaierror
        found = [own(host, port, type=socket.SOCK_STREAM) for host in hosts]
        return [address for addresses in found for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_a_host_by_number_and_by_name(port: int, host: str) -> None:
    with await connected_socket(host, port) as found:
        assert found.getpeername()[1] == port


async def test_the_next_address_is_tried_when_one_refuses(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    resolve(monkeypatch, "127.0.0.2", "127.0.0.3", "127.0.0.1")
    with await connected_socket("acme.example", port) as found:
        assert found.getpeername()[0] == "127.0.0.1"


async def test_the_next_address_is_tried_beside_one_that_does_not_answer(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve(monkeypatch, "127.0.0.2", "127.0.0.1")
    monkeypatch.setattr(connecting, "HEAD_START_S", 0.01)
    loop = asyncio.get_running_loop()
    connect = loop.sock_connect

    async def answers(sock: socket.socket, place: tuple[str, int]) -> None:
        if place[0] == "127.0.0.2":
            await anyio.sleep_forever()
        await connect(sock, place)

    monkeypatch.setattr(loop, "sock_connect", answers)
    with await connected_socket("acme.example", port) as found:
        assert found.getpeername()[0] == "127.0.0.1"


async def test_where_no_address_answers_the_error_is_that_of_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        free = taken.getsockname()[1]
    resolve(monkeypatch, "127.0.0.1", "127.0.0.2")
    with pytest.raises(ConnectionRefusedError, match=r"127\.0\.0\.1"):
        await connected_socket("acme.example", free)


async def test_a_name_without_an_address() -> None:
    with pytest.raises(socket.gaierror):
        await connected_socket("unknown.invalid", 80)


@pytest.mark.parametrize("ticks", range(12))
async def test_nothing_is_left_of_a_connection_that_is_cancelled(port: int, ticks: int) -> None:
    """Warnings are errors here, such as of a socket that was not closed or a coroutine that nothing has run."""

    async def connect() -> None:
        (await connected_socket("127.0.0.1", port)).close()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(connect)
        for _ in range(ticks):
            await asyncio.sleep(0)
        tasks.cancel_scope.cancel()
    gc.collect()
