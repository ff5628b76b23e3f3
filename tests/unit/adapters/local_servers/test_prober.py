"""One request to one server; what servers of every kind answer is in the contract suite of discovery."""

from __future__ import annotations

import socket
from typing import Any

import anyio
import pytest

from modelport.adapters.local_servers import prober as module
from modelport.adapters.local_servers.prober import SocketProber
from modelport.domain.local.fingerprints import Reply
from modelport.domain.local.servers import ServerAddress
from support import odd_servers
from support.http_server import Answer, LocalServer
from support.odd_servers import OddServer

MAX_BODY_BYTES = 64 * 1024


async def get(port: int, path: str = "/x", *, max_body: int = MAX_BODY_BYTES, **place: Any) -> Reply | None:
    return await SocketProber().get(ServerAddress(**{"host": "127.0.0.1", "port": port} | place), path, max_body)


async def test_an_answer() -> None:
    with LocalServer(lambda _: Answer(203, {"X-One": "é".encode().decode("latin-1")}, [b'{"a"', b": 1}"])) as server:
        reply = await get(server.port, prefix="/p")
    assert reply is not None
    assert (reply.status, reply.text, reply.json) == (203, '{"a": 1}', {"a": 1})
    assert reply.headers["x-one"] == "Ã©"
    assert reply.latency_ms > 0
    assert server.requests[0].path == "/p/x"


@pytest.mark.parametrize(
    ("body", "text", "json"),
    [
        (b"", "", None),
        (b"plain", "plain", None),
        (b"null", "null", None),
        (b"\xff\xfe", "\ufffd\ufffd", None),
        (b"[" * 5000, "[" * 5000, None),
        (b'"\xed\xa0\x80"', '"\ufffd\ufffd\ufffd"', None),
    ],
)
async def test_bodies_of_every_kind(body: bytes, text: str, json: Any) -> None:
    with LocalServer(lambda _: Answer(chunks=[body])) as server:
        reply = await get(server.port)
    assert reply is not None
    assert (reply.text, reply.json) == (text, json)


async def test_a_body_is_read_to_its_limit_and_one_that_is_cut_is_no_json() -> None:
    with LocalServer(lambda _: Answer(chunks=[b"[1,", b"2" * 50, b"]"])) as server:
        whole, cut = await get(server.port, max_body=54), await get(server.port, max_body=53)
    assert whole is not None
    assert cut is not None
    assert whole.json is not None
    assert (len(cut.text), cut.json) == (53, None)


async def test_a_long_list_is_read_in_a_worker_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[int] = []
    run_sync = anyio.to_thread.run_sync

    async def spy(work: Any, body: bytes) -> Any:
        sent.append(len(body))
        return await run_sync(work, body)

    monkeypatch.setattr(module.anyio.to_thread, "run_sync", spy)
    body = b"[%b]" % b",".join([b"1"] * 50_000)
    with LocalServer(lambda _: Answer(chunks=[body])) as server:
        reply = await get(server.port, max_body=1 << 20)
    assert reply is not None
    assert len(reply.json) == 50_000
    assert len(reply.text) == 64 * 1024
    assert sent == [len(body)]


@pytest.mark.parametrize("host", ["192.0.2.1", "8.8.8.8", "example.org", "localhost", "0.0.0.0", "::", "", "127.999.0.1"])  # fmt: skip
async def test_nothing_is_sent_to_another_machine(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def connect(*_: Any, **__: Any) -> Any:
        pytest.fail("it connected")

    monkeypatch.setattr(module.anyio, "connect_tcp", connect)
    assert await get(80, host=host) is None


async def test_a_port_without_a_listener() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert await get(port) is None


async def test_the_connection_is_closed_when_the_request_is_cancelled() -> None:
    with OddServer(odd_servers.drips) as server:
        with anyio.move_on_after(0.1) as scope:
            await get(server.port)
        assert scope.cancelled_caught
