"""Finds agents that run: servers on this machine's ports, and processes by their command lines."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

from modelport.domain.agents.command_lines import CommandLineIndex
from modelport.domain.agents.ports import HttpHandshakes, Processes
from modelport.domain.agents.processes import RunningAgents, running_alone
from modelport.domain.agents.servers.records import with_handshake
from modelport.domain.local.servers import ServerAddress
from modelport.domain.ports import ListeningPorts
from modelport.engine.agents.listening import ListeningAgents, OnAgent
from modelport.engine.agents.server_finder import ServerFinder
from modelport.protocol.types import Agent, AgentProcess


class AgentProbe:
    """Looks at what runs on this machine. It starts nothing, and sends nothing that is secret."""

    def __init__(
        self, finder: ServerFinder, listening: ListeningPorts, processes: Processes, http: HttpHandshakes
    ) -> None:
        self.finder = finder
        self.listening = listening
        self._processes = processes
        self._index = CommandLineIndex(finder.book)
        self._http = http

    async def running(self) -> RunningAgents:
        """The agents among the processes of this machine, which are read once for a search."""
        return RunningAgents(self._index, await self._processes.running())

    async def find(
        self, on_agent: OnAgent, running: RunningAgents, *, timeout_s: float, ids: Collection[str] = ()
    ) -> list[Agent]:
        """The agents that listen, in the order of their ports; ``on_agent`` is called with each as soon as it is found.

        Only agents with one of the ``ids`` count; none given means all.
        """
        kind = ListeningAgents(self.finder, self.listening, running, on_agent, frozenset(ids))
        return await kind.find(timeout_s)

    async def verify(self, agent: Agent, *, timeout_s: float) -> Agent:
        """The record of an agent that serves the protocol over HTTP, with the result of its handshake.

        Any other record comes back as it is: an agent on a bare connection has had its handshake already.
        """
        parts = urlsplit(agent.url or "")
        if agent.protocol != "acp" or agent.transport != "http" or not (parts.hostname and parts.port):
            return agent
        result = await self._http.ask(ServerAddress(parts.hostname, parts.port), parts.path, timeout_s=timeout_s)
        return with_handshake(agent, result, self.finder.book)

    def alone(self, processes: Mapping[str, tuple[AgentProcess, ...]], known: Collection[str]) -> list[Agent]:
        """Records of the agents that run and are not known otherwise, in the order of the rows."""
        rows = (row for row in self.finder.book.agent if row.id in processes and row.id not in known)
        return [running_alone(row, processes[row.id]) for row in rows]
