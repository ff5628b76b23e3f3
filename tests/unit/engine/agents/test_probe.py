"""What one search reads, what it costs, and which agents it reports. On a clock of its own, without sockets."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from types import FrameType
from typing import Any

import anyio
import msgspec
import pytest

from modelport.adapters.data.agent_servers import load_agent_servers
from modelport.adapters.data.agents import load_agents
from modelport.domain.agents.observations import HandshakeResult, Machine, Running
from modelport.domain.agents.rows import AgentBook
from modelport.domain.agents.servers.rows import AgentServers
from modelport.domain.local.fingerprints import Reply
from modelport.domain.local.servers import ServerAddress
from modelport.engine.agents.discovery import AgentDiscovery
from modelport.engine.agents.listening import HEAD_START_ANSWERS
from modelport.engine.agents.probe import AgentProbe
from modelport.engine.agents.server_finder import PROBE_ANSWER_S, ServerFinder
from modelport.engine.agents.starts import AgentStarter
from modelport.protocol.types import Agent, DiscoverAgentParams
from support.agent_parts import FakeHandshakeCache, FakeHandshakes, static
from support.builders import Variables, VirtualTime

BOOK = load_agents()
SERVERS = load_agent_servers()
FOREVER = 1e9
CARD = {
    "name": "Echo", "version": "1", "protocolVersion": "0.3.0", "url": "http://127.0.0.1/", "skills": [],
    "capabilities": {}, "defaultInputModes": ["text"], "defaultOutputModes": ["text"], "description": "Says it again",
}  # fmt: skip


async def no_names() -> tuple[str, ...]:
    return ()


class System:
    """``Processes`` and ``ListeningPorts`` that count how often they are read."""

    def __init__(
        self, processes: Sequence[Running] = (), ports: Mapping[int, int | None] | None = None, after_s: float = 0.0
    ) -> None:
        self.processes, self._ports, self.after_s = processes, ports or {}, after_s
        self.reads = 0

    async def running(self) -> Sequence[Running]:
        self.reads += 1
        return self.processes

    async def ports(self) -> frozenset[int]:
        return frozenset(await self.listeners())

    async def listeners(self) -> Mapping[int, int | None]:
        await anyio.sleep(self.after_s)
        return self._ports


class Cards:
    """A prober: at some addresses is an agent card, and nothing at any other."""

    def __init__(self, *addresses: tuple[str, int]) -> None:
        self.addresses = addresses

    async def get(self, address: ServerAddress, path: str, max_bytes: int) -> Reply | None:
        if (address.host, address.port) not in self.addresses:
            return None
        if path != "/.well-known/agent-card.json":
            return Reply(status=404, text=path)
        return Reply(status=200, headers={"content-type": "application/json"}, text="{", json=CARD)


class Silent:
    """Handshakes that nothing answers."""

    async def may_listen(self, address: ServerAddress, *, wait_s: float) -> bool:
        return False

    async def ask(self, *_: Any, timeout_s: float) -> HandshakeResult:
        return HandshakeResult(status="hung")


def probe(
    system: System, prober: Cards | None = None, *, book: AgentBook = BOOK, servers: AgentServers = SERVERS
) -> AgentProbe:
    finder = ServerFinder(book, servers, prober or Cards(), Silent())  # type: ignore[arg-type]
    return AgentProbe(finder, system, system, Silent())


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return "asyncio", {"loop_factory": VirtualTime}


async def find(looking: AgentProbe, **options: Any) -> list[Agent]:
    heard: list[Agent] = []
    agents = await looking.find(heard.append, await looking.running(), **({"timeout_s": 60.0} | options))
    assert heard == agents
    return agents


@pytest.mark.parametrize("anyio_backend", ["asyncio"])  # There are worker threads, for which no virtual clock waits.
@pytest.mark.parametrize("level", ["probe", "verify"])
async def test_the_processes_are_read_once_in_a_search(level: Any) -> None:
    goose = Running(pid=7, argv=("goose", "acp"), parent_pid=1)
    copilot = Running(pid=8, argv=("copilot", "--acp", "--port", "3000"), parent_pid=1)
    system = System([goose, copilot], {3000: 8})
    files = static(Machine())
    starter = AgentStarter(FakeHandshakes(), FakeHandshakeCache(), Variables(), files.view, no_names)
    looking = probe(system)
    discovery = AgentDiscovery(files, looking, starter)
    result = await discovery.find(DiscoverAgentParams(level=level), lambda _: None)
    found = {agent.agent_id: (agent.pid, agent.transport) for agent in result.agents}
    assert found == {"goose": (7, "stdio"), "github-copilot-cli": (8, "tcp")}
    assert system.reads == 1


async def test_an_agent_at_the_second_address_has_its_process_though_the_system_takes_long_to_list_it() -> None:
    port = 9999
    late = PROBE_ANSWER_S * 2
    assert PROBE_ANSWER_S < late < PROBE_ANSWER_S * (1 + HEAD_START_ANSWERS)

    class Slow(Cards):
        async def get(self, address: ServerAddress, path: str, max_bytes: int) -> Reply | None:
            if address.host == "127.0.0.1":
                # Each answer comes in time, and all of them take longer than the listing.
                await anyio.sleep(PROBE_ANSWER_S * 0.9)
                return Reply(status=404, text=path)
            return await super().get(address, path, max_bytes)

    (agent,) = await find(probe(System(ports={port: 42}, after_s=late), Slow(("::1", port))))
    assert (agent.agent_id, agent.pid, agent.url) == ("echo", 42, f"http://[::1]:{port}")


async def test_an_agent_at_both_addresses_is_one_and_is_reported_at_the_first() -> None:
    (agent,) = await find(probe(System(), Cards(("::1", 9999), ("127.0.0.1", 9999))))
    assert agent.url == "http://127.0.0.1:9999"


async def test_a_search_ends_when_the_system_has_listed_its_ports() -> None:
    began = anyio.current_time()
    await find(probe(System(ports={8123: 42}, after_s=PROBE_ANSWER_S / 3), Cards(("127.0.0.1", 9999))))
    assert round(anyio.current_time() - began, 6) == round(PROBE_ANSWER_S / 3, 6)


async def test_agents_that_are_not_wanted_are_not_reported() -> None:
    looking = probe(System(), Cards(("127.0.0.1", 9999)))
    assert [agent.agent_id for agent in await find(looking, ids=("echo",))] == ["echo"]
    assert await find(looking, ids=("goose",)) == []


async def test_a_search_ends_in_time_and_keeps_what_it_has() -> None:
    looking = probe(System(after_s=FOREVER), Cards(("127.0.0.1", 9999)))
    began = anyio.current_time()
    (agent,) = await find(looking, timeout_s=5.0)
    assert (agent.agent_id, agent.pid) == ("echo", None)
    assert round(anyio.current_time() - began, 6) == 5.0


@pytest.mark.parametrize("url", [None, "http://127.0.0.1/acp", "http:///acp"])
async def test_an_agent_without_a_port_has_no_handshake(url: str | None) -> None:
    (agent,) = await find(probe(System(), Cards(("127.0.0.1", 9999))))
    remote = msgspec.structs.replace(agent, protocol="acp", transport="http", url=url)
    assert await probe(System()).verify(remote, timeout_s=1.0) is remote


async def test_what_a_search_costs_does_not_grow_with_the_rows_of_agents() -> None:
    processes = [Running(pid=pid, argv=("/usr/bin/node", f"/x/{pid}.js", "--acp")) for pid in range(2, 62)]
    copies = tuple(
        msgspec.structs.replace(row, id=f"{row.id}-{copy}", command=f"copy-{copy}-of-{row.command}", packages=())
        for copy in range(20)
        for row in BOOK.agent
    )

    async def calls(looking: AgentProbe) -> int:
        """The calls of Python functions in one search."""
        count = 0

        def profile(_frame: FrameType, event: str, _argument: Any) -> None:
            nonlocal count
            count += event == "call"

        before = sys.getprofile()
        sys.setprofile(profile)
        try:
            await looking.find(lambda _: None, await looking.running(), timeout_s=60.0)
        finally:
            sys.setprofile(before)
        return count

    few = await calls(probe(System(processes)))
    many = await calls(probe(System(processes), book=AgentBook((*BOOK.agent, *copies))))
    none = await calls(probe(System()))
    assert many < 1.1 * few
    # A process costs far less than a row each did.
    assert few - none < len(processes) * len(BOOK.agent) / 2
