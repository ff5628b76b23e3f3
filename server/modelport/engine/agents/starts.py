"""Starting agents to find out about them: which, how many at once, with what, and when what is known is enough."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection

import anyio
import anyio.to_thread
import msgspec

from modelport.domain.agents.editors.settings import Candidate
from modelport.domain.agents.environment import start_environment
from modelport.domain.agents.handshake_result import ANSWERED, with_result
from modelport.domain.agents.observations import HandshakeResult, Launch
from modelport.domain.agents.ports import HandshakeCache, Handshakes, MachineView
from modelport.domain.ports import Environment
from modelport.protocol.types import Agent, DiscoverAgentParams

AT_ONCE = 3
"""Agents that are started at the same time: each takes up to half a gigabyte."""
LATE = "The time was over before it could be started."


class AgentStarter:
    """Starts agents, unless what is known of exactly this program holds."""

    def __init__(
        self,
        handshakes: Handshakes,
        verdicts: HandshakeCache,
        environment: Environment,
        view: MachineView,
        secret_env_vars: Callable[[], Collection[str]],
    ) -> None:
        self.verdicts = verdicts
        self._handshakes = handshakes
        self._environment = environment
        self._view = view
        self._secret_env_vars = secret_env_vars

    def begin(self, params: DiscoverAgentParams, end: float) -> StartBudget:
        """One search's starts, until ``end`` on the loop's clock."""
        return StartBudget(self, params, end)

    async def start(self, launch: Launch, *, timeout_s: float, session: bool) -> HandshakeResult:
        """What comes of starting it. An answer is kept; what a session told is not, since a log-in may end."""
        given = await anyio.to_thread.run_sync(self._given, launch, session)
        verdict = await self._handshakes.start(launch, given, timeout_s=timeout_s, session=session)
        if verdict.status in ANSWERED and not session:
            await anyio.to_thread.run_sync(self.verdicts.put, launch, verdict)
        return verdict

    def _given(self, launch: Launch, session: bool) -> dict[str, str]:  # noqa: FBT001  a thread's
        variables = {**self._environment.variables(), "PATH": self._view.start_path()}
        return start_environment(variables, launch, self._secret_env_vars(), keys=session, separator=os.pathsep)


class StartBudget:
    """How agents are started in one search: a few at once, until the time is over."""

    def __init__(self, starter: AgentStarter, params: DiscoverAgentParams, end: float) -> None:
        self._starter = starter
        self._named = bool(params.ids)
        self._fresh = bool(params.refresh)
        self._session = bool(params.sessions)
        self._end = end
        self._limiter = anyio.CapacityLimiter(AT_ONCE)

    def may(self, found: Candidate) -> bool:
        """Whether this one is to be started. Whoever is known by a generic name alone must be named for it."""
        return found.launch is not None and (self._named or not found.consent)

    async def agent(self, found: Candidate) -> Agent:
        """The record with what came of it."""
        verdict = await self._verdict(found.launch) if found.launch else None
        if verdict is None:
            return msgspec.structs.replace(found.agent, detail=f"{found.agent.detail} {LATE}".strip())
        agent = with_result(found.agent, verdict)
        # Whoever answers is an agent, whatever else has its name.
        return msgspec.structs.replace(agent, installed=agent.installed or verdict.status in ANSWERED)

    async def _verdict(self, launch: Launch) -> HandshakeResult | None:
        """None where the time is over before it is started."""
        if not self._fresh and not self._session:
            known = await anyio.to_thread.run_sync(self._starter.verdicts.get, launch)
            if known is not None and known.status in ANSWERED:
                return known
        async with self._limiter:
            left = self._end - anyio.current_time()
            if left <= 0:
                return None
            limit = min(launch.start_s, left)
            return await self._starter.start(launch, timeout_s=limit, session=self._session)
