"""``MODELPORT_PROCESS_TREE`` confines discovery: to the tests' own programs, or to others of the same user."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from support.decoys import DECOYS, Decoys
from support.http_server import LocalServer
from support.local_answers import SERVERS
from support.server_process import ServerProcess

pytestmark = pytest.mark.usefixtures("fresh_servers")

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows does not tell which process started another")
AMPLE_MS = 15_000
OLLAMA = next(sample for sample in SERVERS if sample.name == "ollama")


@pytest.fixture(scope="module")
def decoys() -> Iterator[dict[str, Any]]:
    """Other programs of this user: during all tests, or else during these."""
    if DECOYS in os.environ:
        yield json.loads(os.environ[DECOYS])
    else:
        with Decoys(usual=False) as running:
            yield running.listing


def found(server: ServerProcess) -> tuple[set[int], set[int]]:
    """The ports of the servers that are found, and the processes of the agents."""
    servers = server.result("provider/discover", {"timeoutMs": AMPLE_MS})["servers"]
    agents = server.result("agent/discover", {"level": "probe", "timeoutMs": AMPLE_MS})["agents"]
    urls = [*(one["baseUrl"] for one in servers), *(one["url"] for one in agents if "url" in one)]
    pids = {one["pid"] for agent in agents for one in agent.get("processes", ())}
    return {urlsplit(url).port or 0 for url in urls}, pids


def test_the_others_are_what_discovery_finds(decoys: dict[str, Any]) -> None:
    """Without this the next test would prove nothing. Only the decoys are probed, since other tests run at the same time."""
    with ServerProcess(env={"MODELPORT_PROCESS_TREE": str(decoys["pid"])}) as server:
        server.initialize()
        ports, pids = found(server)
        assert server.close() == 0
    assert not ports.isdisjoint(decoys["models"])
    assert not ports.isdisjoint(decoys["agentServers"])
    assert pids == {*decoys["agents"]}


def test_no_other_is_found_where_a_process_tree_confines_it(decoys: dict[str, Any], server: ServerProcess) -> None:
    with LocalServer(OLLAMA.behave) as own:
        ports, pids = found(server)
    assert own.port in ports
    assert ports.isdisjoint([*decoys["models"], *decoys["agentServers"]])
    assert pids.isdisjoint(decoys["agents"])
    # Nor does any of them get a request that names no provider.
    assert "Name a model" in server.error("completion/create", {"prompt": "hello"})["message"]


@pytest.mark.parametrize("tree", ["1234567", "none", "-1"])
def test_a_tree_that_is_none_holds_nothing(decoys: dict[str, Any], tree: str) -> None:
    with LocalServer(OLLAMA.behave), ServerProcess(env={"MODELPORT_PROCESS_TREE": tree}) as server:
        server.initialize()
        assert found(server) == (set(), set())
        assert server.close() == 0
