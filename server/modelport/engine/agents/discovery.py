"""The use case of ``agent/discover``: files first, then running agents, then those that answer once started."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import anyio
import anyio.to_thread
import msgspec
from anyio.abc import TaskGroup

from modelport.domain.agents.editors.settings import Candidate
from modelport.domain.agents.processes import RunningAgents
from modelport.domain.errors import InvalidParams
from modelport.engine.agents.file_level import FileLevel, FileListing, unknown
from modelport.engine.agents.probe import AgentProbe
from modelport.engine.agents.starts import AgentStarter, StartBudget
from modelport.engine.time_limit import TimeLimit
from modelport.protocol.types import Agent, AgentProcess, DiscoverAgentParams, DiscoverAgentResult

PROBE_MS = 2000
VERIFY_MS = 180_000
SHELL_PATH_MAX_AGE_S = 24 * 3600.0
"""How long the login shell's search path counts, in seconds."""
HTTP_HANDSHAKE_S = 10.0
"""How long a server that was found may take for its handshake."""

OnAgent = Callable[[Agent], None]


class AgentDiscovery:
    """Finds agents; each is reported once, when the level of the request has nothing more to add to it."""

    def __init__(self, static: FileLevel, probe: AgentProbe, starter: AgentStarter) -> None:
        self._static = static
        self._probe = probe
        self._starter = starter

    async def find(
        self, params: DiscoverAgentParams, on_agent: OnAgent, limit: TimeLimit | None = None
    ) -> DiscoverAgentResult:
        """The agents of this machine.

        ``limit`` began when the request arrived; without one its ``timeout_ms`` begins now.

        Raises:
            InvalidParams: a parameter is wrong.
            RequestFailed: the request wants the registry, and its download failed.
        """
        level = params.level or "static"
        limit = limit or TimeLimit(params.timeout_ms)
        if (params.sessions or params.refresh) and level != "verify":
            name = "sessions" if params.sessions else "refresh"
            raise InvalidParams(f"{name} starts programs: ask for level verify.", field=name)
        end = limit.ends_by_default(VERIFY_MS if level == "verify" else PROBE_MS)
        if (address := params.registry) is not None:
            await limit.within(lambda: self._static.cache.fetch(address))
        if level == "verify":
            # Programs are started anyway, so the shell may be one of them.
            age_s = 0.0 if params.refresh else SHELL_PATH_MAX_AGE_S
            with anyio.CancelScope(deadline=end):
                await anyio.to_thread.run_sync(
                    lambda: self._static.view.refresh(older_than_s=age_s), abandon_on_cancel=True
                )
        listing = await anyio.to_thread.run_sync(self._list, params, level)
        if level == "static":
            result = listing.result()
            for agent in result.agents:
                on_agent(agent)
            return result
        starts = self._starter.begin(params, end) if level == "verify" else None
        agents = await _LevelSearch(self._probe, listing, starts, on_agent, end).run()
        found = {agent.agent_id for agent in agents}
        for name in params.ids or ():
            if self._static.book.named(name) is None and not {name, name.lower()} & {*found, *map(str.lower, found)}:
                raise unknown(name, [row.id for row in self._static.book.agent])
        return DiscoverAgentResult(agents=tuple(agents), registry=listing.registry)

    def _list(self, params: DiscoverAgentParams, level: str) -> FileListing:
        return self._static.list(params.ids or (), everything=bool(params.all), strict=level == "static")


class _LevelSearch:
    """One search beyond files: agents that run, that listen, and that are started."""

    def __init__(
        self, probe: AgentProbe, listing: FileListing, starts: StartBudget | None, on_agent: OnAgent, end: float
    ) -> None:
        self._probe = probe
        self._listing = listing
        self._starts = starts
        self._on_agent = on_agent
        self._end = end
        self._agents: dict[int, Agent] = {}
        self._servers: list[Agent] = []

    async def run(self) -> Sequence[Agent]:
        """Searches everywhere at once. Agents known from files come first, in the order of the listing."""
        running = await self._probe.running()
        processes = running.on_stdio()
        candidates = [_with_processes(one, processes) for one in self._listing.candidates]
        known = {one.agent.agent_id for one in candidates}
        others = [agent for agent in self._probe.alone(processes, known) if self._wanted(agent)]
        others += self._listing.announced
        for agent in others:
            self._on_agent(agent)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._look_around, tasks, running)
            for position, one in enumerate(candidates):
                if self._starts is not None and self._starts.may(one):
                    tasks.start_soon(self._start, self._starts, position, one)
                else:
                    self._agents[position] = one.agent
                    self._on_agent(one.agent)
        return [*(self._agents[position] for position in sorted(self._agents)), *self._servers, *others]

    async def _start(self, starts: StartBudget, position: int, candidate: Candidate) -> None:
        agent = await starts.agent(candidate)
        self._agents[position] = agent
        self._on_agent(agent)

    async def _look_around(self, tasks: TaskGroup, running: RunningAgents) -> None:
        limit = min(PROBE_MS / 1000, max(0.0, self._end - anyio.current_time()))
        servers = await self._probe.find(
            self._on_agent if self._starts is None else _ignore, running, timeout_s=limit, ids=self._listing.ids
        )
        self._servers += servers
        if self._starts is not None:
            for position, agent in enumerate(servers):
                tasks.start_soon(self._verify, position, agent)

    async def _verify(self, position: int, agent: Agent) -> None:
        """Makes the handshake with a server that was found."""
        left = max(0.0, self._end - anyio.current_time())
        self._servers[position] = await self._probe.verify(agent, timeout_s=min(HTTP_HANDSHAKE_S, left))
        self._on_agent(self._servers[position])

    def _wanted(self, agent: Agent) -> bool:
        return not self._listing.ids or agent.agent_id in self._listing.ids


def _ignore(agent: Agent) -> None:
    """Drops the partial record; the complete one is reported after verification."""


def _with_processes(candidate: Candidate, processes: Mapping[str, tuple[AgentProcess, ...]]) -> Candidate:
    """The record with the processes that run it now."""
    mine = processes.get(candidate.agent.agent_id)
    if not mine:
        return candidate
    agent = msgspec.structs.replace(candidate.agent, pid=mine[0].pid, processes=mine)
    return msgspec.structs.replace(candidate, agent=agent)
