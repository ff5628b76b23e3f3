"""``provider/discover`` through the started server."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from support import odd_servers
from support.http_server import LocalServer
from support.local_answers import OTHERS, SERVERS, Sample
from support.odd_servers import OddServer
from support.peers import free_port
from support.server_process import ServerProcess

BY_NAME = {sample.name: sample for sample in SERVERS}
AMPLE_MS = 15_000
PLAIN = [sample for sample in SERVERS if not sample.tags and sample.models]


@pytest.fixture
def ollama() -> Iterator[LocalServer]:
    with LocalServer(BY_NAME["ollama"].behave) as running:
        yield running


def discover(server: ServerProcess, *ports: int, **params: Any) -> list[dict[str, Any]]:
    given = {"timeoutMs": AMPLE_MS, **params}
    return server.result("provider/discover", {**given, "ports": list(ports)} if ports else given)["servers"]


def test_the_record_of_a_server(server: ServerProcess, ollama: LocalServer) -> None:
    (found,) = discover(server, ollama.port)
    latency = found.pop("latencyMs")
    assert latency > 0
    assert found == {
        "provider": "ollama",
        "baseUrl": ollama.url,
        "version": "0.14.1",
        "models": ["qwen3:8b", "gemma3:4b"],
        "evidence": 'GET / answered "Ollama is running"',
    }


def test_nothing_is_found_where_nothing_is(server: ServerProcess) -> None:
    assert discover(server, free_port()) == []
    assert discover(server, free_port(), timeoutMs=1) == []
    assert discover(server, free_port(), timeoutMs=5.0) == []


@pytest.mark.parametrize("sample", PLAIN, ids=lambda sample: sample.name)
def test_what_is_found_can_be_connected(connecting: ServerProcess, sample: Sample) -> None:
    with LocalServer(sample.behave) as running:
        (found,) = discover(connecting, running.port)
        connection = connecting.result("provider/connect", {"provider": found["provider"], "baseUrl": found["baseUrl"]})
        assert connection["verified"]
        assert connection["provider"] == sample.provider
        assert connection["baseUrl"] == found["baseUrl"]


@pytest.fixture(scope="module")
def connecting() -> Iterator[ServerProcess]:
    """A server with the key that one of the samples requires."""
    env = {"JAN_API_KEY": "a-key-0123456789", "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
    with ServerProcess(env=env) as running:
        running.initialize()
        yield running
        assert running.close() == 0


def test_each_server_is_reported_as_it_is_found(server: ServerProcess, ollama: LocalServer) -> None:
    with LocalServer(BY_NAME["mlx"].behave) as mlx:
        discover(server, ollama.port, mlx.port, workDoneToken="t")
        notes = server.claim("$/progress")
    assert {note["token"] for note in notes} == {"t"}
    begin, *reports, end = [note["value"] for note in notes]
    assert begin == {"kind": "begin", "title": "Looking for local model servers"}
    assert end == {"kind": "end"}
    assert sorted((report["kind"], report["message"]) for report in reports) == [
        ("report", f"mlx at {mlx.url}/v1"),
        ("report", f"ollama at {ollama.url}"),
    ]


def test_each_server_is_sent_once_as_it_is_found(server: ServerProcess, ollama: LocalServer) -> None:
    with LocalServer(BY_NAME["mlx"].behave) as mlx, OddServer(odd_servers.hangs) as odd:
        params = {"timeoutMs": 10_000_000, "ports": [ollama.port, mlx.port, odd.port], "streamId": "s"}
        request = server.begin("provider/discover", params)
        updates = [server.notification("provider/update") for _ in range(2)]
        # A server that was sent can be connected while the search goes on; a second search cannot use the stream id.
        servers = [update["update"]["server"] for update in updates]
        assert server.error("provider/discover", params)["data"]["field"] == "streamId"
        for one in servers:
            server.result("provider/connect", {"provider": one["provider"], "baseUrl": one["baseUrl"]})
        server.notify("$/cancelRequest", {"id": request})
        assert server.reply(request)["error"]["code"] == -32800
    assert [(update["streamId"], update["seq"], update["update"]["kind"]) for update in updates] == [
        ("s", 0, "server"),
        ("s", 1, "server"),
    ]
    reply = discover(server, ollama.port, streamId="s")
    (update,) = server.claim("provider/update")
    assert [update["update"]["server"]] == reply


def test_it_can_be_cancelled_while_a_server_hangs(server: ServerProcess, ollama: LocalServer) -> None:
    with OddServer(odd_servers.hangs) as odd:
        params = {"timeoutMs": 10_000_000, "ports": [odd.port, ollama.port], "workDoneToken": 7}
        request = server.begin("provider/discover", params)
        assert server.notification("$/progress")["value"]["kind"] == "begin"
        assert server.notification("$/progress")["value"]["message"] == f"ollama at {ollama.url}"
        assert server.alive(), "it answers others meanwhile"
        server.notify("$/cancelRequest", {"id": request})
        assert server.reply(request)["error"]["code"] == -32800
        assert server.notification("$/progress")["value"] == {"kind": "end"}


def test_odd_servers_do_not_spoil_the_result(server: ServerProcess, ollama: LocalServer) -> None:
    scripts = [odd_servers.hangs, odd_servers.drips, odd_servers.floods, odd_servers.sends(os.urandom(5000))]
    odd = [OddServer(script) for script in scripts]
    others = [LocalServer(sample.behave) for sample in OTHERS]
    try:
        ports = [one.port for one in (*odd, *others, ollama)]
        # The first search also loads what searches: not within the limit of the next one.
        discover(server, ollama.port)
        assert [found["provider"] for found in discover(server, *ports, timeoutMs=1000)] == ["ollama"]
    finally:
        for one in (*odd, *others):
            one.close()


def test_several_searches_at_once(server: ServerProcess, ollama: LocalServer) -> None:
    requests = [server.begin("provider/discover", {"ports": [ollama.port], "timeoutMs": AMPLE_MS}) for _ in range(5)]
    for request in requests:
        assert len(server.reply(request)["result"]["servers"]) == 1


def test_only_some_providers(server: ServerProcess, ollama: LocalServer) -> None:
    assert discover(server, ollama.port, providers=["MLX"]) == []
    assert len(discover(server, ollama.port, providers=["mlx", "local-ollama"])) == 1
    assert discover(server, ollama.port, providers=["openai"]) == []


@pytest.mark.parametrize(
    ("params", "field", "kind"),
    [
        ({"timeoutMs": 0}, "timeoutMs", None),
        ({"timeoutMs": -1}, "timeoutMs", None),
        ({"timeoutMs": "soon"}, "timeoutMs", None),
        ({"timeoutMs": 1.5}, "timeoutMs", None),
        ({"providers": ["unknown"]}, "providers", "unknown_provider"),
        ({"providers": "ollama"}, "providers", None),
        ({"providers": [5]}, "providers[0]", None),
        ({"ports": [0]}, "ports", None),
        ({"ports": [70000]}, "ports", None),
    ],
)
def test_wrong_parameters(shared: ServerProcess, params: dict[str, Any], field: str, kind: str | None) -> None:
    error = shared.error("provider/discover", params)
    assert error["code"] == -32602
    assert error["data"]["field"] == field
    assert error["data"].get("kind") == kind


def test_the_whole_machine() -> None:
    """Without ports it checks the usual ones, those in the environment, and those that programs listen on."""
    with (
        LocalServer(BY_NAME["vLLM"].behave) as unusual,
        LocalServer(BY_NAME["ollama"].behave, "::1") as named,
        ServerProcess(env={"OLLAMA_HOST": f"[::]:{named.port}"}) as server,
    ):
        server.initialize()
        found = {one["baseUrl"]: one["provider"] for one in discover(server)}
        assert server.close() == 0
    assert found[named.url] == "ollama"
    assert found[f"{unusual.url}/v1"] == "vllm"


def test_it_is_a_command_too(server: ServerProcess, ollama: LocalServer) -> None:
    params = {"command": "modelport.provider.discover", "arguments": [{"ports": [ollama.port], "timeoutMs": AMPLE_MS}]}
    (found,) = server.result("workspace/executeCommand", params)["servers"]
    assert found["provider"] == "ollama"
