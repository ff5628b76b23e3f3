"""What the use case of agents works with, in memory."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

import anyio
import anyio.lowlevel

from modelport.domain.agents.observations import HandshakeResult, Launch, Machine, Program
from modelport.domain.agents.registry import RegistryCopy
from modelport.domain.agents.rows import AgentBook, AgentRow
from modelport.engine.agents.file_level import FileLevel
from modelport.protocol.types import Agent, AgentOwner, AgentProcess

FACTS = {"checked": "2026-11-20", "source": "test"}
BOOK = AgentBook((
    AgentRow(id="gemini", name="Gemini CLI", command="gemini", args=("--acp",), packages=("npm:gemini",), key_variables=("GEMINI_API_KEY",), **FACTS),
    AgentRow(id="goose", name="goose", command="goose", args=("acp",), generic=True, **FACTS),
    AgentRow(id="codex-acp", name="Codex", command="codex-acp", packages=("npm:codex-acp",), start_s=2.0, **FACTS),
))  # fmt: skip
ANNOUNCED = Agent(
    agent_id="modelport", display_name="Modelport", installed=True, configured=True, command="", version="1", detail="",
    status="unknown", pid=7,
)  # fmt: skip
SERVER = Agent(
    agent_id="echo", display_name="Echo", installed=True, configured=True, command="", version="", detail="", status="ready",
    protocol="a2a", transport="http", url="http://127.0.0.1:9999",
)  # fmt: skip


def program(name: str, *, owned: bool = True) -> Program:
    owner = AgentOwner(ecosystem="npm", package=name, version="1.0.0") if owned else None
    return Program(name=name, argv=(f"/bin/{name}",), found_in="PATH", owner=owner)


class FakeView:
    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.refreshed: list[float] = []

    def look(self, book: AgentBook, copy: RegistryCopy | None) -> Machine:
        return self.machine

    def start_path(self) -> str:
        return "/safe"

    def refresh(self, *, older_than_s: float) -> None:
        self.refreshed.append(older_than_s)


class FakeCache:
    def __init__(self, copy: RegistryCopy | None) -> None:
        self.copy = copy
        self.fetched: list[str | None] = []

    def read(self) -> RegistryCopy | None:
        return self.copy

    async def fetch(self, url: str | None) -> RegistryCopy:
        self.fetched.append(url)
        assert self.copy is not None
        return self.copy


class FakeHandshakeCache:
    def __init__(self, kept: dict[tuple[str, ...], HandshakeResult] | None = None) -> None:
        self.kept = dict(kept or {})

    def get(self, launch: Launch) -> HandshakeResult | None:
        return self.kept.get(launch.argv)

    def put(self, launch: Launch, result: HandshakeResult) -> None:
        self.kept[launch.argv] = result


class FakeInstances:
    def __init__(self, agents: Sequence[Agent]) -> None:
        self.agents = agents

    def announced(self) -> Sequence[Agent]:
        return self.agents


class FakeHandshakes:
    """Records what was started with what; returns the given answers, all at once where ``expected`` is set."""

    def __init__(self, answers: Mapping[str, HandshakeResult] | None = None) -> None:
        self.answers = answers or {}
        self.started: list[tuple[str, ...]] = []
        self.environments: list[Mapping[str, str]] = []
        self.limits: list[float] = []
        self.running = self.most = 0
        self.expected = 0
        """No start is answered before so many are running at once."""
        self._enough = anyio.Event()

    async def start(
        self, launch: Launch, environment: Mapping[str, str], *, timeout_s: float, session: bool
    ) -> HandshakeResult:
        self.started.append(launch.argv)
        self.environments.append(environment)
        self.limits.append(timeout_s)
        self.running += 1
        self.most = max(self.most, self.running)
        if self.running >= self.expected:
            self._enough.set()
        try:
            await self._enough.wait()
            # Long enough for one too many to have started.
            for _ in range(50):
                await anyio.lowlevel.checkpoint()
        finally:
            self.running -= 1
        return self.answers.get(launch.argv[0], HandshakeResult(status="ready", auth="unknown", verified_at="now"))


class FakeRunning:
    """``RunningAgents`` on standard input and output."""

    def __init__(self, processes: Mapping[str, tuple[AgentProcess, ...]]) -> None:
        self._processes = processes

    def on_stdio(self) -> Mapping[str, tuple[AgentProcess, ...]]:
        return self._processes


class FakeProbe:
    """Running agents and servers; ``asked`` are the servers that were verified."""

    def __init__(
        self, servers: Sequence[Agent] = (), processes: Mapping[str, tuple[AgentProcess, ...]] | None = None
    ) -> None:
        self.servers = servers
        self._processes = processes or {}
        self.asked: list[str] = []

    async def running(self) -> FakeRunning:
        return FakeRunning(self._processes)

    def alone(self, processes: Mapping[str, tuple[AgentProcess, ...]], known: Collection[str]) -> list[Agent]:
        return [
            Agent(
                agent_id=name,
                display_name=name,
                installed=True,
                configured=True,
                command="",
                version="",
                detail="",
                status="unknown",
            )
            for name in processes
            if name not in known
        ]

    async def find(
        self, found: Callable[[Agent], None], running: FakeRunning, *, timeout_s: float, ids: Collection[str] = ()
    ) -> list[Agent]:
        mine = [agent for agent in self.servers if not ids or agent.agent_id in ids]
        for agent in mine:
            found(agent)
        return mine

    async def verify(self, agent: Agent, *, timeout_s: float) -> Agent:
        self.asked.append(agent.agent_id)
        return agent


def static(
    machine: Machine,
    verdicts: FakeHandshakeCache | None = None,
    *,
    copy: RegistryCopy | None = None,
    announced: Sequence[Agent] = (),
) -> FileLevel:
    return FileLevel(
        BOOK, FakeView(machine), FakeCache(copy), verdicts or FakeHandshakeCache(), FakeInstances(announced)
    )
