"""Finds agents that run: servers on this machine's ports, and processes by their command lines."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import cast
from urllib.parse import urlsplit

import anyio
import msgspec

from modelport.domain.agents.handshake_result import with_result
from modelport.domain.agents.ports import Processes
from modelport.domain.agents.processes import running_agents, running_alone, tcp_agents
from modelport.domain.agents.rows import AgentRow
from modelport.domain.agents.servers.ports import HttpHandshakes, Listeners
from modelport.domain.agents.servers.records import named_by_itself
from modelport.domain.local.servers import MIN_USER_PORT, PortCandidate, ServerAddress
from modelport.engine.agents.server_finder import ServerFinder
from modelport.protocol.types import Agent, AgentProcess

SPOTS_AT_ONCE = 64
HEAD_START = 2
"""For how many answers an agent at the second address of a port waits, in case the first is the same one."""

OnAgent = Callable[[Agent], None]


class AgentProbe:
    """Looks at what runs on this machine. It starts nothing, and sends nothing that is secret."""

    def __init__(self, finder: ServerFinder, listening: Listeners, processes: Processes, http: HttpHandshakes) -> None:
        self.finder = finder
        self.listening = listening
        self._processes = processes
        self._http = http

    async def find(self, found: OnAgent, *, timeout_s: float, ids: Collection[str] = ()) -> list[Agent]:
        """The agents that listen, by their ports; ``found`` hears of each as soon as it is known.

        ``ids`` are the only ones that are told of; none given means all.
        """
        search = _Search(self, found, frozenset(ids))
        try:
            with anyio.move_on_after(timeout_s):
                await search.run()
        except ExceptionGroup as several:
            raise _first_of(several) from several
        return search.agents()

    async def verify(self, agent: Agent, *, timeout_s: float) -> Agent:
        """The record of an agent that serves the protocol over HTTP, with what came of talking to it.

        Any other record comes back as it is: who answers on a bare connection has been talked to already.
        """
        parts = urlsplit(agent.url or "")
        if agent.protocol != "acp" or agent.transport != "http" or not (parts.hostname and parts.port):
            return agent
        verdict = await self._http.ask(ServerAddress(parts.hostname, parts.port), parts.path, timeout_s=timeout_s)
        return named_by_itself(with_result(agent, verdict), self.finder.book)

    async def processes(self) -> Mapping[str, tuple[AgentProcess, ...]]:
        """The processes that run agents on standard input and output, by the agent's id."""
        return running_agents(self.finder.book, await self._processes.running())

    def alone(self, processes: Mapping[str, tuple[AgentProcess, ...]], known: Collection[str]) -> list[Agent]:
        """Records of the agents that run and are not known otherwise, in the order of the rows."""
        rows = (row for row in self.finder.book.agent if row.id in processes and row.id not in known)
        return [running_alone(row, processes[row.id]) for row in rows]

    async def tcp_agents(self, listeners: Mapping[int, int | None]) -> dict[int, AgentRow]:
        """The ports that agents listen on by their command lines."""
        return tcp_agents(self.finder.book, await self._processes.running(), listeners)


class _Search:
    """One search: what the system has told, and what was found."""

    def __init__(self, probe: AgentProbe, found: OnAgent, ids: frozenset[str]) -> None:
        self._probe = probe
        self._finder = probe.finder
        self._found = found
        self._ids = ids
        self._told = anyio.Event()
        self._listeners: Mapping[int, int | None] = {}
        self._tcp: Mapping[int, AgentRow] = {}
        self._over_http = anyio.CapacityLimiter(SPOTS_AT_ONCE)
        self._over_tcp = anyio.CapacityLimiter(SPOTS_AT_ONCE)
        self._agents: dict[ServerAddress, list[Agent]] = {}

    async def run(self) -> None:
        """Looks at the usual ports, and at those that it takes longer to learn of."""
        usual = dict.fromkeys(port for row in self._finder.servers.server for port in row.ports)
        async with anyio.create_task_group() as tasks:
            for port in usual:
                tasks.start_soon(self._look_at, PortCandidate(port))
            try:
                self._listeners = await self._probe.listening.listeners()
                self._tcp = await self._probe.tcp_agents(self._listeners)
            finally:
                self._told.set()
            for port in self._more():
                if port not in usual:
                    tasks.start_soon(self._look_at, PortCandidate(port))

    def agents(self) -> list[Agent]:
        """What was found, in the order of the ports."""
        places = sorted(self._agents, key=lambda place: (place.port, place.host))
        return [agent for place in places for agent in self._agents[place]]

    def _more(self) -> Iterable[int]:
        """The ports of this user, those of agents first; well-known services take questions for attacks."""
        others = self._finder.servers.other_services
        mine = (port for port in sorted(self._listeners) if port >= MIN_USER_PORT and port not in others)
        return dict.fromkeys((*self._tcp, *mine))

    async def _look_at(self, spot: PortCandidate) -> None:
        first_known = anyio.Event()
        async with anyio.create_task_group() as tasks:
            for number, place in enumerate(spot.addresses()):
                tasks.start_soon(self._look_in, place, first_known, number == 0)

    async def _look_in(self, place: ServerAddress, first_known: anyio.Event, first: bool) -> None:  # noqa: FBT001  a task's
        agents = await self._agents_at(place)
        if first:
            first_known.set()
        elif agents:
            # The same server answers at both addresses of its port; which of them is told does not depend on luck.
            with anyio.move_on_after(self._finder.answer_s * HEAD_START):
                await first_known.wait()
        pid = self._listeners.get(place.port)
        for one in agents:
            if not self._knows(place, one) and (not self._ids or one.agent_id in self._ids):
                agent = msgspec.structs.replace(one, pid=pid)
                self._agents.setdefault(place, []).append(agent)
                self._found(agent)

    async def _agents_at(self, place: ServerAddress) -> list[Agent]:
        if place.port in self._tcp and (agents := await self._line(place)):
            return agents
        async with self._over_http:
            over_http = await self._finder.over_http(place)
        with anyio.move_on_after(self._finder.answer_s):
            await self._told.wait()
        if over_http is None and (place.port in self._listeners or place.port in self._tcp):
            return await self._line(place)
        return over_http or []

    async def _line(self, place: ServerAddress) -> list[Agent]:
        async with self._over_tcp:
            return await self._finder.over_tcp(place, self._tcp.get(place.port))

    def _knows(self, place: ServerAddress, agent: Agent) -> bool:
        """Whether it was found at the other address of its port."""
        others = (agents for other, agents in self._agents.items() if other.port == place.port and other != place)
        return any(_what(known) == _what(agent) for agents in others for known in agents)


def _what(agent: Agent) -> tuple[str, str, str]:
    return agent.agent_id, agent.display_name, agent.version


def _first_of(error: Exception) -> Exception:
    """What went wrong first: whoever asked deals with one thing."""
    while isinstance(error, ExceptionGroup):
        error = cast("ExceptionGroup[Exception]", error).exceptions[0]
    return error
