"""Real servers of the protocols that are called ACP and A2A: built with their own libraries, found by their answers."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelport.adapters.agents.handshakes.http import PostHandshakes
from modelport.adapters.agents.handshakes.tcp import LineHandshakes
from modelport.adapters.agents.processes import SystemProcesses
from modelport.adapters.data.agent_servers import load_agent_servers
from modelport.adapters.data.agents import load_agents
from modelport.adapters.local_servers.listening_ports import SystemListeningPorts
from modelport.adapters.local_servers.prober import SocketProber
from modelport.engine.agents.probe import AgentProbe
from modelport.engine.agents.server_finder import ServerFinder
from modelport.protocol.types import Agent
from servers import installed
from support.peers import Program, answers, free_port

pytestmark = [pytest.mark.editors, pytest.mark.timeout(60, func_only=True)]
HERE = Path(__file__).parent
READY_S = 60.0
AMPLE_S = 20.0
SLOW_S = 5.0
BEEAI = ("beeai", "acp-sdk==1.0.3", "uvicorn<0.35")
A2A = {
    "1.0": ("a2a-1.3", "a2a-sdk[http-server]==1.3.0", "uvicorn==0.54.0"),
    "0.3.0": ("a2a-0.3", "a2a-sdk[http-server]==0.3.26", "uvicorn==0.54.0"),
    "0.2.6": ("a2a-0.2", "a2a-sdk[http-server]==0.2.16", "uvicorn==0.54.0"),
}


class Servers:
    """The running servers, by a name of ours."""

    def __init__(self, stack: contextlib.ExitStack) -> None:
        self.ports: dict[str, int] = {}
        self.pids: dict[str, int] = {}
        self._stack = stack

    def start(self, name: str, environment: tuple[str, ...], script: str, path: str, *args: str) -> None:
        python = installed.environment(*environment) / "python"
        port = free_port()
        program = self._stack.enter_context(Program([python, HERE / script, str(port), *args]))
        program.until(answers(f"http://127.0.0.1:{port}{path}"), READY_S)
        self.ports[name], self.pids[name] = port, program.process.pid


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    with contextlib.ExitStack() as stack:
        running = Servers(stack)
        running.start("two agents", BEEAI, "beeai_server.py", "/agents", "echo", "shout")
        running.start("no agent", BEEAI, "beeai_server.py", "/agents")
        for version, environment in A2A.items():
            path = "/.well-known/agent.json" if version == "0.2.6" else "/.well-known/agent-card.json"
            running.start(version, environment, "a2a_server.py", path)
        running.start("locked", A2A["1.0"], "a2a_server.py", "/.well-known/agent-card.json", "locked")
        yield running


async def found(servers: Servers) -> dict[str, list[Agent]]:
    """Those of them that are found among all listeners of this machine, by our names."""
    finder = ServerFinder(load_agents(), load_agent_servers(), SocketProber(), LineHandshakes(), answer_s=SLOW_S)
    probe = AgentProbe(finder, SystemListeningPorts(), SystemProcesses(), PostHandshakes())
    agents = await probe.find(lambda _: None, await probe.running(), timeout_s=AMPLE_S)
    return {
        name: [agent for agent in agents if str(agent.url).startswith(f"http://127.0.0.1:{port}")]
        for name, port in servers.ports.items()
    }


async def test_each_is_found_told_apart_and_its_process_named(servers: Servers) -> None:
    everything = await found(servers)
    assert {name: [(agent.protocol, agent.agent_id, agent.status) for agent in agents] for name, agents in everything.items()} == {
        "two agents": [("beeai-acp", "echo", "ready"), ("beeai-acp", "shout", "ready")],
        "no agent": [("beeai-acp", "beeai", "not_configured")],
        "1.0": [("a2a", "hello", "ready")],
        "0.3.0": [("a2a", "hello", "ready")],
        "0.2.6": [("a2a", "hello", "ready")],
        "locked": [("a2a", "hello", "ready")],
    }  # fmt: skip
    for name, agents in everything.items():
        assert {agent.pid for agent in agents} == {servers.pids[name]}


async def test_the_content_of_their_cards(servers: Servers) -> None:
    everything = await found(servers)
    for version in A2A:
        (agent,) = everything[version]
        assert (agent.version, agent.protocol_version, agent.auth) == ("1.2.3", version, "not_required")
        path = "/rpc" if version == "1.0" else ""
        assert agent.url == f"http://127.0.0.1:{servers.ports[version]}{path}"
    (locked,) = everything["locked"]
    assert locked.auth == "unknown"
    assert [agent.agent_info for agent in everything["two agents"]] == [
        {"name": "echo", "description": "The agent echo"},
        {"name": "shout", "description": "The agent shout"},
    ]
