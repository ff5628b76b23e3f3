"""One request on a bare connection; the answers of agents and other services are in the contract suite."""

from __future__ import annotations

import json
import socket

import pytest

from modelport.adapters.agents.handshakes.tcp import MAX_ANSWER_BYTES, LineHandshakes
from modelport.domain.agents.observations import HandshakeResult
from modelport.domain.local.servers import ServerAddress
from support import odd_servers
from support.odd_servers import OddServer
from support.peers import free_port

AMPLE_S = 10.0
RESULT = {"protocolVersion": 1, "agentCapabilities": {}, "authMethods": []}
ANSWER = json.dumps({"jsonrpc": "2.0", "id": 1, "result": RESULT}).encode()


async def ask(port: int, timeout_s: float = AMPLE_S, host: str = "127.0.0.1") -> HandshakeResult | None:
    return await LineHandshakes().ask(ServerAddress(host, port), timeout_s=timeout_s)


async def may_listen(port: int, wait_s: float = AMPLE_S, host: str = "127.0.0.1") -> bool:
    return await LineHandshakes().may_listen(ServerAddress(host, port), wait_s=wait_s)


async def test_one_line_goes_out() -> None:
    received: list[bytes] = []

    def script(server: OddServer, connection: socket.socket) -> None:
        received.append(connection.makefile("rb").readline())
        server.send(connection, ANSWER + b"\n")
        connection.recv(1)

    with OddServer(script) as odd:
        result = await ask(odd.port)
    assert result is not None
    assert (result.status, result.protocol_version) == ("ready", 1)
    assert result.latency_ms
    assert result.verified_at
    assert json.loads(received[0])["method"] == "initialize"


@pytest.mark.parametrize(
    "said",
    [
        b"Listening...\n" + ANSWER + b"\n",
        b'{"jsonrpc":"2.0","method":"session/update","params":{}}\n' + ANSWER + b"\n",
        b'"text"\n[1]\n{"id":1}\n' + ANSWER + b"\n",
        b'{"jsonrpc":"2.0","id":1,"method":"initialize"}\n' + ANSWER + b"\n",
    ],
)
async def test_other_messages_are_skipped(said: bytes) -> None:
    with OddServer(odd_servers.sends(said)) as odd:
        result = await ask(odd.port)
    assert result is not None
    assert result.status == "ready"


@pytest.mark.parametrize(
    "script",
    [
        odd_servers.hangs_up,
        odd_servers.sends(b"x\n" * MAX_ANSWER_BYTES),
        odd_servers.sends(b"x" * (2 * MAX_ANSWER_BYTES)),
        odd_servers.floods,
        odd_servers.sends(ANSWER),
    ],
)
async def test_no_answer(script: odd_servers.Script) -> None:
    with OddServer(script) as odd:
        assert await ask(odd.port) is None


async def test_no_answer_in_time() -> None:
    with OddServer(odd_servers.hangs) as odd:
        assert await ask(odd.port, 0.1) is None


async def test_a_peer_that_waits_for_lines() -> None:
    with OddServer(odd_servers.hangs) as odd:
        assert await may_listen(odd.port, 0.1)
    with OddServer(odd_servers.sends(b'{"jsonrpc":"2.0","id":null,"error":{"code":-32700}}\n')) as odd:
        assert await may_listen(odd.port)


@pytest.mark.parametrize(
    "script",
    [
        odd_servers.hangs_up,
        odd_servers.sends(b"-ERR unknown command\r\n"),
        odd_servers.sends(b'{"error":"no"}\n'),
        odd_servers.greets(b"SSH-2.0-OpenSSH_9.2\r\n"),
    ],
)
async def test_a_peer_that_does_not(script: odd_servers.Script) -> None:
    with OddServer(script) as odd:
        assert not await may_listen(odd.port)


async def test_a_closed_port_and_another_machine() -> None:
    port = free_port()
    assert await ask(port) is None
    assert not await may_listen(port)
    assert await ask(80, host="192.0.2.1") is None
    assert not await may_listen(80, host="192.0.2.1")
    assert not await may_listen(80, host="example.com")
