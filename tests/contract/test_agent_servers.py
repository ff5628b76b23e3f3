"""Agents that listen, over real sockets: every kind by its answers, and everything else that may listen on a port."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import anyio
import msgspec
import pytest
from blockbuster import blockbuster_ctx

from modelport.adapters.agents.handshakes.http import PostHandshakes
from modelport.adapters.agents.handshakes.tcp import LineHandshakes
from modelport.adapters.data.agent_servers import load_agent_servers
from modelport.adapters.data.agents import load_agents
from modelport.adapters.data.fingerprints import load_fingerprints
from modelport.adapters.local_servers.prober import SocketProber
from modelport.domain.agents.observations import Running
from modelport.domain.agents.servers.rows import AgentServer
from modelport.engine.agents.probe import AgentProbe
from modelport.engine.agents.server_finder import MAX_BODY_BYTES, ServerFinder
from modelport.protocol.types import Agent
from support import http_server, odd_servers
from support.agent_answers import CARD, OLD_CARD, OLDEST_CARD, OTHERS, SERVERS, beeai, listed
from support.http_server import Answer, Received
from support.local_answers import Sample, page
from support.odd_servers import OddServer

BOOK = load_agents()
SERVER_BOOK = load_agent_servers()
ROWS = {row.id: row for row in SERVER_BOOK.server}
PATHS = [path for wave in SERVER_BOOK.waves for path in wave]
AMPLE_S = 5.0
WHILE_S = 1.0
"""Long enough for a server that answers at once, also on a busy machine."""
BRIEF_S = 0.2
BY_NAME = {sample.name: sample for sample in SERVERS}
OPEN = "Every user of this machine can use it"
named: dict[str, Any] = {"ids": lambda sample: sample.name}
every_row = pytest.mark.parametrize("row", SERVER_BOOK.server, ids=lambda row: row.id)


class FixedSystem:
    """``ListeningPorts`` and ``Processes`` with fixed lists."""

    def __init__(self, ports: Mapping[int, int | None], processes: Sequence[Running] = ()) -> None:
        self._ports = ports
        self._processes = processes

    async def ports(self) -> frozenset[int]:
        return frozenset(self._ports)

    async def listeners(self) -> Mapping[int, int | None]:
        return self._ports

    async def running(self) -> Sequence[Running]:
        return self._processes


def probe(
    ports: Mapping[int, int | None], *processes: Running, usual: dict[str, int] | None = None, answer_s: float = AMPLE_S
) -> AgentProbe:
    """Looks at these ports, and at no usual ports of this machine but those given by row."""
    rows = tuple(
        msgspec.structs.replace(row, ports=tuple(p for name, p in (usual or {}).items() if name == row.id))
        for row in SERVER_BOOK.server
    )
    servers = msgspec.structs.replace(SERVER_BOOK, server=rows, other_services=())
    finder = ServerFinder(BOOK, servers, SocketProber(), LineHandshakes(), answer_s=answer_s)
    system = FixedSystem(ports, processes)
    return AgentProbe(finder, system, system, PostHandshakes())


async def find(looking: AgentProbe, timeout_s: float = 10_000, ids: Sequence[str] = ()) -> list[Agent]:
    heard: list[Agent] = []
    agents = await looking.find(heard.append, await looking.running(), timeout_s=timeout_s, ids=ids)
    assert sorted(heard, key=str) == sorted(agents, key=str)
    return agents


def serving(sample: Sample, host: str = "127.0.0.1", port: int = 0) -> http_server.LocalServer:
    return http_server.LocalServer(sample.behave, host, port)


# The file.


def test_no_row_and_no_path_comes_twice_and_the_usual_ports_are_not_left_alone() -> None:
    assert len(ROWS) == len(SERVER_BOOK.server)
    assert len(set(PATHS)) == len(PATHS)
    assert SERVER_BOOK.other_services == load_fingerprints().other_services
    ports = {port for row in SERVER_BOOK.server for port in row.ports}
    assert ports >= {4170, 3284, 4096, 8000, 9999, 10000, 10001, 10002, 9000, 8001, 8080, 7779}
    assert ports.isdisjoint(SERVER_BOOK.other_services)
    assert all(1024 <= port <= 65535 for port in ports)


@every_row
def test_its_facts_are_dated_have_a_source_and_are_tested(row: AgentServer) -> None:
    assert date(2024, 1, 1) <= date.fromisoformat(row.checked) <= date(2030, 1, 1)
    assert row.source.strip()
    assert row.agent_id is None or BOOK.named(row.agent_id)
    assert row.id in {sample.provider for sample in SERVERS}


@every_row
def test_a_status_alone_never_decides_and_every_path_it_needs_is_in_a_wave(row: AgentServer) -> None:
    assert row.ways
    for way in row.ways:
        assert any(p.header or p.text or p.contains or p.json or p.has for p in way)
        assert {probe.path for probe in way} <= set(PATHS)
        assert row.version is None or row.version.path in {probe.path for probe in way}
        assert not row.endpoint or way[0].path == row.endpoint


# Every kind.


@pytest.mark.parametrize("sample", SERVERS, **named)
async def test_a_server_is_recognised_by_what_it_answers(sample: Sample) -> None:
    row = ROWS[str(sample.provider)]
    with serving(sample) as server:
        (agent,) = await find(probe({server.port: 4242}))
    assert agent.protocol == row.protocol
    assert (agent.transport, agent.installed, agent.configured, agent.command) == ("http", True, True, "")
    assert agent.url == server.url + sample.base_path
    assert agent.pid == 4242
    assert agent.sources == (f"port {server.port}",)
    assert agent.version == (sample.version or "")
    assert agent.identity == row.identity
    assert agent.latency_ms
    assert agent.argv is None
    assert agent.detail.startswith("Known by its answers: GET /")
    if row.agent_id:
        assert agent.agent_id == row.agent_id
    assert (OPEN in agent.detail) is ("open" in sample.tags)
    wanted = "auth_required" if "locked" in sample.tags else "ready" if "ready" in sample.tags else "unknown"
    assert agent.status == wanted
    assert agent.auth == {"auth_required": "required", "ready": "not_required", "unknown": None}[wanted]
    assert (agent.verified_at is not None) is (wanted == "ready")


@pytest.mark.parametrize("sample", OTHERS, **named)
async def test_what_is_no_agent_is_not_found(sample: Sample) -> None:
    with serving(sample) as server:
        assert await find(probe({server.port: None}, usual={"beeai": server.port})) == []


@pytest.mark.parametrize("sample", [*SERVERS, *OTHERS], **named)
async def test_it_gets_few_requests_without_a_secret(sample: Sample, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QWEN_SERVER_TOKEN", "canary-0123456789")
    with serving(sample) as server:
        await find(probe({server.port: None}))
    asked = [request.path for request in server.requests]
    assert len(set(asked)) == len(asked) <= 10
    assert asked[0] == "/global/health"
    for request in server.requests:
        assert (request.method, request.body) == ("GET", b"")
        assert request.headers == {
            "host": f"127.0.0.1:{server.port}",
            "accept": "application/json, text/plain, */*",
            "accept-encoding": "identity",
            "user-agent": "modelport",
            "connection": "close",
        }


async def test_a_server_that_gives_one_page_for_everything_is_left_alone() -> None:
    (sample,) = [sample for sample in OTHERS if sample.name == "a 200 for everything"]
    with serving(sample) as server:
        await find(probe({server.port: None}))
    assert len(server.requests) == 3


async def test_opencode_gets_no_request_that_it_would_forward() -> None:
    with serving(BY_NAME["opencode serve"]) as server:
        await find(probe({server.port: None}))
    assert [request.path for request in server.requests] == ["/global/health", "/doc"]


async def test_kimi_gets_no_request_that_counts_as_a_failed_log_in() -> None:
    with serving(BY_NAME["kimi web"]) as server:
        await find(probe({server.port: None}))
    asked = {request.path for request in server.requests}
    assert {path for path in asked if path.startswith("/api/")} == {"/api/v1/healthz"}
    assert "/openapi.json" not in asked


async def test_all_of_them_at_once() -> None:
    servers = [serving(sample) for sample in [*SERVERS, *OTHERS]]
    try:
        agents = await find(probe(dict.fromkeys(server.port for server in servers)))
    finally:
        for server in servers:
            server.close()
    assert len(agents) == len(SERVERS)
    assert [agent.url for agent in agents] == sorted((agent.url for agent in agents), key=lambda url: str(url).split(":")[2])  # fmt: skip


async def test_the_event_loop_is_not_blocked() -> None:
    with serving(BY_NAME["opencode serve"]) as one, serving(BY_NAME["A2A 1.0"]) as other:
        looking = probe({one.port: None, other.port: None})
        await find(looking)
        with blockbuster_ctx("modelport"):
            assert len(await find(looking)) == 2


# What a card and a list say.


async def of_card(card: dict[str, Any], path: str = "/.well-known/agent-card.json") -> Agent:
    with serving(Sample("x", "a2a", {path: page(card)})) as server:
        (agent,) = await find(probe({server.port: None}))
    return agent


async def test_a_card_of_version_1() -> None:
    agent = await of_card(CARD)
    assert (agent.agent_id, agent.display_name, agent.protocol_version) == ("hello", "Hello", "1.0")
    assert agent.agent_info == {"name": "Hello", "description": "Says hello", "version": "1.2.3"}
    assert agent.capabilities == {"streaming": True}


async def test_cards_of_older_versions() -> None:
    agent = await of_card(OLD_CARD)
    assert (agent.agent_id, agent.protocol_version, agent.auth) == ("hello", "0.3.0", "not_required")
    agent = await of_card(OLDEST_CARD, "/.well-known/agent.json")
    assert (agent.agent_id, agent.protocol_version, agent.auth) == ("currency-agent", None, "not_required")


@pytest.mark.parametrize(
    "more",
    [
        {"securitySchemes": {"key": {"apiKeySecurityScheme": {"location": "header", "name": "X-Key"}}}},
        {"security": [{"google": []}]},
        {"securityRequirements": [{"schemes": {"key": {}}}]},
        {"authentication": {"schemes": ["Bearer"]}},
    ],
)
async def test_a_card_that_names_a_log_in(more: dict[str, Any]) -> None:
    agent = await of_card(OLD_CARD | more)
    assert (agent.status, agent.auth) == ("ready", "unknown")


async def test_the_path_of_a_card_is_reported_and_another_address_is_not_used() -> None:
    async def at(url: str) -> tuple[str, str, str]:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        interfaces = [{"url": "http://x/", "protocolBinding": "GRPC"}, {"url": url.format(port), "protocolBinding": "JSONRPC"}]  # fmt: skip
        sample = Sample("x", "a2a", {"/.well-known/agent-card.json": page(CARD | {"supportedInterfaces": interfaces})})
        with serving(sample, port=port) as server:
            (agent,) = await find(probe({server.port: None}))
        return server.url, str(agent.url), agent.detail

    for written in (
        "http://127.0.0.1:{}/rpc/",
        "http://localhost:{}/rpc",
        "http://0.0.0.0:{}/rpc",
        "http://[::]:{}/rpc",
    ):
        base, url, detail = await at(written)
        assert url == f"{base}/rpc"
        assert "card names" not in detail
    for written in ("https://agents.example/rpc", "http://127.0.0.1:1{}/x", "http://localhost/rpc", "http://[bad:{}"):
        base, url, detail = await at(written)
        assert url == base
        assert "Its card names the address http" in detail


async def test_a_name_is_cleaned_and_takes_no_known_agents_id() -> None:
    assert (await of_card(CARD | {"name": "\x1b[31mRed\x07 Agent\n2"})).display_name == "Red Agent 2"
    assert (await of_card(CARD | {"name": "Gemini"})).agent_id == "a2a-gemini"
    assert (await of_card(CARD | {"name": "a" * 500})).display_name == "a" * 79 + "…"
    for nameless in ("", "\x1b[0m", 5, None):
        agent = await of_card(CARD | {"name": nameless})
        assert (agent.agent_id, agent.display_name) == ("a2a", "A2A agent")
    verified = await of_card(CARD | {"version": "1\x1b[0m", "description": "key sk-abcdefghijklmnop1234"})
    assert verified.version == ""
    assert "abcdef" not in json.dumps(verified.agent_info)


async def test_each_agent_of_a_list_is_reported_up_to_fifty() -> None:
    with serving(beeai("echo", "shout", "gemini", "\x1b[2J")) as server:
        agents = await find(probe({server.port: None}))
    assert [(agent.agent_id, agent.display_name) for agent in agents] == [
        ("echo", "echo"),
        ("shout", "shout"),
        ("beeai-gemini", "gemini"),
    ]
    assert {(agent.url, agent.status) for agent in agents} == {(server.url, "ready")}
    with serving(beeai(*(f"agent {number}" for number in range(60)))) as server:
        agents = await find(probe({server.port: None}))
    assert len(agents) == 50
    assert "It lists 60 agents, of which these are 50." in agents[0].detail


async def test_a_server_that_lists_no_agent_is_known_by_its_header() -> None:
    with serving(beeai()) as server:
        (agent,) = await find(probe({server.port: None}))
    assert (agent.agent_id, agent.protocol, agent.status) == ("beeai", "beeai-acp", "not_configured")
    assert 'sent "Server: acp"' in agent.detail
    assert "It lists no agent." in agent.detail


async def test_a_list_that_holds_nonsense() -> None:
    strange = {"agents": [*listed("good")["agents"], {"name": 5, "input_content_types": []}, "x", None]}
    sample = Sample("x", "beeai", {"/agents": page(strange, server="acp")})
    with serving(sample) as server:
        (agent,) = await find(probe({server.port: None}))
    assert agent.agent_id == "good"


# Where it looks.


async def test_usual_ports_are_asked_without_being_listed() -> None:
    with serving(BY_NAME["A2A 1.0"]) as server:
        (agent,) = await find(probe({}, usual={"a2a": server.port}))
    assert (agent.url, agent.pid) == (server.url, None)


async def test_a_system_that_takes_long_to_list_its_ports_delays_no_agent() -> None:
    class Slow(FixedSystem):
        async def listeners(self) -> Mapping[int, int | None]:
            await anyio.sleep_forever()
            raise AssertionError

    with serving(BY_NAME["A2A 1.0"]) as server:
        looking = probe({}, usual={"a2a": server.port}, answer_s=WHILE_S)
        looking.listening = Slow({})
        received: list[Agent] = []
        with anyio.CancelScope() as scope:

            def found(one: Agent) -> None:
                received.append(one)
                scope.cancel()

            await looking.find(found, await looking.running(), timeout_s=10_000)
    assert [(one.agent_id, one.pid) for one in received] == [("hello", None)]


async def test_only_requested_agents_are_reported() -> None:
    with serving(BY_NAME["qwen serve"]) as one, serving(BY_NAME["A2A 1.0"]) as other:
        looking = probe({one.port: None, other.port: None})
        assert [agent.agent_id for agent in await find(looking, ids=("qwen-code",))] == ["qwen-code"]
        assert await find(looking, ids=("goose",)) == []


async def test_a_server_that_answers_at_both_addresses_is_one() -> None:
    sample = BY_NAME["qwen serve"]
    with serving(sample) as first, serving(sample, "::1", first.port):
        (agent,) = await find(probe({first.port: None}))
    assert agent.url == f"{first.url}/acp"


async def test_an_agent_at_the_newer_address_only() -> None:
    with serving(BY_NAME["qwen serve"], "::1") as server:
        (agent,) = await find(probe({server.port: None}, answer_s=1))
    assert agent.url == f"http://[::1]:{server.port}/acp"


async def test_two_agents_of_one_name_in_a_list_are_two() -> None:
    with serving(beeai("echo", "echo")) as server:
        assert len(await find(probe({server.port: None}))) == 2


async def test_well_known_services_get_no_request() -> None:
    with serving(BY_NAME["A2A 1.0"]) as server:
        looking = probe({server.port: None})
        looking.finder.servers = msgspec.structs.replace(looking.finder.servers, other_services=(server.port,))
        assert await find(looking) == []
    assert server.requests == []


async def test_proxies_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    with OddServer(odd_servers.hangs) as proxy, serving(BY_NAME["A2A 1.0"]) as server:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert len(await find(probe({server.port: None}))) == 1
        assert proxy.connections == 0


async def test_redirects_are_not_followed() -> None:
    with serving(BY_NAME["A2A 1.0"]) as other:
        target = Sample("x", None, {}, other=(307, {"location": f"{other.url}/.well-known/agent-card.json"}, b""))
        with serving(target) as server:
            assert await find(probe({server.port: None})) == []
        assert other.requests == []


async def test_what_goes_wrong_in_the_listener_reaches_the_caller() -> None:
    def breaks(_: Agent) -> None:
        raise RuntimeError("the client has gone")

    with serving(BY_NAME["A2A 1.0"]) as server:
        looking = probe({server.port: None})
        running = await looking.running()
        with pytest.raises(RuntimeError, match="the client has gone"):
            await looking.find(breaks, running, timeout_s=AMPLE_S)


# Bare connections.


def speaks(answer: Callable[[dict[str, Any]], object]) -> odd_servers.Script:
    """An agent on a bare connection: answers lines of JSON, and anything else with an error of JSON-RPC."""

    def script(server: OddServer, connection: socket.socket) -> None:
        with connection.makefile("rb") as lines:
            for line in lines:
                try:
                    request = json.loads(line)
                except ValueError:
                    reply: object = {"jsonrpc": "2.0", "id": None, "error": {"code": -32700, "message": "Parse error"}}
                else:
                    reply = answer(request)
                if reply is not None:
                    server.send(connection, json.dumps(reply).encode() + b"\n")

    return script


def initialized(request: dict[str, Any], **result: Any) -> object:
    assert request["method"] == "initialize"
    found = {"protocolVersion": 1, "agentCapabilities": {"loadSession": True}, "authMethods": []} | result
    return {"jsonrpc": "2.0", "id": request["id"], "result": found}


def copilot(port: int | str = 0, pid: int = 7) -> Running:
    argv = ("node", "/usr/lib/node_modules/@github/copilot/index.js", "--acp", "--port", str(port), "--token", "canary")
    return Running(pid=pid, argv=argv, parent_pid=1, parent="zed")


async def test_an_agent_named_by_its_command_line_is_probed_at_once() -> None:
    with OddServer(
        speaks(lambda request: initialized(request, agentInfo={"name": "copilot", "version": "1.0"}))
    ) as odd:
        looking = probe({odd.port: 7}, copilot(odd.port))
        (agent,) = await find(looking)
        assert odd.connections == 1
    assert (agent.agent_id, agent.transport, agent.url) == ("github-copilot-cli", "tcp", f"tcp://127.0.0.1:{odd.port}")
    assert (agent.pid, agent.identity, agent.status, agent.version) == (7, "confirmed", "ready", "1.0")
    assert (agent.protocol, agent.protocol_version, agent.auth) == ("acp", 1, "not_required")
    assert agent.verified_at
    assert OPEN in agent.detail
    assert "canary" not in str(agent)


async def test_it_is_found_by_the_port_that_its_process_listens_on() -> None:
    with OddServer(speaks(initialized)) as odd:
        (agent,) = await find(probe({odd.port: 7}, copilot(0)))
        assert odd.connections == 1
    assert agent.agent_id == "github-copilot-cli"


async def test_it_is_found_where_the_system_lists_no_ports() -> None:
    with OddServer(speaks(initialized)) as odd:
        (agent,) = await find(probe({}, copilot(odd.port)))
    assert (agent.agent_id, agent.pid) == ("github-copilot-cli", None)


async def test_an_unknown_agent_gets_a_handshake_since_it_waits_for_lines() -> None:
    info = {"name": "mine", "title": "My \x1b[1mAgent", "version": "3"}
    with OddServer(speaks(lambda request: initialized(request, agentInfo=info))) as odd:
        (agent,) = await find(probe({odd.port: 9}, answer_s=WHILE_S))
    assert (agent.agent_id, agent.display_name, agent.identity) == ("my-agent", "My Agent", "name-only")
    assert (agent.transport, agent.version) == ("tcp", "3")


async def test_an_agent_that_answers_only_the_right_request() -> None:
    def script(server: OddServer, connection: socket.socket) -> None:
        while data := connection.recv(65536):
            if data.startswith(b"{"):
                server.send(connection, json.dumps(initialized(json.loads(data))).encode() + b"\n")

    with OddServer(script) as odd:
        (agent,) = await find(probe({odd.port: 9}, answer_s=WHILE_S))
    assert (agent.agent_id, agent.transport) == ("acp-agent", "tcp")


@pytest.mark.parametrize(
    "answer",
    [
        lambda request: {"jsonrpc": "2.0", "id": request["id"], "error": {"code": -32000, "message": "server error"}},
        lambda request: {"jsonrpc": "2.0", "id": request["id"], "error": {"code": -32601, "message": "no"}},
        lambda request: {"jsonrpc": "2.0", "id": request["id"], "result": None},
        lambda request: {"jsonrpc": "2.0", "id": request["id"], "result": {"protocolVersion": "2025-06-18", "serverInfo": {}}},
    ],
)  # fmt: skip
async def test_another_service_of_json_rpc_is_no_agent(answer: Any) -> None:
    with OddServer(speaks(answer)) as odd:
        assert await find(probe({odd.port: 9}, answer_s=WHILE_S)) == []


async def test_a_known_agent_that_wants_a_log_in_is_told_of() -> None:
    def refuses(request: dict[str, Any]) -> object:
        return {"jsonrpc": "2.0", "id": request["id"], "error": {"code": -32000, "message": "Authentication required"}}

    with OddServer(speaks(refuses)) as odd:
        (agent,) = await find(probe({odd.port: 7}, copilot(odd.port)))
    assert (agent.status, agent.auth) == ("auth_required", "required")


class Listening:
    """A service that keeps what it is sent."""

    def __init__(self, answer: bytes, *, first: bool = False) -> None:
        self.received: list[bytes] = []
        self._answer = answer
        self._first = first

    def __call__(self, server: OddServer, connection: socket.socket) -> None:
        if self._first:
            server.send(connection, self._answer)
        while data := connection.recv(65536):
            self.received.append(data)
            if not self._first:
                server.send(connection, self._answer)
                return


@pytest.mark.parametrize(
    ("answer", "first"),
    [
        (b"-ERR wrong number of arguments for 'get' command\r\n", False),
        (b"ERROR\r\n", False),
        (b"220 mail ESMTP\r\n", True),
        (b"SSH-2.0-OpenSSH_9.2\r\n", True),
        (b"\x4a\x00\x00\x00\x0a8.0.36\x00", True),
        (b'{"event": "hello"}\n', True),
        (b"", False),
    ],
)
async def test_other_services_are_not_sent_the_first_line(answer: bytes, first: bool) -> None:
    service = Listening(answer, first=first)
    with OddServer(service) as odd:
        assert await find(probe({odd.port: 9}, answer_s=WHILE_S)) == []
    # One that speaks first is known by its words, and may be sent nothing at all.
    assert service.received or first
    assert all(data.startswith(b"GET ") for data in service.received)


async def test_a_port_that_is_not_the_users_is_not_sent_the_first_line() -> None:
    service = Listening(b"", first=True)
    with OddServer(service) as odd:
        assert await find(probe({}, usual={"a2a": odd.port}, answer_s=BRIEF_S)) == []
    assert all(data.startswith(b"GET ") for data in service.received)


# What else may listen.

ODD = {
    "hangs": odd_servers.hangs,
    "drips": odd_servers.drips,
    "drips its head": odd_servers.drips_its_head,
    "floods": odd_servers.floods,
    "hangs up": odd_servers.hangs_up,
    "sends nothing of HTTP": odd_servers.sends(b"\x00\x01\xff" * 100),
    "sends half": odd_servers.sends(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"),
    "sends a huge head": odd_servers.sends(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000),
    "sends deep JSON": odd_servers.sends(b"HTTP/1.1 200 OK\r\n\r\n" + b"[" * 60_000),
    "streams events": odd_servers.sends(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: {}\n\n" * 1000
    ),
    "sends a long line": odd_servers.sends(b'{"jsonrpc": "2.0", "x": "' + b"a" * 200_000),
    "sends many lines": odd_servers.sends(b'{"jsonrpc": "2.0", "method": "x"}\n' * 10_000),
    "greets": odd_servers.greets(b"SSH-2.0-OpenSSH_9.2\r\n"),
}
every_oddity = pytest.mark.parametrize("script", ODD.values(), ids=ODD.keys())


@every_oddity
async def test_odd_servers_are_none(script: odd_servers.Script) -> None:
    with OddServer(script) as odd:
        assert await find(probe({odd.port: None}, answer_s=BRIEF_S), AMPLE_S) == []


@every_oddity
async def test_odd_servers_cost_the_others_nothing(script: odd_servers.Script) -> None:
    """A server beside them is reported while the search, which has ample time, has not ended with the odd ones."""
    with OddServer(script) as odd, OddServer(odd_servers.hangs) as hanging, serving(BY_NAME["qwen serve"]) as server:
        received: list[Agent] = []
        with anyio.CancelScope() as scope:

            def found(one: Agent) -> None:
                received.append(one)
                scope.cancel()

            looking = probe(dict.fromkeys((odd.port, hanging.port, server.port)), answer_s=10_000)
            await looking.find(found, await looking.running(), timeout_s=10_000)
    assert scope.cancelled_caught
    assert [one.agent_id for one in received] == ["qwen-code"]


async def test_what_was_found_in_time_is_kept_when_the_time_is_over() -> None:
    with OddServer(odd_servers.hangs) as hanging, serving(BY_NAME["A2A 1.0"]) as server:
        looking = probe(dict.fromkeys((hanging.port, server.port)), answer_s=10_000)
        assert len(await find(looking, AMPLE_S)) == 1


async def test_what_never_ends_is_read_to_a_limit_only() -> None:
    with OddServer(odd_servers.floods) as odd:
        await find(probe({odd.port: None}, answer_s=1))
        # Socket buffers of this machine take some more than we read.
        assert odd.sent_bytes < odd.connections * (MAX_BODY_BYTES + 16 * 1024 * 1024)


# The level that talks.


def over_http(**options: Any) -> tuple[Callable[[Received], Answer], list[str]]:
    """A server of the protocol; and the ids of the connections that are open."""
    opened: list[str] = []

    def behave(request: Received) -> Answer:
        if request.method == "DELETE":
            opened.remove(request.headers["acp-connection-id"])
            return Answer(202)
        if request.method == "GET":
            return BY_NAME["an unknown ACP server"].behave(request)
        assert request.path == "/acp"
        assert request.headers["content-type"] == "application/json"
        assert "authorization" not in request.headers
        opened.append("c-1")
        body = json.dumps(initialized(json.loads(request.body), **options)).encode()
        return Answer(200, {"Acp-Connection-Id": "c-1", "content-type": "application/json"}, [body])

    return behave, opened


async def test_an_agent_over_http_is_talked_to_and_left() -> None:
    behave, opened = over_http(agentInfo={"name": "mine", "version": "2"}, authMethods=[{"id": "key", "name": "Key"}])
    with http_server.LocalServer(behave) as server:
        looking = probe({server.port: None})
        (agent,) = await find(looking)
        assert all(request.method == "GET" for request in server.requests)
        verified = await looking.verify(agent, timeout_s=AMPLE_S)
        assert opened == []
        assert [request.method for request in server.requests][-2:] == ["POST", "DELETE"]
    assert (verified.status, verified.auth, verified.version, verified.protocol_version) == ("ready", "unknown", "2", 1)
    assert (verified.agent_id, verified.display_name, verified.url) == ("mine", "mine", agent.url)
    assert verified.auth_methods == ({"id": "key", "name": "Key"},)
    assert verified.verified_at


async def test_a_known_server_keeps_its_name() -> None:
    def behave(request: Received) -> Answer:
        if request.method == "GET":
            return BY_NAME["qwen serve"].behave(request)
        return over_http(agentInfo={"name": "other"})[0](request)

    with http_server.LocalServer(behave) as server:
        looking = probe({server.port: None})
        (agent,) = await find(looking)
        verified = await looking.verify(agent, timeout_s=AMPLE_S)
    assert (verified.agent_id, verified.display_name, verified.version, verified.status) == (
        "qwen-code",
        "Qwen Code",
        "0.24.4",
        "ready",
    )


async def test_records_of_other_kinds_come_back_as_they_are() -> None:
    with serving(BY_NAME["A2A 1.0"]) as server:
        looking = probe({server.port: None})
        (agent,) = await find(looking)
        server.requests.clear()
        assert await looking.verify(agent, timeout_s=AMPLE_S) == agent
        assert server.requests == []
    elsewhere = msgspec.structs.replace(agent, protocol="acp", url="http://192.0.2.1:9/acp")
    assert (await looking.verify(elsewhere, timeout_s=AMPLE_S)).status == "unknown"


# Processes.


async def test_running_agents_are_reported_and_those_known_from_nothing_else() -> None:
    vibe = Running(pid=30, argv=("/usr/bin/python3", "/home/me/.local/bin/vibe-acp"), parent_pid=1, parent="zed")
    looking = probe({}, vibe, copilot(3000))
    processes = (await looking.running()).on_stdio()
    assert {name: [one.pid for one in several] for name, several in processes.items()} == {"mistral-vibe": [30]}
    (agent,) = looking.alone(processes, {"gemini"})
    assert (agent.agent_id, agent.pid, agent.status, agent.transport) == ("mistral-vibe", 30, "unknown", "stdio")
    assert "process 30, started by zed" in agent.detail
    assert looking.alone(processes, {"mistral-vibe"}) == []
