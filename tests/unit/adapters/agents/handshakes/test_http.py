"""A handshake over HTTP: its result, and that nothing is left open."""

from __future__ import annotations

import json
import threading
from typing import Any

import anyio
import pytest

from modelport.adapters.agents.handshakes.http import PostHandshakes
from modelport.domain.agents.observations import HandshakeResult
from modelport.domain.local.servers import ServerAddress
from support import odd_servers
from support.http_server import Answer, LocalServer, Received
from support.odd_servers import OddServer
from support.peers import free_port

AMPLE_S = 10.0
RESULT = {"protocolVersion": 1, "agentCapabilities": {}, "authMethods": []}


async def ask(port: int, *, timeout_s: float = AMPLE_S, host: str = "127.0.0.1") -> HandshakeResult:
    return await PostHandshakes().ask(ServerAddress(host, port), "/acp", timeout_s=timeout_s)


def answering(body: Any, status: int = 200, **headers: str) -> LocalServer:
    def behave(request: Received) -> Answer:
        if request.method == "DELETE":
            return Answer(202)
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, [text])

    return LocalServer(behave)


async def test_an_answer_and_the_end_of_its_connection() -> None:
    with answering({"jsonrpc": "2.0", "id": 1, "result": RESULT}, Acp_Connection_Id="c-7") as server:
        result = await ask(server.port)
    assert (result.status, result.auth, result.protocol_version) == ("ready", "not_required", 1)
    assert result.latency_ms
    assert result.verified_at
    first, second = server.requests
    assert (first.method, first.path, json.loads(first.body)["method"]) == ("POST", "/acp", "initialize")
    assert first.headers["accept"] == "application/json, text/event-stream"
    assert (second.method, second.path, second.headers["acp-connection-id"], second.body) == (
        "DELETE",
        "/acp",
        "c-7",
        b"",
    )
    for request in server.requests:
        assert not {"authorization", "cookie", "proxy-authorization"} & set(request.headers)


@pytest.mark.parametrize("status", [401, 403])
async def test_a_server_that_wants_a_token(status: int) -> None:
    with answering(b"", status) as server:
        result = await ask(server.port)
    assert (result.status, result.auth) == ("auth_required", "required")
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"not json", 200),
        (b"", 200),
        (b"[" * 60_000, 200),
        ({"jsonrpc": "2.0", "id": 99, "result": RESULT}, 200),
        ({"jsonrpc": "2.0", "id": 1, "result": {"serverInfo": {}, "protocolVersion": "2025-06-18"}}, 200),
        ({"jsonrpc": "2.0", "id": 1, "error": {"code": -32600, "message": "no"}}, 400),
        (b"x" * 100_000, 500),
        (b"", 307),
    ],
)
async def test_an_answer_that_proves_nothing(body: Any, status: int) -> None:
    with answering(body, status, Location="http://192.0.2.1/acp") as server:
        result = await ask(server.port)
    assert result.status == "broken"
    assert result.detail
    assert result.verified_at is None
    assert len(server.requests) == 1


@pytest.mark.parametrize("value", ["", "x" * 201])
async def test_an_id_that_is_none_is_not_sent_back(value: str) -> None:
    with answering({"jsonrpc": "2.0", "id": 1, "result": RESULT}, Acp_Connection_Id=value) as server:
        assert (await ask(server.port)).status == "ready"
    assert len(server.requests) == 1


async def test_a_goodbye_that_fails_spoils_nothing() -> None:
    def behave(request: Received) -> Answer:
        if request.method == "DELETE":
            return Answer(500, chunks=[b"x"], cut=True)
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "result": RESULT}).encode()
        return Answer(200, {"Acp-Connection-Id": "c"}, [body])

    with LocalServer(behave) as server:
        assert (await ask(server.port)).status == "ready"
        assert len(server.requests) == 2


async def test_the_connection_is_ended_also_when_the_caller_is_cancelled() -> None:
    entered, release = threading.Event(), threading.Event()

    def behave(request: Received) -> Answer:
        if request.method == "DELETE":
            entered.set()
            release.wait(AMPLE_S)
            return Answer(202)
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "result": RESULT}).encode()
        return Answer(200, {"Acp-Connection-Id": "c"}, [body])

    with LocalServer(behave) as server:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask, server.port)
            await anyio.to_thread.run_sync(entered.wait)
            tasks.cancel_scope.cancel()
            release.set()
    assert [request.method for request in server.requests] == ["POST", "DELETE"]


@pytest.mark.parametrize(
    "script",
    [odd_servers.hangs_up, odd_servers.sends(b"\x00\x01\xff" * 100), odd_servers.greets(b"SSH-2.0-OpenSSH_9.2\r\n")],
)
async def test_what_speaks_no_http(script: odd_servers.Script) -> None:
    with OddServer(script) as odd:
        assert (await ask(odd.port)).status == "broken"


@pytest.mark.parametrize("script", [odd_servers.hangs, odd_servers.drips, odd_servers.drips_its_head])
async def test_what_does_not_answer_in_time(script: odd_servers.Script) -> None:
    with OddServer(script) as odd:
        result = await ask(odd.port, timeout_s=0.2)
    assert (result.status, result.verified_at) == ("hung", None)
    assert "within 0.2 s" in result.detail


async def test_a_flood_is_read_to_a_limit() -> None:
    with OddServer(odd_servers.floods) as odd:
        assert (await ask(odd.port)).status == "broken"


async def test_a_closed_port_and_another_machine() -> None:
    assert (await ask(free_port())).status == "broken"
    assert (await ask(80, host="192.0.2.1")).status == "unknown"
    assert (await ask(80, host="example.com")).status == "unknown"
