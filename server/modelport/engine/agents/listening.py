"""One search for agents that listen on ports of this machine."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence

import anyio
import msgspec

from modelport.domain.agents.processes import RunningAgents
from modelport.domain.agents.rows import AgentRow
from modelport.domain.local.servers import MIN_USER_PORT, PortCandidate, ServerAddress
from modelport.domain.ports import ListeningPorts
from modelport.engine.agents.server_finder import ServerFinder
from modelport.engine.local.port_search import PortSearch
from modelport.protocol.types import Agent

MAX_ADDRESSES_AT_ONCE = 64
HEAD_START_ANSWERS = 2
"""For how many answers an agent at the second address of a port waits, in case the first is the same one."""

OnAgent = Callable[[Agent], None]


class ListeningAgents:
    """How one search recognises agents that listen: by what the system lists, and by what they answer."""

    def __init__(
        self,
        finder: ServerFinder,
        listening: ListeningPorts,
        running: RunningAgents,
        on_agent: OnAgent,
        ids: frozenset[str],
    ) -> None:
        self._finder = finder
        self._listening = listening
        self._running = running
        self._on_agent = on_agent
        self._ids = ids
        self._listed = anyio.Event()
        self._listeners: Mapping[int, int | None] = {}
        self._tcp: Mapping[int, AgentRow] = {}
        self._http_limit = anyio.Semaphore(MAX_ADDRESSES_AT_ONCE, fast_acquire=True)
        self._tcp_limit = anyio.Semaphore(MAX_ADDRESSES_AT_ONCE, fast_acquire=True)

    async def find(self, timeout_s: float) -> list[Agent]:
        """The agents at the usual ports and at those that are open, in the order of the ports."""
        search = PortSearch(self)
        usual = dict.fromkeys(port for row in self._finder.servers.server for port in row.ports)
        with anyio.move_on_after(timeout_s):
            await search.run(map(PortCandidate, usual), self.open)
        return search.records()

    async def open(self) -> list[PortCandidate]:
        """The ports of this user, those of agents first; some well-known services take a request for an attack."""
        try:
            self._listeners = await self._listening.listeners()
            self._tcp = self._running.on_tcp(self._listeners)
        finally:
            self._listed.set()
        others = self._finder.servers.other_services
        own = (port for port in sorted(self._listeners) if port >= MIN_USER_PORT and port not in others)
        return [PortCandidate(port) for port in dict.fromkeys((*self._tcp, *own))]

    async def identify(self, address: ServerAddress) -> Sequence[Agent]:
        """The agents that answer at an address, without those that are not wanted."""
        agents = await self._agents_at(address)
        return [agent for agent in agents if not self._ids or agent.agent_id in self._ids]

    def identity(self, record: Agent) -> Hashable:
        """The agent, its name and its version."""
        return record.agent_id, record.display_name, record.version

    def head_start_s(self) -> float:
        """The head start of a first address."""
        return self._finder.answer_s * HEAD_START_ANSWERS

    def report(self, address: ServerAddress, record: Agent) -> Agent:
        """Reports an agent, with the process that listens where the system has listed it by now."""
        agent = msgspec.structs.replace(record, pid=self._listeners.get(address.port))
        self._on_agent(agent)
        return agent

    async def _agents_at(self, address: ServerAddress) -> list[Agent]:
        if address.port in self._tcp and (agents := await self._over_tcp(address)):
            return agents
        async with self._http_limit:
            over_http = await self._finder.over_http(address)
        with anyio.move_on_after(self._finder.answer_s):
            await self._listed.wait()
        if over_http is None and (address.port in self._listeners or address.port in self._tcp):
            return await self._over_tcp(address)
        return over_http or []

    async def _over_tcp(self, address: ServerAddress) -> list[Agent]:
        async with self._tcp_limit:
            return await self._finder.over_tcp(address, self._tcp.get(address.port))
